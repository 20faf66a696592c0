/** The calls of two people, between the messages of their room. */

import { isDirect, otherOf } from '../state/kinds.js';

/** @typedef {import('../protocol/types.js').CallRecord} CallRecord */
/** @typedef {import('../state/timeline.js').Timeline | undefined} Messages */

export class MessageCalls {
  /** @param {() => import('./messages.js').Props} props of the messages, as they are now */
  constructor(props) {
    this.props = props;
    /** @type {import('./call-row.js').CallsHere} */
    this.row = {
      words: (call) => props().app.calls?.journal.wordsOf(call) ?? { kind: 'in', words: 'Call' },
      again: ({ callType }) => {
        const { app, chat, room } = props();
        void app.prepareCall({ to: otherOf(room, chat.user.id)?.id, roomId: room.id, name: room.name, callType });
      },
    };
  }

  /**
   * Those that lie among the messages that are here, oldest first.
   * @param {Messages} timeline @returns {CallRecord[]}
   */
  among(timeline) {
    const { app, room } = this.props();
    if (!isDirect(room) || !app.calls || !timeline?.loaded) return [];
    const from = beginning(timeline);
    const to = timeline.attached ? '~' : (timeline.last?.timestamp ?? '');
    const fits = (/** @type {CallRecord} */ call) =>
      call.room === room.id && call.status === 'ended' && call.createdAt >= from && call.createdAt <= to;
    return app.calls.journal.calls.filter(fits).reverse();
  }

  /** As far back as the messages go, calls are asked for. @param {Messages} timeline */
  bring(timeline) {
    const { app, room } = this.props();
    const journal = isDirect(room) && app.calls?.journal;
    if (!journal || !journal.loaded || journal.busy || journal.complete || journal.problem) return;
    const oldest = journal.calls.at(-1)?.createdAt ?? '';
    if (oldest > (beginning(timeline) || room.createdAt)) void journal.more();
  }
}

/** From when on calls are shown: where the messages begin that are here. @param {Messages} timeline */
function beginning(timeline) {
  if (!timeline?.loaded) return '~';
  return timeline.complete ? '' : (timeline.messages[0]?.timestamp ?? '~');
}
