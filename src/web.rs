//! The web client: files prepared at build time, or of a directory. What is named by its content is kept for ever, the
//! rest asked for anew.

mod library;

use std::borrow::Cow;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::read::GzDecoder;
use rust_embed::{Embed, EmbeddedFile};

use crate::config::Client;

pub use library::library;

/// The built-in client, as the build prepared it: each file as `.br` and `.gz`, or as it is where they save too little.
#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Assets;

/// The page.
const PAGE: &str = "index.html";

/// The service worker, by whose name alone browsers find a newer one.
const WORKER: &str = "/service-worker.js";

/// What a path is answered with.
struct File {
    content: Bytes,
    tag: String,
    encoding: Option<&'static str>,
    /// Its name stands for just this content.
    forever: bool,
}

/// Answers every path: with a file of the client, its page, the way there where the path names no file, or 404. Meant
/// as the fallback of the whole application.
pub fn router(client: &Client) -> Router {
    match client {
        Client::BuiltIn => Router::new().fallback(built_in),
        Client::Directory(root) => Router::new().fallback(from_directory).with_state(Arc::new(root.clone())),
        Client::Off => Router::new().route(WORKER, any(worker_that_goes)).fallback(|| async { not_found() }),
    }
}

/// Browsers that have kept the client open it without asking, and ask for this alone. The worker as it stands in the
/// sources lets go of all files and of itself.
async fn worker_that_goes(request: Request) -> Response {
    let content = Bytes::from_static(include_bytes!("../static/service-worker.js"));
    let tag = tag_of(&content);
    reply(&request, WORKER, Some(File { content, tag, encoding: None, forever: false }))
}

async fn built_in(request: Request) -> Response {
    let Some(path) = wanted(request.uri().path()) else { return not_found() };
    if let Some(way) = way_to_page(&request, &path) {
        return way;
    }
    let file = choose::<Assets>(&path, request.headers());
    let file = file.or_else(|| choose::<Assets>(&whole(&request)?, request.headers()));
    reply(&request, &path, file)
}

/// The page names its files from where it lies, so it answers at the root alone, and there with a slash at the end.
/// `None` where the path is that, or names a file.
fn way_to_page(request: &Request, wanted: &str) -> Option<Response> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    if wanted != PAGE || path.ends_with(PAGE) || !is_read {
        return None;
    }
    let deep = path.trim_start_matches('/').matches('/').count();
    let location = match (path, request.extensions().get::<OriginalUri>()) {
        ("/" | "", Some(OriginalUri(asked))) if asked.path().len() > 1 && !asked.path().ends_with('/') => {
            let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{}/{query}", asked.path())
        }
        ("/" | "", _) => return None,
        // Below whatever prefix that may be.
        _ if deep == 0 => "./".to_owned(),
        _ => "../".repeat(deep),
    };
    let headers = [(header::LOCATION, location.as_str()), (header::CACHE_CONTROL, "no-cache")];
    Some((StatusCode::FOUND, headers).into_response())
}

/// The file that a path names with what was taken for a prefix of it: a folder of the client may be called so.
fn whole(request: &Request) -> Option<String> {
    let OriginalUri(asked) = request.extensions().get::<OriginalUri>()?;
    wanted(asked.path()).filter(|path| asked.path() != request.uri().path() && path != PAGE)
}

async fn from_directory(State(root): State<Arc<PathBuf>>, request: Request) -> Response {
    let Some(path) = wanted(request.uri().path()) else { return not_found() };
    let (name, whole) = (path.clone(), whole(&request));
    let read = tokio::task::spawn_blocking(move || match (read_below(&root, &name), whole) {
        (Ok(None), Some(whole)) => read_below(&root, &whole),
        (read, _) => read,
    });
    let read = read.await;
    match read {
        Ok(Ok(file)) => reply(&request, &path, file),
        Ok(Err(error)) => {
            tracing::error!(%path, %error, "a file of the client cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The file a path means: itself where it looks like a file, otherwise the page, whose own routes begin there.
/// `None` where it could not be a path inside the client.
fn wanted(path: &str) -> Option<String> {
    let path = path.trim_start_matches('/');
    let sound = |part: &str| !part.starts_with('.') && !part.contains(['\\', '%', '\0', ':']);
    if !path.split('/').all(sound) {
        return None;
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    Some(if is_file { path.to_owned() } else { PAGE.to_owned() })
}

/// The smallest form that the browser takes. Each form has a tag of its own, as they are different bytes.
fn choose<Files: Embed>(path: &str, headers: &HeaderMap) -> Option<File> {
    let compressed = [("br", ".br"), ("gzip", ".gz")].into_iter().find_map(|(coding, suffix)| {
        let file = accepts(headers, coding).then(|| Files::get(&format!("{path}{suffix}")))??;
        Some(File { encoding: Some(coding), ..file_of(path, file, "") })
    });
    compressed.or_else(|| plain::<Files>(path))
}

/// A file as it was before it was compressed: hardly anybody asks for that, so most are not kept in that form.
fn plain<Files: Embed>(path: &str) -> Option<File> {
    if let Some(file) = Files::get(path) {
        return Some(file_of(path, file, ""));
    }
    let file = file_of(path, Files::get(&format!("{path}.gz"))?, "-plain");
    let mut content = Vec::new();
    GzDecoder::new(file.content.as_ref()).read_to_end(&mut content).expect("the build compressed it");
    Some(File { content: content.into(), ..file })
}

fn file_of(path: &str, file: EmbeddedFile, mark: &str) -> File {
    let hash = HEXLOWER.encode(&file.metadata.sha256_hash()[..8]);
    let tag = format!("\"{hash}{mark}\"");
    File { content: content(file.data), tag, encoding: None, forever: is_named_by_content(path) }
}

/// As the build names modules and styles: 16 hexadecimal digits before the kind.
fn is_named_by_content(path: &str) -> bool {
    let hash = path.rsplit('.').nth(1).unwrap_or_default();
    hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn content(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|parameter| {
            parameter.strip_prefix("q=").is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        named && !refused
    })
}

/// Reads a file below a directory; what a link leads out of it to is not there.
fn read_below(root: &Path, path: &str) -> std::io::Result<Option<File>> {
    let absent = |error: &std::io::Error| {
        matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
    };
    let target = match root.join(path).canonicalize() {
        Err(error) if absent(&error) => return Ok(None),
        other => other?,
    };
    if !target.starts_with(root.canonicalize()?) || !target.is_file() {
        return Ok(None);
    }
    let content = std::fs::read(target)?;
    Ok(Some(File { tag: tag_of(&content), content: content.into(), encoding: None, forever: false }))
}

fn tag_of(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

fn reply(request: &Request, path: &str, file: Option<File>) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let Some(file) = file else { return not_found() };
    let mut response = if is_known(request.headers(), &file.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(file.content));
        if let Some(encoding) = file.encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let headers = response.headers_mut();
    // Also where nothing has changed: what headers a page gets is told from it, and those take the place of the ones
    // kept.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(header::ETAG, HeaderValue::from_str(&file.tag).expect("a tag is hexadecimal"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // The page names all other files, so it is asked for anew at each load, and all of them are of one version.
    let caching = if file.forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(|entry| entry.trim().trim_start_matches("W/"))
        .any(|entry| entry == tag || entry == "*")
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-cache")], "Not found\n").into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
