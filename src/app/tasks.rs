//! Tasks that go on as long as the server runs, and are started again where they end.

use std::time::Duration;

use tokio::task::JoinHandle;

/// How long after its end a task is started again.
const AGAIN: Duration = if cfg!(test) { Duration::from_millis(5) } else { Duration::from_secs(1) };

/// Runs what must never end; where it does, or panics, that is logged and it is started again.
pub(crate) fn forever<F: Future<Output = ()> + Send + 'static>(
    name: &'static str,
    start: impl Fn() -> F + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let mut running = AbortOnDrop(tokio::spawn(start()));
            match (&mut running.0).await {
                Ok(()) => tracing::error!(task = name, "a task that must not end has ended, and is started again"),
                Err(error) => tracing::error!(task = name, %error, "a task has failed and is started again"),
            }
            metrics::counter!("tincan_tasks_restarted_total", "task" => name).increment(1);
            tokio::time::sleep(AGAIN).await;
        }
    })
}

/// The inner task ends with the one that watches it.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_or_ends_is_started_again_and_ends_with_its_watcher() {
        let (starts, alive) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
        let watching = forever("test", {
            let (starts, alive) = (Arc::clone(&starts), Arc::clone(&alive));
            move || {
                let (start, alive) = (starts.fetch_add(1, Ordering::SeqCst), Arc::clone(&alive));
                async move {
                    match start {
                        0 => panic!("a mistake"),
                        1 => {}
                        _ => std::future::pending().await,
                    }
                    drop(alive);
                }
            }
        });
        while starts.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(AGAIN).await;
        }
        watching.abort();
        while Arc::strong_count(&alive) > 1 {
            tokio::time::sleep(AGAIN).await;
        }
        assert_eq!(starts.load(Ordering::SeqCst), 3);
    }
}
