//! Walks through a store in one order: calls, accounts, rooms, and the messages of each room.

use std::sync::Arc;

use async_trait::async_trait;

use super::digest::{Adding, Totals};
use super::lines::Line;
use super::{TransferError, Watch};
use crate::model::{Page, Room, RoomId};
use crate::store::{Records, Store};

/// How many records go at once.
const BATCH: usize = 1000;
/// How often a walk begins anew because a room was deleted under it.
const ATTEMPTS: usize = 5;

/// What the records of a walk go to.
#[async_trait]
pub(super) trait Sink: Send {
    /// The walk begins anew: what came so far is void. Says whether that can be.
    async fn again(&mut self) -> bool;

    /// Some records, with their lines.
    async fn take(&mut self, records: Records, lines: Vec<u8>) -> Result<(), TransferError>;
}

/// Brings everything in a store to a sink, and adds it up. The messages of a room go up to the newest one of when the walk began.
pub(super) async fn walk(
    store: &Arc<dyn Store>,
    sink: &mut dyn Sink,
    what: &'static str,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    for _ in 0..ATTEMPTS {
        // Rooms first, then accounts: whom a room names is among them.
        let mut rooms = store.rooms().await?;
        rooms.sort_by_key(|room| room.id);
        watch.begin(what, rooms.iter().map(|room| room.last_seq()).sum());
        let mut walk = Walk { store, sink: &mut *sink, adding: Adding::new() };
        walk.calls().await?;
        walk.users().await?;
        walk.rooms(&rooms).await?;
        let mut whole = true;
        for room in &rooms {
            whole = whole && walk.messages(room.id, room.last_seq(), watch).await?;
        }
        if whole {
            return Ok(walk.adding.totals());
        }
        tracing::info!("a room was deleted while it was copied; beginning anew");
        if !sink.again().await {
            break;
        }
    }
    Err(TransferError::Restless)
}

struct Walk<'a> {
    store: &'a Arc<dyn Store>,
    sink: &'a mut dyn Sink,
    adding: Adding,
}

impl Walk<'_> {
    async fn take(&mut self, records: Records, lines: impl Iterator<Item = Line>) -> Result<(), TransferError> {
        let mut texts = Vec::new();
        for line in lines {
            let text = line.text();
            self.adding.add(&line, &text);
            texts.extend(text);
        }
        self.sink.take(records, texts).await
    }

    async fn calls(&mut self) -> Result<(), TransferError> {
        let mut last = None;
        loop {
            let calls = self.store.dump_calls(last, BATCH).await?;
            let Some(newest) = calls.last() else { return Ok(()) };
            last = Some(newest.id);
            let lines: Vec<Line> = calls.iter().map(Line::from).collect();
            self.take(Records::Calls(calls), lines.into_iter()).await?;
        }
    }

    async fn users(&mut self) -> Result<(), TransferError> {
        let mut last = None;
        loop {
            let users = self.store.dump_users(last, BATCH).await?;
            let Some(newest) = users.last() else { return Ok(()) };
            last = Some(newest.id);
            let lines: Vec<Line> = users.iter().map(Line::from).collect();
            self.take(Records::Users(users), lines.into_iter()).await?;
        }
    }

    async fn rooms(&mut self, rooms: &[Arc<Room>]) -> Result<(), TransferError> {
        for rooms in rooms.chunks(BATCH) {
            let rooms: Vec<Room> = rooms.iter().map(|room| Room { last_message: None, ..Room::clone(room) }).collect();
            let lines: Vec<Line> = rooms.iter().map(Line::from).collect();
            self.take(Records::Rooms(rooms), lines.into_iter()).await?;
        }
        Ok(())
    }

    /// `false` where the room is gone.
    async fn messages(&mut self, room: RoomId, to: u64, watch: &mut dyn Watch) -> Result<bool, TransferError> {
        let mut after = 0;
        while after < to {
            let Some(page) = self.store.messages(room, Page::After(after), BATCH).await? else { return Ok(false) };
            let mut messages = page.messages;
            messages.retain(|message| message.seq <= to);
            let Some(newest) = messages.last() else { return Ok(true) };
            watch.advance(newest.seq - after);
            after = newest.seq;
            let lines: Vec<Line> = messages.iter().map(Line::from).collect();
            self.take(Records::Messages(room, messages), lines.into_iter()).await?;
        }
        Ok(true)
    }
}

/// A sink for walks that only add up.
pub(super) struct Nowhere;

#[async_trait]
impl Sink for Nowhere {
    async fn again(&mut self) -> bool {
        true
    }

    async fn take(&mut self, _: Records, _: Vec<u8>) -> Result<(), TransferError> {
        Ok(())
    }
}
