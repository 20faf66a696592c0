//! Tests of the settings as a whole: which source counts, what is told of mistakes, and that no secret is.

use std::ffi::OsString;
use std::fs;
use std::time::Duration;

use super::*;
use crate::config::{Client, Metrics, Signup, Tls, Turn};

/// A working directory with a `.env` file, and an environment.
fn resolve(flags: Flags, environment: &[(&str, &str)], dotenv: &str) -> Result<Settings, SettingError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".env");
    fs::write(&path, dotenv).unwrap();
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::resolve(flags, Sources::new(environment, &path)?)
}

fn shown<'a>(settings: &'a Settings, name: &str) -> (&'a str, &'a str) {
    let shown = settings.shown().iter().find(|shown| shown.name == name).unwrap();
    (&shown.value, &shown.set_by)
}

fn port(text: &str) -> Flags {
    Flags { port: Some(text.to_owned()), ..Flags::default() }
}

#[test]
fn without_anything_set_every_setting_has_the_default_of_the_contract() {
    let settings = Settings::defaults();
    let config = &settings.config;
    assert_eq!(settings.address().to_string(), "[::]:5000");
    assert_eq!(config.data_dir, Path::new("tincan-data"));
    assert!(config.mongo_url.is_none() && config.signup == Signup::Open && config.rate_limit && !config.production);
    assert_eq!(config.token_ttl, Duration::from_secs(7 * 24 * 60 * 60));
    assert_eq!((config.ring_timeout, config.call_grace), (Duration::from_secs(45), Duration::from_secs(15)));
    assert_eq!(config.allowed_origins, ["http://localhost:3000"]);
    assert_eq!((config.metrics, &config.client, config.bcrypt_cost), (Metrics::Off, &Client::BuiltIn, 10));
    assert!(!config.mdns);
    assert_eq!((config.turn, config.turn_port), (Turn::Auto, 3478));
    assert!(config.ice_servers[0].urls[0].starts_with("stun:") && config.trusted_proxies.is_empty());
    assert!(settings.shown().iter().all(|shown| shown.set_by == "default"));
    assert_eq!((settings.shown().len(), &config.tls), (30, &Tls::Auto));
}

#[test]
fn the_public_url_is_kept_shown_and_refused_where_it_is_none() {
    let settings =
        resolve(Flags::default(), &[("PUBLIC_URL", "https://a.example/chat, http://b.example")], "").unwrap();
    let urls = &settings.config.public_urls;
    assert_eq!((urls[0].origin(), urls[0].prefix()), ("https://a.example", "/chat"));
    assert_eq!(urls[1].origin(), "http://b.example");
    assert_eq!(shown(&settings, "public-url").1, "PUBLIC_URL in the environment");
    let error = resolve(Flags::default(), &[], "PUBLIC_URL=a.example").unwrap_err().to_string();
    assert!(
        error.starts_with("PUBLIC_URL in .env line 1: \"a.example\" is no address of this server; write"),
        "{error}"
    );
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let set_by = |flags, environment: &[(&str, &str)], dotenv: &str| {
        let settings = resolve(flags, environment, dotenv).unwrap();
        let (value, set_by) = shown(&settings, "port");
        assert_eq!(value, settings.config.port.to_string());
        format!("{value} {set_by}")
    };
    assert_eq!(set_by(port("1"), &[("PORT", "2")], "PORT=3"), "1 --port");
    assert_eq!(set_by(Flags::default(), &[("PORT", "2")], "PORT=3"), "2 PORT in the environment");
    assert_eq!(set_by(Flags::default(), &[("PORT", "")], "# ports\nPORT=3"), "3 PORT in .env line 2");
    assert_eq!(set_by(Flags::default(), &[("PORT", "")], "PORT="), "5000 default");
}

#[test]
fn of_two_variables_for_one_setting_the_first_of_its_row_counts() {
    let url = |environment: &[(&str, &str)], dotenv: &str| {
        resolve(Flags::default(), environment, dotenv).unwrap().config.mongo_url.unwrap().expose().to_owned()
    };
    let both = [("MONGODB_URI", "mongodb://second"), ("MONGO_URL", "mongodb://first")];
    assert_eq!(url(&both, ""), "mongodb://first");
    assert_eq!(url(&both[..1], "MONGO_URL=mongodb://file"), "mongodb://second");
    assert_eq!(url(&[("MONGO_URL", "")], "MONGODB_URI=mongodb://file"), "mongodb://file");
}

