//! Writes small files that survive the death of the machine: under its name a file is whole, or not there. All are
//! their owner's alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file beside the place where it is to be, put there when it is whole and durable; dropped before, it leaves
/// nothing.
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
    beside: PathBuf,
    in_place: bool,
}

impl Unfinished {
    /// Of a file that is to be at `path`. Until then its name has `suffix` behind it.
    pub(crate) fn of(path: &Path, suffix: &str) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        Self { path: path.to_owned(), beside: path.with_file_name(name), in_place: false }
    }

    /// Where it is until then.
    pub(crate) fn beside(&self) -> &Path {
        &self.beside
    }

    /// Begins it, over what an earlier one may have left there.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn create(&self) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.beside)
    }

    /// Puts it in its place, where it takes that of another.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn put_in_place(mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.beside, &self.path)?;
        self.in_place = true;
        sync_directory_of(&self.path)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.in_place
            && let Err(error) = fs::remove_file(&self.beside)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %self.beside.display(), "a half-written file stays");
        }
    }
}

/// Puts a file of this content at `path`, where it takes the place of another.
///
/// # Errors
/// The file system's. Then the other one is still there, and whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = Unfinished::of(path, "-new");
    let mut file = unfinished.create()?;
    file.write_all(content)?;
    unfinished.put_in_place(&file)
}

/// Makes a file of this content at `path`, where there is none.
///
/// # Errors
/// The file system's; of kind `AlreadyExists` where there is one. After any other there is none.
pub(crate) fn create_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| sync_directory_of(path));
    written.inspect_err(|_| {
        // Half a file must not be taken for a whole one; where it cannot be removed, its reader has to see that it is
        // none.
        let _ = fs::remove_file(path);
    })
}

/// Makes durable which names lie in the directory that `path` is in.
///
/// # Errors
/// The file system's.
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_replaced_file_is_the_new_one_for_its_owner_alone_and_nothing_lies_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mark");
        for content in ["a long first one", "second"] {
            replace(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(directory.path()), ["mark"]);
    }

    #[test]
    fn a_file_that_cannot_be_put_in_place_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mark");
        fs::create_dir(&path).unwrap();
        replace(&path, b"x").unwrap_err();
        assert_eq!(names(directory.path()), ["mark"]);
        drop((Unfinished::of(&directory.path().join("never begun"), ".partial"), path));
    }

    #[test]
    fn a_file_that_is_there_is_not_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        create_new(&path, b"first").unwrap();
        assert_eq!(create_new(&path, b"second").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
