//! No line is longer than 120 columns. In Markdown, rows of tables and what is typed as it stands cannot be broken and
//! may be longer.

use std::fs;
use std::path::Path;

use super::sources::files_below;

const MOST: usize = 120;

/// Where somebody else's files lie, or ones that a program wrote.
const NOT_OURS: &[&str] = &[
    "docs/images",
    "node_modules",
    "static/vendor",
    "tests/package-lock.json",
    "tests/mongoose/package-lock.json",
    "benches/node/package-lock.json",
    "tests/browser/failures",
];

const FOLDERS: [&str; 10] =
    [".ci", ".github", "benches", "build", "docs", "examples", "script", "src", "static", "tests"];

/// The lines, with their numbers from 0, that can be broken.
fn breakable<'a>(name: &str, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let markdown = name.ends_with(".md");
    let mut fenced = false;
    text.lines().enumerate().filter(move |(_, line)| {
        fenced ^= line.trim_start().starts_with("```");
        !(markdown && (fenced || line.starts_with('|') || line.starts_with("    ")))
    })
}

#[test]
fn no_line_is_longer_than_the_page_is_wide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = fs::read_dir(root).expect("the repository").map(|entry| entry.expect("an entry").path());
    let beside = beside.filter(|path| path.extension().is_some_and(|kind| kind == "md" || kind == "toml"));
    let below = FOLDERS.into_iter().map(|folder| root.join(folder));
    let files = below.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).chain(beside);
    let mut wrong = Vec::new();
    for path in files {
        let name = path.strip_prefix(root).expect("it lies there").to_str().expect("UTF-8").to_owned();
        // What is no text is no concern here.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if NOT_OURS.iter().any(|ours| name.starts_with(ours) || name.contains("node_modules/")) {
            continue;
        }
        let lines = breakable(&name, &text).filter(|(_, line)| line.chars().count() > MOST);
        wrong.extend(lines.map(|(number, _)| format!("{name}:{}", number + 1)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
