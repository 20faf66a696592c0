/** Where one is in a list that scrolls and changes on both sides: what one looks at stays where it is. */

/** So close to the end counts as being there: less than one message is out of view. */
const NEAR_END_PX = 32;
/** So close to an edge of the window the next page is wanted. */
const NEAR_EDGE_PX = 600;
/** How far down what is new begins: some of what was read before it is in view too. */
const CONTEXT = 0.2;

export class ScrollPlace {
  /** @param {HTMLElement} scroller */
  constructor(scroller) {
    this.scroller = scroller;
    /** @type {{seq: string, top: number} | null} a message in view, and how far below the upper edge it begins */
    this.anchor = null;
    /** Height of the whole, and of what is in view, when it was settled last. */
    this.size = [0, 0];
  }

  /** @returns {boolean} the size is another one than when this was asked last */
  noteSize() {
    const { scrollHeight, clientHeight } = this.scroller;
    const [whole, view] = this.size;
    this.size = [scrollHeight, clientHeight];
    return whole !== scrollHeight || view !== clientHeight;
  }

  /** It has a size: nothing hides the list as a whole. */
  get isShown() {
    return this.scroller.clientHeight > 0;
  }

  get atEnd() {
    return this.below < NEAR_END_PX;
  }

  get nearStart() {
    return this.scroller.scrollTop < NEAR_EDGE_PX;
  }

  get nearEnd() {
    return this.below < NEAR_EDGE_PX;
  }

  /** Pixels between the lower edge and the end. */
  get below() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** @returns {NodeListOf<HTMLElement>} in their order */
  get messages() {
    return this.scroller.querySelectorAll('[data-seq]');
  }

  /** @param {Element} element @returns {number} pixels from the upper edge */
  topOf(element) {
    return element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
  }

  /**
   * Of the messages, which lie one below the other, the first of which this holds.
   * @param {(message: HTMLElement) => boolean} holds
   */
  first(holds) {
    const { messages } = this;
    let [low, high] = [0, messages.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(/** @type {HTMLElement} */ (messages[middle]))) high = middle;
      else low = middle + 1;
    }
    return { message: messages[low], before: messages[low - 1] };
  }

  /** The first message that begins in view is what stays where it is. */
  remember() {
    const edge = this.scroller.getBoundingClientRect().top;
    const { message, before } = this.first((one) => one.getBoundingClientRect().top >= edge);
    const kept = message ?? before;
    this.anchor = kept ? { seq: kept.dataset.seq ?? '', top: this.topOf(kept) } : null;
  }

  /** Something was added or taken away: back to where one was. */
  restore() {
    const kept = this.anchor && this.scroller.querySelector(`[data-seq="${this.anchor.seq}"]`);
    if (!kept || !this.anchor) return;
    const moved = this.topOf(kept) - this.anchor.top;
    if (Math.abs(moved) >= 1) this.scroller.scrollTop += moved;
  }

  /** To the end, but not past this, where there is such a thing. @param {Element | null} [limit] */
  toEnd(limit) {
    const { scroller } = this;
    const end = scroller.scrollHeight - scroller.clientHeight;
    const most = limit ? scroller.scrollTop + this.topOf(limit) - CONTEXT * scroller.clientHeight : end;
    scroller.scrollTop = Math.min(end, most);
  }

  /** The number of the last message whose end is in view; 0 where there is none. */
  lastSeen() {
    const edge = this.scroller.getBoundingClientRect().bottom + 1;
    const { before } = this.first((one) => one.getBoundingClientRect().bottom > edge);
    return Number(before?.dataset.seq ?? 0);
  }

  /** The last message that is at least partly in view. @returns {HTMLElement | undefined} */
  lastInView() {
    const edge = this.scroller.getBoundingClientRect().bottom;
    return this.first((one) => one.getBoundingClientRect().top >= edge).before;
  }
}
