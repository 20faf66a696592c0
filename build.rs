//! Prepares the web client for embedding: every file of `static/` beside its brotli and gzip forms, listed in one table.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed=build.rs");
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's directory")).join("static");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the output directory")).join("web");
    fs::create_dir_all(&out)?;

    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();

    let mut table = String::from("&[\n");
    for (number, path) in files.iter().enumerate() {
        let source = root.join(path);
        let content = fs::read(&source)?;
        let brotli = keep(&out.join(format!("{number}.br")), &content, compress_brotli(&content)?)?;
        let gzip = keep(&out.join(format!("{number}.gz")), &content, compress_gzip(&content)?)?;
        writeln!(
            table,
            "    Asset {{ path: {path:?}, tag: \"{:016x}\", plain: include_bytes!({source:?}), brotli: {brotli}, gzip: {gzip} }},",
            fingerprint(&content),
        )
        .expect("writing to a string");
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table)
}

/// Relative paths with forward slashes of all that is served: not what is hidden, and not what only a type checker reads.
fn collect(root: &Path, directory: &Path, files: &mut Vec<String>) -> io::Result<()> {
    if !directory.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') {
                collect(root, &path, files)?;
            }
        } else if !(name.starts_with('.')
            || name.ends_with(".d.ts")
            || name == "tsconfig.json"
            || name == "package.json")
        {
            let relative = path.strip_prefix(root).expect("found below the root");
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            files.push(parts.join("/"));
        }
    }
    Ok(())
}

/// Writes a compressed form and answers the expression that embeds it, or `None` where it saves next to nothing.
fn keep(target: &Path, plain: &[u8], compressed: Vec<u8>) -> io::Result<String> {
    if compressed.len() * 20 >= plain.len() * 19 {
        return Ok("None".into());
    }
    fs::write(target, compressed)?;
    Ok(format!("Some(include_bytes!({target:?}))"))
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

/// Changes with the content, and with nothing else: two builds of the same sources have the same tags.
fn fingerprint(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}
