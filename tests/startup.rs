//! The start and the end of the executable: from nothing, what it says, its mistakes and its exit codes.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::PASSWORD;
use crate::support::process::{Ended, Server, Workplace};
use crate::support::socket::Socket;

/// A failure is told in one line, within two seconds.
fn assert_told(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    assert!(ended.err.starts_with("tincan: "), "{ended:?}");
    for part in parts {
        assert!(ended.err.contains(part), "{part:?} in {ended:?}");
    }
    assert!(ended.took < Duration::from_secs(2), "{ended:?}");
}

async fn sign_up(server: &Server, name: &str) -> Value {
    let body = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
    let answer = reqwest::Client::new().post(server.url("/api/auth/signup")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.unwrap()
}

async fn status(server: &Server, path: &str, token: &str) -> StatusCode {
    reqwest::Client::new().get(server.url(path)).bearer_auth(token).send().await.unwrap().status()
}

#[test]
fn the_executable_needs_no_shared_library_but_those_of_glibc() {
    let listed = Command::new("ldd").arg(env!("CARGO_BIN_EXE_tincan")).output().expect("ldd, which comes with glibc");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let glibc = ["linux-vdso", "ld-linux", "libc.", "libm.", "libpthread.", "libdl.", "librt.", "libutil."];
    let names: Vec<_> =
        listed.lines().map(|line| line.trim().rsplit_once(" => ").map_or(line.trim(), |(name, _)| name)).collect();
    assert!(names.iter().any(|name| name.starts_with("libc.")), "{listed}");
    for name in names {
        let file = name.rsplit('/').next().unwrap_or(name);
        assert!(glibc.iter().any(|known| file.starts_with(known)), "{name} in\n{listed}");
    }
}

#[tokio::test]
async fn it_starts_from_an_empty_folder_with_an_empty_environment_and_says_what_matters() {
    let workplace = Workplace::new();
    let server = workplace.serve(&[]);
    let health: Value = reqwest::get(server.url("/health")).await.unwrap().json().await.unwrap();
    assert_eq!((&health["status"], &health["store"]["engine"]), (&json!("ok"), &json!("polodb")));
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let data = workplace.path().join("tincan-data");
    for part in [
        env!("CARGO_PKG_VERSION"),
        "http://localhost:",
        "PoloDB",
        data.to_str().unwrap(),
        "sign-up",
        "open",
        "generated now",
        "https",
    ] {
        assert!(ended.out.contains(part), "{part:?} in {}", ended.out);
    }
    let secret = std::fs::read_to_string(data.join("jwt-secret")).unwrap();
    assert!(!ended.out.contains(secret.trim()) && !ended.err.contains(secret.trim()));
    assert_eq!(std::fs::metadata(data.join("jwt-secret")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_was_stored_and_the_generated_secret_outlive_a_restart() {
    let workplace = Workplace::new();
    let server = workplace.serve(&[]);
    let token = sign_up(&server, "ann").await["token"].as_str().unwrap().to_owned();
    assert_eq!(server.stop().code, Some(0));
    let server = workplace.serve(&[]);
    assert_eq!(status(&server, "/api/auth/me", &token).await, StatusCode::OK);
    assert!(server.stop().out.contains("kept in"));
}

#[test]
fn a_mistake_in_a_flag_a_variable_or_a_line_of_the_file_ends_with_2() {
    let workplace = Workplace::new();
    assert_told(&workplace.run(&["--prot", "80"]), 2, &["--prot", "--help"]);
    assert_told(&workplace.run(&["--port", "eighty"]), 2, &["--port", "eighty", "65535"]);
    assert_told(&workplace.run_with("SIGNUP", "maybe"), 2, &["SIGNUP", "maybe", "closed"]);
    workplace.write(".env", "PORT=0\nTOKEN_TTL=7\n");
    assert_told(&workplace.run(&[]), 2, &["TOKEN_TTL in .env line 2", "7d"]);
    workplace.write(".env", "PORT=0\n\nSIGNUP is closed\n");
    assert_told(&workplace.run(&[]), 2, &[".env line 3", "SIGNUP=value"]);
    assert!(!workplace.path().join("tincan-data").exists());
}

#[test]
fn the_example_secret_ends_production_and_is_warned_of_elsewhere() {
    let workplace = Workplace::new();
    let example = "JWT_SECRET=your-secret-key-change-this-in-production\n";
    workplace.write(".env", &format!("{example}NODE_ENV=production\n"));
    assert_told(&workplace.run(&[]), 2, &["JWT_SECRET in .env line 1", "everybody knows"]);
    workplace.write(".env", example);
    let ended = workplace.serve(&[]).stop();
    assert!(ended.code == Some(0) && ended.err.contains("everybody knows"), "{ended:?}");
    workplace.write(".env", "JWT_SECRET=short\n");
    let ended = workplace.serve(&[]).stop();
    assert!(ended.err.contains("32 bytes") && !ended.err.contains("short\n"), "{ended:?}");
}

#[test]
fn a_port_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Workplace::new().run(&["--host", "127.0.0.1", "--port", &port]);
    assert_told(&ended, 1, &[&port, "in use", "--port"]);
}

#[test]
fn an_address_that_is_not_of_this_machine_is_told() {
    assert_told(&Workplace::new().run(&["--host", "192.0.2.1", "--port", "0"]), 1, &["192.0.2.1", "--host"]);
}

#[test]
fn a_data_directory_in_use_is_told() {
    let workplace = Workplace::new();
    let server = workplace.serve(&[]);
    let second = workplace.run(&["--host", "127.0.0.1", "--port", "0"]);
    assert_told(&second, 1, &["tincan-data", "in use"]);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_data_directory_that_is_none_is_told() {
    let workplace = Workplace::new();
    workplace.write("file", "");
    for path in ["file", "file/below"] {
        let ended = workplace.run(&["--port", "0", "--data-dir", path]);
        assert_told(&ended, 1, &[path, "not a directory", "--data-dir"]);
    }
}

#[test]
fn a_data_directory_that_cannot_be_written_to_is_told() {
    let workplace = Workplace::new();
    let data = workplace.path().join("tincan-data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, PermissionsExt::from_mode(0o555)).unwrap();
    let ended = workplace.run_as_nobody(&["--port", "0"]);
    assert_told(&ended, 1, &["tincan-data", "cannot be written to", "--data-dir"]);
}

#[tokio::test]
async fn both_signals_shut_down_in_order_with_0_while_sockets_are_connected() {
    for signal in ["TERM", "INT"] {
        let workplace = Workplace::new();
        let mut server = workplace.serve(&[]);
        let token = sign_up(&server, "ann").await["token"].clone();
        let socket = Socket::connect(server.address, json!({"token": token})).await.unwrap();
        // One that has sent half a request and one that never reads.
        let mut half = TcpStream::connect(server.address).unwrap();
        half.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
        let _silent = TcpStream::connect(server.address).unwrap();
        server.process.signal(signal);
        socket.event("server-shutdown").await;
        let ended = server.process.end();
        assert_eq!(ended.code, Some(0), "{signal}: {ended:?}");
        assert!(ended.took < Duration::from_secs(10), "{signal}: {ended:?}");
    }
}

#[test]
fn a_second_signal_ends_at_once_with_130() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&[]);
    // Half a request, which an orderly shutdown waits for.
    let mut half = TcpStream::connect(server.address).unwrap();
    half.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
    server.process.signal("TERM");
    server.process.logged("shutting down");
    server.process.signal("INT");
    let ended = server.process.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.took < Duration::from_secs(1), "{ended:?}");
}

#[tokio::test]
async fn readers_that_have_stalled_do_not_hold_up_the_shutdown() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&["--rate-limit", "off"]);
    let (ann, room) = member(&server, "ann").await;
    let bob = join(&server, "bob", &room).await;
    // More than the system's buffers hold for a socket that nobody reads.
    let text = "界".repeat(4000);
    for _ in 0..2000 {
        bob.ok("send-message", json!({"roomId": room, "content": text})).await;
    }
    server.process.signal("TERM");
    let ended = server.process.end();
    assert!(ended.code == Some(0) && ended.took < Duration::from_secs(10), "{ended:?}");
    drop(ann);
}

