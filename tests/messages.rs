//! Messages over sockets: order, idempotence, catching up, typing.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::App;

#[tokio::test]
async fn a_message_reaches_everyone_in_the_room_and_is_acknowledged_as_stored() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let ack = from.ok("send-message", json!({"roomId": room, "content": "  hello\r\nyou ", "clientId": "c1"})).await;
    let message = &ack["message"];
    assert_eq!(message["content"], "hello\nyou");
    assert_eq!(message["_id"], message["id"]);
    assert_eq!(
        (&message["room"], &message["sender"], &message["senderName"], &message["seq"], &message["clientId"]),
        (&json!(room), &json!(ann.id), &json!("ann"), &json!(1), &json!("c1"))
    );
    assert_eq!(&to.event("new-message").await, message);
    assert_eq!(&from.event("new-message").await, message);
    let history = bob.get(&format!("/api/rooms/{room}/messages")).await.expect(StatusCode::OK);
    assert_eq!(history, json!([message]));
    let listed = bob.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(&listed[0]["lastMessage"], message);
    assert_eq!(listed[0]["lastSeq"], 1);
}

#[tokio::test]
async fn a_burst_sent_right_after_connect_is_handled_in_order_and_none_is_lost() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = crate::support::socket::Socket::open(app.address()).await;
    socket.raw(format!("40{}", json!({"token": ann.token}))).await;
    socket.connected().await;
    socket.emit("join-room", json!({"roomId": room})).await;
    for number in 0..500 {
        socket.emit("send-message", json!({"roomId": room, "content": number.to_string()})).await;
    }
    let socket = socket.greeted().await.expect("a session");
    for number in 0..500_u64 {
        let message = socket.event("new-message").await;
        assert_eq!((&message["content"], &message["seq"]), (&json!(number.to_string()), &json!(number + 1)));
    }
}

#[tokio::test]
async fn a_repeat_with_the_same_client_id_is_answered_with_the_first_and_not_told_again() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let first = from.ok("send-message", json!({"roomId": room, "content": "one", "clientId": "x"})).await;
    let again = from.ok("send-message", json!({"roomId": room, "content": "other", "clientId": "x"})).await;
    assert_eq!(first, again);
    let other = to.ok("send-message", json!({"roomId": room, "content": "bob's", "clientId": "x"})).await;
    assert_eq!(other["message"]["seq"], 2, "another user's id is another one");
    let seen = to.came("new-message").await;
    assert_eq!(seen.iter().map(|message| &message["seq"]).collect::<Vec<_>>(), [&json!(1), &json!(2)]);
}

#[tokio::test]
async fn who_comes_back_with_after_gets_what_was_missed() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let sender = ann.socket_in(&room).await;
    for number in 1..=250 {
        sender.ok("send-message", json!({"roomId": room, "content": format!("message {number}")})).await;
    }
    let back = ann.socket().await;
    let seqs = |ack: &Value| -> Vec<u64> {
        ack["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
    };
    let ack = back.ok("join-room", json!({"roomId": room, "after": 10})).await;
    assert_eq!(seqs(&ack), (11..=210).collect::<Vec<_>>());
    assert_eq!((&ack["more"], &ack["lastSeq"]), (&json!(true), &json!(250)));
    let ack = back.ok("join-room", json!({"roomId": room, "after": 248})).await;
    assert_eq!((seqs(&ack), ack.get("more")), (vec![249, 250], None));
    let ack = back.ok("join-room", json!({"roomId": room, "after": 250})).await;
    assert_eq!((&ack["messages"], ack.get("reset")), (&json!([]), None));
    let ack = back.ok("join-room", json!({"roomId": room, "after": 251})).await;
    assert_eq!((&ack["messages"], &ack["reset"]), (&json!([]), &json!(true)));
    back.refused("join-room", json!({"roomId": room, "after": -1}), "validation_failed").await;
    back.refused("join-room", json!({"roomId": room, "after": "7"}), "validation_failed").await;
}

