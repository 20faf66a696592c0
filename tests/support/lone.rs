//! One server on the embedded store: a process of its own at a port of its own, which a test may kill, stop, and start
//! again where it was, also under `strace`, which sees and spoils what it asks of the system.

#![expect(clippy::disallowed_methods, reason = "a test has nothing else to do while its processes start and end")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::block_in_place;

use super::clock::Clock;
use super::crowd::Servers;
use super::entrance::Entrance;
use super::port::free_port;
use super::process::{Ended, Process, Server, Workplace};

/// Where the server runs, or ran and may run again.
pub(crate) struct Lone {
    workplace: Workplace,
    data: PathBuf,
    settings: Vec<String>,
    server: Mutex<Option<Server>>,
    entrance: Entrance,
}

impl Lone {
    /// Starts one with the settings of tests and these, on data in a directory of its own.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let workplace = Workplace::new();
        let data = workplace.path().join("data");
        let lone = Self::in_place(workplace, data, settings);
        lone.run();
        lone
    }

    /// As [`Lone::start`], where the time of day is what this clock says.
    pub(crate) fn start_by(clock: &Clock, settings: &[&str]) -> Self {
        let workplace = Workplace::new();
        let data = workplace.path().join("data");
        let lone = Self::in_place(workplace, data, settings);
        lone.run_by(clock);
        lone
    }

    /// Starts one whose data lie there.
    pub(crate) fn start_on(data: PathBuf, settings: &[&str]) -> Self {
        let lone = Self::to_start_on(data, settings);
        lone.run();
        lone
    }

    /// As [`Lone::start_on`], and it is not started yet.
    pub(crate) fn to_start_on(data: PathBuf, settings: &[&str]) -> Self {
        Self::in_place(Workplace::new(), data, settings)
    }

    fn in_place(workplace: Workplace, data: PathBuf, settings: &[&str]) -> Self {
        Self::at(Ipv4Addr::LOCALHOST, workplace, data, settings)
    }

    fn at(host: Ipv4Addr, workplace: Workplace, data: PathBuf, settings: &[&str]) -> Self {
        let entrance = Entrance::new(vec![SocketAddr::from((host, free_port()))]);
        let settings = settings.iter().map(|argument| (*argument).to_owned()).collect();
        Self { workplace, data, settings, server: Mutex::default(), entrance }
    }

    /// Starts one in a network namespace that is there, at all of its addresses; clients come by this one.
    pub(crate) fn start_in_namespace(namespace: &str, host: Ipv4Addr) -> Self {
        let workplace = Workplace::new();
        let data = workplace.path().join("data");
        let lone = Self::at(host, workplace, data, &[]);
        lone.run_as(&["ip", "netns", "exec", namespace].map(str::to_owned));
        lone
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.entrance.address(0)
    }

    /// Where its data lie.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The program with its settings, to be started by these words where there are any.
    fn command(&self, before: &[String], more: &[&str]) -> Command {
        let mut words = before.iter().map(String::as_str).chain([env!("CARGO_BIN_EXE_tincan")]);
        let mut command = Command::new(words.next().expect("the program at least"));
        let host = if self.address().ip().is_loopback() { "127.0.0.1" } else { "0.0.0.0" };
        command.args(words).args(["--host", host, "--port", &self.address().port().to_string()]);
        command.args(["--bcrypt-cost", "4", "--no-client", "--rate-limit", "off", "--ice-server", "none"]);
        command.args(&self.settings).args(more).arg("--data-dir").arg(&self.data);
        command.env_clear().env("TURN", "off").env("JWT_SECRET", "a secret of tests that is long enough");
        command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").current_dir(self.workplace.path());
        command
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        // Where a test failed meanwhile, what the server said is still to be told.
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Lone::run`], where the time of day is what this clock says.
    pub(crate) fn run_by(&self, clock: &Clock) {
        let environment = clock.environment().map(|(name, value)| format!("{name}={value}"));
        self.run_as(&[["env".to_owned()].as_slice(), environment.as_slice()].concat());
    }

    /// As [`Lone::run`], where it may have this many files and connections open.
    pub(crate) fn run_with_descriptors(&self, most: u32) {
        self.run_as(&["sh", "-c", &format!("ulimit -n {most}; exec \"$@\""), "sh"].map(str::to_owned));
    }

    /// Starts it again whenever it has ended by itself, as a supervisor does. Never answers.
    pub(crate) async fn supervised(&self) {
        loop {
            if self.server().as_mut().is_none_or(|server| server.process.has_ended()) {
                if let Some(mut server) = self.server().take() {
                    unharmed(server.process.said());
                }
                self.run();
            }
            // A process that ends is told of to who looks.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn run_as(&self, before: &[String]) {
        let server = block_in_place(|| Server::up(Process::spawn(self.command(before, &[]), "")));
        *self.server() = Some(server);
    }

    /// Starts it where it does not run; it is up when this returns.
    pub(crate) fn run(&self) {
        self.run_as(&[]);
    }

    /// As [`Lone::run`], under `strace` with these arguments. It is the child of this process all the same.
    pub(crate) fn run_traced(&self, arguments: &[&str]) {
        let always = ["strace", "-D", "-f", "-q"];
        self.run_as(&always.iter().chain(arguments).map(|word| (*word).to_owned()).collect::<Vec<_>>());
    }

    /// Starts it where it may be refused: how it ended, where it did.
    pub(crate) fn try_run(&self, more: &[&str]) -> Result<(), Ended> {
        let process = Process::spawn(self.command(&[], more), "");
        let server = block_in_place(|| Server::up_or_ended(process))?;
        *self.server() = Some(server);
        Ok(())
    }

    /// Ends it without a word: `kill -9`. It has not panicked until then.
    pub(crate) fn kill(&self) {
        let mut server = self.server().take().expect("it runs");
        unharmed(server.process.said());
    }

    /// Shuts it down in order.
    pub(crate) fn stop(&self) -> Ended {
        let server = self.server().take().expect("it runs");
        let ended = block_in_place(|| server.stop());
        unharmed(&ended.err);
        ended
    }

    /// The memory that it has, in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        self.server().as_ref().expect("it runs").memory_kib()
    }

    /// How many files and connections it has open.
    pub(crate) fn descriptors(&self) -> usize {
        let id = self.server().as_ref().expect("it runs").process.id();
        std::fs::read_dir(format!("/proc/{id}/fd")).expect("it runs").count()
    }

    /// It has not panicked.
    pub(crate) fn is_unharmed(&self) {
        unharmed(self.server().as_mut().expect("it runs").process.said());
    }
}

/// Nothing that was said tells of a panic.
#[track_caller]
fn unharmed(said: &str) {
    assert!(!said.contains("panic"), "it panicked:\n{said}");
}

impl Servers for Lone {
    fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    fn len(&self) -> usize {
        1
    }

    fn runs(&self, _: usize) -> bool {
        self.server().is_some()
    }
}
