//! With `--mdns on` whoever asks the network for the machine's name, or for web pages in it, is told of the server; and
//! that it has gone.

use std::time::Instant;

use mdns_sd::{HostnameResolutionEvent, Receiver, ServiceDaemon, ServiceEvent};

use crate::support::app::PATIENCE;
use crate::support::process::{Process, Server, Workplace};
use crate::support::skip::skipped;

/// Waits for what `wanted` makes something of.
fn wait<Event, Found>(events: &Receiver<Event>, wanted: impl Fn(Event) -> Option<Found>) -> Found {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let event = events.recv_timeout(left).unwrap_or_else(|_| panic!("nobody answers"));
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

#[test]
fn the_name_of_the_machine_leads_to_the_server_until_it_goes() {
    let workplace = Workplace::new();
    let server = Server::up(Process::spawn(workplace.command(&["--port", "0", "--mdns", "on"]), ""));
    let port = server.address.port();
    let Ok(asking) = ServiceDaemon::new() else { return skipped("the name of the machine: there is no multicast") };
    let name = tincan::net::local_name().expect("this machine may be called so");

    let found = asking.resolve_hostname(&format!("{name}."), None).expect("it is asked");
    let addresses = wait(&found, |event| match event {
        HostnameResolutionEvent::AddressesFound(_, addresses) => Some(addresses),
        _ => None,
    });
    assert!(!addresses.is_empty());

    let pages = asking.browse("_http._tcp.local.").expect("it is asked");
    let (page, host) = wait(&pages, |event| match event {
        ServiceEvent::ServiceResolved(page) if page.get_port() == port => {
            Some((page.get_fullname().to_owned(), page.get_hostname().to_owned()))
        }
        _ => None,
    });
    assert_eq!(host, format!("{name}."));

    let ended = server.stop_after(|out| assert!(out.contains(&format!("https://{name}:{port}")), "{out}"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    wait(&pages, |event| match event {
        ServiceEvent::ServiceRemoved(_, gone) => (gone == page).then_some(()),
        _ => None,
    });
    drop(asking.shutdown());
}

#[test]
fn what_cannot_be_announced_is_told_and_the_server_runs() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&["--mdns", "on"]);
    server.process.logged("the machine's name is not announced: the server listens for its own machine alone");
    assert_eq!(server.stop().code, Some(0));
    assert!(workplace.run(&["config", "--mdns", "maybe"]).err.contains("neither on nor off"));
}
