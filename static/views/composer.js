/** The field where one writes: keeps a draft for each room, sends it, tells others that one writes. */

import { isDirect } from '../state/kinds.js';
import { html, useEffect, useRef, useState } from '../vendor/preact.js';
import { useMedia } from './hooks.js';
import { icon } from './icons.js';
import { useMentions } from './mention-list.js';

/** As the server counts: code points of the trimmed text. */
const LIMIT = 4_000;
/** Controls other than newline and tab, which the server refuses; they come in by pasting. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Written on a keyboard of the screen, which has no other key for a new line, and jumps up where it is not asked for.
 */
const TOUCHED = '(pointer: coarse)';

/** @param {{chat: import('../state/chat.js').Chat, room: import('../protocol/types.js').Room}} props */
export function Composer({ chat, room }) {
  const [text, setText] = useState(() => chat.marks.draft(room.id));
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const touched = useMedia(TOUCHED);
  const length = [...text.trim().normalize('NFC')].length;
  const over = length - LIMIT;

  useEffect(() => {
    if (!touched) field.current?.focus();
    return () => chat.typing.wrote(room.id, false);
  }, []);

  const change = (/** @type {string} */ next) => {
    setText(next);
    chat.marks.setDraft(room.id, next);
    chat.typing.wrote(room.id, next.trim() !== '');
  };
  const others = isDirect(room) ? [] : chat.rooms.people.of(room.id).filter((one) => one.userId !== chat.user.id);
  const mentions = useMentions({ field, text, change, names: others.map((one) => one.username) });
  const send = () => {
    const content = text.replace(/\r\n?/g, '\n').replace(CONTROLS, '').trim();
    if (!content || over > 0) return;
    chat.send(room.id, content);
    setText('');
    field.current?.focus();
  };
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (mentions.keyed(event)) return;
    const sends = event.ctrlKey || event.metaKey || !(touched || event.shiftKey);
    if (event.key !== 'Enter' || event.isComposing || !sends) return;
    event.preventDefault();
    send();
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  };
  return html`<form class="composer-form" onSubmit=${submit}>
    ${mentions.list}
    <div class="composer">
      <textarea
        ref=${field}
        rows="1"
        dir="auto"
        enterkeyhint=${touched ? 'enter' : 'send'}
        aria-label=${`Write to ${room.name}`}
        placeholder=${`Write to ${room.name}`}
        value=${text}
        aria-describedby=${over > 0 ? 'too-long' : undefined}
        aria-invalid=${over > 0 ? 'true' : undefined}
        ...${mentions.attributes}
        onSelect=${mentions.look}
        onKeyUp=${mentions.look}
        onFocus=${mentions.look}
        onBlur=${mentions.hide}
        onInput=${(/** @type {any} */ event) => (mentions.look(), change(event.target.value))}
        onKeyDown=${keyed}
      ></textarea>
      <button
        class=${`button icon-only ${text.trim() ? 'primary' : 'ghost'}`}
        aria-label="Send"
        title=${touched ? 'Send (Enter is a new line)' : 'Send (Enter; Shift+Enter is a new line)'}
        aria-disabled=${!text.trim() || over > 0}>${icon('send')}</button>
    </div>
    ${over > 0 &&
    html`<p class="composer-note" id="too-long" role="alert">
      ${over} ${over === 1 ? 'character' : 'characters'} too many for one message.
    </p>`}
  </form>`;
}
