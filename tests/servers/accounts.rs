//! Accounts and rooms that are changed at one server, for those who are connected to others.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{at_each, in_room};
use crate::support::app::PASSWORD;
use crate::support::cluster::{Cluster, Deployment};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_new_password_ends_what_the_old_one_opened_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let sockets = at_each(&cluster, [&ann, &ann, &ann]).await;
    let [other] = at_each(&cluster, [&bob]).await;
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another horse"});
    let answer = ann.at(0).post("/api/auth/password", change).await.expect(StatusCode::OK);
    for socket in sockets {
        assert_eq!(socket.event("error").await["code"], "unauthorized");
        assert!(socket.ended().await, "by a packet, after which clients do not come back by themselves");
    }
    let renewed = ann.with_token(&answer["token"]);
    for server in 0..cluster.len() {
        ann.at(server).get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
        renewed.at(server).get("/api/auth/me").await.expect(StatusCode::OK);
        renewed.at(server).socket().await;
    }
    assert!(other.answers().await, "nobody else is meant");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_is_removed_is_gone_from_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (bob, ann) = (cluster.user("bob").await, cluster.user("ann").await);
    let room = ann.room("Kitchen").await;
    let [listener, one, other] = in_room(&cluster, &room, [&bob, &ann, &ann]).await;
    let ended = cluster.operator(&["user", "remove", "ann"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for socket in [one, other] {
        assert!(socket.ended().await);
    }
    listener.event("user-left").await;
    for server in 0..cluster.len() {
        ann.at(server).get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_room_that_is_made_renamed_and_deleted_is_so_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let sockets = at_each(&cluster, [&ann, &bob, &cat]).await;
    let room = ann.at(0).room("Kitchen").await;
    for socket in &sockets {
        assert_eq!(socket.event_where("room-created", |told| told["id"] == json!(room)).await["name"], "Kitchen");
        socket.ok("join-room", json!({"roomId": room})).await;
    }
    let path = format!("/api/rooms/{room}");
    ann.at(1).patch(&path, json!({"name": "Cellar"})).await.expect(StatusCode::OK);
    for (server, socket) in sockets.iter().enumerate() {
        socket.event_where("room-updated", |told| told["id"] == json!(room) && told["name"] == "Cellar").await;
        assert_eq!(bob.at(server).get(&path).await.expect(StatusCode::OK)["name"], "Cellar");
        let taken = bob.at(server).post("/api/rooms", json!({"name": "CELLAR"})).await;
        taken.refused(StatusCode::CONFLICT, "room_name_taken");
    }
    ann.at(2).send(Method::DELETE, &path, None).await.expect(StatusCode::NO_CONTENT);
    for (server, socket) in sockets.iter().enumerate() {
        assert_eq!(socket.event("room-deleted").await["roomId"], json!(room));
        socket.refused("send-message", json!({"roomId": room, "content": "late"}), "not_in_room").await;
        socket.refused("join-room", json!({"roomId": room}), "room_not_found").await;
        bob.at(server).get(&path).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn of_many_who_want_one_name_on_different_servers_one_gets_it() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let ann = cluster.user("ann").await;
    let (ann, cluster) = (&ann, &cluster);
    for round in 0..5 {
        let name = format!("room {round}");
        let wanted = (0..9).map(|number| {
            let body = json!({"name": if number % 2 == 0 { name.clone() } else { name.to_uppercase() }});
            async move { ann.at(number % cluster.len()).post("/api/rooms", body).await }
        });
        let answers = futures_util::future::join_all(wanted).await;
        let made = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
        let taken = answers.iter().filter(|answer| answer.body["code"] == "room_name_taken").count();
        assert_eq!((made, taken), (1, 8), "{answers:?}");
    }
}
