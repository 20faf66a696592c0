//! The body of every request has a time to arrive in, whoever reads it; and a connection knows while it answers.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::kill_switch::KillSwitch;

/// How long the body of a request may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// A body that fails when its time is up.
struct Timed {
    body: hyper::body::Incoming,
    due: Pin<Box<Sleep>>,
}

/// The body of a request, with its time.
pub(crate) fn timed(body: hyper::body::Incoming) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    Body::new(Timed { body, due: Box::pin(tokio::time::sleep(ARRIVES_WITHIN)) })
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.due.as_mut().poll(context));
        metrics::counter!("tincan_bodies_late_total").increment(1);
        Poll::Ready(Some(Err("the body did not arrive in time".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; when it is done, so is its request.
struct Answer {
    body: Body,
    switch: Arc<KillSwitch>,
}

/// Has the connection know when this answer is done.
pub(crate) fn watched(body: Body, switch: Arc<KillSwitch>) -> Body {
    Body::new(Answer { body, switch })
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.switch.request_ends();
    }
}
