/** Telling somebody who looks elsewhere: notifications, and which messages are worth one. */

import { roomHref } from '../state/route.js';

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
    const notification = new Notification(title, { body, tag, icon: '/icons/tincan-192.png' });
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
    const { chat } = app;
    const watched = document.visibilityState === 'visible' && document.hasFocus();
    if (!chat || watched) return;
    const room = chat.rooms.byId.get(message.room);
    const visit = () => app.visit(roomHref(message.room));
    notify(`message ${message.room}`, `${message.senderName} in ${room?.name ?? 'a room'}`, message.content.slice(0, 200), visit);
  };
}
