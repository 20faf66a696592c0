//! `tincan doctor`: each fault is made here, and found with what mends it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;

use serde_json::{Value, json};

use crate::support::port::free_port;
use crate::support::process::{Ended, Server, Workplace};

/// What the doctor finds at a URL, by check; and how it ended.
fn doctor(workplace: &Workplace, arguments: &[&str], input: &str) -> (Value, Ended) {
    let ended = workplace.run_with_input(&[&["doctor", "--json"], arguments].concat(), input);
    let findings: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}{}", ended.out, ended.err));
    let of = |finding: &Value| (finding["check"].as_str().expect("a check").to_owned(), finding.clone());
    (findings.as_array().expect("a list").iter().map(of).collect(), ended)
}

fn state<'a>(findings: &'a Value, check: &str) -> &'a str {
    findings[check]["state"].as_str().unwrap_or_else(|| panic!("{check}: {findings}"))
}

/// It is found to be a fault, which is told with what mends it and by the exit code.
fn is_fault(found: &(Value, Ended), check: &str, mend: &str) {
    let (findings, ended) = found;
    assert_eq!(state(findings, check), "fault", "{findings}");
    let told = findings[check]["mend"].as_str().expect("what mends it");
    assert!(told.contains(mend), "{told}");
    assert_eq!(ended.code, Some(1), "{}", ended.err);
}

/// Answers each connection as `answer` says of the head of its request; what it leaves open is passed on to a server.
fn in_front(server: &Server, answer: impl Fn(&str) -> Answer + Send + 'static) -> String {
    let (listener, behind) = (TcpListener::bind("127.0.0.1:0").expect("a port"), server.address);
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            match answer(&head) {
                Answer::With(text) => drop(stream.write_all(text.as_bytes())),
                Answer::PassOn(head) => pass_on(stream, TcpStream::connect(behind).expect("the server"), &head),
            }
        }
    });
    format!("http://{address}")
}

enum Answer {
    With(String),
    /// With this head.
    PassOn(String),
}

fn pass_on(mut near: TcpStream, mut far: TcpStream, head: &str) {
    let _ = far.write_all(head.as_bytes());
    let (mut back, mut from) = (near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut back);
        let _ = back.shutdown(std::net::Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = std::io::copy(&mut near, &mut far);
    });
}

fn answered(status: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::With(format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"))
}

/// A server that relays at a port of its own.
fn relaying(workplace: &Workplace) -> (Server, String) {
    let port = free_port().to_string();
    (workplace.serve(&["--turn", "auto", "--turn-port", &port]), port)
}

#[test]
fn a_server_that_is_well_is_found_to_be_and_its_relay_passes_packets_on() {
    let workplace = Workplace::new();
    let (server, port) = relaying(&workplace);
    let url = server.url("");
    let account = json!({"username": "ann", "email": "ann@example.com", "password": "correct horse"}).to_string();
    let mut stream = TcpStream::connect(server.address).expect("the server");
    let head = format!(
        "POST /api/auth/signup HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        account.len()
    );
    stream.write_all(format!("{head}{account}").as_bytes()).expect("it is asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");

    let (findings, ended) =
        doctor(&workplace, &[&url, "--turn", "auto", "--turn-port", &port, "--user", "ann"], "correct horse\n");
    for check in
        ["name", "version", "health", "clock", "camera", "websocket", "polling", "stun", "relay", "relay (tcp)"]
    {
        assert_eq!(state(&findings, check), "ok", "{findings}");
    }
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    // Without --json each finding is a line.
    let told = workplace.run(&["doctor", &url, "--turn", "auto", "--turn-port", &port]);
    assert!(told.out.contains("\nok       websocket: it comes through\n"), "{}", told.out);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);

    let wrong = doctor(&workplace, &[&url, "--turn", "auto", "--turn-port", &port, "--user", "ann"], "another\n");
    is_fault(&wrong, "log-in", "name and password");
}

#[test]
fn where_nothing_answers_or_something_else_does_that_is_found() {
    let workplace = Workplace::new();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    is_fault(&doctor(&workplace, &[&nobody], ""), "connection", "start the server");
    let server = workplace.serve(&["--turn", "off"]);
    let other = in_front(&server, |_| answered("200 OK", "hello"));
    is_fault(&doctor(&workplace, &[&other], ""), "server", "pass everything on");
    let refused = workplace.run(&["doctor", "ftp://127.0.0.1"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("is no URL"), "{}", refused.err);
}

#[test]
fn a_clock_that_is_off_is_found() {
    let workplace = Workplace::new();
    let server = workplace.serve(&["--turn", "off"]);
    let health = json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"), "store": {"engine": "polodb", "status": "ok"},
        "timestamp": "2020-01-01T00:00:00.000Z",
    });
    let off = in_front(&server, move |_| answered("200 OK", &health.to_string()));
    is_fault(&doctor(&workplace, &[&off, "--turn", "off"], ""), "clock", "NTP");
}

