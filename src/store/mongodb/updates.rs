//! Many updates in one command, which the driver has for new servers only, each answered for itself.

use bson::{Bson, Document, doc};
use mongodb::Collection;
use mongodb::options::WriteConcern;

use super::database::{Db, primary};
use super::failure::{DUPLICATE_KEY, index_in};
use crate::store::{Result, StoreError};

/// One update.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    filter: Document,
    change: Document,
    upsert: bool,
}

impl Statement {
    /// Changes one document that is there.
    pub(crate) fn new(filter: Document, change: Document) -> Self {
        Self { filter, change, upsert: false }
    }

    /// Changes one document, and makes it where there is none.
    pub(crate) fn upsert(filter: Document, change: Document) -> Self {
        Self { filter, change, upsert: true }
    }

    fn document(&self) -> Document {
        doc! { "q": &self.filter, "u": &self.change, "upsert": self.upsert }
    }
}

/// An update that the database did not carry out.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The position of its statement.
    pub index: usize,
    code: i32,
    message: String,
}

impl Refusal {
    /// A unique index has the value already.
    pub(crate) fn is_duplicate(&self) -> bool {
        self.code == DUPLICATE_KEY
    }

    /// The name of that index.
    pub(crate) fn duplicate_of(&self) -> Option<String> {
        self.is_duplicate().then(|| index_in(&self.message))
    }

    /// For the operator.
    pub(crate) fn told(&self, of: &Collection<Document>) -> String {
        format!("writing {}: {} (code {})", of.name(), self.message, self.code)
    }
}

/// Carries out updates and answers with those that were refused, each for a reason of its own document; where they are
/// `ordered` with the first of them, behind which none was tried.
///
/// # Errors
/// Where the write concern was not met, or none was carried out.
pub(super) async fn update(
    db: &Db,
    collection: &Collection<Document>,
    statements: &[Statement],
    ordered: bool,
    concern: WriteConcern,
) -> Result<Vec<Refusal>> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let concern = bson::to_bson(&concern).map_err(|error| StoreError::Bug(error.to_string()))?;
    let command = doc! {
        "update": collection.name(),
        "updates": statements.iter().map(Statement::document).collect::<Vec<_>>(),
        "ordered": ordered,
        "writeConcern": concern,
    };
    let doing = format!("writing {}", collection.name());
    let send = async move |db: Db| db.database.run_command(command).selection_criteria(primary()).await;
    let reply = db.run(&doing, send).await?;
    if let Some(error) = reply.get("writeConcernError") {
        return Err(StoreError::Unavailable(format!("{doing}: {error}")));
    }
    let errors = reply.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(Bson::as_document).map(|error| refusal(&doing, error)).collect()
}

/// Carries out upserts that may be done twice, each until it is done: of two that make one document at once, the second
/// finds it there when it is tried again.
///
/// # Errors
/// As [`update`]; and where one is refused for another reason.
pub(super) async fn upsert_all(
    db: &Db,
    collection: &Collection<Document>,
    mut statements: Vec<Statement>,
    concern: WriteConcern,
) -> Result<()> {
    while !statements.is_empty() {
        let refused = update(db, collection, &statements, false, concern.clone()).await?;
        if let Some(other) = refused.iter().find(|refusal| !refusal.is_duplicate()) {
            return Err(StoreError::Unavailable(other.told(collection)));
        }
        statements = refused.iter().filter_map(|refusal| statements.get(refusal.index).cloned()).collect();
    }
    Ok(())
}

fn refusal(doing: &str, error: &Document) -> Result<Refusal> {
    let message = error.get_str("errmsg").unwrap_or_default().to_owned();
    let code = error.get_i32("code").unwrap_or(0);
    match error.get_i32("index").ok().and_then(|index| usize::try_from(index).ok()) {
        Some(index) if !super::failure::is_of_the_server(code) => Ok(Refusal { index, code, message }),
        _ => Err(StoreError::Unavailable(format!("{doing}: {message}"))),
    }
}
