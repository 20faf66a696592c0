//! The command line: the bare program serves, and each subcommand is a file.

mod arguments;
mod banner;
mod config;
mod doctor;
mod failure;
mod health;
mod line;
mod links;
mod log;
mod output;
mod panics;
mod papers;
mod passwords;
mod runtime;
mod serve;
mod signals;
mod stderr;
mod supervisor;
mod transfer;
mod usage;
mod users;
mod words;

use std::process::ExitCode;

use arguments::{Arguments, Command};

/// Does what the command line says. Exit codes: 0, 2 for flags and settings, 74 for a store that failed, 130 for a
/// second signal, 1 for the rest.
///
/// Nothing that happens to standard error changes what is done, or its exit code.
pub(crate) fn run() -> ExitCode {
    panics::tell_in_one_line();
    // A panic here was told; it is a failure as any other.
    let code = std::panic::catch_unwind(obey).unwrap_or(ExitCode::FAILURE);
    stderr::flush(stderr::LAST_WORDS);
    code
}

fn obey() -> ExitCode {
    let Arguments { command, flags } = match usage::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let outcome = match command {
        None => serve::run(flags),
        Some(Command::Config) => config::run(flags),
        Some(Command::Doctor(arguments)) => doctor::run(&arguments, flags),
        Some(Command::Healthcheck) => health::run(flags),
        Some(Command::User(action)) => users::run(action, flags),
        Some(Command::Invite(invitation)) => users::invite(invitation, flags),
        Some(Command::Migrate(arguments)) => transfer::migrate(arguments, flags),
        Some(Command::Export(archive)) => transfer::export(archive, flags),
        Some(Command::Import(archive)) => transfer::import(archive, flags),
        Some(Command::Man(arguments)) => papers::manual(&arguments, usage::command()),
        Some(Command::Completions(arguments)) => papers::completions(&arguments, usage::command()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
