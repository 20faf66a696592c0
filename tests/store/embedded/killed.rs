//! `kill -9`: what was acknowledged is there.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tincan::model::{Page, RoomId, UserId};
use tincan::store::Store;
use tincan::store::polodb::{Options, PoloDb};

use crate::store::Place;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{append, repeatable, stored_room};

const ROOMS: usize = 4;
const SENDERS: usize = 4;

/// The other process: its first line of input is where the store lies.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a process of its own, started by the test that kills it"]
async fn a_process_that_appends_until_it_is_killed() {
    let mut directory = String::new();
    std::io::stdin().read_line(&mut directory).expect("where the store lies");
    if directory.is_empty() {
        return;
    }
    let store = PoloDb::open(directory.trim_end().as_ref(), Options::default()).await.expect("the store opens");
    let store: Arc<dyn Store> = Arc::new(store);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..ROOMS {
        let room = stored_room(&store, &format!("{number} of {}", std::process::id())).await.id;
        for _ in 0..SENDERS {
            let store = store.clone();
            tasks.spawn(async move {
                let sender = UserId::new();
                for number in 0_u64.. {
                    let text = number.to_string();
                    let batch =
                        vec![repeatable(sender, &text, &text), repeatable(sender, "and", &format!("and {text}"))];
                    for answer in append(&store, room, batch).await {
                        println!("acknowledged {room} {} {sender} {}", answer.message.seq, answer.message.id);
                    }
                }
            });
        }
    }
    tasks.join_all().await;
}

/// What a process acknowledged before it was killed: room, number, id.
fn run_and_kill(place: &PoloDbPlace, after: usize) -> Vec<(RoomId, u64, String)> {
    let this = std::env::current_exe().expect("this program");
    let test =
        format!("{}::a_process_that_appends_until_it_is_killed", module_path!().split_once("::").expect("a path").1);
    let mut command = Command::new(this);
    command.args(["--exact", &test, "--ignored", "--nocapture"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    writeln!(input, "{}", place.path().display()).expect("it reads");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let mut acknowledged = Vec::new();
    for line in lines {
        // The last line may break off, and then was not said.
        let Some([room, seq, _, id]) = parts(&line) else { continue };
        acknowledged.push((RoomId::parse(room).expect("an id"), seq.parse().expect("a number"), id.to_owned()));
        if acknowledged.len() == after {
            child.kill().expect("it is killed");
        }
    }
    child.wait().expect("it ended");
    assert!(acknowledged.len() >= after, "it ended by itself after {} messages", acknowledged.len());
    acknowledged
}

fn parts(line: &str) -> Option<[&str; 4]> {
    let parts: Vec<_> = line.strip_prefix("acknowledged ")?.split(' ').collect();
    let parts: [&str; 4] = parts.try_into().ok()?;
    (parts[3].len() == parts[0].len()).then_some(parts)
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_when_the_process_is_killed() {
    let place = PoloDbPlace::empty();
    let mut acknowledged = Vec::new();
    for after in [1, 500, 2000] {
        acknowledged.extend(run_and_kill(&place, after));
        let store = place.open().await;
        let mut rooms = HashMap::new();
        for room in store.rooms().await.unwrap() {
            let messages = store.messages(room.id, Page::After(0), 100_000).await.unwrap().unwrap().messages;
            assert!(messages.iter().map(|message| message.seq).eq(1..=messages.len() as u64), "numbers without a gap");
            assert_eq!(room.last_seq(), messages.len() as u64);
            // Both of a batch or none.
            assert_eq!(messages.len() % 2, 0);
            rooms.insert(room.id, messages);
        }
        for (room, seq, id) in &acknowledged {
            let message = &rooms[room][*seq as usize - 1];
            assert_eq!(&message.id.to_string(), id, "message {seq} of room {room}");
        }
        // A client that did not hear the answer asks again, and is not stored twice.
        let (room, message) = rooms.iter().find_map(|(id, messages)| Some((*id, messages.last()?))).expect("a message");
        let client_id = message.client_id.as_deref().expect("all have one");
        let again = append(&store, room, vec![repeatable(message.sender, "again", client_id)]).await;
        assert_eq!((&*again[0].message, again[0].fresh), (message, false));
        store.close().await;
    }
}