#[tokio::test]
async fn a_number_that_another_message_has_voids_what_a_client_holds() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let sender = ann.socket_in(&room).await;
    let mut ids = vec![json!("no message has this number")];
    for number in 1..=250 {
        let ack = sender.ok("send-message", json!({"roomId": room, "content": number.to_string()})).await;
        ids.push(ack["message"]["id"].clone());
    }
    let socket = ann.socket().await;
    let join = async |after: Value, after_id: Value| {
        socket.ok("join-room", json!({"roomId": room, "after": after, "afterId": after_id})).await
    };
    let seqs = |ack: &Value| -> Vec<u64> {
        ack["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect()
    };
    for (after, seen) in [(1, 2..=201), (49, 50..=249), (50, 51..=250), (249, 250..=250)] {
        let ack = join(json!(after), ids[after].clone()).await;
        assert_eq!((seqs(&ack), ack.get("reset")), (seen.clone().collect(), None), "{after}");
        assert_eq!(ack.get("more").is_some(), *seen.end() < 250, "{after}");
    }
    let ack = join(json!(250), ids[250].clone()).await;
    assert_eq!((&ack["messages"], ack.get("reset"), ack.get("more")), (&json!([]), None, None));
    let upper = ids[3].as_str().unwrap().to_uppercase();
    for (after, after_id) in [
        (3, ids[4].clone()),
        (1, ids[250].clone()),
        (250, ids[249].clone()),
        (251, ids[250].clone()),
        (u64::MAX, ids[250].clone()),
        (3, json!("no id")),
        (3, json!("")),
        (3, json!(upper)),
        (3, json!(ann.id)),
    ] {
        let ack = join(json!(after), after_id.clone()).await;
        assert_eq!((&ack["messages"], &ack["reset"], ack.get("more")), (&json!([]), &json!(true), None), "{after_id}");
        assert_eq!(ack["lastSeq"], 250);
    }
    // It means nothing without a number, or with none seen; null is none.
    let ack = join(json!(0), json!("no id")).await;
    assert_eq!((seqs(&ack).len(), ack.get("reset")), (200, None));
    let ack = join(json!(null), ids[3].clone()).await;
    assert_eq!((ack.get("messages"), ack.get("reset")), (None, None));
    assert_eq!(seqs(&join(json!(248), json!(null)).await), [249, 250]);
    for wrong in [json!(5), json!({"$ne": null}), json!([ids[3]]), json!(true)] {
        let payload = json!({"roomId": room, "after": 3, "afterId": wrong});
        socket.refused("join-room", payload, "validation_failed").await;
    }
}

#[tokio::test]
async fn a_store_that_was_put_back_and_has_grown_past_what_was_seen_is_told() {
    if crate::support::mongod::stands_in() {
        // The copy is one of the embedded store's directory.
        return;
    }
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let who = ann.clone().part();
    let send = async |app: &App, count: usize| -> Value {
        let socket = app.known(who.clone()).socket_in(&room).await;
        let mut last = Value::Null;
        for number in 0..count {
            last = socket.ok("send-message", json!({"roomId": room, "content": number.to_string()})).await;
        }
        last["message"].clone()
    };
    send(&app, 3).await;
    let data = app.stop().await;
    let backup = tempfile::TempDir::new().unwrap();
    copy(data.path(), backup.path());
    let app = App::on(data).await;
    let seen = send(&app, 3).await;
    assert_eq!(seen["seq"], 6);
    drop(app.stop().await);
    let app = App::on(std::sync::Arc::new(backup)).await;
    let newest = send(&app, 5).await;
    assert_eq!(newest["seq"], 8);
    let back = app.known(who.clone()).socket().await;
    let ack = back.ok("join-room", json!({"roomId": room, "after": 6, "afterId": seen["id"]})).await;
    assert_eq!((&ack["messages"], &ack["reset"]), (&json!([]), &json!(true)));
    let ack = back.ok("join-room", json!({"roomId": room, "after": 8, "afterId": newest["id"]})).await;
    assert_eq!((&ack["messages"], ack.get("reset")), (&json!([]), None));
}

