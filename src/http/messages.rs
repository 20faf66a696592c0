//! `/api/rooms/{roomId}/messages`: history in pages, with links to the ones beside.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use utoipa::IntoParams;

use super::caller::Caller;
use super::pages::{Beside, links};
use super::query::{FromParams, Params, Query};
use super::rooms::RoomPath;
use crate::chat::Messages;
use crate::error::Error;
use crate::model::{Message, MessagePage, Page, RoomId};
use crate::wire::ErrorBody;

/// Which messages are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: usize,
    /// The newest of those with a smaller `seq`. Not together with `after`.
    #[param(minimum = 0, nullable = false)]
    before: Option<u64>,
    /// The oldest of those with a greater `seq`. Not together with `before`.
    #[param(minimum = 0, nullable = false)]
    after: Option<u64>,
}

impl FromParams for Wanted {
    fn read(params: &mut Params) -> Option<Self> {
        let limit = params.count("limit", 50, 1..=200);
        let (before, after) = (params.number("before"), params.number("after"));
        if let (Some(Some(_)), Some(Some(_))) = (before, after) {
            params.wrong("after", "must not be given together with before");
        }
        Some(Self { limit: limit?, before: before?, after: after? })
    }
}

impl Wanted {
    const fn page(&self) -> Page {
        match (self.before, self.after) {
            (Some(seq), _) => Page::Before(seq),
            (None, Some(seq)) => Page::After(seq),
            (None, None) => Page::Newest,
        }
    }
}

/// A page of a room's messages, oldest first; without a cursor the newest.
#[utoipa::path(
    get, path = "/api/rooms/{roomId}/messages", operation_id = "messages", tag = "messages",
    security(("bearer" = [])), params(("roomId" = RoomId, Path), Wanted),
    responses(
        (status = 200, description = "The page", body = Vec<Message>, headers(
            ("Link" = String, description = "`rel=\"prev\"` is the page of older messages, `rel=\"next\"` that of \
                                            newer ones, where there are any"),
        )),
        (status = 404, description = "`room_not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn history(
    State(messages): State<Arc<Messages>>,
    Caller(who): Caller,
    RoomPath(room): RoomPath,
    Query(wanted): Query<Wanted>,
) -> Result<(HeaderMap, Json<Vec<Message>>), Error> {
    let page = messages.history_for(&who, room, wanted.page(), wanted.limit).await?;
    Ok((links(beside(room, &wanted, &page)), Json(page.messages)))
}

/// The pages on both sides, as far as there is something. Beside an empty page that is what the cursor itself left out.
fn beside(room: RoomId, wanted: &Wanted, page: &MessagePage) -> impl Iterator<Item = Beside> {
    let path = format!("/api/rooms/{room}/messages");
    let first = page.messages.first().map(|message| message.seq);
    let last = page.messages.last().map(|message| message.seq);
    let older = first.or(wanted.after.map(|seq| seq.saturating_add(1))).filter(|_| page.older);
    let newer = last.or(wanted.before.map(|seq| seq.saturating_sub(1))).filter(|_| page.newer);
    let older = older.map(|seq| Beside::previous(&path).with("limit", wanted.limit).with("before", seq));
    let newer = newer.map(|seq| Beside::next(&path).with("limit", wanted.limit).with("after", seq));
    older.into_iter().chain(newer)
}
