/** Telling somebody who looks elsewhere: notifications of calls and messages, and the ring. */

import { RingClaim } from '../call/claim.js';
import { Tone } from '../call/tone.js';
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
function notify(tag, title, body, chosen) {
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
  const tone = new Tone();
  /** @type {string | null} the call that rings here */
  let ringing = null;
  /** @type {Notification | null} */
  let shown = null;
  /** @type {RingClaim | null} */
  let claim = null;

  const stop = () => {
    ringing = null;
    tone.stop();
    shown?.close();
    shown = null;
    claim?.release();
  };

  const ring = async (/** @type {import('../call/types.js').Incoming} */ incoming, /** @type {string} */ tab) => {
    ringing = incoming.callId;
    claim = new RingClaim({ storage: app.storage, tab });
    const keen = document.visibilityState === 'visible' && navigator.userActivation?.hasBeenActive !== false;
    const mine = await claim.claim(incoming.callId, keen);
    if (!mine || ringing !== incoming.callId) return;
    app.silent = !tone.start();
    app.changed();
    if (document.visibilityState === 'visible') return;
    const what = incoming.callType === 'audio' ? 'Incoming call' : 'Incoming video call';
    shown = notify(incoming.callId, `${incoming.fromUsername} is calling`, what, () => undefined);
  };

  app.subscribe(() => {
    const { calls } = app;
    const incoming = calls?.incoming ?? null;
    if (ringing && incoming?.callId !== ringing) stop();
    if (incoming && calls && ringing !== incoming.callId) void ring(incoming, calls.tab);
  });
  addEventListener('pagehide', stop);
  // The tab that rang was closed or gave up: another one goes on.
  addEventListener('storage', (event) => {
    const incoming = app.calls?.incoming;
    if (incoming && app.calls && app.storage.nameOf(event.key) === 'ring' && event.newValue === null) void ring(incoming, app.calls.tab);
  });
  document.addEventListener('pointerdown', () => {
    if (!app.silent) return;
    app.silent = false;
    app.changed();
  });

  app.onMessage = (message) => {
    const { chat } = app;
    const watched = document.visibilityState === 'visible' && document.hasFocus();
    if (!chat || watched) return;
    const room = chat.rooms.byId.get(message.room);
    const visit = () => app.visit(roomHref(message.room));
    notify(`message ${message.room}`, `${message.senderName} in ${room?.name ?? 'a room'}`, message.content.slice(0, 200), visit);
  };
}
