//! Reading documents that anybody may have written: each for itself, so that one which cannot be read costs no other
//! one its answer.

use bson::{Bson, Document, RawDocumentBuf};
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::options::{FindOptions, ReturnDocument};
use std::time::Duration;

use super::database::{Db, PATIENCE, at_most};
use super::failure::CommandError;
use super::names::Names;
use super::odd::{Oddity, UNDECODABLE};
use crate::store::Counts;

impl Db {
    /// The documents that a question finds.
    pub(crate) async fn find(
        &self,
        of: &Collection<Document>,
        filter: Document,
        options: FindOptions,
    ) -> Result<Vec<Document>, CommandError> {
        self.find_within(PATIENCE, of, filter, options).await
    }

    /// As [`Db::find`], with another time.
    pub(crate) async fn find_within(
        &self,
        limit: Duration,
        of: &Collection<Document>,
        filter: Document,
        options: FindOptions,
    ) -> Result<Vec<Document>, CommandError> {
        let raw = of.clone_with_type::<RawDocumentBuf>();
        let asked = async move |_| raw.find(filter).with_options(options).await?.try_collect::<Vec<_>>().await;
        let found = self.run_within(limit, &reading(of), asked).await?;
        Ok(self.decode(of, &found))
    }

    /// How many documents there are, from the database's own books.
    pub(crate) async fn counts(&self) -> crate::store::Result<Counts> {
        let counted = async |of: &Collection<Document>| {
            let on = of.clone();
            self.run(&reading(of), async move |_| on.estimated_document_count().await).await
        };
        let (users, rooms, messages) =
            (counted(&self.users).await?, counted(&self.rooms).await?, counted(&self.messages).await?);
        Ok(Counts { users, rooms, messages })
    }

    /// The first document that a question finds.
    pub(crate) async fn find_one(
        &self,
        of: &Collection<Document>,
        filter: Document,
        mut options: FindOptions,
    ) -> Result<Option<Document>, CommandError> {
        options.limit = Some(1);
        Ok(self.find(of, filter, options).await?.pop())
    }

    /// What a pipeline on a collection gives.
    pub(crate) async fn aggregate(
        &self,
        limit: Duration,
        of: &Collection<Document>,
        pipeline: Vec<Document>,
    ) -> Result<Vec<Document>, CommandError> {
        let on = of.clone();
        let asked =
            async move |_| on.aggregate(pipeline).with_type::<RawDocumentBuf>().await?.try_collect::<Vec<_>>().await;
        let found = self.run_within(limit, &reading(of), asked).await?;
        Ok(self.decode(of, &found))
    }

    /// Changes one document and gives it back as it then is.
    pub(crate) async fn change_one(
        &self,
        of: &Collection<Document>,
        filter: Document,
        pipeline: Vec<Document>,
    ) -> Result<Option<Document>, CommandError> {
        let raw = of.clone_with_type::<RawDocumentBuf>();
        let change =
            async move |_| raw.find_one_and_update(filter, pipeline).return_document(ReturnDocument::After).await;
        let changed = self.run(&format!("writing {}", of.name()), change).await?;
        Ok(changed.and_then(|raw| self.decode(of, &[raw]).pop()))
    }

    fn decode(&self, of: &Collection<Document>, found: &[RawDocumentBuf]) -> Vec<Document> {
        found.iter().map(|raw| raw.to_document().unwrap_or_else(|_| self.decode_what_can_be(of, raw))).collect()
    }

    /// The fields of a document as far as they are valid: one with text that is not UTF-8 costs the document no other
    /// field, and the others no answer.
    fn decode_what_can_be(&self, of: &Collection<Document>, raw: &RawDocumentBuf) -> Document {
        let elements = raw.iter_elements().map_while(Result::ok);
        let document: Document = elements
            .filter_map(|element| Some((element.key().to_owned(), Bson::try_from(element.value().ok()?).ok()?)))
            .collect();
        if self.odd.first(of.name(), UNDECODABLE) {
            let id = document.get("_id").map(ToString::to_string).unwrap_or_default();
            tracing::warn!("{}: fields are left out because {UNDECODABLE} (one document has the _id {id})", of.name());
        }
        document
    }

    /// The documents that a question finds, in its order, as far as `read` can read them: `wanted` of them where there
    /// are so many, however many others lie between.
    pub(crate) async fn readable<T: Send + 'static>(
        &self,
        of: &Collection<Document>,
        filter: Document,
        mut options: FindOptions,
        wanted: usize,
        read: fn(&Names, &Document) -> Result<T, Oddity>,
    ) -> Result<Vec<T>, CommandError> {
        options.limit = Some(at_most(wanted));
        let raw = of.clone_with_type::<RawDocumentBuf>();
        let (question, how) = (filter.clone(), options.clone());
        let asked = async move |_| raw.find(question).with_options(how).await?.try_collect::<Vec<_>>().await;
        let found = self.run(&reading(of), asked).await?;
        let kept = self.read_all(of, &self.decode(of, &found), read);
        if kept.len() == wanted || found.len() < wanted {
            return Ok(kept);
        }
        // Some could not be read, and there may be more behind them. Read on one by one, which is slow and rare.
        options.limit = None;
        let raw = of.clone_with_type::<RawDocumentBuf>();
        let asked = async move |db: Self| {
            let mut cursor = raw.find(filter).with_options(options).await?;
            let mut kept = Vec::new();
            while kept.len() < wanted {
                let Some(document) = cursor.try_next().await? else { break };
                kept.extend(db.read_all(&raw.clone_with_type(), &db.decode(&raw.clone_with_type(), &[document]), read));
            }
            Ok(kept)
        };
        self.run(&reading(of), asked).await
    }

    /// Those documents that can be read; the others are noted.
    pub(crate) fn read_all<T>(
        &self,
        of: &Collection<Document>,
        documents: &[Document],
        read: fn(&Names, &Document) -> Result<T, Oddity>,
    ) -> Vec<T> {
        documents.iter().filter_map(|document| self.read_one(of, document, read)).collect()
    }

    /// The document, where it can be read; else that is noted.
    pub(crate) fn read_one<T>(
        &self,
        of: &Collection<Document>,
        document: &Document,
        read: fn(&Names, &Document) -> Result<T, Oddity>,
    ) -> Option<T> {
        read(&self.names, document).map_err(|oddity| self.odd.left_out(of.name(), &oddity)).ok()
    }
}

fn reading(of: &Collection<Document>) -> String {
    format!("reading {}", of.name())
}
