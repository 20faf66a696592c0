//! Several servers on one replica set of three: each a process of its own at a port of its own, which a test may kill,
//! stop, freeze, cut
//! off from the database, and start again where it was.

#![expect(clippy::disallowed_methods, reason = "a test has nothing else to do while its processes start and end")]

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio::task::block_in_place;

use super::app::User;
use super::cables::Cables;
use super::clock::Clock;
use super::crowd::Servers;
use super::entrance::Entrance;
use super::mongod::{Mongod, database_name};
use super::port::free_port;
use super::process::{Ended, Process, Server, Workplace};

/// A replica set of three behind cables.
pub(crate) struct Deployment {
    /// Its members.
    pub mongod: tokio::sync::Mutex<Mongod>,
    cables: Cables,
}

impl Deployment {
    /// One of the test's own, which it may do harm.
    pub(crate) async fn new() -> Self {
        let cables = Cables::new();
        let mongod = Mongod::replicas_behind(3, |port| cables.lay(port)).await;
        Self { mongod: tokio::sync::Mutex::new(mongod), cables }
    }

    /// One for all tests whose servers alone come to harm.
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<Deployment> = OnceCell::const_new();
        SHARED.get_or_init(Self::new).await
    }
}

/// Servers on a database of their own.
pub(crate) struct Cluster<'a> {
    deployment: &'a Deployment,
    database: String,
    settings: Vec<String>,
    seats: Vec<Seat>,
    /// To all of them.
    pub entrance: Entrance,
}

/// Where a server runs, or ran and may run again.
struct Seat {
    workplace: Workplace,
    port: u16,
    server: Mutex<Option<Server>>,
}

impl Servers for Cluster<'_> {
    fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    fn len(&self) -> usize {
        Cluster::len(self)
    }

    fn runs(&self, number: usize) -> bool {
        Cluster::runs(self, number)
    }
}

impl<'a> Cluster<'a> {
    /// Three with the settings of tests.
    pub(crate) async fn start(deployment: &'a Deployment) -> Self {
        Self::with(deployment, &[]).await
    }

    /// Three with these arguments too.
    pub(crate) async fn with(deployment: &'a Deployment, settings: &[&str]) -> Self {
        let seat = |_| Seat { workplace: Workplace::new(), port: free_port(), server: Mutex::default() };
        let seats: Vec<Seat> = (0..3).map(seat).collect();
        let address = |seat: &Seat| SocketAddr::from((Ipv4Addr::LOCALHOST, seat.port));
        let entrance = Entrance::new(seats.iter().map(address).collect());
        let settings = settings.iter().map(|argument| (*argument).to_owned()).collect();
        let cluster = Self { deployment, database: database_name(), settings, seats, entrance };
        for number in 0..cluster.len() {
            cluster.run(number).await;
        }
        cluster
    }

    /// How many servers there are, whether they run or not.
    pub(crate) fn len(&self) -> usize {
        self.seats.len()
    }

    /// Starts a server that does not run; it is up when this returns.
    pub(crate) async fn run(&self, number: usize) {
        self.run_program(number, env!("CARGO_BIN_EXE_tincan")).await;
    }

    /// As [`Cluster::run`], with another build of the program.
    pub(crate) async fn run_program(&self, number: usize, program: &str) {
        self.run_command(number, Command::new(program), &[]).await;
    }

    /// As [`Cluster::run`], where the time of day is what this clock says.
    pub(crate) async fn run_by(&self, number: usize, clock: &Clock) {
        self.run_command(number, Command::new(env!("CARGO_BIN_EXE_tincan")), &clock.environment()).await;
    }

    async fn run_command(&self, number: usize, mut command: Command, environment: &[(&str, String)]) {
        let url = self.deployment.mongod.lock().await.url(&self.database);
        let seat = &self.seats[number];
        command.args(["--host", "127.0.0.1", "--port", &seat.port.to_string(), "--bcrypt-cost", "4", "--no-client"]);
        command.args(["--rate-limit", "off", "--ice-server", "none", "--log", "info,tincan=debug"]);
        command.args(&self.settings).env_clear().env("TURN", "off").current_dir(seat.workplace.path());
        command.env("JWT_SECRET", "a secret of tests that is long enough").envs(environment.iter().cloned());
        command.env("MONGO_URL", format!("{url}&appName={}", self.name(number)));
        let server = block_in_place(|| Server::up(Process::spawn(command, "")));
        *self.server(number) = Some(server);
    }

    /// As the cables know it. Several clusters may share them.
    fn name(&self, number: usize) -> String {
        format!("{}-{number}", self.database)
    }

    fn server(&self, number: usize) -> MutexGuard<'_, Option<Server>> {
        // Where a test failed meanwhile, what the servers said is still to be told.
        self.seats[number].server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, number: usize, name: &str) {
        self.server(number).as_mut().expect("it runs").process.signal(name);
    }

    /// Whether it runs.
    pub(crate) fn runs(&self, number: usize) -> bool {
        self.server(number).is_some()
    }

    /// Ends a server without a word: `kill -9`.
    pub(crate) fn kill(&self, number: usize) {
        drop(self.server(number).take().expect("it runs"));
    }

    /// Shuts a server down in order.
    pub(crate) fn stop(&self, number: usize) -> Ended {
        let server = self.server(number).take().expect("it runs");
        block_in_place(|| server.stop())
    }

    /// Stops a server where it stands.
    pub(crate) fn freeze(&self, number: usize) {
        self.signal(number, "STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self, number: usize) {
        self.signal(number, "CONT");
    }

    /// Cuts a server off from the database.
    pub(crate) fn cut(&self, number: usize) {
        self.deployment.cables.cut(&self.name(number));
    }

    /// Puts it back.
    pub(crate) fn mend(&self, number: usize) {
        self.deployment.cables.mend(&self.name(number));
    }

    /// A user who signs up at one of them.
    pub(crate) async fn user(&self, name: &str) -> User<'_> {
        self.entrance.user(name).await
    }

    /// The database, to look behind the servers.
    pub(crate) async fn database(&self) -> mongodb::Database {
        self.deployment.mongod.lock().await.database(&self.database).await
    }

    /// The program with these arguments on the same database, to its end.
    pub(crate) async fn operator(&self, arguments: &[&str]) -> Ended {
        let url = self.deployment.mongod.lock().await.url(&self.database);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tincan"));
        command
            .args(arguments)
            .env_clear()
            .env("TURN", "off")
            .env("MONGO_URL", url)
            .current_dir(self.seats[0].workplace.path());
        block_in_place(|| Process::spawn(command, "").end())
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for number in 0..self.len() {
            if let Some(server) = self.server(number).as_mut() {
                eprintln!("server {number} said:\n{}", server.process.said());
            }
        }
    }
}
