//! A piece of work that goes on when whoever waits for it goes away.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Work that is done by whoever waits for it, and by a task of its own from the moment on when nobody does.
pub(super) struct ToItsEnd<F: Future + Send + 'static> {
    /// `None` once it is done.
    work: Option<Pin<Box<F>>>,
    runtime: Handle,
}

impl<F: Future + Send + 'static> ToItsEnd<F> {
    /// To be called on a runtime, which is the one that goes on with it.
    pub(crate) fn new(work: F) -> Self {
        Self { work: Some(Box::pin(work)), runtime: Handle::current() }
    }
}

impl<F: Future + Send + 'static> Future for ToItsEnd<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for ToItsEnd<F> {
    fn drop(&mut self) {
        // What panicked cannot go on.
        if let Some(work) = self.work.take()
            && !std::thread::panicking()
        {
            self.runtime.spawn(async move { drop(work.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_is_done() {
        let (begin, begun) = tokio::sync::oneshot::channel::<()>();
        let (end, ended) = tokio::sync::oneshot::channel();
        let mut work = Box::pin(ToItsEnd::new(async move {
            begun.await.unwrap();
            end.send("done").unwrap();
        }));
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        begin.send(()).unwrap();
        assert_eq!(ended.await, Ok("done"));
    }
}
