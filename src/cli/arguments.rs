//! The definition of the command line.

use clap::{Parser, Subcommand};
use tincan::config::Flags;

use super::{doctor, papers, transfer, users};

/// Chat and WebRTC calls for a team, in one file: server, store and web client
///
/// Without a command it serves. Every option but --accept-damage can be set by a variable too, in the environment or in
/// a file .env in the working directory; an option wins over the environment, the environment over .env.
#[derive(Debug, Parser)]
#[command(name = "tincan", version, subcommand_help_heading = "Commands", disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// What is to be done; to serve where it is left out.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The settings.
    #[command(flatten)]
    pub flags: Flags,
}

/// What the program can do besides.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print every setting and where it was set; secrets are masked
    Config,
    /// Ask the server that runs with these settings whether it is well; exits 0 or 1
    Healthcheck,
    /// Look at a server from here: what answers, its certificate, WebSockets, the relay, its disk and its database;
    /// says what mends each fault, and exits 0 or 1
    Doctor(doctor::Arguments),
    /// List accounts, add one, set a password, remove one, make administrators, disable; beside a running server too
    #[command(subcommand, arg_required_else_help = false)]
    User(users::Action),
    /// Invite people by a link, which is shown as a QR code too; beside a running server as well
    Invite(users::Invitation),
    /// Copy everything from the store to an empty MongoDB, or from a MongoDB to an empty directory
    Migrate(transfer::Migrate),
    /// Write everything in the store into an archive; this is the backup
    Export(transfer::Archive),
    /// Put everything in an archive into the store, which must be empty
    Import(transfer::Archive),
    /// Write the manual pages into a directory, for whoever packages this program
    #[command(hide = true)]
    Man(papers::Manual),
    /// Print the completions of a shell, for whoever packages this program
    #[command(hide = true)]
    Completions(papers::Completions),
}
