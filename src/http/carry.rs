//! A request is carried to its end, whoever waits for it: it runs in a task that its connection cannot cancel.
//!
//! A handler that is dropped midway leaves behind what nobody expects: a change that is told to nobody, a failure that is not counted, a
//! place in a queue of the database driver that belongs to nobody. So a client that goes away costs the server one whole request, and
//! how many of these there are at once is bounded, for each address and in all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::chat::Chat;
use crate::error::Error;
use crate::peer::client_address;

/// How many requests may be under way at once.
const MOST: usize = 4096;

/// How many of them may come from one address.
const MOST_OF_ADDRESS: usize = 1024;

/// The requests that are under way, by the address that they came from.
#[derive(Clone, Default)]
pub struct UnderWay(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The place of one request; given back on drop.
struct Place {
    under_way: UnderWay,
    address: IpAddr,
}

impl UnderWay {
    /// A place for a request; `None` where there are too many.
    fn place(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.counts();
        if counts.all >= MOST || counts.by_address.get(&address).is_some_and(|count| *count >= MOST_OF_ADDRESS) {
            return None;
        }
        counts.all += 1;
        *counts.by_address.entry(address).or_default() += 1;
        Some(Place { under_way: self.clone(), address })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.under_way.counts();
        counts.all -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

/// Runs a request in a task of its own and waits for its answer.
///
/// Not those of Socket.IO: a poll belongs to its connection, for what it answered to nobody would be lost; its events run in tasks of their own.
pub async fn to_the_end(
    State((chat, under_way)): State<(Arc<Chat>, UnderWay)>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/socket.io") {
        return next.run(request).await;
    }
    let address = client_address(&chat.config().trusted_proxies, request.extensions(), request.headers());
    let Some(place) = under_way.place(address) else {
        metrics::counter!("tincan_requests_refused_total").increment(1);
        return Error::Overloaded.into_response();
    };
    let work = async move {
        let _place = place;
        next.run(request).await
    };
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request was not answered");
        Error::Internal.into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_its_share_of_places_and_gives_them_back() {
        let (under_way, greedy, other) =
            (UnderWay::default(), IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let taken: Vec<Place> = std::iter::from_fn(|| under_way.place(greedy)).collect();
        assert_eq!(taken.len(), MOST_OF_ADDRESS);
        assert!(under_way.place(other).is_some());
        drop(taken);
        assert!(under_way.place(greedy).is_some());
        assert!(under_way.counts().by_address.is_empty(), "nothing is kept of addresses without a request");
    }

    #[test]
    fn all_addresses_together_have_so_many_places() {
        let under_way = UnderWay::default();
        let taken: Vec<Place> = (0..=u8::MAX)
            .flat_map(|last| std::iter::repeat_n(IpAddr::from([198, 51, 100, last]), 20))
            .map_while(|address| under_way.place(address))
            .collect();
        assert_eq!(taken.len(), MOST);
    }
}
