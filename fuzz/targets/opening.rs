//! Fuzzes what meets the first bytes of a connection (http, the handshake of TLS, STUN over TCP) and a packet to the
//! relay. The server is the real one, in this process, and a panic in any of its tasks ends the fuzzer.

#![no_main]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tincan::config::{Settings, Turn};

/// Where the server listens, and its relay.
#[derive(Clone, Copy)]
struct Server {
    address: SocketAddr,
    relay: SocketAddr,
}

/// The server, started by the first that comes.
fn server() -> Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    *SERVER.get_or_init(|| {
        // A port that was free a moment ago; the relay says which one it chose to nobody here.
        let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        let (told, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                before(panic);
                std::process::abort();
            }));
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let data = tempfile::tempdir().expect("a directory");
                let mut config = Settings::defaults().without_secret();
                config.data_dir = data.path().to_owned();
                config.rate_limit = false;
                config.turn = Turn::At([127, 0, 0, 1].into());
                config.turn_port = free.port();
                let config = Arc::new(config);
                let store = tincan::store::open(&config).await.expect("a store");
                let tls = tincan::net::Tls::open(&config).expect("a certificate");
                let app = tincan::App::new(config, store, tls).await.expect("it starts");
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                told.send(listener.local_addr().expect("an address")).expect("somebody waits");
                tincan::serve(listener, app, std::future::pending()).await
            })
        });
        Server { address: address.recv().expect("it starts"), relay: free }
    })
}

fuzz_target!(|bytes: &[u8]| {
    let server = server();
    let packet = UdpSocket::bind("127.0.0.1:0").expect("a port");
    // One that is too long to be sent is none.
    let _ = packet.send_to(bytes, server.relay);
    let mut line = TcpStream::connect(server.address).expect("it listens");
    line.set_read_timeout(Some(Duration::from_millis(100))).expect("an option of every socket");
    // Where it has closed already there is nothing more to say, and what it answers is its own affair.
    let _ = line.write_all(bytes);
    let _ = line.shutdown(Shutdown::Write);
    let _ = line.read_to_end(&mut Vec::new());
});
