//! Messages: sending, history, typing.

use crate::chat::Chat;
use crate::error::Error;
use crate::model::{MessagePage, Page, RoomId};

impl Chat {
    /// A page of a room's history.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn history(&self, room: RoomId, page: Page, limit: usize) -> Result<MessagePage, Error> {
        todo!()
    }
}
