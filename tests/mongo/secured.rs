//! TLS, users and passwords, and that nobody is told the password.

use tincan::config::Secret;
use tincan::store::Store;
use tincan::store::mongodb::{MongoStore, OpenError};

use crate::support::mongod::Mongod;
use crate::support::process::Workplace;
use crate::support::sample::user;

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn tls_and_a_password_in_the_connection_string_work_and_are_not_told() {
    let deployment = Mongod::secured().await;
    let url = deployment.url_as("ann:p%40ss%2Fword", "chat");
    let store = MongoStore::open(&Secret::new(url.clone())).await.expect("it lets us in");
    store.insert_user(user("carl")).await.unwrap();
    store.health().await.unwrap();
    store.close().await;

    let wrong = [deployment.url_as("ann:wr%40ng", "chat"), deployment.url_as("nobody:wr%40ng", "chat")];
    for url in wrong {
        let refused = MongoStore::open(&Secret::new(url)).await.expect_err("it does not let us in");
        let text = refused.to_string();
        assert!(matches!(refused, OpenError::Refused { .. }), "{text}");
        assert!(text.contains("127.0.0.1") && !text.contains('\n'), "{text}");
        assert!(!text.contains("wr@ng") && !text.contains("wr%40ng"), "{text}");
    }

    let workplace = Workplace::new();
    let server = workplace.serve(&["--log", "trace", "--mongo-url", &url]);
    let health = reqwest::get(server.url("/health")).await.unwrap().text().await.unwrap();
    assert!(health.contains("mongodb") && !health.contains("ss%2F"), "{health}");
    let ended = server.stop();
    assert!(ended.code == Some(0) && ended.err.contains("can read the password"), "{ended:?}");
    for part in ["p%40ss", "p@ss", "ss/word"] {
        assert!(!ended.out.contains(part) && !ended.err.contains(part), "{part} is told");
    }
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_server_that_finds_no_database_ends_within_ten_seconds_with_one_line() {
    let workplace = Workplace::new();
    let ended = workplace.run(&["--port", "0", "--mongo-url", "mongodb://ann:s3cret@127.0.0.1:1/chat"]);
    assert!(ended.code == Some(1) && ended.took.as_secs() < 10, "{ended:?}");
    let lines: Vec<_> = ended.err.lines().filter(|line| line.starts_with("tincan: ")).collect();
    assert!(lines.len() == 1 && lines[0].contains("127.0.0.1:1"), "{ended:?}");
    assert!(!ended.err.contains("s3cret") && !ended.out.contains("s3cret"), "{ended:?}");
}
