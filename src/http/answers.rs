//! Large answers that wait for their readers are bounded in bytes, for each caller and in all.
//!
//! A list of thousands of rooms is megabytes. Whoever asks for it hundreds of times and reads none of the answers would
//! fill the memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::caller::Caller;
use crate::config::Config;
use crate::error::Error;
use crate::live::network;
use crate::model::UserId;
use crate::net::remote::client_address;

/// Answers up to this size, in bytes, are not counted: how many there can be is bounded by the requests.
const SMALL: u64 = 16 * 1024;

/// How many bytes of answers may wait for all readers together.
const MOST: u64 = 64 * 1024 * 1024;

/// How many of these may wait for one reader. A single answer is let through however large it is.
const MOST_OF_READER: u64 = 16 * 1024 * 1024;

/// Who an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reader {
    User(UserId),
    Address(IpAddr),
}

/// The bytes of answers that wait, by reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    all: u64,
    by_reader: HashMap<Reader, u64>,
}

/// The bytes of one answer; given back when it was read or given up.
#[derive(Debug)]
struct Share {
    waiting: Waiting,
    reader: Reader,
    bytes: u64,
}

impl Waiting {
    fn share(&self, reader: Reader, bytes: u64) -> Option<Share> {
        let mut counts = self.counts();
        let own = counts.by_reader.get(&reader).copied().unwrap_or_default();
        let fits = |waiting: u64, most: u64| waiting == 0 || waiting + bytes <= most;
        if !fits(own, MOST_OF_READER) || !fits(counts.all, MOST) {
            return None;
        }
        counts.all += bytes;
        *counts.by_reader.entry(reader).or_default() += bytes;
        Some(Share { waiting: self.clone(), reader, bytes })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.waiting.counts();
        counts.all -= self.bytes;
        if let Some(own) = counts.by_reader.get_mut(&self.reader) {
            *own -= self.bytes;
            if *own == 0 {
                counts.by_reader.remove(&self.reader);
            }
        }
    }
}

/// A piece of an answer that counts as long as it is kept, also where it waits in the buffer of its connection.
struct Counted {
    data: Bytes,
    _share: Arc<Share>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

/// Counts the answers under `/api`; one for which there is no room is refused, and its caller may come back.
///
/// To be called behind the check of the token, which tells who asks.
pub(crate) async fn bound(
    State((config, waiting)): State<(Arc<Config>, Waiting)>,
    request: Request,
    next: Next,
) -> Response {
    let reader = match request.extensions().get::<Caller>() {
        Some(Caller(who)) => Reader::User(who.user.id),
        None => {
            let trusted = &config.trusted_proxies;
            Reader::Address(network(client_address(trusted, request.extensions(), request.headers())))
        }
    };
    let own_making = request.uri().path().starts_with("/api");
    let response = next.run(request).await;
    match response.body().size_hint().exact() {
        Some(bytes) if own_making && bytes > SMALL => counted(response, &waiting, reader, bytes),
        _ => response,
    }
}

fn counted(response: Response, waiting: &Waiting, reader: Reader, bytes: u64) -> Response {
    let Some(share) = waiting.share(reader, bytes).map(Arc::new) else {
        metrics::counter!("tincan_answers_refused_total").increment(1);
        return Error::Overloaded.into_response();
    };
    response.map(|body| {
        let with_share = move |data| Bytes::from_owner(Counted { data, _share: Arc::clone(&share) });
        Body::new(body.map_frame(move |frame| frame.map_data(&with_share)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Reader = Reader::Address(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const BOB: Reader = Reader::Address(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    fn answer(size: usize) -> Response {
        Response::new(Body::from(vec![b'x'; size]))
    }

    #[tokio::test]
    async fn an_answer_counts_until_its_last_byte_is_let_go() {
        let waiting = Waiting::default();
        let mut body = counted(answer(1_000_000), &waiting, ANN, 1_000_000).into_body();
        let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(body.frame().await.is_none());
        drop(body);
        assert_eq!((data.len(), waiting.counts().all), (1_000_000, 1_000_000), "a connection may hold it for long");
        drop(data);
        assert_eq!(waiting.counts().all, 0);
        assert!(waiting.counts().by_reader.is_empty(), "nothing is kept of readers that have read");
    }

    #[test]
    fn one_reader_has_its_share_and_a_single_answer_is_let_through_however_large() {
        let waiting = Waiting::default();
        let huge = waiting.share(ANN, 2 * MOST_OF_READER).expect("nothing else waits");
        assert!(waiting.share(ANN, SMALL).is_none());
        let other = waiting.share(BOB, MOST_OF_READER).expect("somebody else's");
        drop((huge, other));
        let half = waiting.share(ANN, MOST_OF_READER / 2);
        assert!(half.is_some() && waiting.share(ANN, MOST_OF_READER / 2).is_some());
    }

    #[test]
    fn all_readers_together_are_bounded() {
        let waiting = Waiting::default();
        let reader = |last| Reader::Address(IpAddr::from([198, 51, 100, last]));
        let shares: Vec<Share> =
            (0..=u8::MAX).map_while(|last| waiting.share(reader(last), 10 * 1024 * 1024)).collect();
        assert_eq!(shares.len(), 6);
    }
}
