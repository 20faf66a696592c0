//! The machine's `.local` name, announced in the network by multicast DNS, with the server as a web page that is found
//! there.

use std::net::SocketAddr;
use std::time::Duration;

use mdns_sd::{DaemonEvent, Receiver, ServiceDaemon, ServiceInfo};

use super::tls::names;

/// As what the server is found.
const KIND: &str = "_http._tcp.local.";

/// How long the word that it goes may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// An announcement, which ends with it.
pub struct Announced {
    daemon: ServiceDaemon,
    name: String,
}

/// The machine's name in its network, as in `laptop.local`; `None` where it is called by none that may stand there.
pub fn local_name() -> Option<String> {
    names::local(&names::host_name())
}

impl Announced {
    /// Announces a server that listens there.
    ///
    /// # Errors
    /// One line: others cannot reach it, the machine has no such name, or the system does not let it be announced.
    pub fn begin(listens_on: SocketAddr) -> Result<Self, String> {
        if listens_on.ip().is_loopback() {
            return Err("the server listens for its own machine alone (--host)".to_owned());
        }
        let name = local_name().ok_or_else(|| {
            format!("{:?}, which the machine is called, cannot stand before .local", names::host_name())
        })?;
        let daemon = ServiceDaemon::new().map_err(|error| error.to_string())?;
        let info = service(&name, listens_on).map_err(|error| error.to_string())?;
        let events = daemon.monitor().map_err(|error| error.to_string())?;
        daemon.register(info).map_err(|error| error.to_string())?;
        let told = std::thread::Builder::new().name("mdns".to_owned()).spawn(move || tell(&events));
        told.map_err(|error| error.to_string())?;
        Ok(Self { daemon, name })
    }

    /// Under which name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn service(name: &str, listens_on: SocketAddr) -> mdns_sd::Result<ServiceInfo> {
    let (host, instance) = (format!("{name}."), format!("Tincan on {}", name.trim_end_matches(".local")));
    let path = [("path", "/")];
    if listens_on.ip().is_unspecified() {
        // Those that the machine has, also when it comes into another network.
        return ServiceInfo::new(KIND, &instance, &host, "", listens_on.port(), &path[..])
            .map(ServiceInfo::enable_addr_auto);
    }
    ServiceInfo::new(KIND, &instance, &host, listens_on.ip(), listens_on.port(), &path[..])
}

/// Says what the operator should know, until the announcement ends.
fn tell(events: &Receiver<DaemonEvent>) {
    while let Ok(event) = events.recv() {
        match event {
            DaemonEvent::NameChange(change) => {
                let (taken, new) = (change.original, change.new_name);
                tracing::warn!("{taken} is another machine's in this network; this one is announced as {new}");
            }
            DaemonEvent::Error(error) => tracing::debug!(%error, "the name could not be announced"),
            _ => {}
        }
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if let Ok(gone) = self.daemon.shutdown() {
            // Who is not told finds out by itself.
            let _ = gone.recv_timeout(GOODBYE);
        }
    }
}
