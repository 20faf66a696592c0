//! REST: the table of routes, and the gate that every request passes, those of Socket.IO and of the web client too.

mod accounts;
mod administration;
mod answers;
mod asyncapi;
mod body;
mod caller;
mod calls;
mod carry;
mod directory;
mod headers;
mod ice;
mod invites;
mod links;
mod members;
mod messages;
mod metrics;
mod openapi;
mod origin;
mod pages;
mod paths;
mod prefix;
mod query;
mod refusals;
mod reply;
mod rooms;
mod state;
mod status;
mod to_https;
mod trust;
mod watch;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, delete, get, patch, post};

use crate::config::Metrics;
use crate::error::Error;

pub use metrics::serve as serve_metrics;
pub use state::Services;

/// All routes with their methods. What is not here is 404, and another method 405.
fn table() -> [(&'static str, MethodRouter<Services>); 27] {
    [
        ("/health", get(status::health)),
        ("/api/auth/signup", post(accounts::signup)),
        ("/api/auth/login", post(accounts::login)),
        ("/api/auth/me", get(accounts::me)),
        ("/api/auth/password", post(accounts::change_password)),
        ("/api/auth/refresh", post(accounts::refresh)),
        ("/api/auth/logout-everywhere", post(accounts::logout_everywhere)),
        ("/api/auth/reset", post(accounts::reset)),
        ("/api/users", get(directory::users)),
        ("/api/invites", get(invites::list).post(invites::create)),
        ("/api/invites/{id}", delete(invites::delete)),
        ("/api/invites/code/{code}", get(invites::look).post(invites::follow)),
        ("/api/admin/users", get(administration::users)),
        ("/api/admin/users/{userId}", patch(administration::update).delete(administration::remove)),
        ("/api/admin/users/{userId}/reset", post(administration::reset)),
        ("/api/admin/overview", get(administration::overview)),
        ("/api/rooms", get(rooms::list).post(rooms::create)),
        ("/api/rooms/{roomId}", get(rooms::one).patch(rooms::update).delete(rooms::delete)),
        ("/api/rooms/{roomId}/messages", get(messages::history)),
        ("/api/rooms/{roomId}/members", post(members::add)),
        ("/api/rooms/{roomId}/members/{userId}", delete(members::remove)),
        ("/api/direct", post(members::direct)),
        ("/api/calls", get(calls::history)),
        ("/api/ice-servers", get(ice::servers)),
        ("/api/config", get(status::config)),
        ("/api/openapi.json", get(openapi::document)),
        ("/api/asyncapi.json", get(asyncapi::document)),
    ]
}

/// The routes, and `client` for every path that is not the server's. To be served behind [`gate`], which lets in whom
/// they then know by name.
pub fn router(services: Services, client: Router) -> Router {
    let metrics = services.config.metrics;
    let trust = trust::router(&services.config, &services.tls).merge(to_https::challenges(&services.tls));
    let routes = table().into_iter().fold(Router::new(), |routes, (path, methods)| routes.route(path, methods));
    let routes = routes
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .route("/api", any(not_found))
        .route("/api/", any(not_found))
        .route("/api/{*rest}", any(not_found))
        .layer(from_fn(watch::name_route))
        .with_state(services);
    let routes = match metrics {
        Metrics::On => routes.merge(metrics::router()),
        Metrics::Off | Metrics::At(_) => routes.route("/metrics", any(not_found)),
    };
    routes
        .merge(trust.layer(from_fn(watch::name_route)))
        .fallback_service(client.layer(from_fn(paths::keep_from_client)))
}

async fn not_found() -> Error {
    Error::NotFound
}

/// Puts the gate in front of everything that is served: `library`, the client's files below the path of Socket.IO, and
/// `app`. From the outside in: the prefix of a proxy goes; each path gets its one spelling; each request is watched and
/// its answer gets the security headers; where https is a must, plain http leads there; from then on it runs in a task
/// of its own, to its end; the Origin is checked; a panic becomes an answer; under `/api` the token comes before the
/// path; and large answers are counted.
pub fn gate(services: &Services, library: Router, app: Router) -> Router {
    let app = library.layer(from_fn(watch::name_route)).fallback_service(app);
    let origins = Arc::new(origin::Origins::new(Arc::clone(&services.config)));
    let under_way = (Arc::clone(&services.config), carry::UnderWay::default());
    let waiting = (Arc::clone(&services.config), answers::Waiting::default());
    let callers = (Arc::clone(&services.accounts), Arc::clone(&services.limits));
    let patterns: Arc<[_]> = table().into_iter().map(|(pattern, _)| pattern).collect();
    // As a service, not merged: a route would write its `Allow` on whatever the gate answers, also to those who may not
    // know it.
    Router::new()
        .fallback_service(app)
        .layer(from_fn_with_state(waiting, answers::bound))
        .layer(from_fn_with_state(callers, caller::authenticate))
        .layer(from_fn(watch::catch_panic))
        .layer(from_fn_with_state(origins, origin::check))
        .layer(from_fn_with_state(under_way, carry::to_the_end))
        .layer(from_fn_with_state((Arc::clone(&services.config), services.tls.clone()), to_https::lead))
        .layer(from_fn_with_state(Arc::clone(&services.config), headers::secure))
        .layer(from_fn(watch::watch))
        .layer(from_fn_with_state(patterns, paths::spell))
        .layer(from_fn_with_state(Arc::clone(&services.config), prefix::strip))
}
