//! Calls: what the state machine decides is stored, and then told.

use crate::chat::{Chat, Identity};
use crate::error::Error;
use crate::model::{CallId, CallView};

impl Chat {
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
        todo!()
    }
}
