//! `/api/rooms`: making, listing, changing, deleting.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use utoipa::{IntoParams, ToSchema};

use super::body::Body;
use super::caller::Caller;
use super::pages::{Beside, links};
use super::query::{FromParams, Params, Query};
use crate::chat::{MOST_FIRST_MEMBERS, NewRoom, RoomList, Rooms};
use crate::error::Error;
use crate::model::{Description, RoomId, RoomKind, RoomName, RoomPatch, RuleError, UserId};
use crate::wire::{ErrorBody, Fields, FromFields, RoomView};

/// The room that the path names. What is no id is the id of nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomPath(pub RoomId);

impl<S: Send + Sync> FromRequestParts<S> for RoomPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        // The only way for this to fail is a path that does not decode.
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        RoomId::parse(&id).map(Self).ok_or(Error::RoomNotFound)
    }
}

/// How many rooms a page holds where only its place was given.
const PAGE: usize = 50;

/// Which rooms are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// How many at most; 50 where only `before` is given.
    #[param(minimum = 1, maximum = 200, nullable = false)]
    limit: Option<usize>,
    /// Those after this room in the list. An id that is no room (any more) stands where a room made in the second that
    /// the id carries would stand.
    #[param(nullable = false)]
    before: Option<RoomId>,
}

impl FromParams for Wanted {
    fn read(params: &mut Params) -> Option<Self> {
        let limit = params.count_if_given("limit", 1..=200);
        let before = params.optional("before", RoomId::parse, "must be an id: 24 lower-case hex digits");
        Some(Self { limit: limit?, before: before? })
    }
}

/// All rooms that the caller may see, newest first; with `limit` or `before` a page of them.
#[utoipa::path(
    get, path = "/api/rooms", operation_id = "listRooms", tag = "rooms",
    security(("bearer" = [])), params(Wanted),
    responses(
        (status = 200, description = "The rooms", body = Vec<RoomView>, headers(
            ("Link" = String, description = "`rel=\"next\"` is the next page, where there are more rooms"),
        )),
    )
)]
pub(crate) async fn list(
    State(rooms): State<Arc<RoomList>>,
    Caller(who): Caller,
    Query(wanted): Query<Wanted>,
) -> Result<(HeaderMap, Json<Vec<RoomView>>), Error> {
    if wanted.limit.is_none() && wanted.before.is_none() {
        return Ok((HeaderMap::new(), Json(rooms.all(&who).await?)));
    }
    let limit = wanted.limit.unwrap_or(PAGE);
    let (rooms, more) = rooms.page(&who, wanted.before, limit).await?;
    let last = rooms.last().filter(|_| more);
    let next = last.map(|last| Beside::next("/api/rooms").with("limit", limit).with("before", last.id));
    Ok((links(next), Json(rooms)))
}

/// What a new room needs.
#[derive(Debug, ToSchema)]
pub(crate) struct WantedRoom {
    name: RoomName,
    description: Option<Description>,
    /// `open` where it is not there, or `private`.
    #[schema(nullable = false)]
    kind: Option<RoomKind>,
    /// Of a private room those who are in it from the start, besides who makes it.
    #[schema(nullable = false, max_items = 200)]
    members: Option<Vec<UserId>>,
}

impl FromFields for WantedRoom {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required(&["name"], RoomName::parse);
        let description = fields.optional(&["description"], Description::parse);
        let kinds = RuleError("must be \"open\" or \"private\"");
        let may_be_made = |kind: &RoomKind| *kind != RoomKind::Direct;
        let kind = fields.optional(&["kind"], |word| RoomKind::parse(word).filter(may_be_made).ok_or(kinds));
        let members = fields.optional_list("members", MOST_FIRST_MEMBERS, |id| Ok(UserId::or_nothing(id)));
        if kind != Some(RoomKind::Private) && members.is_some() {
            return fields.wrong("members", "are for a private room: kind must be \"private\"");
        }
        Some(Self { name: name?, description, kind, members })
    }
}

/// Makes a room. The creator of an open one is no participant before joining; of a private one it is.
#[utoipa::path(
    post, path = "/api/rooms", operation_id = "createRoom", tag = "rooms",
    security(("bearer" = [])), request_body = WantedRoom,
    responses(
        (status = 201, description = "The room", body = RoomView),
        (status = 404, description = "`user_not_found`: one of the members", body = ErrorBody),
        (status = 409, description = "`room_name_taken`, by another open room", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(rooms): State<Arc<Rooms>>,
    Caller(who): Caller,
    Body(wish): Body<WantedRoom>,
) -> Result<(StatusCode, Json<RoomView>), Error> {
    let private = wish.kind == Some(RoomKind::Private);
    let members = private.then(|| wish.members.unwrap_or_default());
    let wish = NewRoom { name: wish.name, description: wish.description.unwrap_or_default(), members };
    Ok((StatusCode::CREATED, Json(rooms.create(&who, wish).await?)))
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
pub(crate) async fn one(
    State(rooms): State<Arc<RoomList>>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
) -> Result<Json<RoomView>, Error> {
    Ok(Json(rooms.one(&who, room).await?))
}

/// What of a room is to be changed.
#[derive(Debug, ToSchema)]
pub(crate) struct RoomChange {
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

/// Changes a room. Only its creator or an administrator may.
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
pub(crate) async fn update(
    State(rooms): State<Arc<Rooms>>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
    Body(wish): Body<RoomChange>,
) -> Result<Json<RoomView>, Error> {
    let patch = RoomPatch { name: wish.name, description: wish.description };
    Ok(Json(rooms.update(&who, room, patch).await?))
}

/// Deletes a room with its messages. Only its creator or an administrator may.
#[utoipa::path(
    delete, path = "/api/rooms/{roomId}", operation_id = "deleteRoom", tag = "rooms",
    security(("bearer" = [])), params(("roomId" = RoomId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "`not_allowed`: somebody else made it", body = ErrorBody),
        (status = 404, description = "`room_not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(rooms): State<Arc<Rooms>>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
) -> Result<StatusCode, Error> {
    rooms.delete(&who, room).await?;
    Ok(StatusCode::NO_CONTENT)
}
