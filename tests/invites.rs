//! Invitations over REST: made, looked at, followed, taken back, used up.

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::config::{PublicUrl, Signup};
use tincan::model::{AccountPatch, Role, Timestamp, UserId};

use crate::first_account::sign_up;
use crate::support::app::{App, Reply, User};

async fn invite(user: &User<'_>, body: Value) -> Value {
    user.post("/api/invites", body).await.expect(StatusCode::CREATED)
}

fn code(invite: &Value) -> &str {
    invite["code"].as_str().expect("a code")
}

async fn look(app: &App, code: &str) -> Reply {
    let path = format!("/api/invites/code/{code}");
    Reply::of(app.request(Method::GET, &path).send().await.expect("an answer")).await
}

async fn follow(user: &User<'_>, code: &str) -> Reply {
    user.send(Method::POST, &format!("/api/invites/code/{code}"), None).await
}

async fn set(app: &App, user: &User<'_>, patch: AccountPatch) {
    let id = UserId::parse(&user.id).unwrap();
    app.store().patch_account(id, patch, Timestamp::now()).await.unwrap().unwrap();
}

/// A room that its maker has joined.
async fn joined_room(user: &User<'_>, name: &str) -> String {
    let room = user.room(name).await;
    user.socket_in(&room).await;
    room
}

