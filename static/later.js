/** What a room can be read and written in without: it comes once one can. Calls, dialogs, the other lists, settings. */

import { guardFocus } from './views/focus-guard.js';
import { InvitePage } from './views/invited.js';
import { watchForNews } from './views/notify.js';
import { watchRinging } from './views/ringing.js';

export { CallDesk } from './call/desk.js';
export { browserDevices } from './call/devices.js';
export { Admin } from './views/admin.js';
export { CallLayer, ElsewhereBar } from './views/call-layer.js';
export { CallList } from './views/call-list.js';
export { Sounds } from './views/call-sound.js';
export { cornerOf } from './views/corner-place.js';
export { focusHeading } from './views/focus-guard.js';
export { InviteDialog } from './views/invite-dialog.js';
export { LogOutQuestion } from './views/log-out.js';
export { PasswordReset } from './views/password-reset.js';
export { PeopleList } from './views/people-list.js';
export { ConnectionTest } from './views/connection-test.js';
export { Menu } from './views/menu.js';
export { PersonCard } from './views/person-card.js';
export { NewRoomDialog, RoomDialog } from './views/room-dialogs.js';
export { AddPeopleDialog } from './views/room-members.js';
export { RoomPeople } from './views/room-people.js';
export { Settings } from './views/settings.js';
export { InvitePage };

/** @param {import('./app.js').App} app */
export function watch(app) {
  watchForNews(app);
  watchRinging(app);
  guardFocus(document.body);
}
