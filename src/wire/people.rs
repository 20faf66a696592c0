//! Invitations and accounts as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

use super::views::UserView;
use crate::model::{InviteId, RoomId, ServerId, Timestamp, User, UserRef};

/// An account, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Account)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// The account as its user sees it.
    #[serde(flatten)]
    pub user: UserView,
    /// Nobody can use it.
    pub disabled: bool,
    /// Has any socket at all.
    pub online: bool,
    /// When the last socket went, true to 5 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_seen_at: Option<Timestamp>,
}

impl AccountView {
    /// Of an account, whose user has a socket or not.
    pub fn new(user: &User, online: bool) -> Self {
        Self { user: user.into(), disabled: user.disabled, online, last_seen_at: user.last_seen_at }
    }
}

/// A room by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomRef {
    /// The room's id, as stored.
    #[serde(rename = "_id")]
    pub object_id: RoomId,
    /// The same id.
    pub id: RoomId,
    /// The name.
    pub name: String,
}

/// An invitation, as its maker and administrators see it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Invite)]
#[serde(rename_all = "camelCase")]
pub struct InviteView {
    /// The invitation's id, as stored.
    #[serde(rename = "_id")]
    pub object_id: InviteId,
    /// The same id.
    pub id: InviteId,
    /// Opens it to whoever has it.
    pub code: String,
    /// The link with the code in it.
    pub url: String,
    /// Who made it; null for the one to the first account.
    #[schema(required)]
    pub created_by: Option<UserRef>,
    /// Where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub room: Option<RoomRef>,
    /// How often it can be used.
    pub uses: u32,
    /// How often it was.
    pub used: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The name of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomTitle {
    /// The name.
    pub name: String,
}

/// An invitation, as whoever has its code sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Invitation)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// Who invites; null for the one to the first account.
    #[schema(required)]
    pub by: Option<UserRef>,
    /// Where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub room: Option<RoomTitle>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// One of the servers that work on the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Server)]
#[serde(rename_all = "camelCase")]
pub struct ServerView {
    /// Its id, new at each start.
    pub id: ServerId,
    /// The version of the program, empty where it does not say.
    pub version: String,
    /// When it started, to the second.
    pub started_at: Timestamp,
    /// How many sockets are connected to it.
    pub sockets: usize,
}

/// A code for a new password, as it is given out.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Reset)]
#[serde(rename_all = "camelCase")]
pub struct ResetView {
    /// Sets the password, once.
    pub code: String,
    /// The link with the code in it.
    pub url: String,
    /// When it ends.
    pub expires_at: Timestamp,
}
