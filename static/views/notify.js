/** Telling somebody who looks elsewhere: notifications and a sound, and which messages are worth one. */

import { MessageClaim } from '../call/claim.js';
import { canSound, messageTone } from '../call/tone.js';
import { isDirect } from '../state/kinds.js';
import { isMentioned, isNamed } from '../state/mentions.js';
import { roomHref } from '../state/place.js';

/** @typedef {import('../app.js').App} App */

/** @returns {'granted' | 'denied' | 'default' | 'missing'} */
export function notifyState() {
  if (!globalThis.isSecureContext || typeof Notification === 'undefined') return 'missing';
  return Notification.permission;
}

/** To be called at a click. */
export async function askToNotify() {
  if (notifyState() === 'default') await Notification.requestPermission();
}

/**
 * Shows a notification where that is allowed. Of several tabs that show the same, the browser keeps one: by its tag.
 * @param {string} tag @param {string} title @param {string} body @param {() => void} chosen
 * @returns {Notification | null}
 */
export function notify(tag, title, body, chosen) {
  if (notifyState() !== 'granted') return null;
  try {
    const notification = new Notification(title, { body, tag, icon: 'icons/tincan-192.png' });
    notification.onclick = () => {
      window.focus();
      chosen();
      notification.close();
    };
    return notification;
  } catch {
    // Some mobile browsers have the name, and throw at its use.
    return null;
  }
}

/** @param {App} app */
export function watchForNews(app) {
  app.onMessage = (message) => {
    const { chat, calls, belongings } = app;
    const room = chat?.rooms.byId.get(message.room);
    if (!chat || !calls || !belongings || !room) return;
    const others = () => [...chat.rooms.people.of(room.id), ...room.participants].map((one) => one.username);
    const isMeant = () =>
      room.readSeq === undefined
        ? isMentioned(message, chat.user.username, room, others())
        : isNamed(message, chat.user.id);
    // What is written to one alone means that one.
    if (!chat.sounds.tellsOf(room.id, () => isDirect(room) || isMeant())) return;
    const here = document.visibilityState === 'visible' && document.hasFocus();
    const claim = new MessageClaim({ storage: belongings.ofBrowser, tab: calls.tab });
    if (here && chat.reader.openId === room.id && app.navigation.roomVisible) claim.quiet(message.id);
    else if (chat.sounds.isOn('messages') && canSound()) void sound(claim, message.id);
    if (here) return;
    const visit = () => app.navigation.visit(roomHref(room.id));
    const title = isDirect(room) ? message.senderName : `${message.senderName} in ${room.name}`;
    notify(`message ${room.id}`, title, message.content.slice(0, 200), visit);
  };
}

/** In one tab of those that are told. @param {MessageClaim} claim @param {string} messageId */
async function sound(claim, messageId) {
  if (await claim.claim(messageId)) await messageTone();
}
