//! `/api/auth/…`: sign-up, log-in, tokens, passwords.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{Body, FromFields};
use super::caller::{Address, Caller};
use super::server::Shared;
use crate::chat::Session;
use crate::error::Error;
use crate::model::{Email, Fields, NewPassword, RuleError, UserView, Username};

/// A token and whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// A JWT; goes into `Authorization: Bearer`.
    token: String,
    /// The account.
    user: UserView,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self { user: (&session.user).into(), token: session.token }
    }
}

/// The account of whoever asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    user: UserView,
}

/// What sign-up asks for.
#[derive(Debug, ToSchema)]
pub struct Signup {
    username: Username,
    email: Email,
    password: NewPassword,
}

impl FromFields for Signup {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required(&["username"], Username::parse);
        let email = fields.required(&["email"], Email::parse);
        let password = fields.required(&["password"], NewPassword::parse);
        Some(Self { username: username?, email: email?, password: password? })
    }
}

/// Makes an account.
#[utoipa::path(
    post, path = "/api/auth/signup", operation_id = "signUp", tag = "accounts",
    request_body = Signup,
    responses(
        (status = 201, description = "The account and a token for it", body = SessionView),
        (status = 403, description = "`signup_closed`", body = super::reply::ErrorBody),
        (status = 409, description = "`username_taken` (told first), `email_taken`", body = super::reply::ErrorBody),
        (status = 429, description = "`rate_limited`", body = super::reply::ErrorBody),
    )
)]
pub async fn signup(
    State(shared): State<Shared>,
    Address(address): Address,
    Body(wish): Body<Signup>,
) -> Result<(StatusCode, Json<SessionView>), Error> {
    let session = shared.chat().signup(address, wish.username, wish.email, wish.password).await?;
    Ok((StatusCode::CREATED, Json(session.into())))
}

/// What log-in asks for: one of `email` and `username`, and the password.
#[derive(ToSchema)]
pub struct Login {
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
        (status = 401, description = "`invalid_credentials`, whichever of the two is wrong", body = super::reply::ErrorBody),
        (status = 429, description = "`rate_limited`: too many failures", body = super::reply::ErrorBody),
    )
)]
pub async fn login(
    State(shared): State<Shared>,
    Address(address): Address,
    Body(given): Body<Login>,
) -> Result<Json<SessionView>, Error> {
    Ok(Json(shared.chat().login(address, given.name(), &given.password).await?.into()))
}

/// The account of whoever asks.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account", body = Me),
    )
)]
pub async fn me(Caller(who): Caller) -> Json<Me> {
    Json(Me { user: (&who.user).into() })
}

/// What a change of password asks for.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ChangePassword {
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
pub async fn change_password(
    State(shared): State<Shared>,
    Address(address): Address,
    Caller(who): Caller,
    Body(wish): Body<ChangePassword>,
) -> Result<Json<SessionView>, Error> {
    let session = shared.chat().change_password(address, &who, &wish.current_password, wish.new_password).await?;
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
pub async fn refresh(State(shared): State<Shared>, Caller(who): Caller) -> Json<SessionView> {
    Json(shared.chat().refresh(&who).into())
}
