/* The part of htm/preact's types that the client uses. */
export type Child = VNode | string | number | null | undefined | false | Child[];
export interface VNode {
  type: unknown;
}
export function html(strings: TemplateStringsArray, ...values: unknown[]): any;
export function h(type: unknown, props: object | null, ...children: unknown[]): VNode;
export function render(tree: any, parent: Element): void;
export class Component<P = any, S = any> {
  constructor(props: P);
  props: P;
  state: S;
  base: any;
  setState(part: Partial<S>): void;
  forceUpdate(): void;
}
export function createContext<T>(value: T): any;
export function useState<T>(initial: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useRef<T>(initial: T): { current: T };
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
export function useCallback<T extends Function>(callback: T, inputs: readonly unknown[]): T;
export function useContext(context: any): any;
