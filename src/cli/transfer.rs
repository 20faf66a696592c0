//! `tincan migrate`, `export` and `import`: everything from one store to another, or to and from an archive.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tincan::config::{Config, Flags, Settings};
use tincan::store::{self, OpenError, Place, Store, polodb};
use tincan::transfer::{self, Omitted, Totals, Watch};

use super::failure::Failure;
use super::output::print;
use super::runtime::runtime;
use super::{log, stderr, words};

/// How often a line tells how far it is, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Where to: mongodb://… or a directory; it must be empty
    #[arg(long, value_name = "URL|DIRECTORY")]
    to: String,
    /// Look at both, say what would be copied, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct Archive {
    /// The archive
    file: PathBuf,
}

/// Runs something on the settings' configuration, and prints what it answers.
fn on_config<F: Future<Output = Result<String, Failure>>>(
    flags: Flags,
    work: impl FnOnce(Arc<Config>) -> F,
) -> Result<(), Failure> {
    let settings = Settings::load(flags)?;
    log::start(settings.log())?;
    settings.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    let said = runtime()?.block_on(work(Arc::new(settings.without_secret())))?;
    print(&said)
}

/// The store of the settings, which must be there: nobody means to copy one that is made by asking for it.
async fn open_source(config: &Config) -> Result<Source, Failure> {
    let place = Place::of(config);
    if let Place::Directory(path) = &place
        && store::is_free(&place).await.map_err(|error| words::unopened(&error))?
    {
        return Err(Failure::other(format!(
            "there is no store in {}; name its directory with --data-dir",
            path.display()
        )));
    }
    match store::open(config).await {
        Ok(store) => Ok(Source::Open(store)),
        Err(error @ OpenError::PoloDb(polodb::OpenError::InUse(_))) => Ok(Source::InUse(error)),
        Err(error) => Err(words::unopened(&error)),
    }
}

/// The store to copy from.
enum Source {
    Open(Arc<dyn Store>),
    /// Another process, most likely a server, has it.
    InUse(OpenError),
}

pub(super) fn migrate(arguments: Migrate, flags: Flags) -> Result<(), Failure> {
    on_config(flags, |config| async move {
        let (source_place, target_place) = (Place::of(&config), Place::parse(&arguments.to));
        if arguments.to.contains('@') {
            tracing::warn!("every user of this machine can read the password in --to while this runs");
        }
        if matches!((&source_place, &target_place), (Place::Directory(_), Place::Directory(_))) {
            let text = "both are directories; migrate moves between the embedded store and a MongoDB, export and \
                        import do the rest";
            return Err(Failure::other(text));
        }
        if !store::is_free(&target_place).await.map_err(|error| words::unopened(&error))? {
            return Err(not_empty(&target_place));
        }
        let source = match open_source(&config).await? {
            Source::Open(source) => source,
            Source::InUse(error) => return Err(words::unopened(&error)),
        };
        let moved = if arguments.dry_run {
            would_move(&source, &source_place, &target_place).await
        } else {
            move_all(&source, &source_place, &target_place).await
        };
        source.close().await;
        moved
    })
}

async fn would_move(source: &Arc<dyn Store>, from: &Place, to: &Place) -> Result<String, Failure> {
    let failed = |error| words::transfer(from, "what is there could not be counted", &error);
    let totals = transfer::count(source, &mut Bar::new()).await.map_err(failed)?;
    let Totals { users, rooms, messages, .. } = &totals;
    let (from, to) = (from.name(), to.name());
    Ok(format!(
        "would copy {} accounts, {} rooms and {} messages from {from} to {to}, which is empty\n{}",
        users.count,
        rooms.count,
        messages.count,
        left_out(&totals)
    ))
}

async fn move_all(source: &Arc<dyn Store>, from: &Place, to: &Place) -> Result<String, Failure> {
    let target = store::open_to_fill(to).await.map_err(|error| words::unopened(&error))?;
    let name = to.name();
    let moved = transfer::migrate(source, &from.name(), &target, &name, &mut Bar::new()).await;
    // Which of the two failed, if one did, the stores know themselves.
    let failed = if source.health().await.is_err() { from } else { to };
    target.close().await;
    let broken = |error| {
        words::transfer(failed, "the copy is not whole, and goes on when it is run again; it broke off", &error)
    };
    let totals = moved.map_err(broken)?;
    let copied = summary(&totals);
    let switch = match to {
        Place::MongoDb(_) => {
            "start tincan with --mongo-url (or MONGO_URL) set to it, and the same --data-dir or JWT_SECRET".to_owned()
        }
        Place::Directory(path) => {
            format!("start tincan with --data-dir {} and no MongoDB, and the same JWT_SECRET", path.display())
        }
    };
    Ok(format!(
        "{copied} are in {name}, and the checksums agree.\n{}To switch over, {switch}, so that everybody stays logged \
         in.\n\
         What was written to {} since this copy began is not in it.\n",
        left_out(&totals),
        from.name()
    ))
}

