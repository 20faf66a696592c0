//! `tincan config`: every setting and where it was set; and on a MongoDB, how many servers run on it.

use std::time::Duration;

use tincan::bus::inspect_database;
use tincan::config::{Config, Flags, Settings};

use super::failure::Failure;
use super::failure::tell;
use super::output::{print, table};
use super::runtime::runtime;

/// How long the database may take to say who works on it.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(flags: Flags) -> Result<(), Failure> {
    let settings = Settings::load(flags)?;
    settings.warnings().iter().for_each(|warning| tell(warning));
    let rows = settings.shown().iter().map(|shown| {
        let value = if shown.value.is_empty() { "-" } else { &shown.value };
        [shown.name.to_owned(), value.to_owned(), shown.set_by.clone()]
    });
    let mut rows: Vec<[String; 3]> = rows.collect();
    rows.extend(servers(&settings.without_secret())?);
    print(&table(&rows))
}

/// How many servers run on the database; `None` where there is none.
fn servers(config: &Config) -> Result<Option<[String; 3]>, Failure> {
    let Some(url) = &config.mongo_url else { return Ok(None) };
    let asked = async { tokio::time::timeout(PATIENCE, inspect_database(url)).await };
    let running = match runtime()?.block_on(asked) {
        Ok(Ok(seen)) => format!("{} on this database", seen.servers),
        Ok(Err(_)) | Err(_) => "not known, for the database does not answer".to_owned(),
    };
    Ok(Some(["servers that run".to_owned(), running, "asked just now".to_owned()]))
}
