//! `/api/admin/…`: what administrators do about people, and what they see of the servers.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::body::Body;
use super::caller::Administering;
use super::links::Place;
use super::pages::{Beside, links};
use super::query::{FromParams, Params, Query};
use super::status::StoreHealth;
use crate::chat::{Administration, Overview};
use crate::error::Error;
use crate::model::{AccountPatch, DirectoryPlace, NameKey, Role, RuleError, UserId};
use crate::store::Store;
use crate::wire::{AccountView, ErrorBody, Fields, FromFields, ResetView, ServerView};

/// The user whom the path names. What is no id is the id of nothing.
pub(crate) struct UserPath(UserId);

impl<S: Send + Sync> FromRequestParts<S> for UserPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        UserId::parse(&id).map(Self).ok_or(Error::UserNotFound)
    }
}

/// Which accounts are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The beginning of the name or of a part of it (after `_`, `.` or `-`), in any case; all where it is empty.
    #[param(required = false)]
    search: String,
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: usize,
    /// Those behind this place, which is taken from a `Link: rel="next"`.
    #[param(nullable = false, value_type = Option<String>)]
    after: Option<DirectoryPlace>,
}

impl FromParams for Wanted {
    fn read(params: &mut Params) -> Option<Self> {
        let search = params.text("search");
        let limit = params.count("limit", 50, 1..=200);
        let after = params.optional("after", DirectoryPlace::parse, "must be a place out of a Link header");
        Some(Self { search: search?, limit: limit?, after: after? })
    }
}

/// Accounts, by lower-cased name.
#[utoipa::path(
    get, path = "/api/admin/users", operation_id = "listAccounts", tag = "administration",
    security(("bearer" = [])), params(Wanted),
    responses(
        (status = 200, description = "Those who are found", body = Vec<AccountView>, headers(
            ("Link" = String, description = "`rel=\"next\"` is the next page, where there are more users"),
        )),
        (status = 403, description = "`not_allowed`: no administrator", body = ErrorBody),
    )
)]
pub(crate) async fn users(
    State(administration): State<Arc<Administration>>,
    Administering(who): Administering,
    Query(wanted): Query<Wanted>,
) -> Result<(HeaderMap, Json<Vec<AccountView>>), Error> {
    let search = NameKey::of(wanted.search.trim());
    let after = wanted.after.as_ref().map(|place| &place.user);
    let (users, next) = administration.accounts(who.administrator()?, &search, after, wanted.limit).await?;
    let next = next.map(|user| {
        let page = Beside::next("/api/admin/users");
        let page = if wanted.search.is_empty() { page } else { page.with("search", &wanted.search) };
        page.with("limit", wanted.limit).with("after", DirectoryPlace { online: false, user })
    });
    Ok((links(next), Json(users)))
}

/// What of an account is to be changed.
#[derive(Debug, ToSchema)]
pub(crate) struct AccountChange {
    role: Option<Role>,
    /// Nobody can use it; its tokens end for good.
    disabled: Option<bool>,
}

impl FromFields for AccountChange {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let role =
            fields.optional(&["role"], |word| Role::parse(word).ok_or(RuleError("must be \"member\" or \"admin\"")));
        let given = fields.value(&["disabled"]).is_some();
        let disabled = given.then(|| fields.flag(&["disabled"]));
        Some(Self { role, disabled })
    }
}

/// Changes role and state of an account.
#[utoipa::path(
    patch, path = "/api/admin/users/{userId}", operation_id = "updateAccount", tag = "administration",
    security(("bearer" = [])), params(("userId" = UserId, Path)), request_body = AccountChange,
    responses(
        (status = 200, description = "The account as it is now", body = AccountView),
        (status = 403, description = "`not_allowed`: no administrator", body = ErrorBody),
        (status = 404, description = "`user_not_found`", body = ErrorBody),
        (status = 409, description = "`last_administrator`: nobody would be left who is one", body = ErrorBody),
    )
)]
pub(crate) async fn update(
    State(administration): State<Arc<Administration>>,
    Administering(who): Administering,
    UserPath(user): UserPath,
    Body(wish): Body<AccountChange>,
) -> Result<Json<AccountView>, Error> {
    let patch = AccountPatch { role: wish.role, disabled: wish.disabled };
    Ok(Json(administration.change(who.administrator()?, user, patch).await?))
}

/// Gives out a link by which a new password is set, once, within 24 h.
#[utoipa::path(
    post, path = "/api/admin/users/{userId}/reset", operation_id = "giveOutReset", tag = "administration",
    security(("bearer" = [])), params(("userId" = UserId, Path)),
    responses(
        (status = 201, description = "The link; an earlier one is good no more", body = ResetView),
        (status = 403, description = "`not_allowed`: no administrator", body = ErrorBody),
        (status = 404, description = "`user_not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn reset(
    State(administration): State<Arc<Administration>>,
    Administering(who): Administering,
    Place(place): Place,
    UserPath(user): UserPath,
) -> Result<(StatusCode, Json<ResetView>), Error> {
    Ok((StatusCode::CREATED, Json(administration.reset(who.administrator()?, user, &place).await?)))
}

/// Removes an account. Its messages stay.
#[utoipa::path(
    delete, path = "/api/admin/users/{userId}", operation_id = "removeAccount", tag = "administration",
    security(("bearer" = [])), params(("userId" = UserId, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "`not_allowed`: no administrator", body = ErrorBody),
        (status = 404, description = "`user_not_found`", body = ErrorBody),
        (status = 409, description = "`last_administrator`: nobody would be left who is one", body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(administration): State<Arc<Administration>>,
    Administering(who): Administering,
    UserPath(user): UserPath,
) -> Result<StatusCode, Error> {
    administration.remove(who.administrator()?, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What there is, over all servers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overview)]
pub(crate) struct OverviewView {
    /// The version of the server that answers.
    version: &'static str,
    /// How long that runs, in seconds.
    uptime: f64,
    /// How the store is.
    store: StoreHealth,
    /// How many accounts there are.
    users: u64,
    /// How many rooms of every kind there are.
    rooms: u64,
    /// How many messages there are in them; may be an estimate.
    messages: u64,
    /// How many calls go on.
    calls: usize,
    /// The servers, that which answers first.
    servers: Vec<ServerView>,
}

/// What there is, over all servers.
#[utoipa::path(
    get, path = "/api/admin/overview", operation_id = "overview", tag = "administration",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "How much of everything there is", body = OverviewView),
        (status = 403, description = "`not_allowed`: no administrator", body = ErrorBody),
    )
)]
pub(crate) async fn overview(
    State(administration): State<Arc<Administration>>,
    State(store): State<Arc<dyn Store>>,
    State(started): State<Instant>,
    Administering(who): Administering,
) -> Result<Json<OverviewView>, Error> {
    let Overview { counts, calls, servers } = administration.overview(who.administrator()?).await?;
    Ok(Json(OverviewView {
        version: env!("CARGO_PKG_VERSION"),
        uptime: started.elapsed().as_millis() as f64 / 1000.0,
        store: StoreHealth::of(&*store, store.health().await.is_ok()),
        users: counts.users,
        rooms: counts.rooms,
        messages: counts.messages,
        calls,
        servers,
    }))
}
