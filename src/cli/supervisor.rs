//! The supervisor that started the program, where it wants to know: systemd with `Type=notify`.

use sd_notify::NotifyState;

/// Says that the server answers, and from then on, as often as it is asked for, that it still does.
pub(super) fn tell_ready() {
    tell(NotifyState::Ready);
    if let Some(within) = sd_notify::watchdog_enabled() {
        // A task as the requests are tasks: where they come to a stand, so does this.
        tokio::spawn(async move {
            loop {
                tell(NotifyState::Watchdog);
                tokio::time::sleep(within / 2).await;
            }
        });
    }
}

/// Says that the server is on its way out.
pub(super) fn tell_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the supervisor could not be told");
    }
}
