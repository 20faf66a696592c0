//! Calls: what the state machine decides is stored, and then told.

use crate::chat::{Chat, Identity};
use crate::config::Config;
use crate::error::Error;
use crate::model::*;

#[derive(Debug)]
pub struct CallDesk {}

impl CallDesk {
    pub fn new(_config: &Config) -> Self {
        Self {}
    }
}

impl Chat {
    pub async fn resume_calls(&self) -> Result<(), Error> {
        Ok(())
    }
    pub(super) async fn greet(&self, origin: &Origin) {
        let event = Event::Session {
            socket_id: origin.socket,
            user_id: origin.user.id,
            username: origin.user.username.clone(),
            call: None,
        };
        self.deliver(&[origin.socket], &event);
    }
    pub(super) async fn calls_socket_gone(&self, _origin: &Origin) {}
    pub(super) async fn calls_left_room(&self, _who: &Origin, _room: RoomId) {}
    pub(super) async fn calls_room_deleted(&self, _room: RoomId) {}
    pub(super) fn call_in(&self, _room: RoomId) -> Option<CallSnapshot> {
        None
    }
    /// The calls that concern the user, newest first.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn call_history(
        &self,
        who: &Identity,
        before: Option<CallId>,
        limit: usize,
    ) -> Result<Vec<CallView>, Error> {
        let _ = (who, before, limit);
        Ok(Vec::new())
    }
}
