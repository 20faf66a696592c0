//! What crosses the wire: the fields that clients send, what they are sent, and the schemas of both.
//!
//! It knows neither HTTP nor sockets.

mod answers;
mod asyncapi;
mod bearer;
mod events;
mod failure;
mod fields;
pub mod json;
mod people;
mod requests;
mod schemas;
mod views;

pub use answers::{AcceptAnswer, JoinAnswer, MarkReadAnswer, RefusedAnswer, RingAnswer, SendAnswer};
pub use asyncapi::asyncapi;
pub use bearer::{bearer, bearer_or_bare};
pub use events::{
    Audience, Delivery, Event, LeaveReason, MediaState, Participant, ParticipantList, Peer, RoomEnd, SessionCall,
    SignalKind,
};
pub use failure::ErrorBody;
pub use fields::{Fields, FromFields};
pub use people::{AccountView, InvitationView, InviteView, ResetView, RoomRef, RoomTitle, ServerView};
pub use requests::{
    AcceptCall, EndCall, InitiateCall, JoinRoom, LeaveRoom, MarkRead, RECEIVER, RejectCall, SendMessage, SetMediaState,
    SetTyping,
};
pub use views::{CallSnapshot, CallView, RoomView, UserEntry, UserView};
