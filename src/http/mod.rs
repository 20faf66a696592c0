//! REST. (On its way.)

use std::sync::Arc;

use axum::Router;

use crate::chat::Chat;

/// All routes.
pub fn router(_chat: Arc<Chat>) -> Router {
    Router::new()
}
