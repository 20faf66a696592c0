//! Reading what other servers write: one change stream, which goes on where it broke off, for ever.

use std::sync::Arc;
use std::time::Duration;

use bson::{Document, doc};
use futures_util::StreamExt;
use mongodb::Collection;
use mongodb::change_stream::ChangeStream;
use mongodb::change_stream::event::{ChangeStreamEvent, ResumeToken};
use mongodb::error::{Error, ErrorKind};

use super::inbox::Inbox;
use super::items::server_id;
use crate::model::ServerId;

/// How long after an error it is watched again.
const AGAIN: Duration = Duration::from_millis(250);

/// The stream of what others write for this server.
pub(super) type Stream = ChangeStream<ChangeStreamEvent<Document>>;

/// Begins to watch, from now on or from behind what was read last.
///
/// # Errors
/// Those of the driver.
pub(super) async fn watch(
    bus: &Collection<Document>,
    me: ServerId,
    after: Option<ResumeToken>,
) -> Result<Stream, Error> {
    let mine = doc! { "$or": [{ "fullDocument.to": server_id(me) }, { "fullDocument.to": { "$exists": false } }] };
    let others = doc! { "operationType": "insert", "fullDocument.from": { "$ne": server_id(me) } };
    let mut watch = bus.watch().pipeline([doc! { "$match": others }, doc! { "$match": mine }]);
    if let Some(after) = after {
        watch = watch.resume_after(after);
    }
    watch.await
}

/// Hands over what comes to the inbox. Where the stream ends, it is watched again. Never resolves.
pub(super) async fn read(bus: Collection<Document>, me: ServerId, inbox: Arc<Inbox>, first: Stream) {
    let mut stream = Some(first);
    let mut read_to = None;
    loop {
        if let Some(stream) = &mut stream {
            while let Some(Ok(change)) = stream.next().await {
                read_to = stream.resume_token();
                if let Some(document) = &change.full_document {
                    inbox.take(document);
                }
            }
            read_to = stream.resume_token().or(read_to);
        }
        tokio::time::sleep(AGAIN).await;
        stream = match watch(&bus, me, read_to.clone()).await {
            Ok(stream) => Some(stream),
            Err(error) => {
                tracing::debug!(%error, "what other servers say cannot be read; trying again");
                if is_history_lost(&error) {
                    read_to = None;
                    inbox.ask_all();
                }
                None
            }
        };
    }
}

/// Whether the database does not know any more what came after the place that was read last.
fn is_history_lost(error: &Error) -> bool {
    /// ChangeStreamFatalError, ChangeStreamHistoryLost, InvalidResumeToken.
    const LOST: [i32; 3] = [280, 286, 260];
    matches!(&*error.kind, ErrorKind::Command(command) if LOST.contains(&command.code))
}
