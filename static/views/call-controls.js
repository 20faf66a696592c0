/** What one can do in a call, in one row, each with the key that does it. */

import { html } from '../vendor/preact.js';
import { switchesOf } from './call-switches.js';
import { icon } from './icons.js';
import { useKeys } from './keys.js';

/**
 * @typedef {object} Control
 * @property {string} name
 * @property {string} [key] the letter that does the same
 * @property {Parameters<typeof icon>[0]} picture
 * @property {string} action in words
 * @property {() => unknown} act
 * @property {boolean} [on] for what is on or off
 * @property {boolean} [expanded] for what opens a part of the page
 * @property {string} [controls] the id of that part
 * @property {number} [badge]
 * @property {string} [look] `off` or `end`
 */

/**
 * @param {object} props
 * @param {import('../app.js').App} props.app
 * @param {import('../call/desk.js').CallDesk} props.calls
 * @param {{current: HTMLElement | null}} props.stage
 * @param {boolean} props.devices they are being chosen
 * @param {() => void} props.onDevices
 */
export function Controls({ app, calls, stage, devices, onDevices }) {
  const { media, call } = calls;
  const sharing = media.flags.screen;
  const beside = app.navigation.callPlace === 'beside';
  /** @type {(Control | false)[]} */
  const all = [
    ...switchesOf(media).map((one) => ({ ...one, look: one.on ? '' : 'off' })),
    media.devices.canShare && {
      ...{
        name: 'Share screen',
        key: 's',
        on: sharing,
        picture: sharing ? /** @type {const} */ ('screenOff') : /** @type {const} */ ('screen'),
      },
      ...{
        action: sharing ? 'Stop sharing' : 'Share your screen',
        act: () => (sharing ? media.unshare() : media.share()),
      },
    },
    {
      name: 'Chat',
      key: 'c',
      picture: 'rooms',
      action: beside ? 'Close the chat' : 'Open the chat',
      expanded: beside,
      controls: 'main',
      badge: unreadOf(app),
      act: () => app.navigation.toggleChat(),
    },
    {
      name: 'Devices',
      key: 'd',
      picture: 'devices',
      action: 'Choose devices',
      expanded: devices,
      controls: 'stage-devices',
      act: onDevices,
    },
    { name: 'Hang up', picture: 'hangUp', action: 'Hang up', act: () => calls.hangUp(), look: 'end' },
  ];
  const shown = all.filter((one) => one !== false);
  useKeys(stage, Object.fromEntries(shown.map((one) => [one.key ?? '', one.act])));
  return html`<div class="controls" role="toolbar" aria-label=${`Call: ${call?.name ?? ''}`}>
    ${shown.map((one) => html`<${ControlButton} key=${one.name} ...${one} letter=${one.key} />`)}
  </div>`;
}

/**
 * Count and key are drawn by the style sheet: as text they would stand in the way of the name.
 * @param {Control & {letter?: string}} props
 */
function ControlButton({ name, letter, picture, action, act, on, expanded, controls, badge = 0, look = '' }) {
  return html`<button
    class=${`control ${look}`}
    aria-pressed=${on}
    aria-expanded=${expanded}
    aria-controls=${controls}
    aria-label=${badge ? `${name}, ${badge} unread` : name}
    aria-keyshortcuts=${letter?.toUpperCase()}
    title=${letter ? `${action} (${letter.toUpperCase()})` : action}
    onClick=${act}
  >
    <span class="round" data-badge=${badge > 99 ? '99+' : badge || undefined}>${icon(picture)}</span>
    <span class="words" aria-hidden="true" data-key=${letter?.toUpperCase()}>${name}</span>
  </button>`;
}

/** Unread messages of the room that Chat opens; none while it can be seen. @param {import('../app.js').App} app */
function unreadOf(app) {
  const { chat, calls, route } = app;
  if (!chat || app.navigation.roomVisible) return 0;
  const room = chat.rooms.byId.get(calls?.call?.roomId ?? route.roomId ?? '');
  return room ? chat.marks.unread(room) : 0;
}