#[tokio::test]
async fn a_store_whose_writes_keep_failing_is_reported_and_ends_the_server_with_74() {
    let workplace = Workplace::new();
    let server = workplace.serve_with_small_files(512);
    let (ann, room) = member(&server, "ann").await;
    let text = "界".repeat(4000);
    let mut stored = 0;
    let refused = loop {
        let ack = ann.ask("send-message", json!({"roomId": room, "content": text})).await;
        if ack["ok"] != json!(true) {
            break ack;
        }
        stored += 1;
    };
    assert_eq!(refused["code"], "storage");
    assert_eq!(reqwest::get(server.url("/health")).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let ended = server.process.end_within(Duration::from_secs(60));
    assert_eq!(ended.code, Some(74), "{ended:?}");
    assert!(ended.err.lines().last().unwrap().starts_with("tincan: the store has failed"), "{ended:?}");
    let server = workplace.serve(&[]);
    let bob = join(&server, "bob", &room).await;
    let joined = bob.ok("join-room", json!({"roomId": room, "after": 0})).await;
    assert!(joined["lastSeq"].as_u64().unwrap() >= stored, "{joined}");
}

/// A new user with a socket in a new room.
async fn member(server: &Server, name: &str) -> (Socket, String) {
    let user = sign_up(server, name).await;
    let token = user["token"].as_str().unwrap();
    let request = reqwest::Client::new().post(server.url("/api/rooms")).bearer_auth(token);
    let room: Value = request.json(&json!({"name": name})).send().await.unwrap().json().await.unwrap();
    let room = room["id"].as_str().unwrap().to_owned();
    (enter(server, token, &room).await, room)
}

/// A new user with a socket in a room.
async fn join(server: &Server, name: &str, room: &str) -> Socket {
    let user = sign_up(server, name).await;
    enter(server, user["token"].as_str().unwrap(), room).await
}

async fn enter(server: &Server, token: &str, room: &str) -> Socket {
    let socket = Socket::connect(server.address, json!({"token": token})).await.unwrap();
    socket.ok("join-room", json!({"roomId": room})).await;
    socket
}