#[test]
fn a_proxy_that_eats_websockets_or_polling_or_changes_the_host_is_found() {
    let workplace = Workplace::new();
    let server = workplace.serve(&["--turn", "off"]);
    let eats = in_front(&server, |head| {
        // As a proxy does that leaves out the headers of one hop.
        Answer::PassOn(head.replace("Upgrade: websocket\r\n", "").replace("Connection: Upgrade", "Connection: close"))
    });
    let found = doctor(&workplace, &[&eats, "--turn", "off"], "");
    is_fault(&found, "websocket", "proxy_set_header");
    assert_eq!(state(&found.0, "polling"), "ok", "{}", found.0);

    let no_polling = in_front(&server, |head| {
        if head.contains("transport=polling") { answered("404 Not Found", "") } else { Answer::PassOn(head.to_owned()) }
    });
    let found = doctor(&workplace, &[&no_polling, "--turn", "off"], "");
    is_fault(&found, "polling", "/socket.io/");
    assert_eq!(state(&found.0, "websocket"), "ok", "{}", found.0);

    let other_host = in_front(&server, |head| {
        let host = head.lines().find(|line| line.starts_with("Host: ")).expect("a host").to_owned();
        Answer::PassOn(head.replace(&host, "Host: upstream.example"))
    });
    is_fault(&doctor(&workplace, &[&other_host, "--turn", "off"], ""), "origin", "--public-url http://127.0.0.1");
}

#[test]
fn a_certificate_that_browsers_do_not_take_is_found() {
    let workplace = Workplace::new();
    let server = workplace.serve(&["--turn", "off"]);
    let url = format!("https://{}", server.address);
    let (findings, ended) = doctor(&workplace, &[&url, "--turn", "off"], "");
    assert_eq!((state(&findings, "certificate"), state(&findings, "proxy")), ("warning", "ok"), "{findings}");
    assert!(findings["certificate"]["mend"].as_str().expect("what mends it").contains("/trust"));
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let made = rcgen::generate_simple_self_signed(["other.example".to_owned()]).expect("a certificate");
    let elsewhere = Workplace::new();
    elsewhere.write("cert.pem", &made.cert.pem());
    elsewhere.write("key.pem", &made.signing_key.serialize_pem());
    let files = ["--tls", "files", "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--turn", "off"];
    let server = elsewhere.serve(&files);
    let url = format!("https://{}", server.address);
    is_fault(&doctor(&workplace, &[&url, "--turn", "off"], ""), "certificate", "fullchain.pem");
}

#[test]
fn a_relay_that_does_not_answer_is_found() {
    let workplace = Workplace::new();
    let server = workplace.serve(&["--turn", "off"]);
    let port = free_port().to_string();
    is_fault(
        &doctor(&workplace, &[&server.url(""), "--turn", "auto", "--turn-port", &port], ""),
        "stun",
        "open UDP port",
    );
}

#[test]
fn a_data_directory_that_others_look_into_is_found() {
    let workplace = Workplace::new();
    let server = workplace.serve(&["--turn", "off"]);
    let port = server.address.port().to_string();
    let own = ["--port", &port, "--host", "127.0.0.1", "--turn", "off"];
    let (findings, ended) = doctor(&workplace, &own, "");
    assert_eq!(state(&findings, "data directory"), "ok", "{findings}");
    // How much room is left on the machine of the test is not the test's.
    assert_ne!(state(&findings, "disk"), "skipped", "{findings}");
    assert_eq!((state(&findings, "websocket"), ended.code), ("ok", Some(0)), "{findings}");
    let directory = workplace.path().join("tincan-data");
    std::fs::write(directory.join("store.mark"), "nonsense").expect("a file");
    let (findings, _) = doctor(&workplace, &own, "");
    assert_eq!(state(&findings, "data mark"), "warning", "{findings}");
    std::fs::write(directory.join("store.filling"), "/backup/tincan").expect("a file");
    is_fault(&doctor(&workplace, &own, ""), "data mark", "import");
    std::fs::remove_file(directory.join("store.filling")).expect("it is there");
    std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o755)).expect("permissions");
    let (findings, _) = doctor(&workplace, &own, "");
    assert_eq!(state(&findings, "data directory"), "warning", "{findings}");
    assert!(findings["data directory"]["mend"].as_str().expect("what mends it").starts_with("chmod 700"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_database_is_looked_at_and_one_that_is_away_is_found() {
    let url = crate::support::mongod::shared().await.url(&crate::support::mongod::database_name());
    tokio::task::spawn_blocking(move || {
        let workplace = Workplace::new();
        let server = workplace.serve(&["--mongo-url", &url, "--turn", "off"]);
        let port = server.address.port().to_string();
        let own = ["--port", &port, "--host", "127.0.0.1", "--turn", "off", "--mongo-url"];
        let (findings, ended) = doctor(&workplace, &[&own[..], &[&url]].concat(), "");
        assert_eq!(state(&findings, "mongodb"), "ok", "{findings}");
        assert!(findings["mongodb"]["found"].as_str().expect("text").contains("one server runs on it"), "{findings}");
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let away = format!("mongodb://127.0.0.1:{}/chat", free_port());
        is_fault(&doctor(&workplace, &[&own[..], &[&away]].concat(), ""), "mongodb", "start it");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn the_settings_say_how_many_servers_run_on_the_database() {
    let url = crate::support::mongod::shared().await.url(&crate::support::mongod::database_name());
    tokio::task::spawn_blocking(move || {
        let workplace = Workplace::new();
        let told = |url: &str| {
            let shown = workplace.run(&["config", "--mongo-url", url]);
            let line = shown.out.lines().find(|line| line.starts_with("servers that run")).expect("a line").to_owned();
            line["servers that run".len()..].trim().to_owned()
        };
        assert!(told(&url).starts_with("0 on this database"), "{}", told(&url));
        let server = workplace.serve(&["--mongo-url", &url]);
        assert!(told(&url).starts_with("1 on this database"), "{}", told(&url));
        assert_eq!(server.stop().code, Some(0));
        let away = format!("mongodb://127.0.0.1:{}/chat", free_port());
        assert!(told(&away).contains("does not answer"), "{}", told(&away));
    })
    .await
    .unwrap();
}
