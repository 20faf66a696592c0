//! The harness for tests of the executable itself: a working directory of its own, an empty environment, what it
//! prints, signals, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::app::PATIENCE;

/// Of every server of a test: a port of its own, on this machine alone, and quick hashing.
const SERVING: &[&str] = &["--port", "0", "--host", "127.0.0.1", "--bcrypt-cost", "4"];

/// An empty folder in which the program is started.
pub(crate) struct Workplace {
    directory: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// From its start, or from the signal that was sent last.
    pub took: Duration,
}

/// A run that goes on. Dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    out: Lines,
    err: Lines,
    since: Instant,
}

struct Lines {
    receiver: Receiver<String>,
    seen: String,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().expect("a temporary directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("a file in the working directory");
        path
    }

    /// The program with these arguments, without a relay, and with nothing else in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tincan"));
        // Its port is one for all servers of this machine.
        command.args(arguments).env_clear().env("TURN", "off").current_dir(self.path());
        command
    }

    /// Runs it to its end, with nothing on standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Process::spawn(self.command(arguments), "").end()
    }

    /// Runs it to its end with this on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        Process::spawn(self.command(arguments), input).end()
    }

    /// Runs it to its end with one variable in its environment.
    pub(crate) fn run_with(&self, variable: &str, value: &str) -> Ended {
        let mut command = self.command(&["--port", "0", "--host", "127.0.0.1"]);
        command.env(variable, value);
        Process::spawn(command, "").end()
    }

    /// Starts a server on a port of its own; it is up when this returns.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(SERVING);
        command.args(arguments);
        Server::up(Process::spawn(command, ""))
    }

    /// Starts a server that listens on this address of the machine.
    pub(crate) fn serve_on(&self, host: &str) -> Server {
        Server::up(Process::spawn(self.command(&["--port", "0", "--host", host, "--bcrypt-cost", "4"]), ""))
    }

    /// Runs it to its end as a user who may do nothing that not everybody may; the superuser may read and write
    /// everything.
    pub(crate) fn run_as_nobody(&self, arguments: &[&str]) -> Ended {
        std::fs::set_permissions(self.path(), PermissionsExt::from_mode(0o755)).expect("permissions");
        // Where the program is built, nobody may be kept from running it.
        let program = self.path().join("tincan");
        if !program.exists() {
            std::fs::copy(env!("CARGO_BIN_EXE_tincan"), &program).expect("a copy of the program");
        }
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("TURN", "off").current_dir(self.path());
        // New files of the superuser are the superuser's.
        if self.path().metadata().expect("it is there").uid() == 0 {
            command.uid(65534).gid(65534);
        }
        Process::spawn(command, "").end()
    }

    /// Starts a server whose standard error goes there; what it says on it is not read.
    pub(crate) fn serve_with_stderr(&self, arguments: &[&str], stderr: impl Into<Stdio>) -> Server {
        let mut command = self.command(SERVING);
        command.args(arguments);
        Server::up(Process::spawn_with_stderr(command, "", Some(stderr.into())))
    }

    /// Runs it to its end with its standard error there.
    pub(crate) fn run_with_stderr(&self, arguments: &[&str], stderr: impl Into<Stdio>) -> Ended {
        Process::spawn_with_stderr(self.command(arguments), "", Some(stderr.into())).end()
    }

    /// Starts a server that cannot write a file beyond this many blocks of 512 bytes, though there is space.
    pub(crate) fn serve_with_small_files(&self, blocks: u32) -> Server {
        let mut command = Command::new("sh");
        // The signal that tells of the limit would end the program; ignored, the write fails.
        command.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]);
        command.arg(env!("CARGO_BIN_EXE_tincan")).args(SERVING).args(["--rate-limit", "off"]);
        command.env_clear().env("TURN", "off").current_dir(self.path());
        Server::up(Process::spawn(command, ""))
    }
}

impl Workplace {
    /// Starts a server that may have this many files open.
    pub(crate) fn serve_with_descriptors(&self, most: u32) -> Server {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {most}; exec \"$@\""), "sh"]);
        command.arg(env!("CARGO_BIN_EXE_tincan")).args(SERVING);
        command.env_clear().env("TURN", "off").current_dir(self.path());
        Server::up(Process::spawn(command, ""))
    }
}

