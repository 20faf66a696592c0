//! The secret that signs tokens: how it is wrapped, judged, generated and kept.

use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};

use crate::files;

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for whoever needs it to work.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// What the README of the Node backend told people to replace.
const EXAMPLE: &str = "your-secret-key-change-this-in-production";

/// What is wrong with a secret that somebody chose.
pub(super) enum Weakness {
    /// Everybody knows it.
    Example,
    /// Fewer than 32 bytes: it can be guessed from one token.
    Short,
}

pub(super) fn weakness(secret: &Secret) -> Option<Weakness> {
    match secret.expose() {
        EXAMPLE => Some(Weakness::Example),
        text if text.len() < 32 => Some(Weakness::Short),
        _ => None,
    }
}

/// Reads a secret out of a file; one line end behind it is no part of it.
pub(super) fn read(path: &Path) -> Result<Secret, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|mut file| file.read_to_string(&mut text))
        .map_err(|error| format!("cannot read {}: {}", path.display(), super::reason(&error)))?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if secret.is_empty() {
        return Err(format!("{} is empty; put the secret into it", path.display()));
    }
    Ok(Secret::new(secret.to_owned()))
}

/// Where the secret is kept that nobody chose.
pub(super) fn kept_path(data_dir: &Path) -> PathBuf {
    data_dir.join("jwt-secret")
}

/// The kept secret, and whether it was generated now.
pub(super) fn kept(data_dir: &Path) -> Result<(Secret, bool), String> {
    let path = kept_path(data_dir);
    match generate(&path) {
        Ok(secret) => Ok((secret, true)),
        // A directory that is read-only may hold one all the same.
        Err(_) if path.exists() => Ok((read(&path)?, false)),
        Err(error) => Err(format!("cannot write {}: {}", path.display(), super::reason(&error))),
    }
}

/// Makes a secret and keeps it, where none is kept.
fn generate(path: &Path) -> std::io::Result<Secret> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| std::io::Error::other("no random bytes from the system"))?;
    let secret = HEXLOWER.encode(&bytes);
    files::create_new(path, format!("{secret}\n").as_bytes())?;
    Ok(Secret::new(secret))
}

/// Others than its owner may read the kept secret.
pub(super) fn is_readable_by_others(data_dir: &Path) -> bool {
    fs::metadata(kept_path(data_dir)).is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

/// Makes the data directory, for its owner alone, where there is none, and finds out that it can be written to.
pub(super) fn prepare(data_dir: &Path) -> Result<(), String> {
    let shown = data_dir.display();
    let other = "choose another with --data-dir";
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            format!("the data directory {shown} is not a directory; {other}")
        }
        _ => format!("cannot make the data directory {shown}: {}; {other}", super::reason(&error)),
    })?;
    let probe = data_dir.join(format!(".probe-{}", std::process::id()));
    let written = File::create(&probe);
    if written.is_ok() {
        let _left_behind_at_worst = fs::remove_file(&probe);
    }
    written.map(drop).map_err(|error| {
        let reason = super::reason(&error);
        format!("the data directory {shown} cannot be written to: {reason}; make it writable, or {other}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_generated_once_for_its_owner_alone_and_used_again() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().join("a/b");
        prepare(&data_dir).unwrap();
        let (first, generated) = kept(&data_dir).unwrap();
        assert!(generated && weakness(&first).is_none());
        assert_eq!(fs::metadata(kept_path(&data_dir)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&data_dir).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(!is_readable_by_others(&data_dir));
        assert_eq!(kept(&data_dir).unwrap(), (first, false));
    }

    #[test]
    fn an_empty_secret_is_none() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(kept_path(directory.path()), "\n").unwrap();
        assert!(kept(directory.path()).unwrap_err().contains("is empty"));
    }

    #[test]
    fn a_line_end_is_no_part_of_a_secret_and_blanks_are() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        for (text, secret) in [("a b ", "a b "), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n")] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap().expose(), secret, "{text:?}");
        }
    }

    #[test]
    fn a_file_in_place_of_the_data_directory_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below")] {
            assert!(prepare(&path).unwrap_err().contains("is not a directory"), "{}", path.display());
        }
    }
}
