//! What only accompanies the service never ends it: standard error, the start-up message, the figures, the control
//! socket, signals that mean something else.

use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, PATIENCE};
use crate::support::port::free_port;
use crate::support::process::{Process, Server, Workplace};
use crate::support::socket::Socket;

/// A standard error that nobody reads any more, one on a full disk, and one that takes nothing and whose reader is
/// there; with that reader.
fn troubled() -> Vec<(&'static str, Stdio, Option<PipeReader>)> {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let (blocked_reader, blocked) = full_pipe();
    vec![
        ("closed", closed.into(), None),
        ("full", full_disk().into(), None),
        ("blocked", blocked, Some(blocked_reader)),
    ]
}

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").expect("Linux has it")
}

/// The next byte that is written to it waits until somebody reads.
fn full_pipe() -> (PipeReader, Stdio) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    // What Linux holds for a pipe.
    writer.write_all(&[b'\n'; 65_536]).unwrap();
    (reader, writer.into())
}

/// Signs a user up, lets the user send a message, and has the server end by a signal: it tells so, and ends with 0.
async fn serves_and_ends_in_order(mut server: Server, case: &str) {
    let token = sign_up(&server, "ann").await;
    let request = reqwest::Client::new().post(server.url("/api/rooms")).bearer_auth(&token);
    let room: Value = request.json(&json!({"name": "talk"})).send().await.unwrap().json().await.unwrap();
    let socket = Socket::connect(server.address, json!({"token": token})).await.unwrap();
    socket.ok("join-room", json!({"roomId": room["id"]})).await;
    for number in 0..50 {
        socket.ok("send-message", json!({"roomId": room["id"], "content": format!("{number}")})).await;
    }
    server.process.signal("TERM");
    socket.event("server-shutdown").await;
    let ended = server.process.end();
    assert_eq!(ended.code, Some(0), "{case}: {ended:?}");
    assert!(ended.took < Duration::from_secs(10), "{case}: {ended:?}");
}

async fn sign_up(server: &Server, name: &str) -> String {
    let body = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
    let answer = reqwest::Client::new().post(server.url("/api/auth/signup")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_whose_log_cannot_be_written_serves_and_ends_in_order() {
    for (case, stderr, _reader) in troubled() {
        let workplace = Workplace::new();
        let server = workplace.serve_with_stderr(&["--log", "debug"], stderr);
        serves_and_ends_in_order(server, case).await;
    }
}

#[test]
fn a_failure_that_cannot_be_told_has_its_exit_code_all_the_same() {
    let workplace = Workplace::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, code) in [
        (&["--host", "127.0.0.1", "--port", &port][..], 1),
        (&["--prot", "80"], 2),
        (&["--port", "eighty"], 2),
        (&["user", "list", "--data-dir", "nowhere"], 1),
        (&["export", "backup", "--data-dir", "nowhere"], 1),
        (&["healthcheck", "--port", "1"], 1),
    ] {
        for (case, stderr, _reader) in troubled() {
            let ended = workplace.run_with_stderr(arguments, stderr);
            assert_eq!(ended.code, Some(code), "{case} {arguments:?}: {ended:?}");
            assert!(ended.took < Duration::from_secs(5), "{case} {arguments:?}: {ended:?}");
        }
    }
}

#[test]
fn a_second_signal_ends_at_once_where_nobody_reads_the_log() {
    for (case, stderr, _reader) in troubled() {
        let workplace = Workplace::new();
        let mut server = workplace.serve_with_stderr(&[], stderr);
        let mut half = TcpStream::connect(server.address).unwrap();
        half.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
        server.process.signal("TERM");
        // Where nobody listens any more the first signal has been taken.
        let began = Instant::now();
        while TcpStream::connect(server.address).is_ok() {
            assert!(began.elapsed() < PATIENCE, "{case}");
        }
        server.process.signal("TERM");
        let ended = server.process.end();
        assert_eq!(ended.code, Some(130), "{case}: {ended:?}");
        assert!(ended.took < Duration::from_secs(2), "{case}: {ended:?}");
    }
}

#[tokio::test]
async fn lines_that_were_lost_are_counted_and_told_when_the_log_is_read_again() {
    let workplace = Workplace::new();
    let (mut reader, stderr) = full_pipe();
    let server = workplace.serve_with_stderr(&["--log", "debug", "--metrics", "on", "--rate-limit", "off"], stderr);
    // Each leaves a line as long as its path.
    let long = format!("/{}", "x".repeat(7000));
    let client = reqwest::Client::new();
    for _ in 0..300 {
        client.get(server.url(&long)).send().await.unwrap();
    }
    let figures = reqwest::get(server.url("/metrics")).await.unwrap().text().await.unwrap();
    let lost = figures.lines().find_map(|line| line.strip_prefix("tincan_log_lines_lost_total "));
    assert!(lost.is_some_and(|lost| lost.parse::<u64>().unwrap() > 0), "{figures}");
    let read = std::thread::spawn(move || {
        let mut all = String::new();
        reader.read_to_string(&mut all).unwrap();
        all
    });
    assert_eq!(server.stop().code, Some(0));
    let all = read.join().unwrap();
    assert!(all.contains("lines of the log were lost") && all.contains("SIGTERM: shutting down"), "{}", all.len());
}

#[tokio::test]
async fn a_start_up_message_that_cannot_be_printed_is_missed_by_nobody() {
    let (_reader, blocked) = full_pipe();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    for (case, stdout) in [("full", Stdio::from(full_disk())), ("closed", closed.into()), ("blocked", blocked)] {
        let workplace = Workplace::new();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let port = address.port().to_string();
        let mut command = workplace.command(&["--host", "127.0.0.1", "--bcrypt-cost", "4", "--port", &port]);
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null()).spawn().unwrap();
        drop(command);
        let mut child = Killed(child);
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < PATIENCE, "{case}");
            // Nothing of this process can be read while its output is broken, so it is asked again and again.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let health = reqwest::get(format!("http://{address}/health")).await.unwrap();
        assert_eq!(health.status(), StatusCode::OK, "{case}");
        let sent = Command::new("kill").args(["-TERM", &child.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let began = Instant::now();
        let code = loop {
            if let Some(status) = child.0.try_wait().unwrap() {
                break status.code();
            }
            assert!(began.elapsed() < PATIENCE, "{case}");
            // Nothing of this process can be read while its output is broken, so it is asked again and again.
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(code, Some(0), "{case}");
    }
}

/// Killed when it is dropped, where it goes on then.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // One that has ended already is left alone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_terminal_that_closes_a_broken_pipe_and_a_file_that_is_too_large_do_not_end_the_server() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&[]);
    server.process.signal("HUP");
    server.process.logged("SIGHUP");
    for signal in ["PIPE", "XFSZ", "HUP"] {
        server.process.signal(signal);
        assert_eq!(reqwest::get(server.url("/health")).await.unwrap().status(), StatusCode::OK, "{signal}");
    }
    server.process.logged("SIGHUP");
    serves_and_ends_in_order(server, "signals").await;
}

#[test]
fn figures_that_cannot_be_served_where_they_are_wanted_are_told_at_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let workplace = Workplace::new();
    let ended = workplace.run(&["--host", "127.0.0.1", "--port", "0", "--metrics", &address]);
    assert!(ended.code == Some(1) && ended.err.contains(&address) && ended.err.contains("--metrics"), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    assert!(!workplace.path().join("tincan-data/store").exists(), "no store was opened for that");
}

#[tokio::test]
async fn a_control_socket_that_was_removed_is_made_again() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&[]);
    std::fs::remove_file(workplace.path().join("tincan-data/tincan.sock")).unwrap();
    let refused = workplace.run(&["export", "backup"]);
    assert!(refused.code == Some(1) && refused.err.contains("in use by another process"), "{refused:?}");
    server.process.logged("making it again");
    let began = Instant::now();
    while !workplace.path().join("tincan-data/tincan.sock").exists() {
        assert!(began.elapsed() < PATIENCE);
        // No line of the log says that a file is there, so it is looked for.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let exported = workplace.run(&["export", "backup"]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    serves_and_ends_in_order(server, "socket").await;
}