impl Process {
    /// Starts it.
    pub(crate) fn spawn(command: Command, input: &str) -> Self {
        Self::spawn_with_stderr(command, input, None)
    }

    /// Starts it, with standard error elsewhere than with us where that is given.
    pub(crate) fn spawn_with_stderr(mut command: Command, input: &str, stderr: Option<Stdio>) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr.unwrap_or_else(Stdio::piped));
        let since = Instant::now();
        let mut child = command.spawn().expect("the program starts");
        // The command holds the parent's copies of what it was given.
        drop(command);
        let out = Lines::of(child.stdout.take().expect("piped"));
        let err = child.stderr.take().map_or_else(|| Lines::of(std::io::empty()), Lines::of);
        // One that ends without reading closes the pipe, which is its right.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        Self { child, out, err, since }
    }

    /// Sends a signal by its name, as in `TERM`.
    pub(crate) fn signal(&mut self, name: &str) {
        self.since = Instant::now();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.expect("a shell").success(), "{name} was not delivered");
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be looked at").is_some()
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on standard error by now.
    pub(crate) fn said(&mut self) -> &str {
        while let Ok(line) = self.err.receiver.try_recv() {
            self.err.keep(&line);
        }
        &self.err.seen
    }

    /// Waits for a line on standard error that holds this.
    pub(crate) fn logged(&mut self, part: &str) {
        self.err.until(part);
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ended {
        self.end_within(PATIENCE)
    }

    /// Waits for its end, this long after the last that it said.
    pub(crate) fn end_within(mut self, patience: Duration) -> Ended {
        self.out.drain(patience);
        self.err.drain(patience);
        let code = self.child.wait().expect("it ended").code();
        let took = self.since.elapsed();
        Ended { code, out: std::mem::take(&mut self.out.seen), err: std::mem::take(&mut self.err.seen), took }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is left alone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { receiver, seen: String::new() }
    }

    /// The first line from here on that holds `part`.
    fn until(&mut self, part: &str) -> String {
        loop {
            let line = self.receiver.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no line with {part:?} in:\n{}", self.seen));
            self.keep(&line);
            if line.contains(part) {
                return line;
            }
        }
    }

    fn drain(&mut self, patience: Duration) {
        loop {
            match self.receiver.recv_timeout(patience) {
                Ok(line) => self.keep(&line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("it did not end; it said:\n{}", self.seen),
            }
        }
    }

    fn keep(&mut self, line: &str) {
        self.seen.push_str(line);
        self.seen.push('\n');
    }
}

/// A server that is up.
pub(crate) struct Server {
    /// Its process.
    pub process: Process,
    /// Where it listens.
    pub address: std::net::SocketAddr,
}

impl Server {
    /// Waits until it is up.
    pub(crate) fn up(process: Process) -> Self {
        Self::up_or_ended(process).unwrap_or_else(|ended| panic!("it did not start:\n{}", ended.err))
    }

    /// Waits until it is up, or has ended instead.
    pub(crate) fn up_or_ended(mut process: Process) -> Result<Self, Ended> {
        let Ok(first) = process.out.receiver.recv_timeout(PATIENCE) else { return Err(process.end()) };
        process.out.keep(&first);
        let line = process.out.until("http://");
        let named = line.split_once("http://").map_or("", |(_, address)| address.trim());
        let address = named.replace("localhost", "127.0.0.1").parse().expect("an address");
        Ok(Self { process, address })
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until it has printed this, and answers with the line.
    pub(crate) fn printed(&mut self, part: &str) -> String {
        self.process.out.until(part)
    }

    /// Looks at what it has printed, to the end of its start-up message, and shuts it down in order.
    pub(crate) fn stop_after(mut self, look: impl FnOnce(&str)) -> Ended {
        self.process.out.until("https");
        look(&self.process.out.seen);
        self.stop()
    }

    /// The memory that it has, in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.child.id())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident memory");
        line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number")
    }

    /// Shuts it down in order.
    pub(crate) fn stop(mut self) -> Ended {
        self.process.signal("TERM");
        self.process.end()
    }
}
