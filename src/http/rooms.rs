//! `/api/rooms`: making, listing, changing, deleting.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use utoipa::ToSchema;

use super::body::{Body, FromFields};
use super::caller::Caller;
use super::reply::ErrorBody;
use super::server::Shared;
use crate::error::Error;
use crate::model::{Description, Fields, RoomId, RoomName, RoomPatch, RoomView};

/// The room that the path names. What is no id is the id of nothing.
#[derive(Clone, Copy, Debug)]
pub struct RoomPath(pub RoomId);

impl<S: Send + Sync> FromRequestParts<S> for RoomPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        // The only way for this to fail is a path that does not decode.
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        RoomId::parse(&id).map(Self).ok_or(Error::RoomNotFound)
    }
}

/// All rooms, newest first.
#[utoipa::path(
    get, path = "/api/rooms", operation_id = "listRooms", tag = "rooms",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All rooms", body = Vec<RoomView>),
    )
)]
pub async fn list(State(shared): State<Shared>, Caller(who): Caller) -> Result<Json<Vec<RoomView>>, Error> {
    Ok(Json(shared.chat().rooms(&who).await?))
}

/// What a new room needs.
#[derive(Debug, ToSchema)]
pub struct NewRoom {
    name: RoomName,
    description: Option<Description>,
}

impl FromFields for NewRoom {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required(&["name"], RoomName::parse);
        let description = fields.optional(&["description"], Description::parse);
        Some(Self { name: name?, description })
    }
}

/// Makes a room. Its creator is no participant before joining.
#[utoipa::path(
    post, path = "/api/rooms", operation_id = "createRoom", tag = "rooms",
    security(("bearer" = [])), request_body = NewRoom,
    responses(
        (status = 201, description = "The room", body = RoomView),
        (status = 409, description = "`room_name_taken`", body = ErrorBody),
    )
)]
pub async fn create(
    State(shared): State<Shared>,
    Caller(who): Caller,
    Body(wish): Body<NewRoom>,
) -> Result<(StatusCode, Json<RoomView>), Error> {
    let description = wish.description.unwrap_or_default();
    let room = shared.chat().create_room(&who, wish.name, description).await?;
    Ok((StatusCode::CREATED, Json(room)))
}

/// One room with all its participants.
#[utoipa::path(
    get, path = "/api/rooms/{roomId}", operation_id = "room", tag = "rooms",
    security(("bearer" = [])), params(("roomId" = RoomId, Path)),
    responses(
        (status = 200, description = "The room", body = RoomView),
        (status = 404, description = "`room_not_found`", body = ErrorBody),
    )
)]
pub async fn one(
    State(shared): State<Shared>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
) -> Result<Json<RoomView>, Error> {
    Ok(Json(shared.chat().room(&who, room).await?))
}

/// What of a room is to be changed.
#[derive(Debug, ToSchema)]
pub struct RoomChange {
    name: Option<RoomName>,
    description: Option<Description>,
}

impl FromFields for RoomChange {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.optional(&["name"], RoomName::parse);
        let description = fields.optional(&["description"], Description::parse);
        Some(Self { name, description })
    }
}

/// Changes a room. Only its creator may.
#[utoipa::path(
    patch, path = "/api/rooms/{roomId}", operation_id = "updateRoom", tag = "rooms",
    security(("bearer" = [])), params(("roomId" = RoomId, Path)), request_body = RoomChange,
    responses(
        (status = 200, description = "The room as it is now", body = RoomView),
        (status = 403, description = "`not_allowed`: somebody else made it", body = ErrorBody),
        (status = 404, description = "`room_not_found`", body = ErrorBody),
        (status = 409, description = "`room_name_taken`", body = ErrorBody),
    )
)]
pub async fn update(
    State(shared): State<Shared>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
    Body(wish): Body<RoomChange>,
) -> Result<Json<RoomView>, Error> {
    let patch = RoomPatch { name: wish.name, description: wish.description };
    Ok(Json(shared.chat().update_room(&who, room, patch).await?))
}

/// Deletes a room with its messages. Only its creator may.
#[utoipa::path(
    delete, path = "/api/rooms/{roomId}", operation_id = "deleteRoom", tag = "rooms",
    security(("bearer" = [])), params(("roomId" = RoomId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "`not_allowed`: somebody else made it", body = ErrorBody),
        (status = 404, description = "`room_not_found`", body = ErrorBody),
    )
)]
pub async fn delete(
    State(shared): State<Shared>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
) -> Result<StatusCode, Error> {
    shared.chat().delete_room(&who, room).await?;
    Ok(StatusCode::NO_CONTENT)
}
