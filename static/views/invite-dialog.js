/** Inviting by a link: made for so many and so long, shown, copied, as a QR code; those that are good, taken back. */

import { inWords } from '../state/words.js';
import { html, useEffect, useState } from '../vendor/preact.js';
import { LinkToCopy } from './copying.js';
import { dayAndTime, plural } from './format.js';
import { useAction } from './hooks.js';
import { icon } from './icons.js';
import { Dialog } from './in-front.js';
import { Notice } from './parts.js';
import { QrCode } from './qr-code.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../protocol/types.js').Room} Room */
/** @typedef {import('../protocol/errors.js').RequestError} RequestError */
/** @typedef {import('../protocol/types.js').Invite} Invite */

/** @type {Record<string, string>} as the server takes them */
const LIVES = { '1h': 'An hour', '1d': 'A day', '7d': 'A week', '30d': '30 days', '90d': '90 days' };

/** @param {{app: App, room?: Room, onClose: () => void}} props without a room, one is invited to the server alone */
export function InviteDialog({ app, room, onClose }) {
  const [made, setMade] = useState(/** @type {Invite | null} */ (null));
  const { invites, error, refresh } = useInvites(app);
  const here = invites.filter(
    (one) => one.room?.id === room?.id && one.id !== made?.id && one.createdBy?.id === app.session.user?.id,
  );
  const title = room ? `Invite to “${room.name}”` : 'Invite people';
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div class="form">
      ${made ? html`<${Made} invite=${made} />` : html`<${MakeLink} app=${app} room=${room} onMade=${setMade} />`}
      ${error && html`<${Notice}>${inWords(error)}<//>`}
      ${here.length > 0 && html`<section class="form" aria-label="Links that are still good">
        <h3>Links that are still good</h3>
        <${InviteList} app=${app} invites=${here} onGone=${refresh} />
      </section>`}
    </div>
  <//>`;
}

/**
 * @param {App} app
 * @returns {{invites: Invite[], error: RequestError | null, loaded: boolean, refresh: () => void}}
 */
export function useInvites(app) {
  const [invites, setInvites] = useState(/** @type {Invite[]} */ ([]));
  const [loaded, setLoaded] = useState(false);
  const { error, run } = useAction();
  const refresh = () =>
    void run(async () => {
      setInvites(await app.rest.invites());
      setLoaded(true);
    });
  useEffect(refresh, []);
  return { invites, error, loaded, refresh };
}

/** @param {{app: App, room?: Room, onMade: (invite: Invite) => void}} props */
function MakeLink({ app, room, onMade }) {
  const { busy, error, run } = useAction();
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const about = { roomId: room?.id, uses: Number(form.get('uses')), expiresIn: String(form.get('expiresIn')) };
    void run(async () => onMade(await app.rest.invite(about)));
  };
  const words =
    error?.code === 'not_allowed' && !room
      ? 'Where sign-up is closed, administrators alone invite new people.'
      : error && inWords(error);
  const into = room ? ' and is in the room; who has one comes into the room' : '';
  return html`<form class="form" onSubmit=${submit}>
    <p class="quiet">Whoever has the link can make an account here${into}.</p>
    ${words && html`<${Notice}>${words}<//>`}
    <div class="two-fields">
      <div class="field">
        <label for="invite-uses">For how many people</label>
        <input class="input" id="invite-uses" name="uses" type="number" min="1" max="1000" required value="25" />
      </div>
      <div class="field">
        <label for="invite-life">Good for</label>
        <select class="input" id="invite-life" name="expiresIn">
          ${Object.entries(LIVES).map(
            ([value, label]) => html`<option key=${value} value=${value} selected=${value === '7d'}>${label}</option>`,
          )}
        </select>
      </div>
    </div>
    <div><button class="button primary" aria-disabled=${busy}>${icon('link')}Make a link</button></div>
  </form>`;
}

/** @param {{invite: Invite}} props */
function Made({ invite }) {
  const { url, uses, expiresAt } = invite;
  return html`<div class="form" role="group" aria-label="The new link">
    <${LinkToCopy} url=${url} label="Send this link to those whom you invite" />
    <div class="qr-place"><${QrCode} text=${url} label="The link as a QR code" /></div>
    <p class="quiet">Good for ${plural(uses, 'person', 'people')}, until ${dayAndTime(expiresAt)}.</p>
  </div>`;
}

/** @param {{app: App, invites: Invite[], onGone: () => void, by?: boolean}} props `by`: it says who made each */
export function InviteList({ app, invites, onGone, by = false }) {
  return html`<ul class="plain-list">
    ${invites.map((invite) => html`<${Row} key=${invite.id} app=${app} invite=${invite} onGone=${onGone} by=${by} />`)}
  </ul>`;
}

/** @param {{app: App, invite: Invite, onGone: () => void, by: boolean}} props */
function Row({ app, invite, onGone, by }) {
  const { busy, error, run } = useAction();
  const [shown, setShown] = useState(false);
  const takeBack = () =>
    run(async () => {
      await app.rest.takeBackInvite(invite.id);
      onGone();
    });
  const left = invite.uses - invite.used;
  const where = invite.room ? invite.room.name : 'The server';
  const what = `${where}, for ${plural(left, 'more', 'more')}, until ${dayAndTime(invite.expiresAt)}`;
  return html`<li class="line">
    <div class="line-words">
      <p class="one-line">
        <strong dir="auto">${where}</strong>
        ${by && html` <span class="quiet">by <bdi>${invite.createdBy?.username ?? 'the server'}</bdi></span>`}
      </p>
      <p class="quiet">${invite.used} of ${invite.uses} used, good until ${dayAndTime(invite.expiresAt)}</p>
    </div>
    <button
      type="button"
      class="button plain small"
      aria-expanded=${shown}
      aria-label=${`Show the link: ${what}`}
      onClick=${() => setShown(!shown)}
    >
      Show
    </button>
    <button
      type="button"
      class="button plain small"
      aria-disabled=${busy}
      aria-label=${`Take back: ${what}`}
      onClick=${takeBack}
    >
      Take back
    </button>
    ${error && html`<${Notice}>${inWords(error)}<//>`}
    ${shown && html`<div class="line-more"><${Made} invite=${invite} /></div>`}
  </li>`;
}
