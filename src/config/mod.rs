//! Settings: flags, environment and `.env` become one typed, validated [`Config`]. The only place that reads the environment.

mod dotenv;
mod flags;
mod ice;
mod parse;
mod public_url;
mod resolver;
mod secret;
mod settings;
mod source;

pub use flags::Flags;
pub use ice::IceServer;
pub use public_url::PublicUrl;
pub use secret::Secret;
pub use settings::{Ready, SettingError, Settings, Shown};

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Everything that can be set, resolved and validated. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 lets the system choose.
    pub port: u16,
    /// The embedded store and generated secrets.
    pub data_dir: PathBuf,
    /// A MongoDB instead of the embedded store.
    pub mongo_url: Option<Secret>,
    /// Signs the tokens.
    pub jwt_secret: Secret,
    /// How long a token lives.
    pub token_ttl: Duration,
    /// Where people reach the server; all are origins of its own.
    pub public_urls: Vec<PublicUrl>,
    /// Origins allowed besides the server's own, as a browser writes them (`https://chat.example.com`), without a trailing slash.
    pub allowed_origins: Vec<String>,
    /// Anybody may sign up.
    pub signup_open: bool,
    /// The limits of the protocol hold.
    pub rate_limit: bool,
    /// How long a call rings.
    pub ring_timeout: Duration,
    /// How long one who dropped out of a call may take to come back.
    pub call_grace: Duration,
    /// For `RTCPeerConnection`.
    pub ice_servers: Vec<IceServer>,
    /// Prometheus figures.
    pub metrics: Metrics,
    /// The web client.
    pub client: Client,
    /// Whose `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// bcrypt's cost, 4–31.
    pub bcrypt_cost: u32,
    /// A filter in `tracing`'s form.
    pub log: String,
    /// `NODE_ENV=production`.
    pub production: bool,
    /// Start on a store that is known to be damaged.
    pub accept_damage: bool,
}

/// Where Prometheus figures are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// Nowhere.
    Off,
    /// At `/metrics`.
    On,
    /// At `/metrics` of an address of their own.
    At(SocketAddr),
}

/// Which web client is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Client {
    /// The one in the executable.
    BuiltIn,
    /// Files of this directory.
    Directory(PathBuf),
    /// None; `GET /` is 404.
    Off,
}

/// What the system says of an error, without the number that it adds for programmers.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
