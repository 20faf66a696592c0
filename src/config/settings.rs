//! All settings, each from the source that counts, checked, and with where it was set for `tincan config`.

use std::path::{Path, PathBuf};

use super::resolver::Resolver;
use super::setting::{SetBy, SettingError, Shown};
use super::source::Sources;
use super::{Config, Flags, parse, public_url, secret, tls};

/// All settings, resolved. Only the secret that nobody chose is not there yet: see [`Settings::into_config`].
#[derive(Debug)]
pub struct Settings {
    config: Config,
    secret_set_by: Option<SetBy>,
    shown: Vec<Shown>,
    warnings: Vec<String>,
}

/// The configuration of a server that is about to start.
#[derive(Debug)]
pub struct Ready {
    /// The settings, with the secret that signs tokens.
    pub config: Config,
    /// Where the secret that signs tokens came from, for people.
    pub secret_set_by: String,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl Settings {
    /// From the flags, the environment of this process and the `.env` file of its working directory.
    ///
    /// # Errors
    /// The first setting that is wrong.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn load(flags: Flags) -> Result<Self, SettingError> {
        Self::resolve(flags, Sources::new(std::env::vars_os(), Path::new(".env"))?)
    }

    /// All of them as they are where nobody sets anything.
    ///
    /// # Panics
    /// Where a default is none that an operator could set, which a test of this module would show.
    pub fn defaults() -> Self {
        Self::resolve(Flags::default(), Sources::default()).expect("the defaults are good")
    }

    fn resolve(flags: Flags, sources: Sources) -> Result<Self, SettingError> {
        let mut all = Resolver::new(sources);
        let production = all.value("NODE_ENV", None, &["NODE_ENV"], "", |text| Ok(text == "production"))?;
        let public_urls = all.value("--public-url", flags.public_url.clone(), &["PUBLIC_URL"], "", public_url::list)?;
        let tls = tls::resolve(&mut all, &flags, &public_urls)?;
        let host = all.value("--host", flags.host, &["HOST"], "::", parse::host)?;
        let port = all.value("--port", flags.port, &["PORT"], "5000", parse::port)?;
        let data_dir = all.value("--data-dir", flags.data_dir, &["DATA_DIR"], "tincan-data", path)?;
        let mongo_url = all.mongo_url(flags.mongo_url)?;
        let (jwt_secret, secret_set_by) = all.secret(flags.jwt_secret_file, &data_dir, production)?;
        let (turn_urls, turn_secret) = all.turn_elsewhere(&flags.turn_url, flags.turn_secret_file)?;
        let config = Config {
            host,
            port,
            data_dir,
            mongo_url,
            jwt_secret,
            token_ttl: all.value("--token-ttl", flags.token_ttl, &["TOKEN_TTL"], "7d", parse::duration)?,
            public_urls,
            tls,
            allowed_origins: all.origins(flags.client_url, production)?,
            signup: all.value("--signup", flags.signup, &["SIGNUP"], "open", parse::signup)?,
            rate_limit: all.value(
                "--rate-limit",
                flags.rate_limit,
                &["RATE_LIMIT"],
                "on",
                parse::choice("on", "off"),
            )?,
            ring_timeout: all.value("--ring-timeout", flags.ring_timeout, &["RING_TIMEOUT"], "45s", parse::duration)?,
            call_grace: all.value("--call-grace", flags.call_grace, &["CALL_GRACE"], "15s", parse::duration_or_zero)?,
            ice_servers: all.ice_servers(&flags.ice_server)?,
            turn: all.turn(flags.turn, !turn_urls.is_empty())?,
            turn_port: all.value("--turn-port", flags.turn_port, &["TURN_PORT"], "3478", parse::port)?,
            turn_urls,
            turn_secret,
            metrics: all.value("--metrics", flags.metrics, &["METRICS"], "off", parse::metrics)?,
            client: all.client(flags.no_client, flags.client_dir)?,
            trusted_proxies: all.value(
                "--trusted-proxy",
                flags.trusted_proxy,
                &["TRUSTED_PROXY"],
                "",
                parse::proxies,
            )?,
            bcrypt_cost: all.value("--bcrypt-cost", flags.bcrypt_cost, &["BCRYPT_COST"], "10", parse::bcrypt_cost)?,
            mdns: all.value("--mdns", flags.mdns, &["MDNS"], "off", parse::choice("on", "off"))?,
            log: all.value("--log", flags.log, &["LOG"], "info", parse::log)?,
            production,
            accept_damage: flags.accept_damage,
        };
        let damage_set_by = if config.accept_damage { SetBy::Flag("--accept-damage") } else { SetBy::Default };
        all.show("--accept-damage", if config.accept_damage { "yes" } else { "no" }, &damage_set_by);
        Ok(Self { config, secret_set_by, shown: all.shown, warnings: all.warnings })
    }

    /// Every setting, with where it was set.
    pub fn shown(&self) -> &[Shown] {
        &self.shown
    }

    /// What the operator should know of them, a line each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Where a server with these settings listens.
    pub fn address(&self) -> std::net::SocketAddr {
        (self.config.host, self.config.port).into()
    }

    /// The filter for the log.
    pub fn log(&self) -> &str {
        &self.config.log
    }

    /// The directory of the embedded store; `None` where a MongoDB is used.
    pub fn embedded_store(&self) -> Option<&Path> {
        self.config.mongo_url.is_none().then_some(self.config.data_dir.as_path())
    }

    /// For what signs no tokens: no directory is made, and no secret generated.
    pub fn without_secret(self) -> Config {
        self.config
    }

    /// Makes the data directory where there is none and, where nobody chose a secret, takes the one that is kept there
    /// or generates one.
    ///
    /// # Errors
    /// One line: the directory or the secret cannot be read or written.
    pub fn into_config(self) -> Result<Ready, String> {
        let Self { mut config, secret_set_by, mut warnings, .. } = self;
        if config.mongo_url.is_none() || secret_set_by.is_none() {
            secret::prepare(&config.data_dir)?;
        }
        let secret_set_by = match secret_set_by {
            Some(set_by) => set_by.to_string(),
            None => {
                let (kept, generated) = secret::kept(&config.data_dir)?;
                config.jwt_secret = kept;
                let path = secret::kept_path(&config.data_dir);
                if secret::is_readable_by_others(&config.data_dir) {
                    warnings.push(format!("{0} can be read by others; run chmod 600 {0}", path.display()));
                }
                format!("{} {}", if generated { "generated now, kept in" } else { "kept in" }, path.display())
            }
        };
        Ok(Ready { config, secret_set_by, warnings })
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("is empty; name a directory".to_owned()) } else { Ok(text.into()) }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
