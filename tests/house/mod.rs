//! The shape of the house: imports point down only, and each outside crate stays in the layer that it belongs to.

mod circles;
mod lines;
mod paths;
mod sources;

use self::paths::named_in;
use self::sources::sources;

/// What each module of the library may import from it, besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &["model", "seldom", "store"]),
    ("model", &[]),
    ("config", &["files"]),
    ("auth", &["config", "error", "model", "wire"]),
    ("files", &[]),
    ("live", &["error", "model", "wire"]),
    ("control", &[]),
    ("store", &["config", "files", "model"]),
    ("transfer", &["config", "control", "files", "model", "store"]),
    ("operator", &["chat", "control", "error", "model", "store", "transfer"]),
    ("bus", &["config", "live", "model", "store", "wire"]),
    ("chat", &["auth", "bus", "config", "error", "live", "model", "store", "wire"]),
    ("web", &["config"]),
    ("wire", &["error", "model"]),
    ("net", &["auth", "bus", "chat", "config", "error", "files", "live", "model", "seldom"]),
    ("http", &["chat", "config", "error", "live", "model", "net", "store", "wire"]),
    ("seldom", &[]),
    ("socket", &["bus", "chat", "error", "live", "model", "net", "seldom", "wire"]),
];

/// Crates and modules that are named in these modules of the library alone.
const BELONGS_TO: &[(&[&str], &[&str])] = &[
    (&["polodb_core::", "mongodb::", "bson::"], &["bus", "store"]),
    (&["socketioxide::", "engineioxide::", "engineioxide_core::", "tungstenite::"], &["socket"]),
    (&["socketioxide_core::", "socketioxide_parser_common::"], &["socket"]),
    (&["axum::", "tower::", "hyper::"], &["app", "http", "net", "socket", "web"]),
    (&["jsonwebtoken::", "bcrypt::"], &["auth"]),
    (
        &["rustls::", "tokio_rustls::", "hyper_rustls::", "rcgen::", "instant_acme::", "x509_parser::", "mdns_sd::"],
        &["net"],
    ),
    (&["utoipa::"], &["config", "http", "wire"]),
    (&["std::env"], &["config"]),
];

#[test]
fn imports_point_down_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        let (module, path) = (source.top(), source.path.display());
        // The top puts the parts together; the executable is above even that.
        if ["lib", "main", "app", "cli"].contains(&module) {
            continue;
        }
        let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == module);
        let allowed = allowed.unwrap_or_else(|| panic!("{module} has no place in the house yet; give it one here")).1;
        for named in named_in(&source.text) {
            let name = named.path.get(1).filter(|_| named.path[0] == "crate").filter(|name| is_module(name));
            if let Some(name) = name.filter(|name| *name != module && !allowed.contains(&name.as_str())) {
                wrong.push(format!("{path}: {module} imports {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_outside_crate_stays_where_it_belongs() {
    let mut wrong = Vec::new();
    for source in sources() {
        let (module, path) = (source.top(), source.path.display());
        for named in named_in(&source.text) {
            let whole = format!("{}::", named.path.join("::"));
            for (crates, modules) in BELONGS_TO {
                if crates.iter().any(|name| whole.starts_with(name)) && !modules.contains(&module) {
                    wrong.push(format!("{path}: {module} names {whole}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A module begins with a small letter; what else lies at the root is the top's.
fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

#[test]
fn every_file_says_its_one_job_first() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
