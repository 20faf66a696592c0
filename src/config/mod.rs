//! Settings: flags, environment and `.env` become one typed, validated [`Config`]. The only place that reads the
//! environment.

mod dotenv;
mod flags;
mod ice;
mod parse;
mod public_url;
mod resolver;
mod secret;
mod setting;
mod settings;
mod source;
mod tls;
mod turn;

pub use flags::Flags;
pub use ice::IceServer;
pub use public_url::{OWN_PATHS, PublicUrl};
pub use secret::Secret;
pub use setting::{SettingError, Shown};
pub use settings::{Ready, Settings};
pub use turn::Turn;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signup {
    /// Anybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Whoever has an administrator's invitation; else by the operator alone.
    Closed,
}

impl Signup {
    /// As it is set, and as clients are told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

/// How many assignments a `.env` file holds, and how many lines that are none: for the fuzzers, which see only what is
/// public.
#[doc(hidden)]
pub fn lines_of_dotenv(text: &str) -> (usize, usize) {
    let (assignments, unreadable) = dotenv::parse(text);
    (assignments.len(), unreadable.len())
}

/// Everything that can be set, resolved and validated. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on; `::` is all of them, of IPv4 too.
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
    /// Origins allowed besides the server's own, as a browser writes them (`https://chat.example.com`), without a
    /// trailing slash.
    pub allowed_origins: Vec<String>,
    /// Who may sign up.
    pub signup: Signup,
    /// The limits of the protocol hold.
    pub rate_limit: bool,
    /// How long a call rings.
    pub ring_timeout: Duration,
    /// How long one who dropped out of a call may take to come back.
    pub call_grace: Duration,
    /// For `RTCPeerConnection`.
    pub ice_servers: Vec<IceServer>,
    /// The relay of the executable.
    pub turn: Turn,
    /// The port of the relay, UDP and TCP; 0 lets the system choose.
    pub turn_port: u16,
    /// Relays elsewhere, as `RTCPeerConnection` takes them; there is a secret where there is one.
    pub turn_urls: Vec<String>,
    /// Shared with the relays elsewhere.
    pub turn_secret: Option<Secret>,
    /// Prometheus figures.
    pub metrics: Metrics,
    /// The web client.
    pub client: Client,
    /// What https is served with.
    pub tls: Tls,
    /// Whose `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// bcrypt's cost, 4–31.
    pub bcrypt_cost: u32,
    /// The machine's `.local` name is announced in the network.
    pub mdns: bool,
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
    /// They are not served.
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
    /// No client is served; `GET /` is answered 404.
    Off,
}

/// Where the certificate comes from that https is served with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From an authority of the server's own; http is served beside it.
    Auto,
    /// From an ACME authority, for the names of the public addresses; http leads to https.
    Acme {
        /// The address of the authority's directory.
        directory: String,
        /// Whom it writes to.
        email: Option<String>,
        /// Further authorities by whose certificates the directory may be reached, in PEM form.
        roots: Option<PathBuf>,
    },
    /// From files; http leads to https.
    Files {
        /// The certificate, with those that lead to its authority, in PEM form.
        certificate: PathBuf,
        /// Its key, in PEM form.
        key: PathBuf,
    },
    /// There is none: http alone.
    Off,
}

/// What the system says of an error, without the number that it adds for programmers.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
