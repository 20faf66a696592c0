//! Finds each setting in its sources, has it read, and notes what `tincan config` shows of it.

use std::path::Path;

use super::setting::{SetBy, SettingError, Shown};
use super::source::{Found, Sources};
use super::{Client, Secret, Turn, ice, parse, secret, turn};

const PUBLIC_STUN: &str = "stun:stun.l.google.com:19302";
const MASK: &str = "********";

/// Collects, beside the values, what `tincan config` shows of them.
pub(super) struct Resolver {
    sources: Sources,
    pub shown: Vec<Shown>,
    pub warnings: Vec<String>,
}

impl Resolver {
    pub(crate) fn new(mut sources: Sources) -> Self {
        let warnings = std::mem::take(&mut sources.warnings);
        Self { sources, shown: Vec::new(), warnings }
    }

    pub(crate) fn show(&mut self, flag: &'static str, value: impl Into<String>, set_by: &SetBy) {
        let name = flag.trim_start_matches('-');
        self.shown.push(Shown { name, value: value.into(), set_by: set_by.to_string() });
    }

    pub(crate) fn find(
        &self,
        flag: &'static str,
        given: Option<String>,
        variables: &[&'static str],
    ) -> Result<Option<Found>, SettingError> {
        match given {
            Some(text) => Ok(Some(Found { text, variable: None, set_by: SetBy::Flag(flag) })),
            None => self.sources.find(variables),
        }
    }

    /// A setting that is shown as it was written.
    pub(crate) fn value<T>(
        &mut self,
        flag: &'static str,
        given: Option<String>,
        variables: &[&'static str],
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SettingError> {
        let found = self.find(flag, given, variables)?;
        let found = found.unwrap_or_else(|| Found { text: default.to_owned(), variable: None, set_by: SetBy::Default });
        let value = parse(&found.text).map_err(wrong(&found.set_by))?;
        self.show(flag, found.text, &found.set_by);
        Ok(value)
    }

    pub(crate) fn origins(&mut self, given: Option<String>, production: bool) -> Result<Vec<String>, SettingError> {
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

    pub(crate) fn mongo_url(&mut self, given: Option<String>) -> Result<Option<Secret>, SettingError> {
        const FILE: &str = "MONGO_URL_FILE";
        let Some(found) = self.find("--mongo-url", given, &["MONGO_URL", "MONGODB_URI", FILE])? else {
            self.show("--mongo-url", "", &SetBy::Default);
            return Ok(None);
        };
        let url = if found.variable == Some(FILE) {
            secret::read(Path::new(&found.text)).map_err(wrong(&found.set_by))?.expose().trim().to_owned()
        } else {
            found.text
        };
        if !url.starts_with("mongodb://") && !url.starts_with("mongodb+srv://") {
            return Err(wrong(&found.set_by)(
                "is no URL of a MongoDB; write mongodb://host/database or mongodb+srv://host/database".to_owned(),
            ));
        }
        let shown = masked(&url);
        if matches!(found.set_by, SetBy::Flag(_)) && shown != url {
            let text = "every user of this machine can read the password in --mongo-url; put the URL into a file and \
                        name it in MONGO_URL_FILE";
            self.warnings.push(text.to_owned());
        }
        self.show("--mongo-url", shown, &found.set_by);
        Ok(Some(Secret::new(url)))
    }

    /// The secret that somebody chose, with where it was set; or none of both.
    pub(crate) fn secret(
        &mut self,
        given: Option<String>,
        data_dir: &Path,
        production: bool,
    ) -> Result<(Secret, Option<SetBy>), SettingError> {
        const VALUE: &str = "JWT_SECRET";
        let Some(found) = self.find("--jwt-secret-file", given, &[VALUE, "JWT_SECRET_FILE"])? else {
            let path = secret::kept_path(data_dir);
            let state = if path.exists() { "kept in" } else { "will be generated in" };
            self.show("--jwt-secret-file", format!("{MASK} ({state} {})", path.display()), &SetBy::Default);
            return Ok((Secret::new(String::new()), None));
        };
        let (secret, shown) = if found.variable == Some(VALUE) {
            (Secret::new(found.text), MASK.to_owned())
        } else {
            let secret = secret::read(Path::new(&found.text)).map_err(wrong(&found.set_by))?;
            (secret, format!("{MASK} (in {})", found.text))
        };
        let set_by = found.set_by;
        match secret::weakness(&secret) {
            Some(secret::Weakness::Example) if production => {
                return Err(wrong(&set_by)(
                    "is the example that everybody knows; choose a secret of your own, or leave it out to have one \
                     generated"
                        .to_owned(),
                ));
            }
            Some(secret::Weakness::Example) => {
                self.warnings
                    .push(format!("{set_by}: the secret is the example that everybody knows; choose your own"));
            }
            Some(secret::Weakness::Short) => {
                self.warnings.push(format!(
                    "{set_by}: the secret is shorter than 32 bytes and may be guessed; choose a longer one"
                ));
            }
            None => {}
        }
        self.show("--jwt-secret-file", shown, &set_by);
        Ok((secret, Some(set_by)))
    }

    pub(crate) fn ice_servers(&mut self, given: &[String]) -> Result<Vec<ice::IceServer>, SettingError> {
        let (servers, set_by) = if !given.is_empty() {
            let set_by = SetBy::Flag("--ice-server");
            (ice::from_flags(given).map_err(wrong(&set_by))?, set_by)
        } else if let Some(found) = self.sources.find(&["ICE_SERVERS"])? {
            (ice::from_json(&found.text).map_err(wrong(&found.set_by))?, found.set_by)
        } else {
            let server = ice::IceServer { urls: vec![PUBLIC_STUN.to_owned()], username: None, credential: None };
            (vec![server], SetBy::Default)
        };
        let texts: Vec<String> = servers.iter().map(ToString::to_string).collect();
        self.show("--ice-server", if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }, &set_by);
        Ok(servers)
    }

    /// The relay of the executable. Where one elsewhere is named, it runs only if it is asked for by an address.
    pub(crate) fn turn(&mut self, given: Option<String>, elsewhere: bool) -> Result<Turn, SettingError> {
        let turn = self.value("--turn", given, &["TURN"], "auto", turn::parse)?;
        let turn = if elsewhere && turn == Turn::Auto { Turn::Off } else { turn };
        if let Some(shown) = self.shown.last_mut().filter(|shown| elsewhere && shown.value == "auto") {
            shown.value = "auto (off, for --turn-url names one elsewhere)".to_owned();
        }
        Ok(turn)
    }

    /// Relays elsewhere, and the secret that is shared with them.
    pub(crate) fn turn_elsewhere(
        &mut self,
        given: &[String],
        secret_file: Option<String>,
    ) -> Result<(Vec<String>, Option<Secret>), SettingError> {
        const VALUE: &str = "TURN_SECRET";
        let (urls, set_by) = if !given.is_empty() {
            let set_by = SetBy::Flag("--turn-url");
            (turn::urls(given.iter().map(String::as_str)).map_err(wrong(&set_by))?, set_by)
        } else if let Some(found) = self.sources.find(&["TURN_URLS"])? {
            (turn::urls(parse::items(&found.text)).map_err(wrong(&found.set_by))?, found.set_by)
        } else {
            (Vec::new(), SetBy::Default)
        };
        self.show("--turn-url", urls.join(","), &set_by);
        let Some(found) = self.find("--turn-secret-file", secret_file, &[VALUE, "TURN_SECRET_FILE"])? else {
            self.show("--turn-secret-file", "", &SetBy::Default);
            if urls.is_empty() {
                return Ok((urls, None));
            }
            let message = "needs the secret of that server; name a file with it by --turn-secret-file";
            return Err(wrong(&set_by)(message.to_owned()));
        };
        let (secret, shown) = if found.variable == Some(VALUE) {
            (Secret::new(found.text), MASK.to_owned())
        } else {
            let secret = secret::read(Path::new(&found.text)).map_err(wrong(&found.set_by))?;
            (secret, format!("{MASK} (in {})", found.text))
        };
        if urls.is_empty() {
            let text = format!("{}: the secret is of no use without --turn-url", found.set_by);
            self.warnings.push(text);
        }
        self.show("--turn-secret-file", shown, &found.set_by);
        Ok((urls, Some(secret)))
    }

    pub(crate) fn client(&mut self, none: bool, given: Option<String>) -> Result<Client, SettingError> {
        let (client, set_by) = if none {
            (Client::Off, SetBy::Flag("--no-client"))
        } else if let Some(text) = given {
            (Client::Directory(text.into()), SetBy::Flag("--client-dir"))
        } else {
            self.client_of_variables()?
        };
        let shown = match &client {
            Client::BuiltIn => "built in".to_owned(),
            Client::Off => "off".to_owned(),
            Client::Directory(path) if path.is_dir() => path.display().to_string(),
            Client::Directory(path) => {
                let message = format!("{} is no directory; name the one that holds the client", path.display());
                return Err(wrong(&set_by)(message));
            }
        };
        self.show("--client-dir", shown, &set_by);
        Ok(client)
    }

    fn client_of_variables(&self) -> Result<(Client, SetBy), SettingError> {
        let directory = |found: Found| (Client::Directory(found.text.into()), found.set_by);
        match self.sources.find(&["CLIENT", "CLIENT_DIR"])? {
            None => Ok((Client::BuiltIn, SetBy::Default)),
            Some(found) if found.variable == Some("CLIENT_DIR") => Ok(directory(found)),
            Some(found) => match found.text.as_str() {
                "off" => Ok((Client::Off, found.set_by)),
                // Only says that there is one; which one is the other variable's affair.
                "on" => Ok(self.sources.find(&["CLIENT_DIR"])?.map_or((Client::BuiltIn, found.set_by), directory)),
                text => Err(wrong(&found.set_by)(format!("{text:?} is neither on nor off; write one of the two"))),
            },
        }
    }
}

pub(super) fn wrong(set_by: &SetBy) -> impl Fn(String) -> SettingError {
    move |message| SettingError(format!("{set_by}: {message}"))
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
