//! Administrators, disabled accounts and invitations, where several servers are one.

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{at_each, until};
use crate::first_account::person;
use crate::support::app::{PASSWORD, Reply, User};
use crate::support::cluster::{Cluster, Deployment};

async fn sign_up(cluster: &Cluster<'_>, server: usize, name: &str, invite: Option<&str>) -> Reply {
    let mut body = person(name);
    body["invite"] = json!(invite);
    let request = cluster.entrance.request(server, Method::POST, "/api/auth/signup").json(&body);
    Reply::of(request.send().await.expect("an answer")).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn of_many_who_sign_up_at_once_on_different_servers_one_looks_after_them() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let names: Vec<String> = (0..30).map(|number| format!("person{number}")).collect();
    let all = names.iter().enumerate().map(|(number, name)| sign_up(&cluster, number % 3, name, None));
    let answers = join_all(all).await;
    let administrators =
        answers.into_iter().filter(|answer| answer.body["user"]["role"] == json!("admin")).map(|answer| answer.status);
    assert_eq!(administrators.collect::<Vec<_>>(), [StatusCode::CREATED]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_is_disabled_is_out_at_once_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let [one, two, three] = at_each(&cluster, [&bob, &bob, &bob]).await;
    let [other] = at_each(&cluster, [&ann]).await;
    let path = format!("/api/admin/users/{}", bob.id);
    ann.at(0).patch(&path, json!({"disabled": true})).await.expect(StatusCode::OK);
    for socket in [one, two, three] {
        assert_eq!(socket.event("error").await["code"], "account_disabled");
        assert!(socket.ended().await, "by a packet, after which clients do not come back by themselves");
    }
    for server in 0..cluster.len() {
        bob.at(server).get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    assert!(other.answers().await, "nobody else is meant");
    // By a command beside the servers they find out by looking.
    ann.at(1).patch(&path, json!({"disabled": false})).await.expect(StatusCode::OK);
    let login = json!({"username": "bob", "password": PASSWORD});
    let again = cluster.entrance.request(2, Method::POST, "/api/auth/login").json(&login).send().await.unwrap();
    let bob = bob.with_token(&Reply::of(again).await.expect(StatusCode::OK)["token"]);
    let socket = bob.at(1).socket().await;
    assert_eq!(cluster.operator(&["user", "disable", "bob"]).await.code, Some(0));
    assert_eq!(socket.event("error").await["code"], "account_disabled");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn nobody_is_called_by_the_name_of_one_whom_a_command_has_removed() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let two = ann.post("/api/direct", json!({"userId": bob.id})).await.expect(StatusCode::CREATED);
    let path = format!("/api/rooms/{}", two["id"].as_str().unwrap());
    let is_called = |name: &'static str| move |room: &Value| room["name"] == json!(name);
    for server in 0..cluster.len() {
        until("bob's name", &ann.at(server), &path, is_called("bob")).await;
    }
    assert_eq!(cluster.operator(&["user", "remove", "bob"]).await.code, Some(0));
    for server in 0..cluster.len() {
        until("that bob is no more", &ann.at(server), &path, is_called("[removed]")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn of_administrators_who_demote_each_other_on_two_servers_one_stays() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let role = async |by: &User<'_>, of: &User<'_>, role: &str| {
        by.patch(&format!("/api/admin/users/{}", of.id), json!({"role": role})).await
    };
    let is_admin =
        async |user: &User<'_>| user.get("/api/auth/me").await.expect(StatusCode::OK)["user"]["role"] == "admin";
    let (mut one, mut other) = (&ann, &bob);
    for _ in 0..6 {
        role(one, other, "admin").await.expect(StatusCode::OK);
        let (first, second) = (one.at(0), other.at(1));
        let (a, b) = tokio::join!(role(&first, other, "member"), role(&second, one, "member"));
        for answer in [a, b] {
            let good = [StatusCode::OK, StatusCode::CONFLICT, StatusCode::FORBIDDEN].contains(&answer.status);
            assert!(good, "{answer:?}");
        }
        if !is_admin(one).await {
            std::mem::swap(&mut one, &mut other);
        }
        assert!(is_admin(one).await, "nobody looks after the servers");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn with_one_use_left_and_many_who_come_on_different_servers_one_gets_in() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let ann = cluster.user("ann").await;
    let made = ann.post("/api/invites", json!({"uses": 1})).await.expect(StatusCode::CREATED);
    let code = made["code"].as_str().unwrap();
    let names: Vec<String> = (0..30).map(|number| format!("new{number}")).collect();
    let all = names.iter().enumerate().map(|(number, name)| sign_up(&cluster, number % 3, name, Some(code)));
    let made = join_all(all).await.into_iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(made, 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn the_overview_has_every_server_with_its_sockets() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let ann = cluster.user("ann").await;
    let _sockets = at_each(&cluster, [&ann, &ann]).await;
    for server in 0..cluster.len() {
        let sockets = |seen: &Value| {
            let servers = seen["servers"].as_array().expect("a list").iter();
            let mut sockets: Vec<u64> = servers.map(|server| server["sockets"].as_u64().unwrap()).collect();
            sockets.sort_unstable();
            sockets == [0, 1, 1]
        };
        until("all servers", &ann.at(server), "/api/admin/overview", sockets).await;
    }
}