#[tokio::test]
async fn a_control_socket_that_cannot_be_made_is_only_warned_of() {
    let workplace = Workplace::new();
    std::fs::create_dir_all(workplace.path().join("tincan-data/tincan.sock/in-the-way")).unwrap();
    let mut server = workplace.serve(&[]);
    server.process.logged("tincan export and tincan user do not work while this server runs");
    serves_and_ends_in_order(server, "in the way").await;
}

#[tokio::test]
async fn a_backup_is_made_while_the_server_runs_in_a_directory_with_a_long_path() {
    let workplace = Workplace::new();
    let directory = format!("{0}/{0}", "d".repeat(100));
    let server = workplace.serve(&["--data-dir", &directory]);
    let exported = workplace.run(&["export", "backup", "--data-dir", &directory]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    assert_eq!(server.stop().code, Some(0));
    assert!(!workplace.path().join(directory).join("tincan.sock").exists());
}

#[test]
fn a_working_directory_that_is_gone_is_told_in_one_line() {
    let workplace = Workplace::new();
    let gone = workplace.path().join("gone");
    std::fs::create_dir(&gone).unwrap();
    let mut command = Command::new("sh");
    let script = "cd gone && rmdir ../gone && exec \"$0\" --port 0 --host 127.0.0.1";
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_tincan")])
        .env_clear()
        .env("TURN", "off")
        .env("PATH", "/usr/bin:/bin");
    command.env("RUST_BACKTRACE", "1").current_dir(workplace.path());
    let ended = Process::spawn(command, "").end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<_> = ended.err.lines().collect();
    assert!(lines.len() == 1 && lines[0].contains("tincan-data") && lines[0].contains("--data-dir"), "{ended:?}");
}

#[test]
fn every_address_of_the_start_up_message_answers() {
    for host in ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::"] {
        let workplace = Workplace::new();
        if TcpListener::bind((host, 0)).is_err() {
            crate::support::skip::skipped(&format!("a server on {host}: this machine has no such address"));
            continue;
        }
        let server = workplace.serve_on(host);
        let ended = server.stop_after(|out| {
            let named: Vec<&str> = out.split_whitespace().filter_map(|word| word.strip_prefix("http://")).collect();
            assert!(!named.is_empty(), "{out}");
            for address in named {
                // `localhost` may be 127.0.0.1 alone.
                let address = address.replace("localhost", "127.0.0.1");
                assert!(TcpStream::connect(&address).is_ok(), "{host}: {address} in {out}");
            }
        });
        assert_eq!(ended.code, Some(0), "{host}: {ended:?}");
    }
}
