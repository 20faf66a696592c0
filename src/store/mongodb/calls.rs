//! Calls.

use bson::{Document, doc};
use futures_util::{FutureExt, TryStreamExt};

use super::database::{Db, durable, soon};
use super::documents::{call_document, oid, read_call};
use super::failure::Failure;
use crate::model::{Call, CallId, UserId};
use crate::store::Result;

pub(super) async fn save(db: &Db, calls: &[Call]) -> Result<()> {
    let documents: Vec<Document> = calls.iter().map(call_document).collect::<Result<_>>()?;
    if documents.len() > 1 && db.transactions {
        return save_together(db, documents).await;
    }
    // A stand-alone server has no transactions: a crash of the machine in between leaves the first of them. What follows from a call
    // is decided anew from those that are open at the next start, so that is no state which could not have been.
    for document in documents {
        save_one(db, document).await?;
    }
    Ok(())
}

async fn save_one(db: &Db, document: Document) -> Result<()> {
    let filter = doc! { "_id": document.get_object_id("_id").ok() };
    loop {
        match soon(db.calls.replace_one(filter.clone(), document.clone()).upsert(true)).await {
            // Two at once made it new; the second one is to replace it.
            Err(Failure::Duplicate(_)) => {}
            answer => return Ok(answer.map(drop)?),
        }
    }
}

async fn save_together(db: &Db, documents: Vec<Document>) -> Result<()> {
    let transaction = async {
        let mut session = db.client.start_session().await?;
        let write = session.start_transaction().write_concern(durable());
        let context = (db.calls.clone(), documents);
        write
            .and_run(context, |session, (calls, documents)| {
                async move {
                    for document in documents.iter() {
                        let filter = doc! { "_id": document.get_object_id("_id").ok() };
                        calls.replace_one(filter, document).upsert(true).session(&mut *session).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    };
    Ok(soon(transaction).await?)
}

pub(super) async fn of(db: &Db, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let mut filter = doc! { "people": oid(user) };
    if let Some(before) = before {
        filter.insert("_id", doc! { "$lt": oid(before) });
    }
    let find = db.calls.find(filter).sort(doc! { "_id": -1 }).limit(limit.try_into().unwrap_or(i64::MAX));
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    found.into_iter().map(read_call).collect()
}

pub(super) async fn open(db: &Db) -> Result<Vec<Call>> {
    let find = db.calls.find(doc! { "open": true });
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    found.into_iter().map(read_call).collect()
}

pub(super) async fn dump(db: &Db, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let filter = after.map_or_else(|| doc! {}, |after| doc! { "_id": { "$gt": oid(after) } });
    let find = db.calls.find(filter).sort(doc! { "_id": 1 }).limit(limit.try_into().unwrap_or(i64::MAX));
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    found.into_iter().map(read_call).collect()
}
