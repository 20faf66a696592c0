//! A request is carried to its end, whoever waits for it: it runs in a task that its connection cannot cancel.
//!
//! A handler that is dropped midway leaves behind what nobody expects: a change that is told to nobody, a failure that
//! is not counted, a place in a queue of the database driver that belongs to nobody. So a client that goes away costs
//! the server one whole request, and how many of these there are at once is bounded, for each address and in all.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::config::Config;
use crate::error::Error;
use crate::live::{Full, Place, Places, network};
use crate::net::remote::client_address;

/// How many requests may be under way at once.
const MOST: usize = 4096;

/// How many of them may come from one address.
const MOST_OF_ADDRESS: usize = 1024;

/// The requests that are under way, by the address that they came from; of IPv6 its /64 network, as in the limits.
pub(crate) type UnderWay = Places<IpAddr>;

/// A place for a request, where there are not too many.
fn place(under_way: &UnderWay, address: IpAddr) -> Result<Place<IpAddr>, Full> {
    under_way.take(network(address), MOST_OF_ADDRESS, MOST)
}

/// Runs a request in a task of its own and waits for its answer.
///
/// Not those of Socket.IO: a poll belongs to its connection, for what it answered to nobody would be lost; its events
/// run in tasks of their own.
pub(crate) async fn to_the_end(
    State((config, under_way)): State<(Arc<Config>, UnderWay)>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/socket.io") {
        return next.run(request).await;
    }
    let address = client_address(&config.trusted_proxies, request.extensions(), request.headers());
    let Ok(place) = place(&under_way, address) else {
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
        let taken: Vec<Place<IpAddr>> = std::iter::from_fn(|| place(&under_way, greedy).ok()).collect();
        assert_eq!(taken.len(), MOST_OF_ADDRESS);
        assert!(place(&under_way, other).is_ok());
        drop(taken);
        assert!(place(&under_way, greedy).is_ok());
        assert_eq!(under_way.keys(), 0, "nothing is kept of addresses without a request");
    }

    #[test]
    fn all_addresses_together_have_so_many_places() {
        let under_way = UnderWay::default();
        let taken: Vec<Place<IpAddr>> = (0..=u8::MAX)
            .flat_map(|last| std::iter::repeat_n(IpAddr::from([198, 51, 100, last]), 20))
            .map_while(|address| place(&under_way, address).ok())
            .collect();
        assert_eq!(taken.len(), MOST);
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let under_way = UnderWay::default();
        let host = |number: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, number]);
        let taken: Vec<_> = (0..2000).map_while(|number| place(&under_way, host(number)).ok()).collect();
        assert_eq!(taken.len(), MOST_OF_ADDRESS);
    }
}
