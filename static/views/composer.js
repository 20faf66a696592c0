/** The field where one writes: keeps a draft for each room, sends on Enter, tells others that one writes. */

import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { icon } from './icons.js';

/** As the server counts: code points of the trimmed text. */
const LIMIT = 4_000;
/** Controls other than newline and tab, which the server refuses; they come in by pasting. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** @param {{chat: import('../state/chat.js').Chat, room: import('../protocol/types.js').Room}} props */
export function Composer({ chat, room }) {
  const [text, setText] = useState(() => chat.marks.draft(room.id));
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const length = [...text.trim().normalize('NFC')].length;
  const over = length - LIMIT;

  useEffect(() => {
    // On a touch screen the keyboard would jump up.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
    return () => chat.typing.wrote(room.id, false);
  }, []);

  const change = (/** @type {string} */ next) => {
    setText(next);
    chat.marks.setDraft(room.id, next);
    chat.typing.wrote(room.id, next.trim() !== '');
  };
  const send = () => {
    const content = text.replace(/\r\n?/g, '\n').replace(CONTROLS, '').trim();
    if (!content || over > 0) return;
    chat.send(room.id, content);
    setText('');
    field.current?.focus();
  };
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  };
  return html`<form onSubmit=${submit}>
    <div class="composer">
      <textarea ref=${field} rows="1" aria-label=${`Write to ${room.name}`} placeholder=${`Write to ${room.name}`} value=${text}
        aria-describedby=${over > 0 ? 'too-long' : undefined} aria-invalid=${over > 0 ? 'true' : undefined}
        onInput=${(/** @type {any} */ event) => change(event.target.value)} onKeyDown=${keyed}></textarea>
      <button class=${`button icon-only ${text.trim() ? 'primary' : 'ghost'}`} aria-label="Send" title="Send (Enter)"
        aria-disabled=${!text.trim() || over > 0}>${icon('send')}</button>
    </div>
    ${over > 0 && html`<p class="composer-note" id="too-long" role="alert">${over} ${over === 1 ? 'character' : 'characters'} too many for one message.</p>`}
  </form>`;
}
