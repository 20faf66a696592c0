//! Whom a session of our own is for: lets a client in, has its events run, and tells the verbs when it has gone.

use std::sync::{Arc, Weak};

use serde_json::value::RawValue;
use socketioxide_core::packet::Packet;
use socketioxide_core::{Str, Value};
use tokio::time::{sleep, timeout};

use super::account::Account;
use super::end::End;
use super::frames;
use super::packets::{Host, Welcome, encoded};
use super::pipe::{Pipe, Told};
use crate::chat::Identity;
use crate::live::{Frame, Handshake, Outlet};
use crate::socket::admission::{self, Refusal};
use crate::socket::bounds::PARTING;
use crate::socket::connection::Connection;
use crate::socket::hub::Hub;
use crate::socket::intake::Intake;
use crate::socket::ledger::{TAKES_WITHIN, Tally};
use crate::socket::seam::{self, Acknowledge};
use crate::socket::way::Way;

/// The one namespace that there is.
const ROOT: &str = "/";

/// A client, from its first packet to its last.
pub(crate) struct Visitor {
    hub: Arc<Hub>,
    pipe: Arc<Pipe>,
    /// Given back when it has authenticated.
    place: Option<Handshake>,
    /// The token that came with the handshake.
    header: Option<Box<str>>,
    intake: Intake,
    /// From its first authentication to its end, for what was queued stays when the namespace is left.
    tally: Option<Arc<Tally>>,
    connection: Option<Arc<Connection>>,
    /// Let in, and about to be told so.
    opening: Option<Box<(Arc<Connection>, Identity)>>,
    /// How many bytes of events are counted as waiting.
    waiting: u64,
}

/// The way to a client over a pipe.
struct Straight {
    pipe: Arc<Pipe>,
}

impl Outlet for Straight {
    fn send(&self, frame: &Frame) {
        self.pipe.send(frame.on_line(|name, payload| {
            frames::text(&[b"42[\"", name.as_bytes(), b"\",", payload.get().as_bytes(), b"]"])
        }));
    }

    fn close(&self) {
        encoded(Packet::disconnect(Str::from(ROOT))).iter().for_each(|frame| self.pipe.send(frame));
        self.pipe.tell(Told::Dismissed);
    }
}

impl Way for Straight {
    fn cut(&self) {
        self.pipe.cut();
    }

    fn polls(&self) -> bool {
        false
    }

    fn look(&self) {
        // A session ends its connection itself.
    }
}

/// An acknowledgement over a pipe.
struct Ack<'a> {
    pipe: &'a Arc<Pipe>,
    number: i64,
}

impl Acknowledge for Ack<'_> {
    fn send(self, payload: &RawValue) {
        let number = self.number.to_string();
        let frame = frames::text(&[b"43", number.as_bytes(), b"[", payload.get().as_bytes(), b"]"]);
        self.pipe.answer(&frame);
    }
}

impl Visitor {
    /// One who has not authenticated. `header` is what came as `Authorization`.
    pub(crate) fn new(hub: Arc<Hub>, pipe: Arc<Pipe>, place: Handshake, header: Option<String>) -> Self {
        Self {
            hub,
            pipe,
            place: Some(place),
            header: header.map(String::into_boxed_str),
            intake: Intake::default(),
            tally: None,
            connection: None,
            opening: None,
            waiting: 0,
        }
    }

    /// Counts a packet that was refused; whether the session may go on.
    fn refused(&self) -> Result<(), End> {
        if self.intake.refused() {
            return Ok(());
        }
        metrics::counter!("tincan_floods_cut_total").increment(1);
        Err(End::Gone)
    }

    /// Tells the verbs that the connection is gone, where there is one.
    fn leave(&mut self) {
        self.waits(0);
        if let Some(connection) = self.connection.take() {
            admission::disconnect(&self.hub, &connection);
        }
    }

