//! What one user asks for stays small beside what others get: answers that nobody reads, and lists of thousands of
//! rooms.

use std::sync::Arc;

use reqwest::StatusCode;
use tincan::model::{Room, RoomId, RoomKind, Timestamp, UserId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{App, User};
use crate::support::socket::timed;

/// Stores rooms past the limits of rate.
async fn furnish(app: &App, count: usize, description: &str) {
    let rooms = (0..count).map(|number| Room {
        id: RoomId::new(),
        kind: RoomKind::Open,
        name: format!("Room {number}"),
        description: description.to_owned(),
        created_by: UserId::new(),
        participants: Arc::default(),
        created_at: Timestamp::now(),
        last_message: None,
        last_seq: 0,
        numbered: 0,
    });
    let store = app.store();
    for outcome in futures_util::future::join_all(rooms.map(|room| store.insert_room(room))).await {
        outcome.expect("a room is stored");
    }
}

/// Asks for the rooms and reads no more than the beginning of the answer.
async fn ask_and_do_not_read(app: &App, user: &User<'_>) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(app.address()).await.expect("a connection");
    let request = format!("GET /api/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", user.token);
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut beginning = [0; 12];
    timed("the beginning of an answer", stream.read_exact(&mut beginning)).await.expect("it begins");
    (stream, String::from_utf8_lossy(&beginning).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_read_are_bounded_for_each_user_and_given_back() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    // More in one answer than the buffers of a connection take.
    furnish(&app, 4000, &"\u{1f600}".repeat(500)).await;
    let mut unread = Vec::new();
    for _ in 0..8 {
        unread.push(ask_and_do_not_read(&app, &ann).await);
    }
    let refused = unread.iter().filter(|(_, status)| status == "HTTP/1.1 503").count();
    assert!((1..=7).contains(&refused), "{:?}", unread.iter().map(|(_, status)| status).collect::<Vec<_>>());
    bob.get("/api/rooms").await.expect(StatusCode::OK);
    drop(unread);
    timed("room for ann again", async { while ann.get("/api/rooms").await.status != StatusCode::OK {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lists_thousands_of_rooms_again_and_again_has_to_wait_and_nobody_else() {
    let app = App::with(|config| config.rate_limit = true).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    furnish(&app, 3000, "").await;
    bob.get("/api/rooms").await.expect(StatusCode::OK);
    let lists = futures_util::future::join_all((0..100).map(|_| ann.get("/api/rooms"))).await;
    let limited = lists.into_iter().find(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS);
    let limited = limited.expect("a limit");
    assert!(limited.headers.contains_key("retry-after"));
    limited.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    bob.get("/api/rooms").await.expect(StatusCode::OK);
}
