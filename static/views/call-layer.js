/** All that shows of calls: the plan, what rings, the call itself large or in a corner, and the one in another tab. */

import { html } from '../vendor/preact.js';
import { CornerCall } from './call-corner.js';
import { Preview } from './call-devices.js';
import { IncomingCard } from './call-incoming.js';
import { Stage } from './call-stage.js';
import { icon } from './icons.js';
import { Dialog } from './in-front.js';
import { Notice } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../call/desk.js').CallDesk} CallDesk */

/** @param {{app: App, calls: CallDesk}} props */
export function CallLayer({ app, calls }) {
  const { call, incoming, plan } = calls;
  const Shown = app.navigation.callPlace === 'corner' ? CornerCall : Stage;
  return html`
    ${call && html`<${Shown} app=${app} calls=${calls} key=${call.callId} />`}
    ${incoming && html`<${IncomingCard} app=${app} calls=${calls} key=${incoming.callId} />`}
    ${plan && html`<${PlanDialog} app=${app} calls=${calls} />`}
  `;
}

/** @param {{app: App, calls: CallDesk}} props */
function PlanDialog({ app, calls }) {
  const { plan } = calls;
  const user = app.session.user;
  if (!plan || !user) return null;
  const title = plan.join ? `Join the call in ${plan.name}` : `Call ${plan.name}`;
  const action = plan.join
    ? 'Join'
    : plan.problem
      ? 'Try again'
      : plan.roomId && !plan.to
        ? 'Call everybody here'
        : 'Call';
  return html`<${Dialog} title=${title} onClose=${() => calls.dismissPlan()} class="call-dialog">
    <div class="form">
      ${plan.problem && html`<${Notice} kind="warn">${plan.problem}<//>`}
      <${Preview} media=${calls.media} user=${user} />
      <div class="form-row">
        <button type="button" class="button plain" onClick=${() => calls.dismissPlan()}>Cancel</button>
        <button type="button" class="button call" autofocus aria-disabled=${plan.busy} onClick=${() => calls.go()}>
          ${icon(plan.callType === 'audio' ? 'phone' : 'camera')}${plan.busy ? 'One moment…' : action}
        </button>
      </div>
    </div>
  <//>`;
}

/** A call of this user that goes on in another tab. @param {{app: App, calls: CallDesk}} props */
export function ElsewhereBar({ app, calls }) {
  const { call, elsewhere } = calls;
  if (!elsewhere || call) return null;
  const room = elsewhere.roomId && app.chat?.rooms.byId.get(elsewhere.roomId)?.name;
  const where = room ? ` ${calls.isGroup(elsewhere.roomId) ? 'in' : 'with'} ${room}` : '';
  const which = elsewhere.socketId === null ? 'that lost its tab' : 'in another tab or on another device';
  return html`<div class="call-bar" role="region" aria-label="Call elsewhere">
    <span class="call-bar-words">You are in a call${where} ${which}.</span>
    <button class="button small plain" onClick=${() => calls.moveHere()}>Move the call here</button>
  </div>`;
}
