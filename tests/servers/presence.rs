//! Who is where, for those who are on other servers.

use serde_json::{Value, json};

use super::{at_each, connected, in_room, present};
use crate::support::cluster::{Cluster, Deployment};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_comes_and_goes_is_told_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let room = ann.room("Kitchen").await;
    let [one, other] = in_room(&cluster, &room, [&ann, &bob]).await;
    let comer = cat.at(2).socket_in(&room).await;
    let came = json!({"roomId": room, "userId": cat.id, "username": "cat", "socketId": comer.id});
    let there = |told: &Value, online: bool, sockets: Value| {
        let all = told["participants"].as_array().expect("a list");
        let found = all.iter().find(|one| one["userId"] == json!(cat.id));
        found == Some(&json!({"userId": cat.id, "username": "cat", "online": online, "socketIds": sockets}))
    };
    for socket in [&one, &other] {
        assert_eq!(socket.event("user-joined").await, came);
        socket.event_where("room-participants", |told| there(told, true, json!([comer.id]))).await;
    }
    let gone = |reason: &str| {
        let mut told = came.clone();
        told["reason"] = json!(reason);
        told
    };
    let expected = gone("disconnected");
    comer.drop_line();
    for socket in [&one, &other] {
        assert_eq!(socket.event("user-left").await, expected);
        socket.event_where("room-participants", |told| there(told, false, json!([]))).await;
    }
    let comer = cat.at(2).socket_in(&room).await;
    for socket in [&one, &other] {
        assert_eq!(socket.event("user-joined").await["socketId"], json!(comer.id));
    }
    comer.ok("leave-room", json!({"roomId": room})).await;
    for socket in [&one, &other] {
        let told = socket.event("user-left").await;
        assert_eq!((&told["socketId"], &told["reason"]), (&json!(comer.id), &json!("left")));
        let left = |told: &Value| !told["participants"].to_string().contains(&cat.id);
        socket.event_where("room-participants", left).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_joins_sees_who_is_there_on_all_servers() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let room = ann.room("Kitchen").await;
    let [one, other] = in_room(&cluster, &room, [&ann, &bob]).await;
    let third = cat.at(2).socket().await;
    let joined = third.ok("join-room", json!({"roomId": room})).await;
    let at = |name: &str| {
        let all = joined["participants"].as_array().expect("a list");
        all.iter().find(|one| one["username"] == json!(name)).map(|one| one["socketIds"].clone())
    };
    assert_eq!(at("ann"), Some(json!([one.id])));
    assert_eq!(at("bob"), Some(json!([other.id])));
    assert_eq!(at("cat"), Some(json!([third.id])));
    assert_eq!(joined["room"]["onlineCount"], 3);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_user_with_sockets_on_two_servers_is_one_participant() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let room = ann.room("Kitchen").await;
    let [listener] = in_room(&cluster, &room, [&ann]).await;
    let (first, second) = (bob.at(1).socket_in(&room).await, bob.at(2).socket().await);
    present(&cluster, &ann, &room, 2).await;
    assert_eq!(listener.event("user-joined").await["socketId"], json!(first.id));
    second.ok("join-room", json!({"roomId": room})).await;
    let both = |told: &Value| {
        let mut all = told["participants"].as_array().expect("a list").iter();
        let found = all.find(|one| one["userId"] == json!(bob.id)).map(|one| one["socketIds"].to_string());
        found.is_some_and(|ids| ids.contains(&first.id) && ids.contains(&second.id))
    };
    listener.event_where("room-participants", both).await;
    first.drop_line();
    let alone = |told: &Value| {
        let mut all = told["participants"].as_array().expect("a list").iter();
        all.any(|one| one["userId"] == json!(bob.id) && one["socketIds"] == json!([second.id]))
    };
    listener.event_where("room-participants", alone).await;
    assert_eq!(listener.came("user-left").await, Vec::<Value>::new(), "one is still there");
    assert_eq!(listener.came("user-joined").await, Vec::<Value>::new(), "it came once");
    let last = second.id.clone();
    second.drop_line();
    assert_eq!(listener.event("user-left").await["socketId"], json!(last));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_is_connected_is_online_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    for user in [&ann, &bob] {
        connected(&cluster, user, false).await;
    }
    let [one, other] = at_each(&cluster, [&ann, &bob]).await;
    one.drop_line();
    connected(&cluster, &ann, false).await;
    connected(&cluster, &bob, true).await;
    other.drop_line();
    connected(&cluster, &bob, false).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_server_that_comes_later_knows_who_is_there() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    assert_eq!(cluster.stop(2).code, Some(0));
    let room = ann.room("Kitchen").await;
    let [one, _other] = in_room(&cluster, &room, [&ann, &bob]).await;
    cluster.run(2).await;
    present(&cluster, &ann, &room, 2).await;
    let late = ann.at(2).socket_in(&room).await;
    late.ok("send-message", json!({"roomId": room, "content": "from the one that came later"})).await;
    assert_eq!(one.event("new-message").await["content"], "from the one that came later");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn the_sockets_of_a_server_that_stops_or_is_killed_are_gone_everywhere() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let (ann, bob) = (ann.at(0), bob.at(2));
    let room = ann.room("Kitchen").await;
    for end in [Cluster::kill, |cluster: &Cluster<'_>, server: usize| drop(cluster.stop(server))] {
        let [listener, lost] = in_room(&cluster, &room, [&ann, &bob]).await;
        end(&cluster, 1);
        let told = listener.event("user-left").await;
        assert_eq!((&told["socketId"], &told["reason"]), (&json!(lost.id), &json!("disconnected")));
        present(&cluster, &ann, &room, 1).await;
        connected(&cluster, &bob, false).await;
        drop(listener);
        present(&cluster, &ann, &room, 0).await;
        cluster.run(1).await;
    }
}
