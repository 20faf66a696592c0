//! Prepares for embedding the web client and the official Socket.IO client: every file beside its brotli and gzip forms.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script where things are by the environment alone")]
fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed=socket.io-client");
    println!("cargo:rerun-if-changed=build.rs");
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's directory"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the output directory"));
    prepare(&home.join("static"), &out.join("web"))?;
    prepare(&home.join("socket.io-client"), &out.join("socket.io-client"))
}

fn prepare(root: &Path, out: &Path) -> io::Result<()> {
    if out.exists() {
        // What is no longer in the folder must not stay in the executable.
        fs::remove_dir_all(out)?;
    }
    for path in files(root)? {
        let (content, target) = (fs::read(root.join(&path))?, out.join(&path));
        fs::create_dir_all(target.parent().expect("a file is in a directory"))?;
        keep(&target, ".br", &content, compress_brotli(&content)?)?;
        keep(&target, ".gz", &content, compress_gzip(&content)?)?;
        fs::write(target, content)?;
    }
    Ok(())
}

/// Paths below the root of all that is served.
fn files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(root, root, &mut found)?;
    Ok(found)
}

/// Not what is hidden, and not what only a type checker reads.
fn collect(root: &Path, directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') || name.ends_with(".d.ts") || name == "tsconfig.json" || name == "package.json" {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, found)?;
        } else {
            found.push(path.strip_prefix(root).expect("found below the root").to_owned());
        }
    }
    Ok(())
}

/// Writes a compressed form beside the file, where it saves more than next to nothing.
fn keep(target: &Path, suffix: &str, plain: &[u8], compressed: Vec<u8>) -> io::Result<()> {
    if compressed.len() * 20 >= plain.len() * 19 {
        return Ok(());
    }
    let mut name = target.as_os_str().to_owned();
    name.push(suffix);
    fs::write(name, compressed)
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
