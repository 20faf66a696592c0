//! Figures for Prometheus: counted everywhere by the `metrics` macros, which cost next to nothing while nobody listens.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

/// How often what was measured is put into its buckets, whether anybody asks or not.
const UPKEEP: Duration = Duration::from_secs(5);

/// Upper bounds in seconds: from a read out of memory to a request that somebody gave up on.
const SECONDS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Serves `GET /metrics` alone, for operators who keep it away from users.
///
/// # Errors
/// Where the listener fails for good.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    axum::serve(listener, router()).await
}

/// `GET /metrics`, to be merged with other routes. What happens is recorded from the first call in a process on. To be
/// called on the runtime that serves it.
pub(crate) fn router() -> Router {
    let recorder = recorder();
    tokio::spawn(async {
        let mut due = tokio::time::interval(UPKEEP);
        loop {
            due.tick().await;
            recorder.run_upkeep();
        }
    });
    Router::new().route(
        "/metrics",
        get(async move || {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render()).into_response()
        }),
    )
}

/// There is one a process, for the macros know only one.
fn recorder() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
        let recorder = builder.expect("there are buckets").build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("something else records the figures already; /metrics stays empty");
        }
        describe();
        handle
    })
}

fn describe() {
    metrics::describe_counter!("tincan_http_requests_total", "Requests answered, by method, route and status");
    metrics::describe_histogram!("tincan_http_request_seconds", "How long they took, by route");
    metrics::describe_gauge!("tincan_sockets", "Socket.IO connections that are authenticated");
    metrics::describe_counter!(
        "tincan_events_total",
        "Socket.IO events answered, by event and code (ok, or why refused)"
    );
    metrics::describe_histogram!("tincan_event_seconds", "How long they took, by event");
    metrics::describe_counter!("tincan_origins_refused_total", "Requests of web pages whose origin is not allowed");
    metrics::describe_counter!(
        "tincan_log_lines_lost_total",
        "Lines of the log that standard error did not take, or not in time"
    );
    metrics::describe_counter!("tincan_messages_total", "Messages stored");
    metrics::describe_counter!(
        "tincan_store_late_answers_total",
        "Requests to the embedded store answered `storage` because the disk did not answer in time"
    );
    metrics::describe_counter!("tincan_limited_total", "Refusals because somebody did something too often, by limit");
    metrics::describe_counter!(
        "tincan_requests_refused_total",
        "Requests answered `overloaded` because too many were under way"
    );
    metrics::describe_counter!(
        "tincan_answers_refused_total",
        "Answers not sent because too many bytes of others were not read yet"
    );
    metrics::describe_counter!(
        "tincan_password_queue_refused_total",
        "Log-ins, sign-ups and changes of passwords that were not let wait for bcrypt, by reason"
    );
    metrics::describe_counter!(
        "tincan_store_refused_total",
        "Commands not sent to MongoDB because too many waited for it already"
    );
    metrics::describe_counter!("tincan_lists_refused_total", "Lists of rooms refused because too many were being made");
    metrics::describe_counter!("tincan_slow_sockets_total", "Connections cut because they did not take what was sent");
    metrics::describe_gauge!("tincan_waiting_bytes", "Bytes that wait to be sent to sockets");
    metrics::describe_counter!(
        "tincan_waiting_over_total",
        "Sockets cut because too many bytes waited, by bound (socket, user, all)"
    );
    metrics::describe_counter!("tincan_events_over_total", "Sockets cut because too many events waited to be run");
    metrics::describe_counter!("tincan_floods_cut_total", "Sessions cut that went on sending what is refused");
    metrics::describe_counter!("tincan_connections_refused_total", "Connections refused, by bound (all, address)");
    metrics::describe_counter!("tincan_bodies_late_total", "Request bodies that did not arrive in time");
    metrics::describe_counter!("tincan_tasks_restarted_total", "Tasks of the server that ended and were started again");
}

/// Counts a request that was answered. `route` is the pattern of its path, so that there are few.
pub(crate) fn request(method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
    if HANDLE.get().is_none() {
        return;
    }
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let (route, status) = (route.to_owned(), status.as_u16().to_string());
    metrics::counter!("tincan_http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("tincan_http_request_seconds", "route" => route).record(elapsed.as_secs_f64());
}
