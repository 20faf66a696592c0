//! The web client: files prepared at build time, or of a directory. What is named by its content is kept for ever, the rest asked for anew.

mod library;

use std::borrow::Cow;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use rust_embed::Embed;

use crate::config::Client;

pub use library::library;

/// The built-in client, as the build prepared it: each file, and `.br` and `.gz` beside it where they are worth it.
#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Assets;

/// What a path is answered with.
struct File {
    content: Bytes,
    tag: String,
    encoding: Option<&'static str>,
    /// Its name stands for just this content.
    forever: bool,
}

/// Answers every path: with a file of the client, its page where the path names no file, or 404. Meant as the fallback
/// of the whole application.
pub fn router(client: &Client) -> Router {
    match client {
        Client::BuiltIn => Router::new().fallback(built_in),
        Client::Directory(root) => Router::new().fallback(from_directory).with_state(Arc::new(root.clone())),
        Client::Off => Router::new().fallback(|| async { not_found() }),
    }
}

async fn built_in(request: Request) -> Response {
    let Some(path) = wanted(request.uri().path()) else { return not_found() };
    let file = choose::<Assets>(&path, request.headers());
    reply(&request, &path, file)
}

async fn from_directory(State(root): State<Arc<PathBuf>>, request: Request) -> Response {
    let Some(path) = wanted(request.uri().path()) else { return not_found() };
    let name = path.clone();
    let read = tokio::task::spawn_blocking(move || read_below(&root, &name)).await;
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
    Some(if is_file { path.to_owned() } else { "index.html".to_owned() })
}

/// The smallest form that the browser takes. Each form has a tag of its own, as they are different bytes.
fn choose<Files: Embed>(path: &str, headers: &HeaderMap) -> Option<File> {
    let plain = Files::get(path)?;
    let compressed = [("br", ".br"), ("gzip", ".gz")].into_iter().find_map(|(coding, suffix)| {
        let file = accepts(headers, coding).then(|| Files::get(&format!("{path}{suffix}")))??;
        Some((file, Some(coding)))
    });
    let (file, encoding) = compressed.unwrap_or((plain, None));
    let hash: String = file.metadata.sha256_hash().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let forever = is_named_by_content(path);
    Some(File { content: content(file.data), tag: format!("\"{hash}\""), encoding, forever })
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
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    Ok(Some(File {
        tag: format!("\"{:016x}\"", hasher.finish()),
        content: content.into(),
        encoding: None,
        forever: false,
    }))
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
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        if let Some(encoding) = file.encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let headers = response.headers_mut();
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
mod tests {
    use tower::ServiceExt;

    use super::*;

    async fn get(client: &Client, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        router(client).oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible")
    }

    fn header_of(response: &Response, name: header::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    #[tokio::test]
    async fn the_page_answers_the_root_and_paths_that_name_no_file() {
        for path in ["/", "/rooms/abc"] {
            let response = get(&Client::BuiltIn, path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(header_of(&response, header::CONTENT_TYPE), "text/html; charset=utf-8");
            assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-cache");
        }
    }

    #[tokio::test]
    async fn a_missing_asset_is_a_404_and_not_the_page() {
        assert_eq!(get(&Client::BuiltIn, "/views/gone.js", &[]).await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn modules_and_styles_are_kept_for_ever_under_names_that_their_content_gives_them() {
        let page = Assets::get("index.html").expect("a page");
        let page = String::from_utf8(page.data.into_owned()).expect("text");
        let named: Vec<&str> = page.split('"').filter(|part| part.starts_with('/') && part.contains('.')).collect();
        let forever: Vec<&&str> = named.iter().filter(|path| is_named_by_content(path)).collect();
        assert!(forever.len() > 50 && forever.iter().any(|path| path.starts_with("/main.")), "{named:?}");
        for path in &named {
            let response = get(&Client::BuiltIn, path, &[]).await;
            // The import map names each module by the name in the sources too, which is no path of its own.
            let in_sources = page.contains(&format!("\"{path}\":"));
            let status = if in_sources { StatusCode::NOT_FOUND } else { StatusCode::OK };
            assert_eq!(response.status(), status, "{path}");
            let kept = header_of(&response, header::CACHE_CONTROL).contains("immutable");
            assert_eq!(kept, is_named_by_content(path) && !in_sources, "{path}");
        }
    }

    #[tokio::test]
    async fn the_service_worker_lists_files_that_are_there_and_is_asked_for_anew() {
        let response = get(&Client::BuiltIn, "/service-worker.js", &[]).await;
        assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-cache");
        let worker = Assets::get("service-worker.js").expect("a worker");
        let worker = String::from_utf8(worker.data.into_owned()).expect("text");
        let list = worker.split_once("files: [").and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
        let files: Vec<&str> = list.split(',').map(|path| path.trim_matches('"')).collect();
        assert!(files.len() > 50, "{files:?}");
        for path in files {
            assert_eq!(get(&Client::BuiltIn, path, &[]).await.status(), StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn each_encoding_has_its_own_tag_and_a_known_tag_costs_no_body() {
        let path = "/index.html";
        let brotli = get(&Client::BuiltIn, path, &[(header::ACCEPT_ENCODING, "gzip, br")]).await;
        let gzip = get(&Client::BuiltIn, path, &[(header::ACCEPT_ENCODING, "gzip, br;q=0")]).await;
        let plain = get(&Client::BuiltIn, path, &[]).await;
        assert_eq!(header_of(&brotli, header::CONTENT_ENCODING), "br");
        assert_eq!(header_of(&gzip, header::CONTENT_ENCODING), "gzip");
        assert_eq!(header_of(&plain, header::CONTENT_ENCODING), "");
        let tags = [&brotli, &gzip, &plain].map(|response| header_of(response, header::ETAG).to_owned());
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");

        for (tag, status) in [(&tags[0], StatusCode::NOT_MODIFIED), (&tags[1], StatusCode::OK)] {
            let headers = [(header::ACCEPT_ENCODING, "br"), (header::IF_NONE_MATCH, tag.as_str())];
            assert_eq!(get(&Client::BuiltIn, path, &headers).await.status(), status, "{tag}");
        }
    }

    #[tokio::test]
    async fn a_directory_is_served_and_nothing_beside_it() {
        let home = tempfile::tempdir().expect("a directory");
        let root = home.path().join("client");
        std::fs::create_dir(&root).expect("a directory");
        std::fs::write(root.join("index.html"), "<p>mine</p>").expect("a file");
        std::fs::write(root.join(".env"), "secret").expect("a file");
        std::fs::write(home.path().join("secret.txt"), "secret").expect("a file");
        std::os::unix::fs::symlink(home.path().join("secret.txt"), root.join("link.txt")).expect("a link");
        let client = Client::Directory(root);

        assert_eq!(get(&client, "/", &[]).await.status(), StatusCode::OK);
        for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/link.txt", "/.env", "//etc/passwd.txt", "/gone.js"] {
            assert_eq!(get(&client, path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn with_the_client_off_the_root_is_a_404() {
        assert_eq!(get(&Client::Off, "/", &[]).await.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn the_whole_client_fits_into_180_kilobytes_compressed() {
        let is_form = |path: &str| path.ends_with(".br") || path.ends_with(".gz");
        let smallest = |path: &str| Assets::get(&format!("{path}.br")).or_else(|| Assets::get(path)).expect("a file");
        let total: usize = Assets::iter().filter(|path| !is_form(path)).map(|path| smallest(&path).data.len()).sum();
        assert!(total <= 180_000, "{total} bytes");
    }
}