pub(super) fn export(Archive { file }: Archive, flags: Flags) -> Result<(), Failure> {
    on_config(flags, |config| async move {
        let exported = match open_source(&config).await? {
            Source::Open(source) => {
                let exported = transfer::export(&source, &file, &mut Bar::new()).await;
                source.close().await;
                exported
            }
            Source::InUse(error) => {
                let received = transfer::export_from_running(&config.data_dir, &file, &mut Bar::new()).await;
                match received {
                    // Nobody answers there.
                    Err(transfer::TransferError::File { path, .. }) if path.ends_with("tincan.sock") => {
                        return Err(words::unopened(&error));
                    }
                    received => received,
                }
            }
        };
        let failed = |error| words::transfer(&Place::of(&config), "nothing was exported", &error);
        let totals = exported.map_err(failed)?;
        Ok(format!("{} are in {}\n{}", summary(&totals), file.display(), left_out(&totals)))
    })
}

pub(super) fn import(Archive { file }: Archive, flags: Flags) -> Result<(), Failure> {
    on_config(flags, |config| async move {
        let place = Place::of(&config);
        // A wrong archive is refused before there is a directory or an index.
        let failed = |error| words::transfer(&place, "nothing was imported", &error);
        transfer::check(&file).await.map_err(failed)?;
        if !store::is_free(&place).await.map_err(|error| words::unopened(&error))? {
            return Err(not_empty(&place));
        }
        let target = store::open_to_fill(&place).await.map_err(|error| words::unopened(&error))?;
        let imported = transfer::import(&file, &target, &place.name(), &mut Bar::new()).await;
        target.close().await;
        let broken = |error| {
            words::transfer(&place, "the import is not whole, and goes on when it is run again; it broke off", &error)
        };
        let totals = imported.map_err(broken)?;
        let (copied, not) = (summary(&totals), left_out(&totals));
        Ok(format!("{copied} are in {}, and the checksums agree\n{not}", place.name()))
    })
}

fn not_empty(place: &Place) -> Failure {
    Failure::other(transfer::TransferError::NotEmpty(place.name()).to_string())
}

/// A line for each kind of documents that are not in the copy.
fn left_out(totals: &Totals) -> String {
    let line = |one: &Omitted| format!("left out, because they cannot be read: {} {}\n", one.count, one.what);
    totals.left_out.iter().map(line).collect()
}

fn summary(Totals { users, rooms, messages, calls, .. }: &Totals) -> String {
    format!("{} accounts, {} rooms, {} messages and {} calls", users.count, rooms.count, messages.count, calls.count)
}

/// A progress bar on a terminal; elsewhere a line now and then.
struct Bar {
    bar: ProgressBar,
    what: &'static str,
    began: Instant,
    told: Instant,
}

impl Bar {
    fn new() -> Self {
        Self { bar: ProgressBar::hidden(), what: "", began: Instant::now(), told: Instant::now() }
    }
}

impl Watch for Bar {
    fn begin(&mut self, what: &'static str, total: u64) {
        self.bar.finish_and_clear();
        (self.what, self.began, self.told) = (what, Instant::now(), Instant::now());
        self.bar = ProgressBar::new(total);
        let form = "{msg} {wide_bar} {human_pos}/{human_len} messages, {per_sec}, {eta} left";
        // The form is ours and has no mistake; where it had one, the usual form does too.
        if let Ok(style) = ProgressStyle::with_template(form) {
            self.bar.set_style(style);
        }
        self.bar.set_message(what);
    }

    fn advance(&mut self, by: u64) {
        self.bar.inc(by);
        if !stderr::is_terminal() && self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let rate = done as f64 / self.began.elapsed().as_secs_f64();
            let left = all.saturating_sub(done) as f64 / rate.max(1.0);
            tracing::info!("{}: {done} of {all} messages, {rate:.0} a second, {left:.0} s left", self.what);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
