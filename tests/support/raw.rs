//! The database without the engine, to see what lies in it and to put there what must not.

use bson::{Document, doc};
use polodb_core::{CollectionT, Database};

use crate::support::polodb_place::PoloDbPlace;

fn database(place: &PoloDbPlace) -> Database {
    Database::open_path(place.path().join("store")).expect("nobody else has it open")
}

/// Every document of a collection of a store that is not open.
pub(crate) fn documents(place: &PoloDbPlace, collection: &str) -> Vec<Document> {
    let database = database(place);
    let cursor = database.collection::<Document>(collection).find(doc! {}).run().expect("a cursor");
    cursor.collect::<Result<_, _>>().expect("documents")
}

/// Puts documents in the place of all that are in a collection of a store that is not open.
pub(crate) fn replace(place: &PoloDbPlace, collection: &str, documents: &[Document]) {
    let database = database(place);
    let collection = database.collection::<Document>(collection);
    collection.delete_many(doc! {}).expect("they go");
    collection.insert_many(documents).expect("they come");
}
