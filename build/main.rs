//! Prepares for embedding the web client and the official Socket.IO client: every file in its brotli and gzip forms.
//!
//! The modules of the web client are merged into three files (`parts.rs`), and its styles into one. These are named by
//! their content, so that a browser may keep them for ever; the page gets an import map from the names in the sources
//! to these, and the service worker the list of all files.

mod parts;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The files of a client, by their path below its root, with `/` between the parts.
type Files = BTreeMap<String, Vec<u8>>;

/// Where the import map goes: before the first module that the page names.
const FIRST_MODULE: &str = "<script type=\"module\"";
/// How the page names a style.
const STYLE: &str = "<link rel=\"stylesheet\" href=\"./";
/// The one script that stands in the page.
const SCRIPT: &str = "<script>";
/// What stands in the service worker where nothing was prepared.
const NOTHING_PREPARED: &str = "const SHELL = { version: '', files: [] };";

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script where things are by the environment alone")]
fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed=vendor/socket.io-client");
    println!("cargo:rerun-if-changed=build");
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's directory"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the output directory"));
    let (client, policy) = named_by_content(read(&home.join("static"))?);
    println!("cargo:rustc-env=TINCAN_INLINE={policy}");
    write(&client, &out.join("web"))?;
    write(&read(&home.join("vendor/socket.io-client"))?, &out.join("socket.io-client"))
}

/// The client with modules and styles under the names that their content gives them, and the sources of the content
/// security policy that allow the import map and the script in the page.
fn named_by_content(sources: Files) -> (Files, String) {
    let mut names = BTreeMap::new();
    let mut files = Files::new();
    for (path, content) in with_one_style(parts::merged(sources)) {
        let name = if is_named_by_content(&path) { named(&path, &content) } else { path.clone() };
        files.insert(name.clone(), content);
        if name != path {
            names.insert(format!("./{path}"), format!("./{name}"));
        }
    }
    let map = import_map(&names);
    let page = String::from_utf8_lossy(&files["index.html"]).into_owned();
    let script = page.split_once(SCRIPT).and_then(|(_, rest)| rest.split_once("</script>")).expect("a script").0;
    let policy = [map.as_str(), script].map(source_of).join(" ");
    change(&mut files, "index.html", |page| {
        let page = names.iter().fold(page, |page, (path, name)| page.replace(&quoted(path), &quoted(name)));
        page.replacen(FIRST_MODULE, &format!("<script type=\"importmap\">{map}</script>\n    {FIRST_MODULE}"), 1)
    });
    let shell = shell(&files);
    change(&mut files, "service-worker.js", |worker| worker.replacen(NOTHING_PREPARED, &shell, 1));
    (files, policy)
}

/// The styles that the page names as one file, in the order in which it names them: six requests less before anything
/// is seen.
fn with_one_style(mut sources: Files) -> Files {
    let mut joined = Vec::new();
    change(&mut sources, "index.html", |page| {
        let (styles, others): (Vec<_>, Vec<_>) = page.lines().partition(|line| line.contains(STYLE));
        joined =
            styles.iter().filter_map(|line| Some(line.split_once(STYLE)?.1.split('"').next()?.to_owned())).collect();
        let one = format!("    {STYLE}styles.css\" />\n    <!--");
        others.join("\n").replacen("    <!--", &one, 1) + "\n"
    });
    let styles = joined.iter().filter_map(|path| sources.remove(path)).collect::<Vec<_>>();
    assert_eq!(styles.len(), joined.len(), "the page names a style that is not there");
    sources.insert("styles.css".to_owned(), styles.concat());
    sources
}

/// The page, the service worker and what other programs ask for by name keep theirs.
fn is_named_by_content(path: &str) -> bool {
    let kind = path.rsplit('.').next();
    matches!(kind, Some("js" | "css")) && path != "service-worker.js"
}

/// `views/room.js` becomes `views/room.0123456789abcdef.js`.
fn named(path: &str, content: &[u8]) -> String {
    let (stem, kind) = path.rsplit_once('.').expect("it has a kind");
    format!("{stem}.{}.{kind}", hash(content))
}

fn hash(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content)[..8])
}

/// How a policy allows a text that stands in the page.
fn source_of(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// JSON by hand: paths of this repository hold nothing that needs escaping.
fn import_map(names: &BTreeMap<String, String>) -> String {
    let modules = names.iter().filter(|(path, _)| path.ends_with(".js"));
    let entries: Vec<String> = modules.map(|(path, name)| format!("{}:{}", quoted(path), quoted(name))).collect();
    format!("{{\"imports\":{{{}}}}}", entries.join(","))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// The list for the service worker: all that the page needs, under a version that any change changes.
fn shell(files: &Files) -> String {
    let needed =
        files.keys().filter(|path| !path.ends_with(".txt") && *path != "service-worker.js" && *path != "index.html");
    let list: Vec<String> = needed.map(|path| quoted(path)).collect();
    let whole: Vec<u8> = files.iter().flat_map(|(path, content)| [path.as_bytes(), content].concat()).collect();
    format!("const SHELL = {{ version: {}, files: [{}] }};", quoted(&hash(&whole)), list.join(","))
}

/// Changes a text that must be there, and must come out otherwise.
fn change(files: &mut Files, path: &str, with: impl FnOnce(String) -> String) {
    let content = files.get_mut(path).unwrap_or_else(|| panic!("the client has no {path}"));
    let before = String::from_utf8(std::mem::take(content)).expect("it is text");
    let after = with(before.clone());
    assert!(after != before, "{path} has no place for what the build adds");
    *content = after.into_bytes();
}

/// Writes files in their compressed forms, and as they are where compressing saves next to nothing. What is no longer
/// among them must not stay in the executable.
fn write(files: &Files, out: &Path) -> io::Result<()> {
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    for (path, content) in files {
        let target = out.join(path);
        fs::create_dir_all(target.parent().expect("a file is in a directory"))?;
        keep(&target, ".br", content, compress_brotli(content)?)?;
        if !keep(&target, ".gz", content, compress_gzip(content)?)? {
            fs::write(target, content)?;
        }
    }
    Ok(())
}

/// All files below a root that are served: not what is hidden, and not what only a type checker reads.
fn read(root: &Path) -> io::Result<Files> {
    let mut found = Files::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.') || name.ends_with(".d.ts") || name == "tsconfig.json" || name == "package.json" {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            } else {
                let below = path.strip_prefix(root).expect("found below the root");
                let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
                found.insert(parts.join("/"), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// Writes a compressed form, where it saves more than next to nothing; whether it does.
fn keep(target: &Path, suffix: &str, plain: &[u8], compressed: Vec<u8>) -> io::Result<bool> {
    if compressed.len() * 20 >= plain.len() * 19 {
        return Ok(false);
    }
    let mut name = target.as_os_str().to_owned();
    name.push(suffix);
    fs::write(name, compressed)?;
    Ok(true)
}

fn compress_brotli(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut io::Cursor::new(content), &mut out, &params)?;
    Ok(out)
}

fn compress_gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}
