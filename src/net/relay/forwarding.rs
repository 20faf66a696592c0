//! What comes from clients, and what of it goes on to their peers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::Relay;
use super::allocation::Allocation;
use super::line::Line;
use super::message::{Message, kind};

/// Of a packet of a channel: its number and its length.
const CHANNEL_HEAD: usize = 4;

impl Relay {
    /// Takes a message or a packet of a channel.
    pub(super) fn packet(self: &Arc<Self>, line: &Line, packet: &mut [u8]) {
        match packet.first() {
            Some(0x40..=0x7f) => self.channel_data(line, packet),
            Some(0x00..=0x3f) => self.message(line, packet),
            _ => {}
        }
    }

    fn message(self: &Arc<Self>, line: &Line, packet: &mut [u8]) {
        let Some(message) = Message::parse(packet) else { return };
        if message.kind != kind::SEND {
            return self.request(line, &message, packet);
        }
        let (Some(peer), Some(data), true) = (message.peer, message.data, message.unknown.is_empty()) else { return };
        let Some(allocation) = self.table.of(line.id()) else { return };
        let now = Instant::now();
        if let Some(outside) = allocation.permission(peer.ip(), now) {
            // The head of the attribute is room for that of a channel.
            self.forward(&allocation, (peer, outside), &mut packet[data.start - CHANNEL_HEAD..data.end], now);
        }
    }

    fn channel_data(&self, line: &Line, packet: &mut [u8]) {
        let Some(&[high, low, long, short]) = packet.first_chunk::<CHANNEL_HEAD>() else { return };
        let end = CHANNEL_HEAD + usize::from(u16::from_be_bytes([long, short]));
        let Some(packet) = packet.get_mut(..end) else { return };
        let Some(allocation) = self.table.of(line.id()) else { return };
        let now = Instant::now();
        if let Some(peer) = allocation.peer_of(u16::from_be_bytes([high, low]), now) {
            self.forward(&allocation, peer, packet, now);
        }
    }

    /// Sends a packet to a peer: one that uses this relay gets it here, whatever else is at that address.
    fn forward(&self, from: &Allocation, (peer, outside): (SocketAddr, bool), packet: &mut [u8], now: Instant) {
        let length = packet.len() - CHANNEL_HEAD;
        if !from.may_relay(length, now) {
            return;
        }
        let sent = match self.table.at(peer) {
            Some(to) => to.receive(from.relayed, packet, now),
            None if outside => from.outside.get().is_some_and(|way| way.send(&packet[CHANNEL_HEAD..], peer)),
            None => false,
        };
        if sent {
            self.packets.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        }
    }
}
