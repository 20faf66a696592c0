/** The sound of ringing: in one tab of those that are rung, and softly at the one who calls. */

import { RingClaim } from '../call/claim.js';
import { RING, RING_BACK, Tone } from '../call/tone.js';
import { notify } from './notify.js';

/** @typedef {import('../app.js').App} App */

/** @param {App} app */
export function watchRinging(app) {
  const ring = ringer(app);
  const back = new Tone(RING_BACK);
  app.subscribe(() => {
    const { calls } = app;
    ring.follow(calls?.incoming ?? null);
    if (calls?.call?.state === 'ringing') back.start(calls.media.choices.chosen.audiooutput);
    else back.stop();
  });
  addEventListener('pagehide', () => {
    ring.stop();
    back.stop();
  });
  // The tab that rang was closed or gave up: another one goes on.
  addEventListener('storage', (event) => {
    if (app.storage.nameOf(event.key) === 'ring' && event.newValue === null) ring.goOn(app.calls?.incoming ?? null);
  });
  document.addEventListener('pointerdown', () => {
    if (!app.silent) return;
    app.silent = false;
    app.changed();
  });
}

/** @param {App} app */
function ringer(app) {
  const tone = new Tone(RING);
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

  const goOn = async (/** @type {import('../call/types.js').Incoming | null} */ incoming) => {
    if (!incoming || !app.calls) return;
    ringing = incoming.callId;
    claim = new RingClaim({ storage: app.storage, tab: app.calls.tab });
    const keen = document.visibilityState === 'visible' && navigator.userActivation?.hasBeenActive !== false;
    const mine = await claim.claim(incoming.callId, keen);
    if (!mine || ringing !== incoming.callId || !app.chat) return;
    const { sounds } = app.chat;
    const told = sounds.tellsOfCall(app.calls?.isGroup(incoming.roomId) ? incoming.roomId : undefined);
    app.silent = told && sounds.isOn('rings') && !tone.start();
    app.changed();
    if (!told || document.visibilityState === 'visible') return;
    const what = incoming.callType === 'audio' ? 'Incoming call' : 'Incoming video call';
    shown = notify(incoming.callId, `${incoming.fromUsername} is calling`, what, () => undefined);
  };

  const follow = (/** @type {import('../call/types.js').Incoming | null} */ incoming) => {
    if (ringing && incoming?.callId !== ringing) stop();
    if (incoming && ringing !== incoming.callId) void goOn(incoming);
  };

  return { follow, goOn, stop };
}