/// Copies what a directory holds into another one.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&place).unwrap();
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[tokio::test]
async fn a_member_who_left_cannot_post() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    socket.ok("leave-room", json!(room)).await;
    socket.refused("send-message", json!({"roomId": room, "content": "x"}), "not_in_room").await;
    socket.refused("typing", json!({"roomId": room, "typing": true}), "not_in_room").await;
    let history = ann.get(&format!("/api/rooms/{room}/messages")).await.expect(StatusCode::OK);
    assert_eq!(history, json!([]));
}

#[tokio::test]
async fn content_that_breaks_the_rules_is_refused_and_nobody_is_told() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    let long = "x".repeat(4001);
    for content in
        [json!(""), json!("  \n "), json!("bell\u{7}"), json!(long), json!(7), json!({"$gt": ""}), json!(null)]
    {
        socket.refused("send-message", json!({"roomId": room, "content": content}), "validation_failed").await;
    }
    for client_id in [json!(""), json!("x".repeat(65)), json!(1)] {
        let payload = json!({"roomId": room, "content": "x", "clientId": client_id});
        socket.refused("send-message", payload, "validation_failed").await;
    }
    assert!(socket.came("new-message").await.is_empty());
    let exact = "é".repeat(4000);
    assert_eq!(socket.ok("send-message", json!({"roomId": room, "content": exact})).await["message"]["content"], exact);
}

#[tokio::test]
async fn typing_reaches_every_other_socket_in_the_room() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, other, to) = (ann.socket_in(&room).await, ann.socket_in(&room).await, bob.socket_in(&room).await);
    from.ok("typing", json!({"roomId": room, "typing": true})).await;
    let expected = json!({"roomId": room, "userId": ann.id, "username": "ann", "typing": true});
    assert_eq!(to.event("typing").await, expected);
    assert_eq!(other.event("typing").await, expected);
    assert!(from.came("typing").await.is_empty());
    from.refused("typing", json!({"roomId": room, "typing": "yes"}), "validation_failed").await;
}

#[tokio::test]
async fn fifty_senders_at_once_see_one_order_without_gaps() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let watcher = ann.socket_in(&room).await;
    let sockets = futures_util::future::join_all((0..50).map(|_| ann.socket_in(&room))).await;
    let sends = sockets.iter().enumerate().map(|(number, socket)| {
        let payload = json!({"roomId": room, "content": format!("from {number}")});
        async move { socket.ok("send-message", payload).await["message"]["seq"].as_u64().unwrap() }
    });
    let mut acked = futures_util::future::join_all(sends).await;
    acked.sort_unstable();
    assert_eq!(acked, (1..=50).collect::<Vec<_>>());
    let seen: Vec<u64> = watcher.came("new-message").await.iter().map(|m| m["seq"].as_u64().unwrap()).collect();
    assert_eq!(seen, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let (room, token) = (ann.room("Kitchen").await, ann.token.clone());
    let socket = ann.socket_in(&room).await;
    let message = socket.ok("send-message", json!({"roomId": room, "content": "kept"})).await["message"].clone();
    drop(ann);
    let app = app.restart(|_| {}).await;
    let reply = app.request(reqwest::Method::GET, &format!("/api/rooms/{room}/messages")).bearer_auth(token);
    let history = crate::support::app::Reply::of(reply.send().await.unwrap()).await.expect(StatusCode::OK);
    assert_eq!(history, json!([message]));
}

#[tokio::test]
async fn who_joins_in_the_middle_of_a_burst_gets_each_message_once_or_twice_and_misses_none() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let sender = ann.socket_in(&room).await;
    let mut numbers = Vec::new();
    for number in 0..150 {
        numbers.push(sender.begin("send-message", json!({"roomId": room, "content": number.to_string()})).await);
    }
    sender.acked(numbers[20]).await;
    let back = bob.socket().await;
    let joined = back.ok("join-room", json!({"roomId": room, "after": 3})).await;
    sender.acked(numbers[149]).await;
    let caught_up = joined["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap());
    let live: Vec<Value> = back.came("new-message").await;
    let live: Vec<u64> = live.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert!(live.is_sorted(), "{live:?}");
    let mut seen: Vec<u64> = caught_up.chain(live).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (4..=150).collect::<Vec<_>>());
}
