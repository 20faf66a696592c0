//! `/api/rooms/{roomId}/members` and `/api/direct`: who is in rooms.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use utoipa::ToSchema;

use super::body::Body;
use super::caller::Caller;
use super::rooms::RoomPath;
use crate::chat::{Membership, Rooms};
use crate::error::Error;
use crate::model::{RoomId, UserId};
use crate::wire::{ErrorBody, Fields, FromFields, RoomView};

/// A user who is named in a body.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct OneUser {
    user_id: UserId,
}

impl FromFields for OneUser {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let user_id = fields.required(&["userId"], |text| Ok(UserId::or_nothing(text)));
        Some(Self { user_id: user_id? })
    }
}

/// The direct room of the caller and another user, which is made where it is not there.
#[utoipa::path(
    post, path = "/api/direct", operation_id = "openDirectRoom", tag = "rooms",
    security(("bearer" = [])), request_body = OneUser,
    responses(
        (status = 200, description = "The room, which was there", body = RoomView),
        (status = 201, description = "The room, which is new", body = RoomView),
        (status = 404, description = "`user_not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn direct(
    State(rooms): State<Arc<Rooms>>,
    Caller(who): Caller,
    Body(wish): Body<OneUser>,
) -> Result<(StatusCode, Json<RoomView>), Error> {
    let (room, fresh) = rooms.open_direct(&who, wish.user_id).await?;
    Ok((if fresh { StatusCode::CREATED } else { StatusCode::OK }, Json(room)))
}

/// Adds a user to a room that the caller is in.
#[utoipa::path(
    post, path = "/api/rooms/{roomId}/members", operation_id = "addMember", tag = "rooms",
    security(("bearer" = [])), params(("roomId" = RoomId, Path)), request_body = OneUser,
    responses(
        (status = 200, description = "The room as it is now", body = RoomView),
        (status = 403, description = "`not_allowed`: not in it, or it is a direct room", body = ErrorBody),
        (status = 404, description = "`room_not_found`, `user_not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn add(
    State(membership): State<Arc<Membership>>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
    Body(wish): Body<OneUser>,
) -> Result<Json<RoomView>, Error> {
    Ok(Json(membership.add_member(&who, room, wish.user_id).await?))
}

/// The room and the user that the path names. What is no id is the id of nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberPath(RoomId, UserId);

impl<S: Send + Sync> FromRequestParts<S> for MemberPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let ids = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((room, user)) = ids.map_err(|_| Error::NotFound)?;
        Ok(Self(RoomId::parse(&room).ok_or(Error::RoomNotFound)?, UserId::or_nothing(&user)))
    }
}

/// Takes a user out of a room: oneself, or out of a private room that the caller has made somebody else.
#[utoipa::path(
    delete, path = "/api/rooms/{roomId}/members/{userId}", operation_id = "removeMember", tag = "rooms",
    security(("bearer" = [])), params(("roomId" = RoomId, Path), ("userId" = UserId, Path)),
    responses(
        (status = 204, description = "The user is out"),
        (status = 403, description = "`not_allowed`: somebody else made it, or it is a direct room", body = ErrorBody),
        (status = 404, description = "`room_not_found`, `user_not_found`: not in it", body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(membership): State<Arc<Membership>>,
    Caller(who): Caller,
    MemberPath(room, user): MemberPath,
) -> Result<StatusCode, Error> {
    membership.remove_member(&who, room, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
