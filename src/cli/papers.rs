//! `tincan man` and `tincan completions`: what goes with the program into a package, made from the definition of the
//! command line.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::Shell;

use super::failure::Failure;
use super::failure::reason;
use super::output::print;

/// Where the manual goes.
#[derive(Args, Debug)]
pub(super) struct Manual {
    /// The directory that the pages are written into
    directory: PathBuf,
}

/// For whom completions are.
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

/// Writes a page for the program and one for each command.
pub(super) fn manual(arguments: &Manual, command: clap::Command) -> Result<(), Failure> {
    let Manual { directory } = arguments;
    let failed = |what: &str, path: &Path, error: &std::io::Error| {
        Failure::other(format!("cannot {what} {}: {}", path.display(), reason(error)))
    };
    std::fs::create_dir_all(directory).map_err(|error| failed("make", directory, &error))?;
    clap_mangen::generate_to(command, directory).map_err(|error| failed("write into", directory, &error))
}

/// Prints the completions of a shell.
pub(super) fn completions(arguments: &Completions, mut command: clap::Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "tincan", &mut text);
    print(&String::from_utf8_lossy(&text))
}
