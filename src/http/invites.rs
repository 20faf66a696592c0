//! `/api/invites`: making, listing and taking back invitations, looking at one and following it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Body;
use super::caller::{Address, Caller};
use super::links::Place;
use crate::chat::{Invites, NewInvite};
use crate::error::Error;
use crate::model::{Invite, InviteId, RoomId, RuleError};
use crate::wire::{ErrorBody, Fields, FromFields, InvitationView, InviteView, RoomView};

/// What a new invitation may say of itself.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct InviteWish {
    /// The room that it leads into, in which whoever asks is.
    room_id: Option<RoomId>,
    /// How often it can be used.
    #[schema(required = false, minimum = 1, maximum = 1000, default = 25)]
    uses: u32,
    /// For how long, from `1m` to `90d`.
    #[schema(required = false, value_type = String, default = "7d")]
    expires_in: Duration,
}

impl FromFields for InviteWish {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let room_id = fields.optional(&["roomId"], |id| Ok(RoomId::or_nothing(id)));
        let uses = match fields.optional_count(&["uses"]) {
            Some(uses) => u32::try_from(uses)
                .ok()
                .filter(|uses| (1..=Invite::MOST_USES).contains(uses))
                .or_else(|| fields.wrong("uses", "must be a whole number from 1 to 1000")),
            None => Some(NewInvite::USES),
        };
        let lasts = match fields.value(&["expiresIn"]) {
            Some(_) => fields.optional(&["expiresIn"], lasts),
            None => Some(NewInvite::LASTS),
        };
        Some(Self { room_id, uses: uses?, expires_in: lasts? })
    }
}

fn lasts(text: &str) -> Result<Duration, RuleError> {
    NewInvite::lasts(text).ok_or(RuleError("must be a time from 1m to 90d, as in 7d"))
}

/// The invitation that the path names. What is no id is the id of nothing.
pub(crate) struct InvitePath(InviteId);

impl<S: Send + Sync> FromRequestParts<S> for InvitePath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        InviteId::parse(&id).map(Self).ok_or(Error::InviteNotFound)
    }
}

/// The code in a path.
pub(crate) struct Code(String);

impl<S: Send + Sync> FromRequestParts<S> for Code {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(code) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        Ok(Self(code))
    }
}

/// Makes an invitation.
#[utoipa::path(
    post, path = "/api/invites", operation_id = "createInvite", tag = "invitations",
    security(("bearer" = [])), request_body = InviteWish,
    responses(
        (status = 201, description = "The invitation", body = InviteView),
        (
            status = 403, body = ErrorBody,
            description = "`not_allowed`: not in the room, or sign-up is closed and it leads into none",
        ),
        (status = 404, description = "`room_not_found`", body = ErrorBody),
        (status = 409, description = "`limit_reached`: 1,000 of the user's are still good", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(invites): State<Arc<Invites>>,
    Caller(who): Caller,
    Place(place): Place,
    Body(wish): Body<InviteWish>,
) -> Result<(StatusCode, Json<InviteView>), Error> {
    let wish = NewInvite { room: wish.room_id, uses: wish.uses, lasts: wish.expires_in };
    Ok((StatusCode::CREATED, Json(invites.create(&who.user, wish, &place).await?)))
}

/// One's own invitations that are still good, newest first; to administrators all.
#[utoipa::path(
    get, path = "/api/invites", operation_id = "listInvites", tag = "invitations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The invitations", body = Vec<InviteView>),
    )
)]
pub(crate) async fn list(
    State(invites): State<Arc<Invites>>,
    Caller(who): Caller,
    Place(place): Place,
) -> Result<Json<Vec<InviteView>>, Error> {
    Ok(Json(invites.list(&who, &place).await?))
}

/// Takes an invitation back: one's own, and an administrator any.
#[utoipa::path(
    delete, path = "/api/invites/{id}", operation_id = "deleteInvite", tag = "invitations",
    security(("bearer" = [])), params(("id" = InviteId, Path)),
    responses(
        (status = 204, description = "It is good no more"),
        (status = 404, description = "`invite_not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(invites): State<Arc<Invites>>,
    Caller(who): Caller,
    InvitePath(id): InvitePath,
) -> Result<StatusCode, Error> {
    invites.remove(&who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation is, to whoever has its code.
#[utoipa::path(
    get, path = "/api/invites/code/{code}", operation_id = "invitation", tag = "invitations",
    params(("code" = String, Path)),
    responses(
        (status = 200, description = "Who invites, and where to", body = InvitationView),
        (status = 404, description = "`invite_not_found`: unknown, used up, over, or taken back", body = ErrorBody),
        (status = 429, description = "`rate_limited`: too many codes that were none", body = ErrorBody),
    )
)]
pub(crate) async fn look(
    State(invites): State<Arc<Invites>>,
    Address(address): Address,
    Code(code): Code,
) -> Result<Json<InvitationView>, Error> {
    Ok(Json(invites.look(address, &code).await?))
}

/// Where an invitation has led.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Followed {
    /// The room, where it leads into one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    room: Option<RoomView>,
}

/// Follows an invitation: whoever asks takes part in its room.
#[utoipa::path(
    post, path = "/api/invites/code/{code}", operation_id = "followInvite", tag = "invitations",
    security(("bearer" = [])), params(("code" = String, Path)),
    responses(
        (status = 200, description = "The room, where it leads into one", body = Followed),
        (status = 404, description = "`invite_not_found`: unknown, used up, over, or taken back", body = ErrorBody),
    )
)]
pub(crate) async fn follow(
    State(invites): State<Arc<Invites>>,
    Caller(who): Caller,
    Address(address): Address,
    Code(code): Code,
) -> Result<Json<Followed>, Error> {
    Ok(Json(Followed { room: invites.accept(&who, address, &code).await? }))
}
