//! What the server is about: users, rooms, messages, calls, and what clients are told of them.
//!
//! Plain data with its rules. Nothing here does I/O, is async, or knows the web or a database.

mod bearer;
mod call;
mod directory;
mod event;
mod id;
mod input;
pub mod json;
mod message;
mod room;
mod rules;
mod schema;
mod shown;
mod time;
mod user;
mod view;

pub use bearer::{bearer, bearer_or_bare};
pub use call::{Call, CallSnapshot, CallStatus, CallType, EndReason};
pub use directory::{DirectoryPlace, UserPlace};
pub use event::{
    Audience, Delivery, Event, LeaveReason, MediaState, Origin, Participant, Peer, SessionCall, SignalKind,
};
pub use id::{CallId, MessageId, RoomId, SocketId, UserId};
pub use input::{Fields, Location};
pub use message::{Message, MessagePage, NewMessage, Page};
pub use room::{Room, RoomPatch};
pub use rules::{ClientId, Content, Description, Email, NameKey, NewPassword, Reason, RoomName, RuleError, Username};
pub use time::{Now, Timestamp};
pub use user::{PasswordHash, User, UserRef};
pub use view::{CallView, RoomView, UserEntry, UserView};
