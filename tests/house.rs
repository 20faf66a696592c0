//! The shape of the house: imports point down only, and each outside crate stays in the layer that it belongs to.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module of the library may import from it, besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &["model"]),
    ("model", &["error"]),
    ("config", &[]),
    ("auth", &["config", "error", "model"]),
    ("live", &["error", "model"]),
    ("store", &["config", "model"]),
    ("transfer", &["config", "model", "store"]),
    ("chat", &["auth", "config", "error", "live", "model", "seldom", "store"]),
    ("peer", &[]),
    ("web", &["config"]),
    ("http", &["chat", "config", "error", "live", "model", "peer", "store"]),
    ("seldom", &[]),
    ("socket", &["chat", "config", "error", "live", "model", "peer", "seldom"]),
];

/// Crates and modules that are named in these modules of the library alone.
const BELONGS_TO: &[(&[&str], &[&str])] = &[
    (&["polodb_core::", "mongodb::", "bson::"], &["store"]),
    (&["socketioxide::", "engineioxide::"], &["socket"]),
    (&["axum::", "tower::", "hyper::"], &["http", "lib", "peer", "serve", "socket", "web"]),
    (&["jsonwebtoken::", "bcrypt::"], &["auth"]),
    (&["std::env"], &["config"]),
];

/// A source file: the module of the library that it is in, its path, and its lines without comments.
struct Source {
    module: String,
    path: PathBuf,
    code: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut directories = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&root).unwrap();
                let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().map(|line| line.split("//").next().unwrap().to_owned()).collect();
                sources.push(Source { module, path, code });
            }
        }
    }
    assert!(sources.len() > 20, "the sources are there");
    sources
}

/// The modules of the library that a line names: `crate::a::B` one, `crate::{a, b}` two.
fn named(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        let group = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
        for part in group.map_or_else(|| vec![rest], |group| group.split(',').collect()) {
            let part = part.trim();
            let end = part.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(part.len());
            if end > 0 {
                names.push(&part[..end]);
            }
        }
    }
    names
}

#[test]
fn imports_point_down_only() {
    let mut wrong = Vec::new();
    for Source { module, path, code } in sources() {
        // The top puts the parts together; the executable is above even that.
        if ["lib", "main", "serve", "cli"].contains(&module.as_str()) {
            continue;
        }
        let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == module);
        let allowed = allowed.unwrap_or_else(|| panic!("{module} has no place in the house yet; give it one here")).1;
        for (number, line) in code.iter().enumerate() {
            for name in named(line) {
                if name != module && !allowed.contains(&name) {
                    wrong.push(format!("{}:{}: {module} imports {name}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_outside_crate_stays_where_it_belongs() {
    let mut wrong = Vec::new();
    for Source { module, path, code } in sources() {
        for (number, line) in code.iter().enumerate() {
            for (names, modules) in BELONGS_TO {
                for name in names.iter().filter(|name| names_crate(line, name)) {
                    if !modules.contains(&module.as_str()) {
                        wrong.push(format!("{}:{}: {module} names {name}", path.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The name stands at the head of a path, not at the end of a longer word or within another path.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')))
}

#[test]
fn every_file_says_its_one_job_first() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|source| !fs::read_to_string(&source.path).unwrap().starts_with("//! "))
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_through_groups_and_calls() {
    assert_eq!(named("use crate::store::Store;"), ["store"]);
    assert_eq!(named("use crate::{chat::Chat, error::Error};"), ["chat", "error"]);
    assert_eq!(named("let x = crate::http::f(crate::model::Y);"), ["http", "model"]);
    assert!(named("use crate::App;").is_empty());
    assert!(names_crate("use bson::Document;", "bson::") && !names_crate("mongodb::bson::doc!", "bson::"));
}
