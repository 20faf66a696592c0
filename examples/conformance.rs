//! What the official protocol test suites run against: our own sessions and the library's, with our bounds and the
//! timing and the echoes that the suites expect.
//!
//! Listens on port 3000, or on the one given. `script/conformance` runs the suites; `docs/conformance.md` says what
//! came of it.

mod conformance {
    pub(crate) mod carried;
    pub(crate) mod direct;
}

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use conformance::{carried, direct};
use tincan::net::{Doors, Served, accept};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What begins as a websocket is ours, in each of the two suites; the rest is the library's.
async fn divide(State(own): State<direct::Own>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let says = |part: &str| query.split('&').any(|pair| pair == part);
    if query.contains("sid=") || !says("transport=websocket") {
        return next.run(request).await;
    }
    if request.uri().path().starts_with("/engine.io") { own.engine(request) } else { own.socket(request) }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(3000);
    let routes: Router = carried::routes().layer(from_fn_with_state(direct::Own::new(), divide));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://localhost:{port}");
    let (_stop, stopped) = watch::channel(false);
    match accept(listener, Doors::new(Vec::new()), Served { routes, tls: None, relay: None }, stopped).await {}
}
