//! The sources of the library and the executable, as the tests of the house read them.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file.
pub(crate) struct Source {
    /// The way to its module: `["http", "rooms"]`; that of `http/mod.rs` is `["http"]`, that of `lib.rs` is empty.
    pub module: Vec<String>,
    /// Where it lies.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

impl Source {
    /// The first word of the way to its module: `http`, or `lib`.
    pub(crate) fn top(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// What is before its own tests.
    pub(crate) fn without_tests(&self) -> &str {
        let ends = ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\n#[path"];
        let end = ends.into_iter().filter_map(|end| self.text.find(end)).min();
        &self.text[..end.unwrap_or(self.text.len())]
    }

    /// It holds tests and nothing else.
    pub(crate) fn is_test(&self) -> bool {
        self.module.iter().any(|name| name == "tests" || name.ends_with("_tests"))
    }
}

/// All of `src`.
pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = files_below(&root).into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs"));
    let sources: Vec<Source> = files
        .map(|path| {
            let relative = path.strip_prefix(&root).expect("it lies there").with_extension("");
            let mut module: Vec<String> =
                relative.iter().map(|name| name.to_str().expect("UTF-8").to_owned()).collect();
            if module.last().is_some_and(|name| name == "mod") || module == ["lib"] {
                module.pop();
            }
            Source { module, text: fs::read_to_string(&path).expect("it can be read"), path }
        })
        .collect();
    assert!(sources.len() > 100, "the sources are there");
    sources
}

/// Every file below a directory.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}
