/** The card of a call that rings: it takes the focus from nobody, and is the next thing for the keyboard. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { Preview } from './call-devices.js';
import { useFocusHome } from './focus.js';
import { callIcon, icon } from './icons.js';
import { letterOf } from './keys.js';
import { Avatar } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../call/desk.js').CallDesk} CallDesk */

/** Written with no keyboard by accident, and left alone by browsers and screen readers. */
const KEYS = navigator.platform.startsWith('Mac') ? '⌥⇧' : 'Alt+Shift+';

/** Who writes just then does not answer by accident. @param {{app: App, calls: CallDesk}} props */
export function IncomingCard({ app, calls }) {
  const { incoming } = calls;
  const [preview, setPreview] = useState(false);
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const user = app.session.user;
  const video = incoming?.callType === 'video';
  const accept = () => calls.answer(video && (!preview || calls.media.wanted.video));
  const decline = () => calls.decline();
  useFocusHome(ref);
  useNextByTab(ref);
  useAnswerKeys({ a: accept, d: decline });
  useEffect(() => {
    const card = ref.current;
    // Above an open dialog only another modal one can be used.
    if (card && document.querySelector('dialog:modal')) card.showModal();
    else card?.setAttribute('open', '');
  }, []);
  if (!incoming || !user) return null;
  const room = incoming.roomId && calls.isGroup(incoming.roomId) && app.chat?.rooms.byId.get(incoming.roomId)?.name;
  const what = `${video ? 'Video call' : 'Call'}${room ? ` in ${room}` : ''}`;
  const check = () => {
    setPreview(true);
    void calls.media.start({ audio: true, video });
  };
  return html`<dialog
    ref=${ref}
    class="incoming"
    role="alertdialog"
    aria-labelledby="incoming-who"
    aria-describedby="incoming-what"
    onCancel=${(/** @type {Event} */ event) => event.preventDefault()}
  >
    <div class="incoming-who">
      <${Avatar} id=${incoming.from} name=${incoming.fromUsername} />
      <div role="alert">
        <p id="incoming-who"><strong dir="auto">${incoming.fromUsername}</strong> is calling</p>
        <p id="incoming-what" class="quiet" dir="auto">
          ${what}${app.silent ? '. Click anywhere to hear the ring.' : ''}
        </p>
      </div>
    </div>
    ${preview && html`<${Preview} media=${calls.media} user=${user} />`}
    <div class="incoming-actions">
      <button class="button danger" aria-keyshortcuts="Alt+Shift+D" onClick=${decline}>${icon('hangUp')}Decline</button>
      <button class="button call" aria-keyshortcuts="Alt+Shift+A" onClick=${accept}>
        ${callIcon(incoming.callType)}Accept
      </button>
      <kbd aria-hidden="true">${KEYS}D</kbd><kbd aria-hidden="true">${KEYS}A</kbd>
    </div>
    <div class="incoming-more">
      ${!preview && html`<button class="link-button" onClick=${check}>Check devices</button>`}
      ${video && html`<button class="link-button" onClick=${() => calls.answer(false)}>Accept without camera</button>`}
    </div>
  </dialog>`;
}

/**
 * The next Tab leads into the card from wherever the focus is, and the one after its last button back to there. Once:
 * who has been in it goes on as usual.
 * @param {{current: HTMLElement | null}} ref
 */
function useNextByTab(ref) {
  useEffect(() => {
    /** @type {Element | null} where the focus was */
    let from = null;
    let visited = false;
    const keyed = (/** @type {KeyboardEvent} */ event) => {
      const card = ref.current;
      if (event.key !== 'Tab' || event.ctrlKey || event.altKey || event.metaKey || !card || card.matches(':modal')) {
        return;
      }
      const buttons = [...card.querySelectorAll('button')];
      const inside = card.contains(document.activeElement);
      const leaves = inside && document.activeElement === (event.shiftKey ? buttons[0] : buttons.at(-1));
      if (!inside && !visited) {
        from = document.activeElement;
        visited = true;
        (event.shiftKey ? buttons.at(-1) : buttons[0])?.focus();
      } else if (leaves && from instanceof HTMLElement && from.isConnected && from !== document.body) {
        from.focus();
      } else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', keyed, true);
    return () => document.removeEventListener('keydown', keyed, true);
  }, []);
}

/** @param {Record<string, () => unknown>} keys by letter, each with Alt and Shift */
function useAnswerKeys(keys) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const keyed = (/** @type {KeyboardEvent} */ event) => {
      if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.repeat) return;
      const act = latest.current[event.code.replace(/^Key/, '').toLowerCase()] ?? latest.current[letterOf(event)];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', keyed, true);
    return () => document.removeEventListener('keydown', keyed, true);
  }, []);
}
