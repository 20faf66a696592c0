//! `tincan config`: every setting and where it was set.

use tincan::config::{Flags, Settings};

use super::Failure;
use super::failure::tell;
use super::output::{print, table};

pub(super) fn run(flags: Flags) -> Result<(), Failure> {
    let settings = Settings::load(flags)?;
    settings.warnings().iter().for_each(|warning| tell(warning));
    let rows = settings.shown().iter().map(|shown| {
        let value = if shown.value.is_empty() { "-" } else { &shown.value };
        [shown.name.to_owned(), value.to_owned(), shown.origin.clone()]
    });
    print(&table(&rows.collect::<Vec<_>>()))
}
