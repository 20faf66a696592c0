//! The control socket: how commands on this machine reach the server that holds the embedded store.
//!
//! Whoever may open the data directory may ask, and nobody else: it is the directory's owner's alone. A connection
//! carries one request, in one line.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// The socket's name in the data directory.
pub const SOCKET: &str = "tincan.sock";
/// The request for an archive.
pub const EXPORT: &str = "export";
/// How long a request may be, in bytes.
pub const LONGEST_REQUEST: u64 = 64 * 1024;
/// The longest path that the system takes for a socket, in bytes.
const LONGEST_PATH: usize = 107;

/// Where it lies in a data directory.
pub fn path(directory: &Path) -> PathBuf {
    directory.join(SOCKET)
}

/// Listens in a directory whose store this process holds, and answers with the file's number too.
///
/// # Errors
/// The system's.
pub fn listen(directory: &Path) -> io::Result<(UnixListener, u64)> {
    let socket = path(directory);
    // The store is held by this process, so whoever left it there is gone.
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = by_short_path(&socket, |path| UnixListener::bind(path))?;
    fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
    Ok((listener, fs::symlink_metadata(&socket)?.ino()))
}

/// Whether it is the file of this number that others find there.
pub fn is_there(directory: &Path, number: u64) -> bool {
    fs::symlink_metadata(path(directory)).is_ok_and(|about| about.ino() == number)
}

/// Asks the server that runs on a data directory, and answers with the connection, from which its answer comes.
///
/// # Errors
/// The system's; where nobody listens, `NotFound` or `ConnectionRefused`.
pub fn ask(directory: &Path, request: &str) -> io::Result<BlockingStream> {
    let mut connection = by_short_path(&path(directory), |path| BlockingStream::connect(path))?;
    connection.write_all(format!("{request}\n").as_bytes())?;
    Ok(connection)
}

/// The request that a connection carries.
///
/// # Errors
/// The system's; `InvalidData` where it is no line of text, or too long.
pub fn request(connection: &BlockingStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(connection.take(LONGEST_REQUEST)).read_line(&mut line)?;
    let request = line.strip_suffix('\n').ok_or(io::ErrorKind::InvalidData)?;
    Ok(request.to_owned())
}

/// Gives a path that is short enough for a socket: that of a longer one leads through the descriptor of its directory.
fn by_short_path<T>(socket: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let long = socket.as_os_str().len() > LONGEST_PATH;
    let (Some(directory), Some(name), true) = (socket.parent(), socket.file_name(), long && cfg!(target_os = "linux"))
    else {
        return work(socket);
    };
    let directory = File::open(directory)?;
    work(&Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name))
}