#[test]
fn a_mistake_is_one_line_that_says_where_it_stood() {
    let error = |flags, environment: &[(&str, &str)], dotenv: &str| {
        let text = resolve(flags, environment, dotenv).unwrap_err().to_string();
        assert!(!text.contains('\n'), "{text}");
        text
    };
    assert!(error(port("x"), &[], "").starts_with("--port: \"x\" is no port; write"));
    assert!(error(Flags::default(), &[("PORT", "x")], "").starts_with("PORT in the environment: "));
    assert!(error(Flags::default(), &[], "A=1\nPORT=x").starts_with("PORT in .env line 2: "));
    assert!(error(Flags::default(), &[], "A=1\nPORT 80").contains(".env line 2: PORT is set to nothing"));
    assert!(error(Flags::default(), &[("CLIENT_DIR", "/nowhere")], "").contains("is no directory"));
    assert!(error(Flags::default(), &[("CLIENT", "maybe")], "").contains("neither on nor off"));
    assert!(error(Flags::default(), &[("JWT_SECRET_FILE", "/nowhere")], "").contains("cannot read /nowhere"));
    assert!(error(Flags::default(), &[("MONGO_URL", "localhost")], "").contains("no URL of a MongoDB"));
}

#[test]
fn the_example_secret_is_refused_in_production_and_a_weak_one_warned_of() {
    let example = "your-secret-key-change-this-in-production";
    let with = |secret, mode| resolve(Flags::default(), &[("JWT_SECRET", secret), ("NODE_ENV", mode)], "");
    assert!(with(example, "production").unwrap_err().to_string().contains("everybody knows"));
    assert_eq!(with(example, "development").unwrap().warnings.len(), 1);
    assert!(with("short", "production").unwrap().warnings[0].contains("32 bytes"));
    assert!(with(&"x".repeat(32), "production").unwrap().warnings.is_empty());
}

#[test]
fn the_secret_is_taken_literally_from_wherever_it_is_set() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    fs::write(&file, "of the file\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    let secret = |flags, environment: &[(&str, &str)], dotenv: &str| {
        resolve(flags, environment, dotenv).unwrap().config.jwt_secret.expose().to_owned()
    };
    let flag = Flags { jwt_secret_file: Some(file.clone()), ..Flags::default() };
    assert_eq!(secret(flag, &[("JWT_SECRET", "variable")], ""), "of the file");
    assert_eq!(secret(Flags::default(), &[("JWT_SECRET", "variable"), ("JWT_SECRET_FILE", &file)], ""), "variable");
    assert_eq!(secret(Flags::default(), &[("JWT_SECRET_FILE", &file)], "JWT_SECRET=x"), "of the file");
    assert_eq!(secret(Flags::default(), &[], "JWT_SECRET='a$b#c'"), "a$b#c");
}

#[test]
fn a_secret_that_nobody_chose_is_generated_and_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let ready = || {
        let flags = Flags { data_dir: Some(data_dir.to_str().unwrap().to_owned()), ..Flags::default() };
        resolve(flags, &[], "").unwrap().into_config().unwrap()
    };
    let (first, second) = (ready(), ready());
    assert!(first.secret_set_by.starts_with("generated now") && second.secret_set_by.starts_with("kept in"));
    assert!(first.config.jwt_secret.expose().len() >= 32);
    assert_eq!(first.config.jwt_secret, second.config.jwt_secret);
}

#[test]
fn the_client_is_off_or_a_directory_or_the_built_in_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let client =
        |flags, environment: &[(&str, &str)], dotenv: &str| resolve(flags, environment, dotenv).unwrap().config.client;
    let there = Client::Directory(path.into());
    assert_eq!(client(Flags::default(), &[("CLIENT", "off"), ("CLIENT_DIR", path)], ""), Client::Off);
    assert_eq!(client(Flags::default(), &[("CLIENT", "on"), ("CLIENT_DIR", path)], ""), there);
    assert_eq!(client(Flags::default(), &[("CLIENT_DIR", path)], "CLIENT=off"), there);
    assert_eq!(client(Flags { no_client: true, ..Flags::default() }, &[("CLIENT_DIR", path)], ""), Client::Off);
    let flag = Flags { client_dir: Some(path.to_owned()), ..Flags::default() };
    assert_eq!(client(flag, &[("CLIENT", "off")], ""), there);
}