    /// Sees to it that a client that has left does not stay.
    fn part(&mut self) {
        self.leave();
        if self.tally.as_ref().is_some_and(|tally| tally.is_heavy()) {
            return self.pipe.cut();
        }
        self.pipe.set_inside(false);
        let pipe = Arc::downgrade(&self.pipe);
        tokio::spawn(async move {
            sleep(PARTING).await;
            if let Some(pipe) = Weak::upgrade(&pipe).filter(|pipe| !pipe.is_inside()) {
                pipe.finish(&frames::last_words());
            }
        });
    }
}

impl Host for Visitor {
    fn came(&mut self, bytes: usize) -> bool {
        let may = self.intake.came(bytes);
        if !may {
            metrics::counter!("tincan_floods_cut_total").increment(1);
        }
        may
    }

    fn waits(&mut self, bytes: usize) -> bool {
        let Some(connection) = &self.connection else { return true };
        connection.seat.event_begins(std::mem::take(&mut self.waiting));
        if bytes == 0 {
            return true;
        }
        let may = connection.seat.event_waits(bytes as u64);
        if may {
            self.waiting = bytes as u64;
        } else {
            metrics::counter!("tincan_events_over_total").increment(1);
        }
        may
    }

    fn knows(&self, namespace: &str) -> bool {
        namespace == ROOT
    }

    fn is_in(&self, namespace: &str) -> bool {
        self.connection.is_some() && namespace == ROOT
    }

    async fn connect(&mut self, _namespace: &str, auth: Option<&str>) -> Welcome {
        let token = admission::token(auth, self.header.as_deref());
        match admission::admit(&self.hub, token, self.tally.as_ref()).await {
            Ok((connection, identity)) => {
                self.intake.authenticated();
                self.place = None;
                self.pipe.admit();
                self.pipe.count_in(Account::of(&connection, &self.hub));
                self.tally = Some(Arc::clone(&connection.tally));
                self.opening = Some(Box::new((Arc::new(connection), identity)));
                Welcome::Connected
            }
            Err(error) => match admission::refusal(&error) {
                Refusal::Told(message) => Welcome::Refused(message),
                Refusal::Closed(_) => Welcome::End(End::AGAIN),
            },
        }
    }

    async fn connected(&mut self, _namespace: &str, _auth: Option<&str>) -> Result<(), End> {
        let Some(opening) = self.opening.take() else { return Ok(()) };
        let (connection, identity) = *opening;
        self.pipe.set_inside(true);
        let way: Arc<dyn Way> = Arc::new(Straight { pipe: Arc::clone(&self.pipe) });
        self.connection = Some(Arc::clone(&connection));
        if !admission::connect(&self.hub, &connection, &identity, &way).await {
            self.part();
        }
        Ok(())
    }

    async fn event(&mut self, _namespace: &str, packet: Value, ack: Option<i64>) -> Result<(), End> {
        let Some(connection) = &self.connection else { return Err(End::BROKEN) };
        let text = packet.as_str().map_or("", |text| text.as_str());
        let ack = ack.map(|number| Ack { pipe: &self.pipe, number });
        if let Err(error) = seam::meter(connection, text) {
            seam::refuse(&self.hub, connection, text, ack, &error);
            return self.refused();
        }
        self.intake.took(packet.len());
        // Its answer may be large, and so may that of the next event: each waits until the client has taken the one
        // before.
        let light = connection.tally.light(|| self.pipe.is_told(Told::Cut));
        if timeout(TAKES_WITHIN, light).await.is_err() {
            self.hub.cut(connection.id);
        }
        if self.pipe.is_told(Told::Cut) {
            return Err(End::Gone);
        }
        seam::run(&self.hub, connection, text, ack).await;
        Ok(())
    }

    fn left(&mut self, _namespace: &str) {
        self.part();
    }

    fn dismissed(&mut self) {
        self.part();
    }

    fn ended(&mut self) {
        self.leave();
        if let Some(tally) = &self.tally {
            tally.close();
        }
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        // Where something in the session's task has failed.
        self.ended();
    }
}