#[tokio::test]
async fn an_invitation_says_who_invites_and_leads_a_new_user_into_its_room() {
    let app = App::with(|config| config.signup = Signup::Invite).await;
    let code_of_first = app.first_code().await;
    let first = sign_up(&app, "ann", Some(&code_of_first)).await.expect(StatusCode::CREATED);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let ann = app.known((text(&first["user"]["id"]), "ann".to_owned(), text(&first["token"])));
    let room = joined_room(&ann, "Kitchen").await;
    let made = invite(&ann, json!({"roomId": room, "uses": 2, "expiresIn": "90m"})).await;
    assert_eq!(made["_id"], made["id"]);
    assert_eq!(made["createdBy"], json!({"_id": ann.id, "id": ann.id, "username": "ann"}));
    assert_eq!(made["room"], json!({"_id": room, "id": room, "name": "Kitchen"}));
    assert_eq!((&made["uses"], &made["used"]), (&json!(2), &json!(0)));
    let url = made["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with(&format!("/#/invite/{}", code(&made))), "{url}");
    let shown = look(&app, code(&made)).await.expect(StatusCode::OK);
    let by = json!({"_id": ann.id, "id": ann.id, "username": "ann"});
    assert_eq!(shown, json!({"by": by, "room": {"name": "Kitchen"}, "expiresAt": made["expiresAt"]}));

    let bob = sign_up(&app, "bob", Some(&code(&made).to_uppercase())).await.expect(StatusCode::CREATED);
    assert_eq!(bob["user"]["role"], "member");
    let bob = app.known((text(&bob["user"]["id"]), "bob".to_owned(), text(&bob["token"])));
    let seen = bob.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    assert_eq!((&seen["joined"], &seen["participantCount"]), (&json!(true), &json!(2)));
    let listed = ann.get("/api/invites").await.expect(StatusCode::OK);
    assert_eq!((listed[0]["used"].clone(), listed.as_array().unwrap().len()), (json!(1), 1));
    // Who is in the room uses nothing up.
    assert_eq!(follow(&bob, code(&made)).await.expect(StatusCode::OK)["room"]["id"], json!(room));
    sign_up(&app, "ann", Some(code(&made))).await.refused(StatusCode::CONFLICT, "username_taken");
    sign_up(&app, "cid", Some(code(&made))).await.expect(StatusCode::CREATED);
    look(&app, code(&made)).await.refused(StatusCode::NOT_FOUND, "invite_not_found");
    assert_eq!(ann.get("/api/invites").await.expect(StatusCode::OK), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_use_left_and_fifty_who_come_one_gets_in() {
    let app = App::with(|config| config.rate_limit = false).await;
    let ann = app.user("ann").await;
    let room = joined_room(&ann, "Kitchen").await;
    let made = invite(&ann, json!({"roomId": room, "uses": 1})).await;
    let code = code(&made);
    let names: Vec<String> = (0..25).map(|number| format!("new{number}")).collect();
    let signups = join_all(names.iter().map(|name| sign_up(&app, name, Some(code))));
    let known = join_all((0..25).map(|number| {
        let app = &app;
        async move { app.user(&format!("known{number}")).await }
    }))
    .await;
    let follows = join_all(known.iter().map(|user| follow(user, code)));
    let (signups, follows) = tokio::join!(signups, follows);
    let made = signups.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    let followed = follows.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(made + followed, 1, "{signups:?} {follows:?}");
    let refused =
        |answer: &&Reply| ["invite_required", "invite_not_found"].contains(&answer.body["code"].as_str().unwrap_or(""));
    assert_eq!(signups.iter().chain(&follows).filter(refused).count(), 49);
    let seen = ann.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    assert_eq!(seen["participantCount"], 2);
}

#[tokio::test]
async fn a_name_that_is_taken_costs_no_use() {
    let app = App::start().await;
    let (ann, _bob) = (app.user("ann").await, app.user("bob").await);
    let made = invite(&ann, json!({"uses": 1})).await;
    sign_up(&app, "BOB", Some(code(&made))).await.refused(StatusCode::CONFLICT, "username_taken");
    assert_eq!(ann.get("/api/invites").await.expect(StatusCode::OK)[0]["used"], 0);
    sign_up(&app, "cid", Some(code(&made))).await.expect(StatusCode::CREATED);
    sign_up(&app, "dan", Some(code(&made))).await.refused(StatusCode::FORBIDDEN, "invite_required");
}

#[tokio::test]
async fn an_invitation_rests_while_its_maker_is_disabled_or_out_of_its_room() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let socket = bob.socket_in(&room).await;
    let into_room = invite(&bob, json!({"roomId": room})).await;
    let plain = invite(&bob, json!({})).await;
    let good = async |invite: &Value| look(&app, code(invite)).await.status == StatusCode::OK;
    assert!(good(&into_room).await && good(&plain).await);
    socket.ok("leave-room", json!({"roomId": room})).await;
    assert!(!good(&into_room).await && good(&plain).await);
    follow(&ann, code(&into_room)).await.refused(StatusCode::NOT_FOUND, "invite_not_found");
    socket.ok("join-room", json!({"roomId": room})).await;
    assert!(good(&into_room).await, "its maker has come back");
    set(&app, &bob, AccountPatch { role: None, disabled: Some(true) }).await;
    assert!(!good(&into_room).await && !good(&plain).await);
    assert_eq!(ann.get("/api/invites").await.expect(StatusCode::OK), json!([]));
    set(&app, &bob, AccountPatch { role: None, disabled: Some(false) }).await;
    assert!(good(&into_room).await && good(&plain).await);
    ann.delete(&format!("/api/rooms/{room}")).await.expect(StatusCode::NO_CONTENT);
    assert!(!good(&into_room).await && good(&plain).await);
    assert!(app.store().remove_user(UserId::parse(&bob.id).unwrap()).await.unwrap());
    assert!(!good(&plain).await);
}

#[tokio::test]
async fn where_sign_up_is_closed_an_administrators_invitation_alone_opens_it() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = joined_room(&bob, "Kitchen").await;
    let (ann, bob) = (ann.part(), bob.part());
    let app = app.restart(|config| config.signup = Signup::Closed).await;
    let (ann, bob) = (app.known(ann), app.known(bob));
    bob.post("/api/invites", json!({})).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    let of_bob = invite(&bob, json!({"roomId": room})).await;
    let of_ann = invite(&ann, json!({})).await;
    sign_up(&app, "cid", None).await.refused(StatusCode::FORBIDDEN, "signup_closed");
    sign_up(&app, "cid", Some("nonsense")).await.refused(StatusCode::FORBIDDEN, "invite_required");
    sign_up(&app, "cid", Some(code(&of_bob))).await.refused(StatusCode::FORBIDDEN, "signup_closed");
    sign_up(&app, "cid", Some(code(&of_ann))).await.expect(StatusCode::CREATED);
    // What its maker is counts when it is used.
    set(&app, &bob, AccountPatch { role: Some(Role::Administrator), disabled: None }).await;
    sign_up(&app, "dan", Some(code(&of_bob))).await.expect(StatusCode::CREATED);
    // Who has an account may follow any.
    follow(&ann, code(&of_bob)).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn who_may_make_and_take_back_an_invitation() {
    let app = App::start().await;
    let (ann, bob, cid) = (app.user("ann").await, app.user("bob").await, app.user("cid").await);
    let room = joined_room(&cid, "Kitchen").await;
    let other = json!({"roomId": "65a1b2c3d4e5f60718293a4b"});
    bob.post("/api/invites", other).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    bob.post("/api/invites", json!({"roomId": "x"})).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    bob.post("/api/invites", json!({"roomId": room})).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    let closed = cid.post("/api/rooms", json!({"name": "Secret", "kind": "private"})).await.expect(StatusCode::CREATED);
    let into_closed = json!({"roomId": closed["id"]});
    for stranger in [&ann, &bob] {
        stranger.post("/api/invites", into_closed.clone()).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    }
    let secret = invite(&cid, into_closed).await;
    let direct = cid.post("/api/direct", json!({"userId": bob.id})).await.expect(StatusCode::CREATED);
    let into_direct = json!({"roomId": direct["id"]});
    cid.post("/api/invites", into_direct).await.refused(StatusCode::FORBIDDEN, "not_allowed");

    let listed = ann.get("/api/invites").await.expect(StatusCode::OK);
    assert_eq!((&listed[0]["id"], listed[0].get("room")), (&secret["id"], None), "not even an administrator sees it");
    assert_eq!(bob.get("/api/invites").await.expect(StatusCode::OK), json!([]));
    let path = format!("/api/invites/{}", secret["id"].as_str().unwrap());
    bob.delete(&path).await.refused(StatusCode::NOT_FOUND, "invite_not_found");
    bob.delete("/api/invites/nonsense").await.refused(StatusCode::NOT_FOUND, "invite_not_found");
    let told = bob.socket().await;
    follow(&bob, code(&secret)).await.expect(StatusCode::OK);
    assert_eq!(told.event("room-created").await["id"], closed["id"]);
    bob.get(&format!("/api/rooms/{}", closed["id"].as_str().unwrap())).await.expect(StatusCode::OK);
    ann.delete(&path).await.expect(StatusCode::NO_CONTENT);
    follow(&ann, code(&secret)).await.refused(StatusCode::NOT_FOUND, "invite_not_found");
}

#[tokio::test]
async fn wishes_out_of_bounds_are_refused_with_their_field_and_links_begin_with_the_public_url() {
    let app = App::with(|config| config.public_urls = vec![PublicUrl::parse("https://chat.example/t").unwrap()]).await;
    let ann = app.user("ann").await;
    for (body, field) in [
        (json!({"uses": 0}), "uses"),
        (json!({"uses": 1001}), "uses"),
        (json!({"uses": -1}), "uses"),
        (json!({"uses": "2"}), "uses"),
        (json!({"uses": {"$gt": 0}}), "uses"),
        (json!({"expiresIn": "59s"}), "expiresIn"),
        (json!({"expiresIn": "91d"}), "expiresIn"),
        (json!({"expiresIn": 7}), "expiresIn"),
        (json!({"expiresIn": ""}), "expiresIn"),
        (json!({"roomId": 7}), "roomId"),
    ] {
        let refused =
            ann.post("/api/invites", body.clone()).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(
            (refused["errors"][0]["path"].as_str(), refused["errors"].as_array().unwrap().len()),
            (Some(field), 1),
            "{body}"
        );
    }
    let made = invite(&ann, json!({"uses": null, "expiresIn": null, "roomId": null})).await;
    assert_eq!(made["uses"], 25);
    assert_eq!(made["url"], json!(format!("https://chat.example/t/#/invite/{}", code(&made))));
}

#[tokio::test]
async fn an_address_that_tries_codes_is_held_up_with_a_good_one_too() {
    let app = App::with(|config| config.rate_limit = true).await;
    let ann = app.user("ann").await;
    let made = invite(&ann, json!({})).await;
    for _ in 0..20 {
        look(&app, "nonsense").await.refused(StatusCode::NOT_FOUND, "invite_not_found");
    }
    let limited = look(&app, code(&made)).await;
    assert!(limited.headers.contains_key("retry-after"));
    limited.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    follow(&ann, code(&made)).await.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    let reset = json!({"code": "nonsense", "newPassword": "another horse"});
    let reset = app.request(Method::POST, "/api/auth/reset").json(&reset).send().await.unwrap();
    Reply::of(reset).await.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
}

#[tokio::test]
async fn looking_needs_no_token_and_all_else_does() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let made = invite(&ann, json!({})).await;
    let path = format!("/api/invites/code/{}", code(&made));
    let without = async |method: Method, path: &str| Reply::of(app.request(method, path).send().await.unwrap()).await;
    without(Method::GET, &path).await.expect(StatusCode::OK);
    without(Method::GET, &format!("/API/Invites/CODE/{}/", code(&made))).await.expect(StatusCode::OK);
    without(Method::POST, &path).await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    for path in ["/api/invites", "/api/invites/code", "/api/invites/code/a/b", "/api/invites/x"] {
        without(Method::GET, path).await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    for odd in ["%00", "%ff", "a%2fb", &"x".repeat(3000), "$where", "{}", "..%2f..%2f"] {
        let answer = look(&app, odd).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{odd}: {answer:?}");
    }
    assert_eq!(follow(&ann, code(&made)).await.expect(StatusCode::OK), json!({}), "it leads nowhere");
}
