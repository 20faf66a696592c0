//! Finds each setting in its sources, has it read, and notes what `tincan config` shows of it.

use std::path::Path;

use super::settings::{SettingError, Shown};
use super::source::{Found, Origin, Sources};
use super::{Client, Secret, ice, parse, secret};

const PUBLIC_STUN: &str = "stun:stun.l.google.com:19302";
const MASK: &str = "********";

/// Collects, beside the values, what `tincan config` shows of them.
pub(super) struct Resolver {
    sources: Sources,
    pub shown: Vec<Shown>,
    pub warnings: Vec<String>,
}

impl Resolver {
    pub fn new(mut sources: Sources) -> Self {
        let warnings = std::mem::take(&mut sources.warnings);
        Self { sources, shown: Vec::new(), warnings }
    }

    pub fn show(&mut self, flag: &'static str, value: impl Into<String>, origin: &Origin) {
        let name = flag.trim_start_matches('-');
        self.shown.push(Shown { name, value: value.into(), origin: origin.to_string() });
    }

    fn find(
        &self,
        flag: &'static str,
        given: Option<String>,
        variables: &[&'static str],
    ) -> Result<Option<Found>, SettingError> {
        match given {
            Some(text) => Ok(Some(Found { text, variable: None, origin: Origin::Flag(flag) })),
            None => self.sources.find(variables),
        }
    }

    /// A setting that is shown as it was written.
    pub fn value<T>(
        &mut self,
        flag: &'static str,
        given: Option<String>,
        variables: &[&'static str],
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SettingError> {
        let found = self.find(flag, given, variables)?;
        let found =
            found.unwrap_or_else(|| Found { text: default.to_owned(), variable: None, origin: Origin::Default });
        let value = parse(&found.text).map_err(wrong(&found.origin))?;
        self.show(flag, found.text, &found.origin);
        Ok(value)
    }

    pub fn origins(&mut self, given: Option<String>, production: bool) -> Result<Vec<String>, SettingError> {
        const DEVELOPMENT: &str = "http://localhost:3000";
        let mut origins = self.value("--client-url", given, &["CLIENT_URL"], "", parse::origins)?;
        if !production && !origins.iter().any(|origin| origin == DEVELOPMENT) {
            origins.push(DEVELOPMENT.to_owned());
        }
        if let Some(shown) = self.shown.last_mut() {
            shown.value = origins.join(",");
        }
        Ok(origins)
    }

    pub fn mongo_url(&mut self, given: Option<String>) -> Result<Option<Secret>, SettingError> {
        const FILE: &str = "MONGO_URL_FILE";
        let Some(found) = self.find("--mongo-url", given, &["MONGO_URL", "MONGODB_URI", FILE])? else {
            self.show("--mongo-url", "", &Origin::Default);
            return Ok(None);
        };
        let url = if found.variable == Some(FILE) {
            secret::read(Path::new(&found.text)).map_err(wrong(&found.origin))?.expose().trim().to_owned()
        } else {
            found.text
        };
        if !url.starts_with("mongodb://") && !url.starts_with("mongodb+srv://") {
            return Err(wrong(&found.origin)(
                "is no URL of a MongoDB; write mongodb://host/database or mongodb+srv://host/database".to_owned(),
            ));
        }
        let shown = masked(&url);
        if matches!(found.origin, Origin::Flag(_)) && shown != url {
            let text = "every user of this machine can read the password in --mongo-url; put the URL into a file and name it in MONGO_URL_FILE";
            self.warnings.push(text.to_owned());
        }
        self.show("--mongo-url", shown, &found.origin);
        Ok(Some(Secret::new(url)))
    }

    /// The secret that somebody chose, with its origin; or none of both.
    pub fn secret(
        &mut self,
        given: Option<String>,
        data_dir: &Path,
        production: bool,
    ) -> Result<(Secret, Option<Origin>), SettingError> {
        const VALUE: &str = "JWT_SECRET";
        let Some(found) = self.find("--jwt-secret-file", given, &[VALUE, "JWT_SECRET_FILE"])? else {
            let path = secret::kept_path(data_dir);
            let state = if path.exists() { "kept in" } else { "will be generated in" };
            self.show("--jwt-secret-file", format!("{MASK} ({state} {})", path.display()), &Origin::Default);
            return Ok((Secret::new(String::new()), None));
        };
        let (secret, shown) = if found.variable == Some(VALUE) {
            (Secret::new(found.text), MASK.to_owned())
        } else {
            let secret = secret::read(Path::new(&found.text)).map_err(wrong(&found.origin))?;
            (secret, format!("{MASK} (in {})", found.text))
        };
        let origin = found.origin;
        match secret::weakness(&secret) {
            Some(secret::Weakness::Example) if production => {
                return Err(wrong(&origin)(
                    "is the example that everybody knows; choose a secret of your own, or leave it out to have one generated"
                        .to_owned(),
                ));
            }
            Some(secret::Weakness::Example) => {
                self.warnings
                    .push(format!("{origin}: the secret is the example that everybody knows; choose your own"));
            }
            Some(secret::Weakness::Short) => {
                self.warnings.push(format!(
                    "{origin}: the secret is shorter than 32 bytes and may be guessed; choose a longer one"
                ));
            }
            None => {}
        }
        self.show("--jwt-secret-file", shown, &origin);
        Ok((secret, Some(origin)))
    }

    pub fn ice_servers(&mut self, given: &[String]) -> Result<Vec<ice::IceServer>, SettingError> {
        let (servers, origin) = if !given.is_empty() {
            let origin = Origin::Flag("--ice-server");
            (ice::from_flags(given).map_err(wrong(&origin))?, origin)
        } else if let Some(found) = self.sources.find(&["ICE_SERVERS"])? {
            (ice::from_json(&found.text).map_err(wrong(&found.origin))?, found.origin)
        } else {
            let server = ice::IceServer { urls: vec![PUBLIC_STUN.to_owned()], username: None, credential: None };
            (vec![server], Origin::Default)
        };
        let texts: Vec<String> = servers.iter().map(ToString::to_string).collect();
        self.show("--ice-server", if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }, &origin);
        Ok(servers)
    }

    pub fn client(&mut self, none: bool, given: Option<String>) -> Result<Client, SettingError> {
        let (client, origin) = if none {
            (Client::Off, Origin::Flag("--no-client"))
        } else if let Some(text) = given {
            (Client::Directory(text.into()), Origin::Flag("--client-dir"))
        } else {
            self.client_of_variables()?
        };
        let shown = match &client {
            Client::BuiltIn => "built in".to_owned(),
            Client::Off => "off".to_owned(),
            Client::Directory(path) if path.is_dir() => path.display().to_string(),
            Client::Directory(path) => {
                let message = format!("{} is no directory; name the one that holds the client", path.display());
                return Err(wrong(&origin)(message));
            }
        };
        self.show("--client-dir", shown, &origin);
        Ok(client)
    }

    fn client_of_variables(&self) -> Result<(Client, Origin), SettingError> {
        let directory = |found: Found| (Client::Directory(found.text.into()), found.origin);
        match self.sources.find(&["CLIENT", "CLIENT_DIR"])? {
            None => Ok((Client::BuiltIn, Origin::Default)),
            Some(found) if found.variable == Some("CLIENT_DIR") => Ok(directory(found)),
            Some(found) => match found.text.as_str() {
                "off" => Ok((Client::Off, found.origin)),
                // Only says that there is one; which one is the other variable's affair.
                "on" => Ok(self.sources.find(&["CLIENT_DIR"])?.map_or((Client::BuiltIn, found.origin), directory)),
                text => Err(wrong(&found.origin)(format!("{text:?} is neither on nor off; write one of the two"))),
            },
        }
    }
}

fn wrong(origin: &Origin) -> impl Fn(String) -> SettingError {
    move |message| SettingError(format!("{origin}: {message}"))
}

/// A URL without whatever may be a password in it. The last @ counts, for a password may hold one that was not escaped.
fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(_, rest)| ("***@", rest));
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let options: Vec<String> = options
        .split('&')
        .filter(|option| !option.is_empty())
        .map(|option| match option.split_once('=') {
            Some((key, _)) if is_secret_option(key) => format!("{key}=***"),
            _ => option.to_owned(),
        })
        .collect();
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{user}{place}{mark}{}", options.join("&"))
}

fn is_secret_option(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("password") || key.contains("properties")
}
