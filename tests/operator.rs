//! What an operator is told when a command fails: what it was, where, and what to do; never a sentence that is made for
//! clients.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tincan::error::Error;
use tincan::store::StoreError;

use crate::support::app::PASSWORD;
use crate::support::process::{Ended, Workplace};

/// One line for the operator, the exit code, these parts, and nothing that clients are told.
fn told(ended: &Ended, code: i32, parts: &[&str], case: &str) {
    assert_eq!(ended.code, Some(code), "{case}: {ended:?}");
    let lines: Vec<_> = ended.err.lines().filter(|line| line.starts_with("tincan: ")).collect();
    assert_eq!(lines.len(), 1, "{case}: {ended:?}");
    for part in parts {
        assert!(lines[0].contains(part), "{case}: {part:?} in {ended:?}");
    }
    for for_clients in [
        Error::Storage(StoreError::Unavailable(String::new())),
        Error::Internal,
        Error::Overloaded,
        Error::NotFound,
        Error::UserNotFound,
        Error::UsernameTaken,
        Error::EmailTaken,
        Error::RateLimited(Duration::from_secs(1)),
    ] {
        assert!(!ended.err.contains(&for_clients.message()), "{case}: {ended:?}");
    }
    assert!(!lines[0].contains("os error") && !ended.err.contains("panic"), "{case}: {ended:?}");
}

/// A workplace with a store with one account in it.
fn furnished() -> Workplace {
    let workplace = Workplace::new();
    let added = add(&workplace, &[]);
    assert_eq!(added.code, Some(0), "{added:?}");
    workplace
}

fn add(workplace: &Workplace, more: &[&str]) -> Ended {
    let arguments = [&["user", "add", "ann", "ann@example.com", "--bcrypt-cost", "4"], more].concat();
    workplace.run_with_input(&arguments, &format!("{PASSWORD}\n"))
}

/// Every command that opens the store of the settings.
const OF_A_STORE: &[&[&str]] = &[
    &["user", "list"],
    &["user", "remove", "ann"],
    &["export", "backup"],
    &["migrate", "--to", "mongodb://127.0.0.1:1/x"],
];

#[test]
fn a_store_that_is_not_there_is_told() {
    let workplace = Workplace::new();
    for command in &OF_A_STORE[..3] {
        told(&workplace.run(command), 1, &["there is no store in tincan-data", "--data-dir"], &format!("{command:?}"));
    }
    workplace.write("file", "");
    for command in &OF_A_STORE[..3] {
        let ended = workplace.run(&[command, &["--data-dir", "file"][..]].concat());
        told(&ended, 1, &["file", "--data-dir"], &format!("{command:?}"));
    }
    told(&add(&workplace, &["--data-dir", "file"]), 1, &["file is not a directory", "--data-dir"], "add");
}

#[test]
fn a_store_that_nobody_may_read_or_write_is_told() {
    let workplace = furnished();
    let data = workplace.path().join("tincan-data");
    fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    for command in [&["user", "list"][..], &["user", "password", "ann"], &["export", "backup"]] {
        let ended = workplace.run_as_nobody(command);
        assert!(ended.code == Some(1), "{command:?}: {ended:?}");
    }
    fs::set_permissions(&data, Permissions::from_mode(0o555)).unwrap();
    told(
        &workplace.run_as_nobody(&["user", "list"]),
        1,
        &["tincan-data", "cannot be written to", "--data-dir"],
        "list",
    );
}

#[test]
fn a_store_that_a_server_holds_is_told_and_its_accounts_are_looked_after_all_the_same() {
    let workplace = furnished();
    let server = workplace.serve(&[]);
    assert_eq!(workplace.run(&["user", "list"]).code, Some(0));
    told(&add(&workplace, &[]), 1, &["this name is taken"], "add");
    assert_eq!(workplace.run(&["export", "backup"]).code, Some(0));
    told(&workplace.run(&["import", "backup"]), 1, &["tincan-data is not empty", "choose another"], "import");
    told(&workplace.run(&["--host", "127.0.0.1", "--port", "0"]), 1, &["tincan-data", "in use", "--data-dir"], "serve");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_store_that_is_damaged_is_told() {
    let workplace = furnished();
    let store = workplace.path().join("tincan-data/store");
    fs::write(store.join("CURRENT"), "nonsense\n").unwrap();
    for command in [&["user", "list"][..], &["export", "backup"], &["--port", "0", "--host", "127.0.0.1"]] {
        told(&workplace.run(command), 1, &["the store in tincan-data", "backup"], &format!("{command:?}"));
    }
}

#[test]
fn a_database_that_is_away_is_told_with_its_place_and_without_its_password() {
    let workplace = furnished();
    let url = "mongodb://ann:hush-hush@127.0.0.1:1/chat?serverSelectionTimeoutMS=300";
    assert_eq!(workplace.run(&["export", "backup"]).code, Some(0));
    for command in [
        &["user", "list", "--mongo-url", url][..],
        &["user", "remove", "ann", "--mongo-url", url],
        &["export", "other", "--mongo-url", url],
        &["import", "backup", "--mongo-url", url],
        &["migrate", "--to", url],
        &["migrate", "--to", "elsewhere", "--mongo-url", url],
        &["--port", "0", "--host", "127.0.0.1", "--mongo-url", url],
    ] {
        let ended = workplace.run(command);
        told(&ended, 1, &["MongoDB", "127.0.0.1:1", "start it"], &format!("{command:?}"));
        assert!(!ended.err.contains("hush") && !ended.out.contains("hush"), "{ended:?}");
    }
    assert!(!workplace.path().join("other").exists() && !workplace.path().join("elsewhere").exists());
}

#[test]
fn an_archive_that_cannot_be_written_or_read_is_told() {
    let workplace = furnished();
    fs::create_dir(workplace.path().join("folder")).unwrap();
    workplace.write("torn", "nothing");
    for (command, parts) in [
        (["export", "nowhere/backup"], &["nothing was exported", "nowhere/backup", "no such file"][..]),
        (["export", "folder"], &["nothing was exported", "folder", "is a directory"]),
        (["import", "nowhere"], &["nothing was imported", "nowhere", "no such file"]),
        (["import", "torn"], &["the archive torn is damaged"]),
    ] {
        let more = if command[0] == "import" { &["--data-dir", "new"][..] } else { &[] };
        told(&workplace.run(&[&command, more].concat()), 1, parts, &format!("{command:?}"));
    }
    assert!(!workplace.path().join("new").exists());
}

#[test]
fn a_name_with_control_characters_does_not_move_the_cursor() {
    let workplace = furnished();
    let ended = workplace.run(&["user", "list", "--data-dir", "x\u{1b}[2J\u{7}y\nz"]);
    told(&ended, 1, &["there is no store in"], "escape");
    assert!(!ended.err.contains('\u{1b}') && !ended.err.contains('\u{7}'), "{ended:?}");
}

#[test]
fn what_cannot_be_printed_is_a_failure_of_a_command_that_was_asked_for_it() {
    let workplace = furnished();
    for arguments in [&["config"][..], &["user", "list"], &["--help"], &["--version"]] {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" >/dev/full", env!("CARGO_BIN_EXE_tincan")]).args(arguments);
        command.env_clear().env("TURN", "off").env("PATH", "/usr/bin:/bin").current_dir(workplace.path());
        let ended = crate::support::process::Process::spawn(command, "").end();
        told(&ended, 1, &["cannot write to standard output", "no space"], &format!("{arguments:?}"));
    }
}
