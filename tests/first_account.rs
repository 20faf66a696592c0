//! Who looks after a server: the first account, by each way to sign up.

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::config::Signup;

use crate::support::app::{App, PASSWORD, Reply};

pub(crate) fn person(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD})
}

pub(crate) async fn sign_up(app: &App, name: &str, invite: Option<&str>) -> Reply {
    let mut body = person(name);
    body["invite"] = json!(invite);
    Reply::of(app.request(Method::POST, "/api/auth/signup").json(&body).send().await.expect("an answer")).await
}

async fn config(app: &App) -> Value {
    Reply::of(app.request(Method::GET, "/api/config").send().await.unwrap()).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn whoever_signs_up_first_looks_after_an_open_server() {
    let app = App::start().await;
    assert_eq!(config(&app).await["first"], true);
    let ann = sign_up(&app, "ann", None).await.expect(StatusCode::CREATED);
    assert_eq!(ann["user"]["role"], "admin");
    assert_eq!(config(&app).await["first"], false);
    let bob = sign_up(&app, "bob", None).await.expect(StatusCode::CREATED);
    assert_eq!(bob["user"]["role"], "member");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let known = |who: &Value| app.known((text(&who["user"]["id"]), "x".to_owned(), text(&who["token"])));
    assert_eq!(known(&ann).get("/api/auth/me").await.expect(StatusCode::OK)["user"]["role"], "admin");
    let session = known(&bob).socket().await;
    assert_eq!(session.session["role"], "member");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_sign_up_at_once_on_an_empty_server_one_looks_after_it() {
    let app = App::with(|config| config.rate_limit = false).await;
    let names: Vec<String> = (0..50).map(|number| format!("person{number}")).collect();
    let answers = join_all(names.iter().map(|name| sign_up(&app, name, None))).await;
    let roles: Vec<Value> =
        answers.into_iter().map(|answer| answer.expect(StatusCode::CREATED)["user"]["role"].clone()).collect();
    assert_eq!(roles.iter().filter(|role| **role == json!("admin")).count(), 1, "{roles:?}");
    assert_eq!(roles.iter().filter(|role| **role == json!("member")).count(), 49, "{roles:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_invitations_the_first_account_is_whoevers_has_the_first_of_them() {
    let app = App::with(|config| {
        config.signup = Signup::Invite;
        config.rate_limit = false;
    })
    .await;
    let about = config(&app).await;
    assert_eq!((&about["signup"], &about["first"]), (&json!("invite"), &json!(true)));
    sign_up(&app, "ann", None).await.refused(StatusCode::FORBIDDEN, "invite_required");
    sign_up(&app, "ann", Some("nonsense")).await.refused(StatusCode::FORBIDDEN, "invite_required");
    let code = app.first_code().await;
    assert_eq!(app.first_code().await, code, "another start shows the same one");
    let path = format!("/api/invites/code/{code}");
    let look = async || Reply::of(app.request(Method::GET, &path).send().await.unwrap()).await;
    let shown = look().await.expect(StatusCode::OK);
    assert_eq!((&shown["by"], shown.get("room")), (&Value::Null, None));
    let names: Vec<String> = (0..20).map(|number| format!("person{number}")).collect();
    let answers = join_all(names.iter().map(|name| sign_up(&app, name, Some(&code)))).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == StatusCode::CREATED);
    assert_eq!((made.len(), made[0].body["user"]["role"].clone()), (1, json!("admin")));
    assert!(refused.iter().all(|answer| answer.body["code"] == "invite_required"), "{refused:?}");
    look().await.refused(StatusCode::NOT_FOUND, "invite_not_found");
}

#[tokio::test]
async fn a_closed_server_takes_nobody_and_nobody_can_be_called_all() {
    let app = App::with(|config| config.signup = Signup::Closed).await;
    sign_up(&app, "ann", None).await.refused(StatusCode::FORBIDDEN, "signup_closed");
    assert_eq!(config(&app).await["signup"], "closed");
    let open = App::start().await;
    for name in ["all", "All", "ALL", " aLl "] {
        let refused = sign_up(&open, name, None).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(refused["errors"][0]["path"], "username", "{name}");
    }
    sign_up(&open, "all-in", None).await.expect(StatusCode::CREATED);
}
