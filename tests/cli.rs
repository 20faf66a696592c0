//! The subcommands of the executable: settings, health, accounts.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::PASSWORD;
use crate::support::process::{Ended, Server, Workplace};

async fn log_in(server: &Server, name: &str, password: &str) -> (StatusCode, Value) {
    let body = json!({"email": name, "password": password});
    let answer = reqwest::Client::new().post(server.url("/api/auth/login")).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn me(server: &Server, token: &Value) -> StatusCode {
    let token = token.as_str().unwrap();
    reqwest::Client::new().get(server.url("/api/auth/me")).bearer_auth(token).send().await.unwrap().status()
}

fn said(ended: &Ended, part: &str) -> bool {
    ended.code == Some(0) && ended.out.contains(part)
}

fn refused(ended: &Ended, part: &str) -> bool {
    ended.code == Some(1) && ended.err.starts_with("tincan: ") && ended.err.contains(part)
}

#[test]
fn config_prints_every_value_with_its_origin_and_no_secret() {
    let workplace = Workplace::new();
    workplace.write(".env", "# of the file\nSIGNUP=closed\nJWT_SECRET=hush-hush-hush-hush-hush-hush-hush\n");
    let mut command = workplace.command(&["config", "--port", "8080"]);
    command.env("MONGO_URL", "mongodb://ann:hush@db.example/chat");
    let ended = crate::support::process::Process::spawn(command, "").end();
    let line = |name: &str| {
        let line =
            ended.out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {ended:?}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("port"), "port 8080 --port");
    assert_eq!(line("signup"), "signup closed SIGNUP in .env line 2");
    assert_eq!(line("token-ttl"), "token-ttl 7d default");
    assert_eq!(line("mongo-url"), "mongo-url mongodb://***@db.example/chat MONGO_URL in the environment");
    assert!(!ended.out.contains("hush") && ended.err.is_empty(), "{ended:?}");
    assert!(!workplace.path().join("tincan-data").exists());
}

#[test]
fn healthcheck_answers_for_the_server_that_runs_and_fails_where_none_does() {
    let workplace = Workplace::new();
    let server = workplace.serve(&[]);
    let port = server.address.port().to_string();
    let ended = workplace.run(&["healthcheck", "--port", &port]);
    assert!(said(&ended, "ok: tincan"), "{ended:?}");
    assert_eq!(server.stop().code, Some(0));
    let ended = workplace.run(&["healthcheck", "--port", &port]);
    assert!(refused(&ended, "no server answers"), "{ended:?}");
}

#[tokio::test]
async fn an_operator_adds_lists_and_removes_accounts_where_sign_up_is_closed() {
    let workplace = Workplace::new();
    let first = workplace.run_with_input(&["user", "add", "Zed", "zed@example.com"], PASSWORD);
    assert!(said(&first, "Zed can log in now, and is the first: an administrator"), "{first:?}");
    let ended = workplace.run_with_input(&["user", "add", "Ann", "ANN@example.com"], &format!("{PASSWORD}\n"));
    assert!(said(&ended, "Ann can log in"), "{ended:?}");
    let server = workplace.serve(&["--signup", "closed"]);
    assert_eq!(log_in(&server, "ann", PASSWORD).await.0, StatusCode::OK);
    assert_eq!(server.stop().code, Some(0));
    let listed = workplace.run(&["user", "list"]);
    assert!(said(&listed, "Ann  ann@example.com  member  20"), "{listed:?}");
    let removed = workplace.run(&["user", "remove", "ann@example.com"]);
    assert!(said(&removed, "Ann is removed"), "{removed:?}");
    assert_eq!(workplace.run(&["user", "list"]).out.lines().count(), 1);
    let again = workplace.run_with_input(&["user", "add", "ann", "ann@example.com"], PASSWORD);
    assert!(said(&again, "ann can log in"), "{again:?}");
}

#[tokio::test]
async fn a_password_that_the_operator_sets_ends_older_tokens() {
    let workplace = Workplace::new();
    workplace.run_with_input(&["user", "add", "ann", "ann@example.com"], PASSWORD);
    let server = workplace.serve(&[]);
    let token = log_in(&server, "ann", PASSWORD).await.1["token"].clone();
    assert_eq!(me(&server, &token).await, StatusCode::OK);
    assert_eq!(server.stop().code, Some(0));
    let ended = workplace.run_with_input(&["user", "password", "ANN"], "another password\r\n");
    assert!(said(&ended, "new password"), "{ended:?}");
    let server = workplace.serve(&[]);
    assert_eq!(me(&server, &token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(log_in(&server, "ann", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(log_in(&server, "ann", "another password").await.0, StatusCode::OK);
}

#[test]
fn what_breaks_a_rule_or_is_not_there_is_told() {
    let workplace = Workplace::new();
    let add = |name, email, password: &str| workplace.run_with_input(&["user", "add", name, email], password);
    assert!(refused(&workplace.run(&["user", "list"]), "no store in tincan-data"));
    assert!(refused(&add("a", "ann@example.com", PASSWORD), "the name must be"));
    assert!(refused(&add("ann", "ann", PASSWORD), "the address must be"));
    assert!(refused(&add("ann", "ann@example.com", "short\n"), "the password must be"));
    assert!(refused(&add("ann", "ann@example.com", ""), "the password must be"));
    assert!(said(&add("ann", "ann@example.com", PASSWORD), "ann"));
    assert!(refused(&add("ANN", "other@example.com", PASSWORD), "name is taken"));
    assert!(refused(&add("bob", "ann@example.com", PASSWORD), "has an account"));
    assert!(refused(&workplace.run(&["user", "remove", "bob"]), "no account \"bob\""));
    assert!(refused(&workplace.run_with_input(&["user", "password", "bob"], PASSWORD), "no account \"bob\""));
    let bare = workplace.run(&["user"]);
    assert!(bare.code == Some(2) && bare.err.contains("list, add, password, remove, admin, disable"), "{bare:?}");
}
