//! Invitations: made, followed, used to sign up, taken back. No use is lost, and none is given twice.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::model::Invite;

use super::{at_every_call, done, private, stored, user_id};
use crate::first_account::sign_up;
use crate::support::app::{App, PASSWORD, Reply, User};

fn code(invite: &Value) -> String {
    invite["code"].as_str().expect("a code").to_owned()
}

async fn follow(user: &User<'_>, code: &str) -> Reply {
    user.send(Method::POST, &format!("/api/invites/code/{code}"), None).await
}

/// The invitation, once nothing is pending in it.
async fn settled(app: &App, code: &str) -> Invite {
    loop {
        let invite = app.store().invite_by_code(code).await.unwrap().expect("it is kept");
        if invite.pending.is_empty() {
            return invite;
        }
        tokio::task::yield_now().await;
    }
}

/// The id of an account of this name.
async fn account(app: &App, name: &str) -> tincan::model::UserId {
    app.store().user_by_name(name).await.unwrap().expect("the account is there").id
}

#[tokio::test]
async fn who_follows_an_invitation_comes_in_by_one_use() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[]).await;
        let made = ann.post("/api/invites", json!({"roomId": room, "uses": 2})).await.expect(StatusCode::CREATED);
        let code = code(&made);
        let (bob, cid) = (app.user(&fault.word).await, app.user(&format!("{}c", fault.word)).await);
        let dan = app.user(&format!("{}d", fault.word)).await;
        let followed = fault.during(async || follow(&bob, &code).await).await;
        assert_eq!(followed.expect(StatusCode::OK)["room"]["id"], json!(room));
        assert_eq!(settled(&app, &code).await.used, 1);
        follow(&cid, &code).await.expect(StatusCode::OK);
        follow(&dan, &code).await.refused(StatusCode::NOT_FOUND, "invite_not_found");
        assert_eq!(settled(&app, &code).await.used, 2);
        let room = stored(&app, &room).await.unwrap();
        assert_eq!(*room.participants, [user_id(&ann), user_id(&bob), user_id(&cid)]);
    })
    .await;
}

#[tokio::test]
async fn who_signs_up_by_the_last_use_gets_an_account_in_the_room() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[]).await;
        let made = ann.post("/api/invites", json!({"roomId": room, "uses": 1})).await.expect(StatusCode::CREATED);
        let code = code(&made);
        let signed_up = fault.during(async || sign_up(&app, &fault.word, Some(&code)).await).await;
        // By the invitation nobody comes any more, whether this one was told so or has an account without knowing.
        done(&signed_up, if fault.has_come.get() { "invite_required" } else { "" });
        let login = json!({"username": fault.word, "password": PASSWORD});
        let login = app.request(Method::POST, "/api/auth/login").json(&login).send().await.unwrap();
        Reply::of(login).await.expect(StatusCode::OK);
        let invite = settled(&app, &code).await;
        assert_eq!(invite.used, 1);
        let bob = account(&app, &fault.word).await;
        assert_eq!(*stored(&app, &room).await.unwrap().participants, [user_id(&ann), bob]);
        sign_up(&app, "another", Some(&code)).await.refused(StatusCode::FORBIDDEN, "invite_required");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_that_is_made_is_good_and_one_taken_back_is_not() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    let look = async |code: &str| {
        let path = format!("/api/invites/code/{code}");
        Reply::of(app.request(Method::GET, &path).send().await.expect("an answer")).await
    };
    at_every_call(&store, async |fault| {
        let made = fault.during(async || ann.post("/api/invites", json!({"uses": 1})).await).await;
        look(&code(&made.expect(StatusCode::CREATED))).await.expect(StatusCode::OK);
    })
    .await;
    at_every_call(&store, async |fault| {
        let made = ann.post("/api/invites", json!({})).await.expect(StatusCode::CREATED);
        let path = format!("/api/invites/{}", made["id"].as_str().unwrap());
        let taken = fault.during(async || ann.delete(&path).await).await;
        done(&taken, "invite_not_found");
        look(&code(&made)).await.refused(StatusCode::NOT_FOUND, "invite_not_found");
    })
    .await;
}
