//! Letting the times of calls run out.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use super::Calls;
use crate::live::CallMachine;
use crate::model::Now;

/// How long the clock's hand rests where no deadline is set; a new one wakes it.
const REST: Duration = Duration::from_secs(3600);

impl Calls {
    /// Lets ring times and graces run out. Never resolves.
    pub async fn watch(&self) {
        loop {
            self.do_due().await;
            let deadline = self.machine().next_deadline();
            let wait = deadline.map_or(REST, |deadline| deadline.saturating_duration_since(Now::read().moment));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.deadline_changed.notified() => {}
            }
        }
    }

    /// Does all whose time has come. A call with which that fails is ended, so that it holds up no other.
    async fn do_due(&self) {
        loop {
            let Some(call) = self.machine().due(Now::read()) else { return };
            let done = AssertUnwindSafe(self.happen(CallMachine::tick)).catch_unwind().await;
            // Another server may have done it meanwhile.
            if done.is_ok_and(|happened| happened) || self.machine().due(Now::read()) != Some(call) {
                continue;
            }
            tracing::error!(%call, "what a call waited for could not be done; it is ended");
            let end = self.happen(|calls, now, _| calls.give_up(now, call));
            if !AssertUnwindSafe(end).catch_unwind().await.is_ok_and(|ended| ended) {
                self.machine().forget(call);
            }
        }
    }
}
