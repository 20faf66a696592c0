//! The flags of the command line, as text: what they mean is decided where all sources of a setting meet.

use clap::Args;

/// One field a flag. A flag that was not given is `None`.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Address to listen on; 127.0.0.1 for this machine alone, 0.0.0.0 for all of IPv4 alone [env: HOST] [default: ::,
    /// all addresses of IPv6 and IPv4]
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = "Network")]
    pub host: Option<String>,

    /// Port to listen on; 0 lets the system choose [env: PORT] [default: 5000]
    #[arg(long, global = true, value_name = "NUMBER", help_heading = "Network")]
    pub port: Option<String>,

    /// Where people reach this server, comma-separated, as in https://chat.example.com or, behind a proxy, with a path,
    /// https://example.com/chat; web pages from there are its own [env: PUBLIC_URL]
    #[arg(long, global = true, value_name = "URLS", help_heading = "Network")]
    pub public_url: Option<String>,

    /// Https on the same port: auto (beside http, with a certificate of this server's own authority, see /trust), acme
    /// (a certificate of an ACME authority for the names of --public-url), files (see --tls-cert) or off; with acme and
    /// files http leads to https [env: TLS] [default: auto]
    #[arg(long, global = true, value_name = "AUTO|ACME|FILES|OFF", help_heading = "Network")]
    pub tls: Option<String>,

    /// PEM file with the certificate and those that lead to its authority; read again when it changes [env: TLS_CERT]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    pub tls_cert: Option<String>,

    /// PEM file with the key of the certificate [env: TLS_KEY]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    pub tls_key: Option<String>,

    /// Address that the ACME authority writes to [env: ACME_EMAIL]
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = "Network")]
    pub acme_email: Option<String>,

    /// Directory of the ACME authority [env: ACME_DIRECTORY] [default: Let's Encrypt]
    #[arg(long, global = true, value_name = "URL", help_heading = "Network")]
    pub acme_directory: Option<String>,

    /// Origins of web pages allowed besides the server's own, comma-separated; without NODE_ENV=production
    /// http://localhost:3000 too [env: CLIENT_URL]
    #[arg(long, global = true, value_name = "ORIGINS", help_heading = "Network")]
    pub client_url: Option<String>,

    /// Addresses and CIDR ranges of proxies, comma-separated, whose X-Forwarded-For, X-Forwarded-Proto and
    /// X-Forwarded-Host are believed [env: TRUSTED_PROXY]
    #[arg(long, global = true, value_name = "RANGES", help_heading = "Network")]
    pub trusted_proxy: Option<String>,

    /// Announce the machine's .local name in the network (multicast DNS): on or off [env: MDNS] [default: off]
    #[arg(long, global = true, value_name = "ON|OFF", help_heading = "Network")]
    pub mdns: Option<String>,

    /// Limits of rate: on or off [env: RATE_LIMIT] [default: on]
    #[arg(long, global = true, value_name = "ON|OFF", help_heading = "Network")]
    pub rate_limit: Option<String>,

    /// Print no start-up message
    #[arg(long, help_heading = "Operation")]
    pub quiet: bool,

    /// Directory of the embedded store and of generated secrets [env: DATA_DIR] [default: tincan-data]
    #[arg(long, global = true, value_name = "DIRECTORY", help_heading = "Store")]
    pub data_dir: Option<String>,

    /// A MongoDB to use instead of the embedded store [env: MONGO_URL, MONGODB_URI, MONGO_URL_FILE]
    #[arg(long, global = true, value_name = "URL", help_heading = "Store")]
    pub mongo_url: Option<String>,

    /// Start on a store that is known to be damaged
    #[arg(long, global = true, help_heading = "Store")]
    pub accept_damage: bool,

    /// Who may sign up: open (anybody), invite (with an invitation), closed (with an administrator's alone; see also
    /// `tincan user`) [env: SIGNUP] [default: open]
    #[arg(long, global = true, value_name = "OPEN|INVITE|CLOSED", help_heading = "Accounts")]
    pub signup: Option<String>,

    /// File with the secret that signs tokens; without one a secret is generated and kept in the data directory
    /// [env: JWT_SECRET (the secret itself), JWT_SECRET_FILE]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Accounts")]
    pub jwt_secret_file: Option<String>,

    /// How long a log-in lasts [env: TOKEN_TTL] [default: 7d]
    #[arg(long, global = true, value_name = "DURATION", help_heading = "Accounts")]
    pub token_ttl: Option<String>,

    /// Cost of a password's hash, 4 to 31; each step doubles the work [env: BCRYPT_COST] [default: 10]
    #[arg(long, global = true, value_name = "NUMBER", help_heading = "Accounts")]
    pub bcrypt_cost: Option<String>,

    /// How long a call rings [env: RING_TIMEOUT] [default: 45s]
    #[arg(long, global = true, value_name = "DURATION", help_heading = "Calls")]
    pub ring_timeout: Option<String>,

    /// How long one who dropped out of a call may take to come back [env: CALL_GRACE] [default: 15s]
    #[arg(long, global = true, value_name = "DURATION", help_heading = "Calls")]
    pub call_grace: Option<String>,

    /// STUN or TURN server, `url` or `url,username,credential`; repeatable; `none` for none
    /// [env: ICE_SERVERS (JSON)] [default: a public STUN server]
    #[arg(long, global = true, value_name = "SERVER", help_heading = "Calls")]
    pub ice_server: Vec<String>,

    /// The relay for calls that find no way of their own: auto (on, unless --turn-url names one elsewhere), off, or the
    /// address under which it is reached from outside [env: TURN] [default: auto]
    #[arg(long, global = true, value_name = "AUTO|OFF|ADDRESS", help_heading = "Calls")]
    pub turn: Option<String>,

    /// Port of the relay, UDP and TCP; 0 lets the system choose [env: TURN_PORT] [default: 3478]
    #[arg(long, global = true, value_name = "NUMBER", help_heading = "Calls")]
    pub turn_port: Option<String>,

    /// A TURN server elsewhere, as in turn:turn.example.com:3478?transport=udp, that shares a secret with this server;
    /// repeatable [env: TURN_URLS (comma-separated)]
    #[arg(long, global = true, value_name = "URL", help_heading = "Calls")]
    pub turn_url: Vec<String>,

    /// File with the secret that is shared with the TURN server elsewhere
    /// [env: TURN_SECRET (the secret itself), TURN_SECRET_FILE]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Calls")]
    pub turn_secret_file: Option<String>,

    /// Directory with a web client of your own [env: CLIENT_DIR] [default: the built-in one]
    #[arg(long, global = true, value_name = "DIRECTORY", help_heading = "Web client")]
    pub client_dir: Option<String>,

    /// Serve no web client [env: CLIENT=off]
    #[arg(long, global = true, conflicts_with = "client_dir", help_heading = "Web client")]
    pub no_client: bool,

    /// What is logged to standard error: error, warn, info, debug, trace, or a filter such as info,tincan=debug
    /// [env: LOG] [default: info]
    #[arg(long, global = true, value_name = "FILTER", help_heading = "Operation")]
    pub log: Option<String>,

    /// Prometheus figures at /metrics: off, on, or an address such as 127.0.0.1:9100 to serve them on alone
    /// [env: METRICS] [default: off]
    #[arg(long, global = true, value_name = "WHERE", help_heading = "Operation")]
    pub metrics: Option<String>,
}
