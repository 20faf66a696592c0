//! Calls.

use bson::{Bson, Document, doc};
use futures_util::FutureExt;
use mongodb::options::FindOptions;

use super::database::{Db, durable};
use super::documents::{call_document, oid, read_call};
use super::failure::Failure;
use super::servers::{Others, SERVER, Server};
use crate::model::{Call, CallId, UserId};
use crate::store::Result;

/// Stores calls as ones that this server drives.
pub(super) async fn save(db: &Db, server: &Server, calls: &[Call]) -> Result<()> {
    let mut documents: Vec<Document> = calls.iter().map(call_document).collect::<Result<_>>()?;
    documents.iter_mut().for_each(|document| drop(document.insert(SERVER, server.id())));
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
        let (filter, document) = (filter.clone(), document.clone());
        let write = async move |db: Db| db.calls.replace_one(filter, document).upsert(true).await;
        match db.run(WRITING, write).await {
            // Two at once made it new; the second one is to replace it.
            Err(Failure::Duplicate { index, .. }) if index == "_id_" => {}
            answer => return Ok(answer.map(drop)?),
        }
    }
}

const WRITING: &str = "writing calls";

async fn save_together(db: &Db, documents: Vec<Document>) -> Result<()> {
    let transaction = async move |db: Db| {
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
    Ok(db.run(WRITING, transaction).await?)
}

pub(super) async fn of(db: &Db, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let place = before.map_or_else(|| doc! { "$type": "objectId" }, |before| doc! { "$lt": oid(before) });
    let filter = doc! { "people": oid(user), "_id": place };
    let options = FindOptions::builder().sort(doc! { "_id": -1 }).build();
    Ok(db.readable(&db.calls, filter, options, limit, read_call).await?)
}

/// Those that have not ended and that no other living server drives. From here on this one does: of several that ask for a call that
/// nobody drives, one gets it.
pub(super) async fn open(db: &Db, server: &Server) -> Result<Vec<Call>> {
    let found = db.find(&db.calls, doc! { "open": true }, FindOptions::default()).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let others = Others::now(db, server).await?;
    let mut open = Vec::new();
    for document in &found {
        let Some(call) = db.read_one(&db.calls, document, read_call) else { continue };
        let driver = document.get(SERVER);
        if driver.is_some_and(|driver| others.drives(driver)) {
            continue;
        }
        if driver == Some(&Bson::from(server.id())) || claim(db, server, &call, driver).await? {
            open.push(call);
        }
    }
    Ok(open)
}

/// Takes an open call over from a server that is gone; `false` where another one was faster, or it ended.
async fn claim(db: &Db, server: &Server, call: &Call, driver: Option<&Bson>) -> Result<bool> {
    let filter = doc! { "_id": oid(call.id), "open": true, SERVER: driver.cloned().unwrap_or(Bson::Null) };
    let ours = doc! { "$set": { SERVER: server.id() } };
    let claimed = db.run(WRITING, async move |db| db.calls.update_one(filter, ours).await).await?;
    Ok(claimed.matched_count == 1)
}

pub(super) async fn dump(db: &Db, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let place = after.map_or_else(|| doc! { "$type": "objectId" }, |after| doc! { "$gt": oid(after) });
    // However many documents of others there are, they are passed over where they lie.
    let filter = doc! { "_id": place, "people": { "$type": "objectId" }, "callType": { "$type": "string" } };
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).build();
    Ok(db.readable(&db.calls, filter, options, limit, read_call).await?)
}