#[test]
fn https_is_of_the_server_itself_or_of_files_which_are_named_together() {
    let tls = |environment: &[(&str, &str)]| {
        resolve(Flags::default(), environment, "")
            .map(|settings| settings.config.tls)
            .map_err(|error| error.to_string())
    };
    let files = [("TLS", "files"), ("TLS_CERT", "a.pem"), ("TLS_KEY", "b.pem")];
    assert_eq!(tls(&files), Ok(Tls::Files { certificate: "a.pem".into(), key: "b.pem".into() }));
    assert_eq!((tls(&[("TLS", "off")]), tls(&[("TLS", "auto")])), (Ok(Tls::Off), Ok(Tls::Auto)));
    assert!(tls(&[("TLS", "on")]).unwrap_err().contains("none of auto, acme, files and off"));
    assert!(tls(&files[..2]).unwrap_err().contains("needs --tls-key"));
    let acme = [("TLS", "acme"), ("PUBLIC_URL", "https://chat.example.com"), ("ACME_EMAIL", "a@example.com")];
    let Ok(Tls::Acme { directory, email, .. }) = tls(&acme) else { panic!("by an authority") };
    assert_eq!((directory.contains("letsencrypt"), email.as_deref()), (true, Some("a@example.com")));
    assert!(tls(&acme[..1]).unwrap_err().contains("acme needs --public-url"));
    assert!(tls(&[acme[0], acme[1], ("ACME_DIRECTORY", "http://a")]).unwrap_err().contains("no directory"));
    assert!(tls(&files[1..]).unwrap_err().starts_with("TLS_CERT in the environment: is for --tls files alone"));
}

#[test]
fn production_allows_no_origin_of_a_developer() {
    let origins =
        |environment: &[(&str, &str)]| resolve(Flags::default(), environment, "").unwrap().config.allowed_origins;
    assert_eq!(origins(&[("CLIENT_URL", "https://a")]), ["https://a", "http://localhost:3000"]);
    assert_eq!(origins(&[("CLIENT_URL", "https://a"), ("NODE_ENV", "production")]), ["https://a"]);
}

#[test]
fn no_secret_is_shown() {
    let environment = [
        ("JWT_SECRET", "hush-hush-hush-hush-hush-hush-hush-hush"),
        (
            "MONGO_URL",
            "mongodb://ann:hush@home/hush@a.example,b.example/chat?tls=true&tlsCertificateKeyFilePassword=hush",
        ),
        ("TURN_URLS", "turn:turn.example.com"),
        ("TURN_SECRET", "hush"),
        ("ICE_SERVERS", r#"[{"urls":"turn:a","username":"u","credential":"hush"}]"#),
    ];
    let settings = resolve(Flags::default(), &environment, "").unwrap();
    let all = format!("{:?} {settings:?} {:?}", settings.shown(), settings.config);
    assert!(!all.contains("hush"), "{all}");
    assert_eq!(
        shown(&settings, "mongo-url").0,
        "mongodb://***@a.example,b.example/chat?tls=true&tlsCertificateKeyFilePassword=***"
    );
}

#[test]
fn a_password_on_the_command_line_works_and_is_warned_of() {
    let warnings = |url: &str| {
        let flags = Flags { mongo_url: Some(url.to_owned()), ..Flags::default() };
        resolve(flags, &[("JWT_SECRET", &"x".repeat(32))], "").unwrap().warnings
    };
    let [warning] = &warnings("mongodb://ann:hush@db.example/chat")[..] else { panic!("one warning") };
    assert!(warning.contains("MONGO_URL_FILE") && !warning.contains("hush"), "{warning}");
    assert!(warnings("mongodb://db.example/chat").is_empty());
}

#[test]
fn a_relay_elsewhere_stands_in_for_the_own_one_and_needs_its_secret() {
    let urls = [("TURN_URLS", "turn:a.example, turns:b.example:443?transport=tcp"), ("TURN_SECRET", "shared")];
    let config = resolve(Flags::default(), &urls, "").unwrap().config;
    assert_eq!(config.turn_urls, ["turn:a.example", "turns:b.example:443?transport=tcp"]);
    assert_eq!((config.turn, config.turn_secret.unwrap().expose()), (Turn::Off, "shared"));
    let both = Flags { turn: Some("203.0.113.5".to_owned()), ..Flags::default() };
    assert_eq!(resolve(both, &urls, "").unwrap().config.turn, Turn::At([203, 0, 113, 5].into()));
    let error = resolve(Flags::default(), &urls[..1], "").unwrap_err().to_string();
    assert!(error.starts_with("TURN_URLS in the environment: needs the secret"), "{error}");
    let error = resolve(Flags::default(), &[], "TURN=maybe").unwrap_err().to_string();
    assert!(error.starts_with("TURN in .env line 1: \"maybe\" is no address of a relay; write auto"), "{error}");
    let useless = resolve(Flags::default(), &[("TURN_SECRET", "x"), ("JWT_SECRET", &"x".repeat(32))], "").unwrap();
    assert!(useless.warnings()[0].contains("of no use without --turn-url"));
}
