//! `/api/auth/…`: sign-up, log-in, tokens, passwords.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Body;
use super::caller::{Address, Caller};
use crate::chat::{Accounts, NewAccount, Session};
use crate::error::Error;
use crate::model::{Email, NewPassword, RuleError, Timestamp, Username};
use crate::wire::{ErrorBody, Fields, FromFields, UserView};

/// A token and whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    /// A JWT; goes into `Authorization: Bearer`.
    token: String,
    /// The account.
    user: UserView,
    /// At the first log-in after it: when the password was set by a link of an administrator's.
    #[serde(rename = "passwordResetAt", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reset_at: Option<Timestamp>,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self { user: (&session.user).into(), token: session.token, reset_at: session.reset_at }
    }
}

/// The account of whoever asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    user: UserView,
}

/// What sign-up asks for.
#[derive(Debug, ToSchema)]
pub(crate) struct Signup {
    username: Username,
    email: Email,
    password: NewPassword,
    /// The code of an invitation.
    invite: Option<String>,
}

impl FromFields for Signup {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required(&["username"], Username::parse);
        let email = fields.required(&["email"], Email::parse);
        let password = fields.required(&["password"], NewPassword::parse);
        let invite = fields.optional(&["invite"], |code| Ok(code.to_owned()));
        Some(Self { username: username?, email: email?, password: password?, invite })
    }
}

/// Makes an account.
#[utoipa::path(
    post, path = "/api/auth/signup", operation_id = "signUp", tag = "accounts",
    request_body = Signup,
    responses(
        (status = 201, description = "The account and a token for it", body = SessionView),
        (status = 403, description = "`signup_closed`, `invite_required`", body = ErrorBody),
        (status = 409, description = "`username_taken` (told first), `email_taken`", body = ErrorBody),
        (status = 429, description = "`rate_limited`", body = ErrorBody),
    )
)]
pub(crate) async fn signup(
    State(accounts): State<Arc<Accounts>>,
    Address(address): Address,
    Body(wish): Body<Signup>,
) -> Result<(StatusCode, Json<SessionView>), Error> {
    let Signup { username, email, password, invite } = wish;
    let account = NewAccount { username, email, password };
    let session = accounts.signup(address, account, invite.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(session.into())))
}

/// What log-in asks for: one of `email` and `username`, and the password.
#[derive(ToSchema)]
pub(crate) struct Login {
    /// The address, or the username, in any case.
    email: Option<String>,
    /// As `email`, which counts where both are there.
    username: Option<String>,
    /// The password as it was set.
    #[schema(format = Password, min_length = 1)]
    password: String,
}

impl FromFields for Login {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let by_username = fields.value(&["email"]).is_none() && fields.value(&["username"]).is_some();
        let field = if by_username { "username" } else { "email" };
        let name = fields.required(&[field], |name| filled(name.trim()));
        let password = fields.required(&["password"], filled);
        let name = Some(name?);
        let (email, username) = if by_username { (None, name) } else { (name, None) };
        Some(Self { email, username, password: password? })
    }
}

impl Login {
    fn name(&self) -> &str {
        self.email.as_deref().or(self.username.as_deref()).unwrap_or_default()
    }
}

fn filled(text: &str) -> Result<String, RuleError> {
    if text.is_empty() { Err(RuleError("must not be empty")) } else { Ok(text.to_owned()) }
}

/// Lets somebody in.
#[utoipa::path(
    post, path = "/api/auth/login", operation_id = "logIn", tag = "accounts",
    request_body = Login,
    responses(
        (status = 200, description = "A token", body = SessionView),
        (status = 401, description = "`invalid_credentials`, whichever of the two is wrong", body = ErrorBody),
        (status = 403, description = "`account_disabled`, with the right password", body = ErrorBody),
        (status = 429, description = "`rate_limited`: too many failures", body = ErrorBody),
    )
)]
pub(crate) async fn login(
    State(accounts): State<Arc<Accounts>>,
    Address(address): Address,
    Body(given): Body<Login>,
) -> Result<Json<SessionView>, Error> {
    Ok(Json(accounts.login(address, given.name(), &given.password).await?.into()))
}

/// The account of whoever asks.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account", body = Me),
    )
)]
pub(crate) async fn me(Caller(who): Caller) -> Json<Me> {
    Json(Me { user: (&who.user).into() })
}

/// What a change of password asks for.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ChangePassword {
    /// The one that is to go.
    #[schema(format = Password, min_length = 1)]
    current_password: String,
    new_password: NewPassword,
}

impl FromFields for ChangePassword {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let current = fields.required(&["currentPassword"], filled);
        let new = fields.required(&["newPassword"], NewPassword::parse);
        Some(Self { current_password: current?, new_password: new? })
    }
}

/// Sets a new password. Every older token of the user stops working.
#[utoipa::path(
    post, path = "/api/auth/password", operation_id = "changePassword", tag = "accounts",
    security(("bearer" = [])), request_body = ChangePassword,
    responses(
        (status = 200, description = "A new token, the only one that works", body = SessionView),
    )
)]
pub(crate) async fn change_password(
    State(accounts): State<Arc<Accounts>>,
    Address(address): Address,
    Caller(who): Caller,
    Body(wish): Body<ChangePassword>,
) -> Result<Json<SessionView>, Error> {
    let session = accounts.change_password(address, &who, &wish.current_password, wish.new_password).await?;
    Ok(Json(session.into()))
}

/// A new token. The old one works until it expires.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A new token", body = SessionView),
    )
)]
pub(crate) async fn refresh(State(accounts): State<Arc<Accounts>>, Caller(who): Caller) -> Json<SessionView> {
    Json(accounts.refresh(&who).into())
}

/// Ends every token of whoever asks, and the sockets that came by them.
#[utoipa::path(
    post, path = "/api/auth/logout-everywhere", operation_id = "logOutEverywhere", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "No token works any more"),
    )
)]
pub(crate) async fn logout_everywhere(
    State(accounts): State<Arc<Accounts>>,
    Caller(who): Caller,
) -> Result<StatusCode, Error> {
    accounts.logout_everywhere(&who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the setting of a password by a code asks for.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ResetPassword {
    /// Out of the link that an administrator gave out.
    code: String,
    new_password: NewPassword,
}

impl FromFields for ResetPassword {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required(&["code"], filled);
        let new = fields.required(&["newPassword"], NewPassword::parse);
        Some(Self { code: code?, new_password: new? })
    }
}

/// Sets a password by a code that an administrator gave out. It works once, older tokens no more.
#[utoipa::path(
    post, path = "/api/auth/reset", operation_id = "resetPassword", tag = "accounts",
    request_body = ResetPassword,
    responses(
        (status = 200, description = "A new token, the only one that works", body = SessionView),
        (status = 403, description = "`account_disabled`; the code stays good", body = ErrorBody),
        (status = 404, description = "`reset_not_found`", body = ErrorBody),
        (status = 429, description = "`rate_limited`: too many codes that were none", body = ErrorBody),
    )
)]
pub(crate) async fn reset(
    State(accounts): State<Arc<Accounts>>,
    Address(address): Address,
    Body(wish): Body<ResetPassword>,
) -> Result<Json<SessionView>, Error> {
    Ok(Json(accounts.reset(address, &wish.code, wish.new_password).await?.into()))
}
