//! Under a supervisor that wants to know: systemd with `Type=notify` and a watchdog. A socket of the test stands for
//! it.

use std::os::unix::net::UnixDatagram;

use crate::support::app::PATIENCE;
use crate::support::process::{Process, Workplace};

/// What the supervisor is told next, in one message.
fn next(socket: &UnixDatagram) -> String {
    let mut text = [0; 200];
    let length = socket.recv(&mut text).expect("the supervisor is told");
    String::from_utf8_lossy(&text[..length]).trim().to_owned()
}

/// A supervisor's socket in the folder, and a quiet server that knows of it.
fn under_supervision(workplace: &Workplace, watchdog: bool) -> (UnixDatagram, Process) {
    let path = workplace.path().join("supervisor");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut command = workplace.command(&["--quiet", "--port", "0", "--host", "127.0.0.1", "--turn", "off"]);
    command.env("NOTIFY_SOCKET", path);
    if watchdog {
        command.env("WATCHDOG_USEC", "200000");
    }
    (socket, Process::spawn(command, ""))
}

#[test]
fn the_supervisor_is_told_when_the_server_is_up_and_when_it_goes_and_a_quiet_one_prints_nothing() {
    let workplace = Workplace::new();
    let (socket, mut server) = under_supervision(&workplace, false);
    assert_eq!(next(&socket), "READY=1");
    server.signal("TERM");
    assert_eq!(next(&socket), "STOPPING=1");
    let ended = server.end();
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{}", ended.err);
}

#[test]
fn a_watchdog_hears_of_the_server_again_and_again() {
    let workplace = Workplace::new();
    let (socket, mut server) = under_supervision(&workplace, true);
    assert_eq!(next(&socket), "READY=1");
    for _ in 0..5 {
        assert_eq!(next(&socket), "WATCHDOG=1");
    }
    server.signal("TERM");
    assert_eq!(server.end().code, Some(0));
}
