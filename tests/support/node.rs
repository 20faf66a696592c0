//! A backend in Node, with real Mongoose, that writes and reads a database beside us.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mongoose");

/// Runs a command of `tests/mongoose/backend.js` on a database, and gives back what it printed.
pub(crate) async fn backend(url: &str, command: &str, argument: Value) -> Value {
    let (url, command, argument) = (url.to_owned(), command.to_owned(), argument.to_string());
    let run = move || {
        install();
        let output =
            Command::new("node").current_dir(DIRECTORY).args(["backend.js", &url, &command, &argument]).output();
        let output = output.expect("node runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

/// Mongoose from npm, once.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        if !Path::new(DIRECTORY).join("node_modules/mongoose").exists() {
            let status =
                Command::new("npm").current_dir(DIRECTORY).args(["ci", "--silent"]).status().expect("npm runs");
            assert!(status.success(), "npm ci");
        }
    });
}
