//! Messages that are on the disk before they are acknowledged: on the embedded store, on a MongoDB, and of an ordinary
//! Node backend on the same MongoDB.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use mongodb::bson::doc;
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::Socket;
use crate::figures::{Figures, Ratio};
use crate::live::p99;
use crate::mongod::Mongod;
use crate::peers::token;
use crate::process::{Cpu, Server};
use crate::scale::Scale;

const EMBEDDED: &str = "Tincan, embedded";
const MONGO: &str = "Tincan, MongoDB";
const NODE: &str = "Node, same MongoDB";
const DISK: &str = "the disk's fsync";
const NODE_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/node");

/// Users of a server.
const USERS: usize = 200;
const ROOMS: usize = 200;
const MEMBERS: usize = 5;
/// Everybody in the hot room sends.
const HOT: usize = 50;

/// Measures all of them in turns; what cannot be had is told to `absent`.
pub(crate) async fn measure(scale: &Scale, absent: &mut Vec<String>) -> Figures {
    let ratio = |name, of| Ratio { name, of, to: vec![NODE] };
    let ratios = vec![ratio("embedded ÷ Node", EMBEDDED), ratio("MongoDB ÷ Node", MONGO)];
    let mut figures = Figures::new("durable messages", vec![EMBEDDED, MONGO, NODE, DISK], ratios);
    let deployment = if has_mongod() {
        Some(Mongod::replicas(1).await)
    } else {
        absent.push(format!("{MONGO}, {NODE}: no mongod can be had (script/mongod says why)"));
        figures.leave_out(MONGO);
        None
    };
    let has_node = deployment.is_some() && Path::new(NODE_FOLDER).join("node_modules/mongoose").exists();
    if !has_node {
        figures.leave_out(NODE);
    }
    if deployment.is_some() && !has_node {
        absent.push(format!("{NODE}: its packages are not there (npm ci --prefix benches/node)"));
    }
    for round in 0..scale.durable_rounds {
        figures.note("one sender alone: acknowledged", "a second", DISK, fsyncs(scale.durable / 4).await);
        of_server(EMBEDDED, &Server::start().await, None, scale, &mut figures).await;
        let Some(deployment) = &deployment else { continue };
        let server = Server::on_mongo(&deployment.url(&format!("tincan_{round}"))).await;
        let database = process_of(deployment).await;
        of_server(MONGO, &server, Some(database), scale, &mut figures).await;
        drop(server);
        if has_node {
            match node(&deployment.url(&format!("node_{round}"))).await {
                Ok(server) => of_server(NODE, &server, Some(database), scale, &mut figures).await,
                Err(why) => absent.push(format!("{NODE}: {why}")),
            }
        }
    }
    figures
}

fn has_mongod() -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/script/mongod");
    Command::new(script).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

async fn process_of(deployment: &Mongod) -> u32 {
    let admin = deployment.database("admin").await;
    let status = admin.run_command(doc! { "serverStatus": 1 }).await.expect("an answer");
    let id = status.get_i64("pid").expect("the number of its process");
    u32::try_from(id).expect("a number of a process")
}

async fn node(url: &str) -> Result<Server, String> {
    let command = |port: u16| {
        let mut command = tokio::process::Command::new("node");
        command.args([&format!("{NODE_FOLDER}/durable.js"), &port.to_string(), url]).env("NODE_ENV", "production");
        command
    };
    Server::other(command).await
}

/// How often a second a file can be written to and synced, one after another.
async fn fsyncs(span: Duration) -> f64 {
    let measure = move || {
        let mut file = tempfile::tempfile().expect("a file");
        let (begun, mut count) = (Instant::now(), 0_u32);
        while begun.elapsed() < span {
            file.write_all(&[7; 256]).expect("it is written");
            file.sync_data().expect("it is synced");
            count += 1;
        }
        f64::from(count) / begun.elapsed().as_secs_f64()
    };
    tokio::task::spawn_blocking(measure).await.expect("no panic")
}

