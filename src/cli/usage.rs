//! Reads the command line. A mistake in it is told in one line, as every other is.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use super::arguments::Arguments;
use super::failure::tell;
use super::output::print;

/// Options that mean something to each subcommand and are shown in its help. The others are taken there too.
const OF_USER: &[&str] = &["data_dir", "mongo_url", "accept_damage", "bcrypt_cost", "log", "help"];
const OF_INVITE: &[&str] = &["data_dir", "mongo_url", "public_url", "accept_damage", "log", "help"];
const OF_TRANSFER: &[&str] = &["data_dir", "mongo_url", "accept_damage", "log", "help"];
const OF_HEALTHCHECK: &[&str] = &["host", "port", "help"];

/// The command line, or the exit code where it asks for help or is wrong; that has been told.
pub(super) fn parse() -> Result<Arguments, ExitCode> {
    command().try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches)).map_err(|error| {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                let text = error.render();
                let text = if std::io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
                print(&text).map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
            }
            _ => {
                tell(&one_line(&error.render().to_string()));
                ExitCode::from(2)
            }
        }
    })
}

/// The whole command line.
pub(super) fn command() -> clap::Command {
    let mut command = Arguments::command();
    // Only a built command has the global options in its subcommands, where the help can be made shorter.
    command.build();
    command
        .mut_subcommand("user", |user| show_only(user, OF_USER))
        .mut_subcommand("invite", |invite| show_only(invite, OF_INVITE))
        .mut_subcommand("healthcheck", |health| show_only(health, OF_HEALTHCHECK))
        .mut_subcommand("migrate", |migrate| show_only(migrate, OF_TRANSFER))
        .mut_subcommand("export", |export| show_only(export, OF_TRANSFER))
        .mut_subcommand("import", |import| show_only(import, OF_TRANSFER))
}

fn show_only(command: clap::Command, shown: &[&str]) -> clap::Command {
    let hide = |arg: clap::Arg| {
        let foreign = arg.is_global_set() && !shown.contains(&arg.get_id().as_str());
        if foreign { arg.hide(true) } else { arg }
    };
    command.mut_args(hide).mut_subcommands(|below| show_only(below, shown))
}

/// What clap says in paragraphs, without the usage: what is wrong, a tip where it has one, and where to read on.
fn one_line(text: &str) -> String {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = text.trim().split("\n\n").map(words);
    let first = paragraphs.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(&first);
    let tip = paragraphs.find_map(|words| words.strip_prefix("tip: ").map(|tip| format!("; {tip}")));
    format!("{first}{}; see tincan --help", tip.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn a_mistake_is_told_in_one_line_with_a_tip() {
        let said = |args: &[&str]| one_line(&command().try_get_matches_from(args).unwrap_err().render().to_string());
        assert_eq!(
            said(&["tincan", "--prot", "1"]),
            "unexpected argument '--prot' found; a similar argument exists: '--port'; see tincan --help"
        );
        assert!(said(&["tincan", "user", "add", "ann"]).contains("<EMAIL>"));
        assert!(said(&["tincan", "dance"]).contains("'dance'"));
    }

    #[test]
    fn options_count_before_and_after_a_subcommand() {
        for args in [["tincan", "--port", "7", "config"], ["tincan", "config", "--port", "7"]] {
            let matches = command().try_get_matches_from(args).unwrap();
            assert_eq!(Arguments::from_arg_matches(&matches).unwrap().flags.port.as_deref(), Some("7"), "{args:?}");
        }
    }
}
