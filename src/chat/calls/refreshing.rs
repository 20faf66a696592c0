//! Following the calls as the store has them, and what other servers say of them.

use super::Calls;
use super::unheard::Untold;
use crate::bus::{Notice, Subscriber};
use crate::chat::names::named;
use crate::error::Error;
use crate::live::Which;
use crate::model::{Actor, Call, Now, ServerId, SocketId, UserRef};

impl Calls {
    /// Reads the calls that go on from the store: what is newer there counts, and what is over there is over.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub(super) async fn refresh(&self) -> Result<(), Error> {
        let before = self.machine().known();
        let mut open = self.store.open_calls().await?;
        // Of two that share somebody, which a server never makes, the older one counts.
        open.sort_by_key(|call| std::cmp::Reverse(call.id));
        let unnamed = open.iter().filter(|call| call.standing.is_none());
        let names = self.names.of(unnamed.flat_map(Call::people)).await?;
        let mut machine = self.machine();
        for (call, revision) in before {
            if revision > 0
                && !open.iter().any(|open| open.id == call)
                && self.unsaved.get(call).is_none()
                && let Some(deliveries) = machine.end_unheard(call, revision)
            {
                self.unheard.over(call, deliveries);
            }
        }
        for call in &open {
            let is_new = !machine.is_open(call.id);
            if machine.adopt(Now::read(), call, |user| named(&names, user)) && is_new {
                self.unheard.begun(call.id);
            }
        }
        drop(machine);
        self.deadline_changed.notify_one();
        Ok(())
    }

    /// Tells the sockets of this server what of calls has been found in the store for a while, and no server has said:
    /// the one that did it has died over that.
    pub(super) fn tell_unheard(&self) {
        for unheard in self.unheard.left_over() {
            let deliveries = match unheard {
                Untold::Begun(call) => self.machine().ring_unheard(call),
                Untold::Over(deliveries) => deliveries,
            };
            deliveries.iter().for_each(|delivery| self.bus.publish_here(delivery));
        }
    }

    /// Lets happen what follows from who is connected, where nobody could tell so when it came about: servers are gone,
    /// others could not hear of this one, or the calls are those of before a start.
    pub(super) async fn put_in_order(&self) {
        let gone = |server: ServerId| self.bus.is_gone(server);
        let lost = {
            let presence = self.bus.presence();
            self.machine().lost_sockets(&presence, gone)
        };
        let others_go_on = self.bus.others() > 0;
        self.give_up_impossible(false).await;
        for (who, server) in lost {
            let with_server = others_go_on && server != self.bus.server();
            self.happen(|calls, now, presence| calls.socket_gone(now, &who, with_server, presence)).await;
        }
        let (unreached, back, found) = {
            let presence = self.bus.presence();
            let calls = self.machine();
            (calls.unreached(&presence), calls.beginners_back(&presence), calls.found_sockets(&presence))
        };
        for user in unreached {
            let who = Actor { socket: SocketId::new(), user };
            self.happen(|calls, now, presence| calls.socket_gone(now, &who, false, presence)).await;
        }
        for who in back {
            self.happen(|calls, now, _| calls.beginner_back(now, &who)).await;
        }
        for (call, who) in found {
            let back = self.accept(&who, Which::Call(call)).await;
            if let Err(error) = back {
                tracing::debug!(%call, %error, "who was taken for gone is not back in the call");
            }
        }
    }

    /// Ends calls that cannot go on as they were stored; with `rings` those that ring too.
    async fn give_up_impossible(&self, rings: bool) {
        let impossible = self.machine().impossible(rings);
        for call in impossible {
            self.happen(|calls, now, _| calls.give_up(now, call)).await;
        }
    }

    /// Takes up the calls that go on in the store, at a start: those in whose server nobody is any more go on for the
    /// grace, and what rang is over unless other servers go on with it.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn resume(&self) -> Result<(), Error> {
        self.refresh().await?;
        self.unheard.forget_all();
        self.machine().begin_graces_anew(Now::read(), |server| self.bus.is_gone(server));
        self.give_up_impossible(self.bus.others() == 0).await;
        self.put_in_order().await;
        self.save_left().await;
        Ok(())
    }
}

impl Subscriber for Calls {
    fn noticed(&self, notice: &Notice) {
        match notice {
            Notice::CallChanged(call, at) => {
                self.unheard.heard(call.id);
                // Their clock may be another one: how long something lasts counts from when they said so.
                let now = Now { time: *at, ..Now::read() };
                let nobody = |id| UserRef { id, username: String::new() };
                if self.machine().adopt(now, call, nobody) {
                    self.deadline_changed.notify_one();
                }
            }
            Notice::Missed | Notice::ServerGone(_) => self.missed.notify_one(),
            _ => {}
        }
    }
}
