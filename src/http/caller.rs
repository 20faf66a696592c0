//! Who asks: the token of each request under `/api` is checked before its path is.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::PUBLIC;
use super::server::Shared;
use crate::chat::{Chat, Identity};
use crate::error::Error;
use crate::model::bearer;
use crate::peer;

/// The user who asks. A handler that has it in its signature is for users only.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<Identity>);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthorized)
    }
}

/// The address that a request comes from, proxies that are trusted aside.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub std::net::IpAddr);

impl FromRequestParts<Shared> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Self::Rejection> {
        let trusted = &shared.chat().config().trusted_proxies;
        Ok(Self(peer::client_address(trusted, &parts.extensions, &parts.headers)))
    }
}

/// Lets a request under `/api` pass with a good token only, and so often only; leaves [`Caller`] with it.
pub async fn authenticate(State(chat): State<Arc<Chat>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let guarded = path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if guarded && !PUBLIC.contains(&path) {
        match identify(&chat, request.headers()).await {
            Ok(who) => request.extensions_mut().insert(Caller(Arc::new(who))),
            Err(error) => return error.into_response(),
        };
    }
    next.run(request).await
}

async fn identify(chat: &Chat, headers: &HeaderMap) -> Result<Identity, Error> {
    let credentials = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = credentials.and_then(bearer).ok_or(Error::Unauthorized)?;
    let who = chat.authenticate(token).await?;
    chat.limits().rest(who.user.id)?;
    Ok(who)
}
