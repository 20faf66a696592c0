//! A `.env` that Node's dotenv reads is read, with what else is in it; see `src/config/dotenv_tests.rs` for what each
//! line means.

use std::os::unix::fs::PermissionsExt;

use crate::support::process::{Ended, Workplace};

fn shown(ended: &Ended, name: &str) -> String {
    let line = ended.out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {ended:?}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn lines_that_set_nothing_are_warned_of_by_their_numbers_and_the_start_goes_on() {
    let workplace = Workplace::new();
    let text = "> tincan@1.0.0 start\n> node server.js hush-hush\n\nSIGNUP=closed\nWelcome to the server\n\
                TOKEN_TTL='1d' # a day\n";
    workplace.write(".env", text);
    let ended = workplace.serve(&[]).stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let warned: Vec<_> = ended.err.lines().filter(|line| line.contains("passed over")).collect();
    assert!(warned.len() == 1 && warned[0].contains(".env lines 1, 2, 5"), "{ended:?}");
    assert!(!ended.err.contains("hush") && !ended.err.contains("Welcome"), "{ended:?}");
    assert!(ended.out.contains("closed"), "{ended:?}");
    let config = workplace.run(&["config"]);
    assert!(config.code == Some(0) && config.err.contains(".env lines 1, 2, 5"), "{config:?}");
    assert_eq!(shown(&config, "token-ttl"), "token-ttl 1d TOKEN_TTL in .env line 6");
}

#[test]
fn many_lines_that_set_nothing_are_one_warning() {
    let workplace = Workplace::new();
    workplace.write(".env", &format!("{}SIGNUP=closed\n", "so it goes\n".repeat(1000)));
    let ended = workplace.run(&["config"]);
    assert_eq!(shown(&ended, "signup"), "signup closed SIGNUP in .env line 1001");
    assert!(ended.err.lines().count() == 1 && ended.err.contains("and 992 more"), "{ended:?}");
}

#[test]
fn a_line_for_a_setting_that_cannot_be_read_ends_the_start() {
    let workplace = Workplace::new();
    for (text, line, variable) in [
        ("A=1\nJWT_SECRET hush-hush\n", 2, "JWT_SECRET"),
        ("PORT:8080\n", 1, "PORT"),
        ("# x\n\nexport MONGO_URL mongodb://ann:hush@db/chat\n", 3, "MONGO_URL"),
        ("nonsense\nSIGNUP\n", 2, "SIGNUP"),
    ] {
        workplace.write(".env", text);
        // A flag for it changes nothing: whoever wrote the line meant it.
        for arguments in [&["--port", "0"][..], &["config"], &["healthcheck"], &["user", "list"]] {
            let ended = workplace.run(arguments);
            assert!(ended.code == Some(2) && ended.err.lines().count() == 1, "{text:?} {ended:?}");
            for part in [format!(".env line {line}"), variable.to_owned(), format!("{variable}=value")] {
                assert!(ended.err.contains(&part), "{part} in {ended:?}");
            }
            assert!(!ended.err.contains("hush"), "{ended:?}");
        }
    }
}

#[test]
fn values_with_a_backslash_before_the_closing_quote_and_over_several_lines_are_taken() {
    let workplace = Workplace::new();
    let text = "DATA_DIR='C:\\data\\'\nSIGNUP=\"closed\" # since May\nICE_SERVERS='[\n  {\"urls\": \"stun:one\"}\n]'\n\
                export TOKEN_TTL: 2d\n";
    workplace.write(".env", text);
    let ended = workplace.run(&["config"]);
    assert_eq!(shown(&ended, "data-dir"), "data-dir C:\\data\\ DATA_DIR in .env line 1");
    assert_eq!(shown(&ended, "signup"), "signup closed SIGNUP in .env line 2");
    assert_eq!(shown(&ended, "ice-server"), "ice-server stun:one ICE_SERVERS in .env line 3");
    assert_eq!(shown(&ended, "token-ttl"), "token-ttl 2d TOKEN_TTL in .env line 6");
    assert!(ended.err.is_empty(), "{ended:?}");
}

#[test]
fn a_file_that_is_a_directory_is_warned_of_and_one_in_another_encoding_is_read_as_far_as_it_concerns_the_server() {
    let workplace = Workplace::new();
    let path = workplace.path().join(".env");
    std::fs::create_dir(&path).unwrap();
    let ended = workplace.serve(&[]).stop();
    assert!(ended.code == Some(0) && ended.err.contains(".env is a directory"), "{ended:?}");
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, b"# caf\xe9\nGREETING=caf\xe9\nSIGNUP=closed\n").unwrap();
    let ended = workplace.run(&["config"]);
    assert_eq!(shown(&ended, "signup"), "signup closed SIGNUP in .env line 3");
    std::fs::write(&path, b"JWT_SECRET=caf\xe9caf\xe9\n").unwrap();
    let ended = workplace.run(&["config"]);
    assert!(ended.code == Some(2) && ended.err.contains("JWT_SECRET in .env line 1: is not UTF-8"), "{ended:?}");
    std::fs::write(&path, b"\xff\xfeP\0O\0R\0T\0=\x001\0").unwrap();
    let ended = workplace.run(&["config"]);
    assert!(ended.code == Some(2) && ended.err.contains("UTF-16"), "{ended:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_in_one_line() {
    let workplace = Workplace::new();
    let path = workplace.write(".env", "SIGNUP=closed\n");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    let ended = workplace.run_as_nobody(&["config"]);
    assert!(ended.code == Some(2) && ended.err.contains("cannot read .env: permission denied"), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
}
