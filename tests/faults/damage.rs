//! A byte of a file of the store is another one, or a file is gone: it is found at the start or at the read, and never
//! served as if it were whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::times;
use crate::support::app::User;
use crate::support::chance::Chance;
use crate::support::crowd::Servers;
use crate::support::lone::Lone;
use crate::support::polodb_place::PoloDbPlace;

/// Messages in each of the rooms.
const MESSAGES: usize = 120;

/// What was stored before the harm: who reads it, and the content of each room by number.
struct Stored {
    data: PoloDbPlace,
    reader: (String, String, String),
    rooms: BTreeMap<String, Vec<String>>,
}

/// Rooms full of messages, as an orderly end leaves them, or as a kill does.
async fn stored(orderly: bool) -> Stored {
    let lone = Lone::start(&[]);
    let ann = lone.entrance().user("ann").await;
    let mut rooms = BTreeMap::new();
    for number in 0..3 {
        let room = ann.room(&format!("room {number}")).await;
        let socket = ann.socket_in(&room).await;
        let texts: Vec<String> = (1..=MESSAGES).map(|seq| format!("message {seq} {}", "x".repeat(300))).collect();
        for text in &texts {
            socket.ok("send-message", json!({"roomId": room, "content": text})).await;
        }
        rooms.insert(room, texts);
    }
    let reader = ann.part();
    if orderly {
        assert_eq!(lone.stop().code, Some(0));
        // At the next start the log becomes a table.
        lone.run();
        assert_eq!(lone.stop().code, Some(0));
    } else {
        lone.kill();
    }
    Stored { data: PoloDbPlace::copy_of(lone.data()), reader, rooms }
}

/// The files of the store in an order that is the same every time.
fn files(data: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("store"))
        .expect("a store")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.metadata().is_ok_and(|file| file.is_file() && file.len() > 0))
        .collect();
    files.sort();
    files
}

/// Does a little harm somewhere, mostly where messages are; what it was.
fn harm(data: &Path, chance: &mut Chance) -> String {
    let mut files = files(data);
    if chance.below(4) > 0 {
        files.retain(|path| path.extension().is_some_and(|kind| kind == "log" || kind == "sst"));
    }
    let file = chance.one_of(&files).clone();
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    if chance.below(5) == 0 {
        std::fs::remove_file(&file).expect("it is there");
        return format!("{name} is gone");
    }
    let mut bytes = std::fs::read(&file).expect("a file");
    let at = chance.below(bytes.len());
    bytes[at] ^= 1 << chance.below(8);
    std::fs::write(&file, &bytes).expect("a file");
    format!("byte {at} of the {} of {name} is another one", bytes.len())
}

/// What a server serves of a room: what each number says, and whether it said that it is all of it.
async fn served(reader: &User<'_>, room: &str) -> (BTreeMap<usize, String>, bool) {
    let (mut served, mut whole, mut after) = (BTreeMap::new(), true, 0);
    while after < MESSAGES {
        let page = reader.get(&format!("/api/rooms/{room}/messages?after={after}&limit=20")).await;
        if page.status != StatusCode::OK {
            // It is told that something cannot be read; what comes after it is asked for all the same.
            assert!(page.status.is_server_error(), "{:?}", page);
            (whole, after) = (false, after + 20);
            continue;
        }
        let page = page.body.as_array().expect("a page").clone();
        let Some(last) = page.last() else { break };
        after = seq(last);
        served.extend(page.iter().map(|one| (seq(one), one["content"].as_str().expect("text").to_owned())));
    }
    (served, whole)
}

fn seq(message: &Value) -> usize {
    message["seq"].as_u64().expect("a number") as usize
}

/// Everything that is served is as it was stored; without a word about damage, it is all there.
async fn check(lone: &Lone, stored: &Stored, accepted: bool, what: &str) {
    let reader = User::new(lone.entrance(), 0, stored.reader.clone());
    if accepted && reader.get("/api/auth/me").await.status == StatusCode::UNAUTHORIZED {
        // The damage was in what is known of the reader, and was accepted.
        return;
    }
    let listed = reader.get("/api/rooms").await.expect(StatusCode::OK);
    let listed: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|room| room["id"].as_str()).collect();
    for (room, texts) in &stored.rooms {
        if !listed.contains(&room.as_str()) {
            assert!(accepted, "{what}: a room is missing without a word");
            continue;
        }
        let (served, whole) = served(&reader, room).await;
        for (seq, text) in &served {
            assert_eq!(Some(text), texts.get(seq - 1), "{what}: message {seq} of {room}");
        }
        assert!(
            accepted || !whole || served.len() == texts.len(),
            "{what}: {} of {} messages",
            served.len(),
            texts.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_and_a_file_that_is_gone_are_found_and_never_served_as_whole() {
    let mut chance = Chance::new("damage");
    let both = [stored(true).await, stored(false).await];
    for _ in 0..times(8, 100) {
        let stored = chance.one_of(&both);
        let place = PoloDbPlace::copy_of(stored.data.path());
        let what = harm(place.path(), &mut chance);
        let lone = Lone::to_start_on(place.path().to_owned(), &[]);
        let Err(ended) = lone.try_run(&[]) else {
            check(&lone, stored, false, &what).await;
            lone.is_unharmed();
            println!("{what}: served, all that is there");
            continue;
        };
        assert!(ended.code.is_some_and(|code| code != 0), "{what}: {ended:?}");
        assert!(!ended.err.contains("panic"), "{what}: {ended:?}");
        let told: Vec<&str> = ended.err.lines().filter(|line| line.starts_with("tincan:")).collect();
        assert_eq!(told.len(), 1, "{what}: {}", ended.err);
        println!("{what}: {}", told[0]);
        match lone.try_run(&["--accept-damage"]) {
            Ok(()) => {
                check(&lone, stored, true, &what).await;
                lone.is_unharmed();
            }
            Err(ended) => assert!(ended.code.is_some_and(|code| code != 0), "{what}: {ended:?}"),
        }
    }
}