/// One server, with the process of its database where that is another one.
async fn of_server(column: &'static str, server: &Server, database: Option<u32>, scale: &Scale, figures: &mut Figures) {
    let tokens = tokens(column, server).await;
    let room = server.room(&tokens[0], "alone").await;
    let alone = send(server, vec![member(server, &tokens[0], &room).await], scale.durable / 4, database).await;
    figures.note("one sender alone: acknowledged", "a second", column, alone.rate);

    let mut members = Vec::new();
    for number in 0..ROOMS {
        let room = server.room(&tokens[0], &format!("room {number}")).await;
        let users = (0..MEMBERS).map(|place| &tokens[(number + place * USERS / MEMBERS) % USERS]);
        members.extend(stream::iter(users).then(|token| member(server, token, &room)).collect::<Vec<_>>().await);
    }
    let many = send(server, members, scale.durable, database).await;
    let row = format!("{ROOMS} rooms × {MEMBERS} members");
    figures.note(&format!("{row}: acknowledged"), "a second", column, many.rate);
    figures.note(&format!("{row}: p99"), "ms", column, many.p99);
    figures.note(&format!("{row}: CPU of the server, each"), "µs", column, many.cpu);
    figures.note(&format!("{row}: with its database, each"), "µs", column, many.cpu_with_database);
    figures.note(&format!("{row}: against one alone"), "×", column, many.rate / alone.rate);

    let room = server.room(&tokens[0], "hot").await;
    let members = stream::iter(&tokens[..HOT]).then(|token| member(server, token, &room)).collect().await;
    let hot = send(server, members, scale.durable / 2, database).await;
    figures.note(&format!("one room of {HOT}, all send: acknowledged"), "a second", column, hot.rate);
    figures.note(&format!("one room of {HOT}, all send: p99"), "ms", column, hot.p99);
}

async fn tokens(column: &str, server: &Server) -> Vec<String> {
    if column == NODE {
        // It stores users only for their log-ins.
        return (0..USERS).map(token).collect();
    }
    stream::iter(0..USERS)
        .map(|user| async move { server.user(&format!("user{user}")).await })
        .buffered(16)
        .collect()
        .await
}

/// A socket in a room, with the packet that it sends.
async fn member(server: &Server, token: &str, room: &str) -> (Socket, Vec<u8>) {
    let mut socket = Socket::connect(server.address, token).await;
    socket.ask("join-room", json!({"roomId": room})).await;
    let message = json!({"roomId": room, "content": "a message of everyday length, more or less"});
    let packet = socket.made(&format!("421{}", json!(["send-message", message])));
    (socket, packet)
}

/// What came of it.
struct Sent {
    rate: f64,
    /// Milliseconds.
    p99: f64,
    /// Microseconds of CPU time of each.
    cpu: f64,
    cpu_with_database: f64,
}

/// Each sends again as soon as it is acknowledged.
async fn send(server: &Server, members: Vec<(Socket, Vec<u8>)>, span: Duration, database: Option<u32>) -> Sent {
    let now = || (Cpu::of(server.id()), database.map(Cpu::of));
    let (cpu, of_database) = now();
    let begun = Instant::now();
    let mut tasks: JoinSet<Vec<u32>> =
        members.into_iter().map(|(socket, packet)| send_on(socket, packet, begun + span)).collect();
    let mut waits = Vec::new();
    while let Some(one) = tasks.join_next().await {
        waits.extend(one.expect("no panic"));
    }
    let (seconds, count) = (begun.elapsed().as_secs_f64(), waits.len() as f64);
    let (cpu_after, of_database_after) = now();
    let cpu = cpu_after.since(&cpu) / count;
    let more = of_database_after.zip(of_database).map_or(0.0, |(after, before)| after.since(&before) / count);
    Sent { rate: count / seconds, p99: f64::from(p99(waits)) / 1e3, cpu, cpu_with_database: cpu + more }
}

/// Microseconds until each was acknowledged.
async fn send_on(mut socket: Socket, packet: Vec<u8>, until: Instant) -> Vec<u32> {
    let mut waits = Vec::new();
    while Instant::now() < until {
        let sent = Instant::now();
        socket.send_made(&packet).await;
        let mut ok = None;
        while ok.is_none() {
            socket.read(|packet| ok = ok.or_else(|| packet.starts_with(b"431[").then(|| says_ok(packet)))).await;
        }
        assert_eq!(ok, Some(true), "a message was refused");
        waits.push(sent.elapsed().as_micros() as u32);
    }
    waits
}

fn says_ok(ack: &[u8]) -> bool {
    const OK: &[u8] = b"\"ok\":true";
    ack.windows(OK.len()).any(|part| part == OK)
}
