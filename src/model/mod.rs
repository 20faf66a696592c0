//! What the server is about: users, rooms, messages, calls.
//!
//! Plain data with its rules. Nothing here does I/O, is async, or knows the web, a database, or how clients are told of
//! it.

mod call;
mod directory;
mod id;
mod invite;
mod message;
mod reading;
mod room;
mod rules;
mod shown;
mod time;
mod user;

pub use call::{Call, CallStatus, CallType, EndReason, Standing, StandingRing, StandingSeat};
pub use directory::{DirectoryPlace, UserPlace};
pub use id::{CallId, InviteId, MessageId, RoomId, ServerId, SocketId, UserId};
pub use invite::Invite;
pub use message::{Mentions, Message, MessagePage, NewMessage, Page};
pub use reading::{MarkedRead, Reading};
pub use room::{MembershipEnd, Room, RoomKind, RoomPatch};
pub use rules::{ClientId, Content, Description, Email, NameKey, NewPassword, Reason, RoomName, RuleError, Username};
pub use time::{Now, Timestamp};
pub use user::{AccountPatch, Actor, CodeHash, PasswordHash, Proof, Reset, Role, User, UserRef};
