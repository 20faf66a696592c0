//! The verbs: what users can do. REST and sockets both call these, and only these publish.
//!
//! A service for each noun, with just what it needs. A verb checks that the user may, changes the store and the live
//! state, and then
//! publishes on the [`bus`](crate::bus) what those are told whom it concerns. `app.rs` puts the services together.

mod accounts;
mod administration;
mod announcing;
mod backlogs;
mod calls;
mod connections;
mod directory;
mod identity;
mod invites;
mod last_seen;
mod listing;
mod membership;
mod mentions;
mod messages;
mod names;
mod participants;
mod reading;
mod relaying;
mod rights;
mod room_order;
mod rooms;
mod signalling;
mod signals;
mod telling;
mod turns;
mod unanswered;
mod views;

pub use accounts::{Accounts, NewAccount, add_account};
pub use administration::{Administration, Overview};
pub use announcing::Announcing;
pub use calls::Calls;
pub use connections::Connections;
pub use directory::{Directory, DirectoryPage, Wanted};
pub use identity::{Administrator, Identity, Session};
pub use invites::{Invites, NewInvite, link as invite_link, new_invite};
pub use listing::RoomList;
pub use membership::{Joined, LastSeen, Membership, Missed};
pub use messages::Messages;
pub use names::Names;
pub use participants::Participants;
pub use reading::Readings;
pub use relaying::{Allowed, Reach, Relaying};
pub use rights::Rights;
pub use rooms::{MOST_FIRST_MEMBERS, NewRoom, Rooms};
pub use signalling::Signalling;
pub use signals::{Receiver, Signal};
pub use views::Views;
