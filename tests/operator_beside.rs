//! The operator's commands beside a server that holds the embedded store, and on a store that nobody holds.

use serde_json::{Value, json};

use crate::support::app::PASSWORD;
use crate::support::process::{Ended, Server, Workplace};

fn ok(ended: &Ended, part: &str) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains(part), "{part:?} in {ended:?}");
}

fn refused(ended: &Ended, part: &str) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains(part), "{part:?} in {ended:?}");
}

fn add(workplace: &Workplace, name: &str) -> Ended {
    let email = format!("{name}@example.com");
    workplace.run_with_input(&["user", "add", name, &email, "--bcrypt-cost", "4"], &format!("{PASSWORD}\n"))
}

async fn ask(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let answer = reqwest::Client::new().post(server.url(path)).json(&body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn log_in(server: &Server, name: &str, password: &str) -> (u16, Value) {
    ask(server, "/api/auth/login", json!({"username": name, "password": password})).await
}

/// All that commands do, on whatever holds the store.
fn all_commands(workplace: &Workplace) {
    ok(&add(workplace, "ann"), "ann can log in now, and is the first: an administrator");
    ok(&add(workplace, "bob"), "bob can log in now");
    refused(&add(workplace, "BOB"), "this name is taken");
    let listed = workplace.run(&["user", "list"]);
    ok(&listed, "ann  ann@example.com  admin");
    ok(&listed, "bob  bob@example.com  member");
    refused(&workplace.run(&["user", "remove", "ann"]), "at least one administrator must stay");
    refused(&workplace.run(&["user", "disable", "ann"]), "at least one administrator must stay");
    refused(&workplace.run(&["user", "admin", "ann", "--off"]), "at least one administrator must stay");
    ok(&workplace.run(&["user", "admin", "bob@example.com"]), "bob is an administrator");
    ok(&workplace.run(&["user", "admin", "bob", "--off"]), "bob is no administrator");
    ok(&workplace.run(&["user", "disable", "bob"]), "bob is disabled");
    ok(&workplace.run(&["user", "list"]), "disabled");
    ok(&workplace.run(&["user", "disable", "bob", "--off"]), "bob can log in again");
    let invited = workplace.run(&["invite", "--uses", "3", "--expires", "2h"]);
    ok(&invited, "ann invites; good 3 times, until ");
    ok(&invited, "/#/invite/");
    assert!(invited.out.contains('█'), "{invited:?}");
    refused(&workplace.run(&["invite", "--room", "Kitchen"]), "there is no open room \"Kitchen\"");
    refused(&workplace.run(&["invite", "--uses", "0"]), "--uses 0");
    refused(&workplace.run(&["invite", "--expires", "1s"]), "--expires");
    for command in [["user", "remove", "cid"], ["user", "admin", "cid"], ["user", "disable", "cid"]] {
        refused(&workplace.run(&command), "there is no account \"cid\"");
    }
    let set = workplace.run_with_input(&["user", "password", "bob", "--bcrypt-cost", "4"], "another horse\n");
    ok(&set, "bob has a new password");
}

#[test]
fn commands_work_on_a_store_that_nobody_holds() {
    let workplace = Workplace::new();
    all_commands(&workplace);
    ok(&workplace.run(&["user", "remove", "bob"]), "bob is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_beside_the_server_that_holds_the_store() {
    let workplace = Workplace::new();
    let server = workplace.serve(&["--signup", "closed"]);
    all_commands(&workplace);
    let (status, session) = log_in(&server, "bob", "another horse").await;
    assert_eq!(status, 200, "{session}");
    ok(&workplace.run(&["user", "disable", "bob"]), "logged out everywhere");
    assert_eq!(log_in(&server, "bob", "another horse").await.1["code"], "account_disabled");
    let me = reqwest::Client::new().get(server.url("/api/auth/me"));
    let me = me.bearer_auth(session["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(me.status(), 401);
    let link = workplace.run(&["invite"]).out;
    let code = link.split("/#/invite/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let cid = json!({"username": "cid", "email": "c@example.com", "password": PASSWORD, "invite": code});
    assert_eq!(ask(&server, "/api/auth/signup", cid).await.0, 201);
    ok(&workplace.run(&["user", "remove", "bob"]), "bob is removed");
    assert_eq!(log_in(&server, "bob", "another horse").await.1["code"], "invalid_credentials");
    ok(&workplace.run(&["export", "backup"]), "2 accounts");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains("the operator has changed an account of=\"bob\""), "{ended:?}");
    assert!(!ended.err.contains(&code) && !ended.err.contains("another horse"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_server_with_invitations_prints_the_first_and_never_logs_it() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&["--signup", "invite", "--log", "trace"]);
    let line = server.printed("/#/invite/");
    let code = line.split("/#/invite/").nth(1).expect("a link").trim().to_owned();
    let ended = server.stop();
    assert!(!ended.err.contains(&code), "{ended:?}");
    let server = workplace.serve(&["--signup", "invite", "--log", "trace"]);
    let looked = reqwest::get(server.url(&format!("/api/invites/code/{code}"))).await.unwrap();
    assert_eq!(looked.status(), 200);
    let ann = json!({"username": "ann", "email": "a@example.com", "password": PASSWORD, "invite": code});
    let (status, session) = ask(&server, "/api/auth/signup", ann).await;
    assert_eq!((status, &session["user"]["role"]), (201, &json!("admin")), "{session}");
    let ended = server.stop();
    assert!(!ended.err.contains(&code), "a code stands in the log: {ended:?}");
}

#[test]
fn a_server_whose_accounts_nobody_looks_after_says_so_at_the_start() {
    let workplace = Workplace::new();
    let archive = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/archive-0.1.0.gz");
    ok(&workplace.run(&["import", archive.to_str().unwrap()]), "1 accounts");
    refused(&workplace.run(&["invite"]), "tincan user admin NAME");
    let mut server = workplace.serve(&[]);
    server.process.logged("tincan user admin NAME");
    ok(&workplace.run(&["user", "list"]), "member");
    ok(&workplace.run(&["user", "admin", "ann"]), "Ann is an administrator");
    assert_eq!(server.stop().code, Some(0));
    let server = workplace.serve(&[]);
    assert!(!server.stop().err.contains("no administrator"));
}
