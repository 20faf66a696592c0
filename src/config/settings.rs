//! All settings, each from the source that counts, checked, and with its origin for `tincan config`.

use std::path::{Path, PathBuf};

use super::resolver::Resolver;
use super::source::{Origin, Sources};
use super::{Config, Flags, parse, public_url, secret};

/// What is wrong with a setting: one line that says where it stood, what is wrong and what to do. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub(super) String);

/// A setting as the operator may see it: secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its flag without the dashes, or its variable where it has no flag.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Where it was set.
    pub origin: String,
}

/// All settings, resolved. Only the secret that nobody chose is not there yet: see [`Settings::into_config`].
#[derive(Debug)]
pub struct Settings {
    config: Config,
    secret_origin: Option<Origin>,
    shown: Vec<Shown>,
    warnings: Vec<String>,
}

/// The configuration of a server that is about to start.
#[derive(Debug)]
pub struct Ready {
    /// Complete.
    pub config: Config,
    /// Where the secret that signs tokens came from, for people.
    pub secret_origin: String,
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

    fn resolve(flags: Flags, sources: Sources) -> Result<Self, SettingError> {
        let mut all = Resolver::new(sources);
        let production = all.value("NODE_ENV", None, &["NODE_ENV"], "", |text| Ok(text == "production"))?;
        let host = all.value("--host", flags.host, &["HOST"], "0.0.0.0", parse::host)?;
        let port = all.value("--port", flags.port, &["PORT"], "5000", parse::port)?;
        let data_dir = all.value("--data-dir", flags.data_dir, &["DATA_DIR"], "tincan-data", path)?;
        let mongo_url = all.mongo_url(flags.mongo_url)?;
        let (jwt_secret, secret_origin) = all.secret(flags.jwt_secret_file, &data_dir, production)?;
        let config = Config {
            host,
            port,
            data_dir,
            mongo_url,
            jwt_secret,
            token_ttl: all.value("--token-ttl", flags.token_ttl, &["TOKEN_TTL"], "7d", parse::duration)?,
            public_urls: all.value("--public-url", flags.public_url, &["PUBLIC_URL"], "", public_url::list)?,
            allowed_origins: all.origins(flags.client_url, production)?,
            signup_open: all.value("--signup", flags.signup, &["SIGNUP"], "open", parse::choice("open", "closed"))?,
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
            log: all.value("--log", flags.log, &["LOG"], "info", parse::log)?,
            production,
            accept_damage: flags.accept_damage,
        };
        let damage_origin = if config.accept_damage { Origin::Flag("--accept-damage") } else { Origin::Default };
        all.show("--accept-damage", if config.accept_damage { "yes" } else { "no" }, &damage_origin);
        Ok(Self { config, secret_origin, shown: all.shown, warnings: all.warnings })
    }

    /// Every setting, with its origin.
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

    /// Makes the data directory where there is none and, where nobody chose a secret, takes the one that is kept there or
    /// generates one.
    ///
    /// # Errors
    /// One line: the directory or the secret cannot be read or written.
    pub fn into_config(self) -> Result<Ready, String> {
        let Self { mut config, secret_origin, mut warnings, .. } = self;
        if config.mongo_url.is_none() || secret_origin.is_none() {
            secret::prepare(&config.data_dir)?;
        }
        let secret_origin = match secret_origin {
            Some(origin) => origin.to_string(),
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
        Ok(Ready { config, secret_origin, warnings })
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("is empty; name a directory".to_owned()) } else { Ok(text.into()) }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
