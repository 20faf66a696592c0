//! The settings of a server or a store in a test, and in a benchmark.

use std::path::Path;
use std::time::Duration;

use tincan::config::{Client, Config, Secret, Settings, Turn};

/// On this machine, at a port that the system chooses; everything open, nothing limited, hashing quick, no web client;
/// the rest as it is where nobody sets anything.
pub(crate) fn settings(data: &Path) -> Config {
    Config {
        host: [127, 0, 0, 1].into(),
        port: 0,
        data_dir: data.to_owned(),
        jwt_secret: Secret::new("a secret of tests that is long enough".to_owned()),
        token_ttl: Duration::from_secs(3600),
        allowed_origins: Vec::new(),
        rate_limit: false,
        ice_servers: Vec::new(),
        turn: Turn::Off,
        turn_port: 0,
        client: Client::Off,
        bcrypt_cost: 4,
        log: "warn".to_owned(),
        ..Settings::defaults().without_secret()
    }
}
