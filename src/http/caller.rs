//! Who asks: the token of each request under `/api` is checked before its path is.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::chat::{Accounts, Identity};
use crate::config::Config;
use crate::error::Error;
use crate::live::Limits;
use crate::net::remote;
use crate::wire::bearer;

/// Paths under `/api` for which no token is needed.
const PUBLIC: [&str; 6] = [
    "/api/auth/signup",
    "/api/auth/login",
    "/api/auth/reset",
    "/api/config",
    "/api/openapi.json",
    "/api/asyncapi.json",
];

/// Below it lies what whoever has the code of an invitation may look at.
const INVITATIONS: &str = "/api/invites/code/";

/// The user who asks. A handler that has it in its signature is for users only.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub Arc<Identity>);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthorized)
    }
}

/// The administrator who asks. A handler that has it in its signature is for administrators only.
#[derive(Clone, Debug)]
pub(crate) struct Administering(pub Arc<Identity>);

impl<S: Sync> FromRequestParts<S> for Administering {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Caller(who) = Caller::from_request_parts(parts, state).await?;
        who.administrator()?;
        Ok(Self(who))
    }
}

/// The address that a request comes from, proxies that are trusted aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(pub std::net::IpAddr);

impl<S: Sync> FromRequestParts<S> for Address
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let config = Arc::<Config>::from_ref(state);
        Ok(Self(remote::client_address(&config.trusted_proxies, &parts.extensions, &parts.headers)))
    }
}

/// Lets a request under `/api` pass with a good token only, and so often only; leaves [`Caller`] with it.
pub(crate) async fn authenticate(
    State((accounts, limits)): State<(Arc<Accounts>, Arc<Limits>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let guarded = path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if guarded && !is_public(request.method(), path) {
        match identify(&accounts, &limits, request.headers()).await {
            Ok(who) => request.extensions_mut().insert(Caller(Arc::new(who))),
            Err(error) => return error.into_response(),
        };
    }
    next.run(request).await
}

fn is_public(method: &Method, path: &str) -> bool {
    let code = path.strip_prefix(INVITATIONS).filter(|_| matches!(*method, Method::GET | Method::HEAD));
    PUBLIC.contains(&path) || code.is_some_and(|code| !code.is_empty() && !code.contains('/'))
}

async fn identify(accounts: &Accounts, limits: &Limits, headers: &HeaderMap) -> Result<Identity, Error> {
    let credentials = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = credentials.and_then(bearer).ok_or(Error::Unauthorized)?;
    let who = accounts.authenticate(token).await?;
    limits.rest(who.user.id)?;
    Ok(who)
}
