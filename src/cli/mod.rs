//! The command line: the bare program serves, and each subcommand is a file.

mod banner;
mod config;
mod failure;
mod health;
mod log;
mod output;
mod panics;
mod serve;
mod signals;
mod stderr;
mod transfer;
mod usage;
mod users;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tincan::config::Flags;

use failure::Failure;

/// Chat and WebRTC calls for a team, in one file: server, store and web client
///
/// Without a command it serves. Every option but --accept-damage can be set by a variable too, in the environment or in a file .env in
/// the working directory; an option wins over the environment, the environment over .env.
#[derive(Debug, Parser)]
#[command(name = "tincan", version, subcommand_help_heading = "Commands", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every setting and where it was set; secrets are masked
    Config,
    /// Ask the server that runs with these settings whether it is well; exits 0 or 1
    Healthcheck,
    /// List accounts, add one, set a password, remove one; the server must not be running on the embedded store
    #[command(subcommand, arg_required_else_help = false)]
    User(users::Action),
    /// Copy everything from the store to an empty MongoDB, or from a MongoDB to an empty directory
    Migrate(transfer::Migrate),
    /// Write everything in the store into an archive; this is the backup
    Export(transfer::Archive),
    /// Put everything in an archive into the store, which must be empty
    Import(transfer::Archive),
}

/// Does what the command line says. Exit codes: 0, 2 for flags and settings, 74 for a store that failed, 130 for a second signal, 1 for the rest.
///
/// Nothing that happens to standard error changes what is done, or its exit code.
pub fn run() -> ExitCode {
    panics::tell_in_one_line();
    // A panic here was told; it is a failure as any other.
    let code = std::panic::catch_unwind(obey).unwrap_or(ExitCode::FAILURE);
    stderr::flush(stderr::LAST_WORDS);
    code
}

fn obey() -> ExitCode {
    let Cli { command, flags } = match usage::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let outcome = match command {
        None => serve::run(flags),
        Some(Command::Config) => config::run(flags),
        Some(Command::Healthcheck) => health::run(flags),
        Some(Command::User(action)) => users::run(action, flags),
        Some(Command::Migrate(arguments)) => transfer::migrate(arguments, flags),
        Some(Command::Export(archive)) => transfer::export(archive, flags),
        Some(Command::Import(archive)) => transfer::import(archive, flags),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// The runtime of whatever needs one.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::other(format!("the system gives no threads: {error}")))
}
