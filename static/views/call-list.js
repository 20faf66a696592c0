/** The history of calls: who, when, how it ended; missed ones marked; a way to call back. */

import { html, useEffect } from '../vendor/preact.js';
import { duration, nameList, shortTime, wholeTime } from './format.js';
import { useNow } from './hooks.js';
import { callIcon, icon } from './icons.js';
import { Avatar, Empty, Notice, PersonName, Skeleton } from './parts.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../call/journal.js').Journal} Journal */
/** @typedef {import('../protocol/types.js').CallRecord} CallRecord */
/** @typedef {import('../state/chat.js').Chat} Chat */

/** @param {{app: App, chat: Chat}} props */
export function CallList({ app, chat }) {
  const journal = app.calls?.journal;
  const now = useNow(60_000);
  useEffect(() => {
    void journal?.refresh();
  }, [journal]);
  useEffect(() => journal?.look());
  if (!journal) return null;
  return html`<section class="sidebar-list" aria-label="Calls" tabindex="0">
    ${journal.problem && html`<${Notice}>${journal.problem}<//>`}
    ${!journal.loaded && !journal.problem && html`<${Skeleton} label="Loading calls" />`}
    ${journal.loaded &&
    !journal.calls.length &&
    html`<${Empty} picture="phone" title="No calls yet"><p>Ring somebody from People, or everybody in a room.</p><//>`}
    <ul>
      ${journal.calls.map(
        (call) =>
          html`<li key=${call.id}><${Row} app=${app} chat=${chat} journal=${journal} call=${call} now=${now} /></li>`,
      )}
    </ul>
    ${journal.loaded &&
    !journal.complete &&
    html`<button class="button ghost wide" aria-disabled=${journal.busy} onClick=${() => journal.more()}>
      Show older calls
    </button>`}
  </section>`;
}

/** @param {{app: App, chat: Chat, journal: Journal, call: CallRecord, now: number}} props */
function Row({ app, chat, journal, call, now }) {
  const me = chat.user.id;
  const room = call.room ? chat.rooms.byId.get(call.room) : undefined;
  const others = [call.createdBy, ...call.invited, ...call.participants].filter((one) => one.id !== me);
  const other = others[0];
  const group = journal.isGroup(call.room);
  const name = group ? (room?.name ?? 'A room that is gone') : (other?.username ?? 'Somebody');
  const { kind, words } = journal.wordsOf(call);
  const length =
    call.answeredAt && call.endedAt ? duration(Date.parse(call.endedAt) - Date.parse(call.answeredAt)) : '';
  const detail = [words, length, group && nameList([...new Set(others.map((one) => one.username))])]
    .filter(Boolean)
    .join(' · ');
  const back = () =>
    void app.prepareCall(
      group ? { roomId: call.room, name, callType: call.callType } : { to: other?.id, name, callType: call.callType },
    );
  const at = call.createdAt;
  const when = html`<time datetime=${at} title=${wholeTime(at)}>${shortTime(at, now)}</time>`;
  const video = call.callType === 'video';
  const can = group ? room?.joined : Boolean(other);
  return html`<div class="row">
    <${Avatar} id=${(group ? call.room : other?.id) ?? ''} name=${name} />
    <span>
      <span class=${`title ${kind === 'missed' ? 'missed' : ''}`}>
        ${!group && other
          ? html`<${PersonName} app=${app} id=${other.id} name=${name} />`
          : html`<span dir="auto">${name}</span>`}
        ${icon(kind === 'missed' ? 'missed' : kind === 'out' ? 'phoneOut' : 'phoneIn')}
      </span>
      <span class="sub one-line">${when} · <bdi>${detail}</bdi></span>
    </span>
    <span class="actions">
      ${can &&
      call.status === 'ended' &&
      html`<button
        class="button ghost small icon-only"
        aria-label=${`Call ${name} back${video ? ' with video' : ''}`}
        onClick=${back}
      >
        ${callIcon(call.callType)}
      </button>`}
    </span>
  </div>`;
}
