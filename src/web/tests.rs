//! What each path is answered with, by which client.

use std::collections::BTreeSet;

use tower::ServiceExt;

use super::*;

/// The paths of all files, each once.
fn paths() -> BTreeSet<String> {
    let of = |form: &str| form.trim_end_matches(".br").trim_end_matches(".gz").to_owned();
    Assets::iter().map(|form| of(&form)).collect()
}

fn text(path: &str) -> String {
    let file = plain::<Assets>(path).expect("a file");
    String::from_utf8(file.content.to_vec()).expect("text")
}

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
async fn the_page_answers_the_root_and_paths_that_name_no_file_lead_there() {
    let response = get(&Client::BuiltIn, "/", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header_of(&response, header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-cache");
    for (path, way) in [("/rooms", "./"), ("/rooms/", "../"), ("/rooms/abc", "../"), ("/a/b/c?d=/e/", "../../")] {
        let response = get(&Client::BuiltIn, path, &[]).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{path}");
        assert_eq!(header_of(&response, header::LOCATION), way, "{path}");
    }
    let elsewhere = tempfile::tempdir().expect("a directory");
    std::fs::write(elsewhere.path().join("index.html"), "<p>mine</p>").expect("a file");
    let response = get(&Client::Directory(elsewhere.path().to_owned()), "/rooms/abc", &[]).await;
    assert_eq!(response.status(), StatusCode::OK, "another client may have pages of its own there");
}

#[tokio::test]
async fn below_a_prefix_the_root_has_a_slash_and_a_folder_may_be_called_as_the_prefix() {
    let asked = |asked: &str, path: &str| {
        let uri: axum::http::Uri = asked.parse().expect("a URI");
        let request = Request::builder().uri(path).extension(OriginalUri(uri)).body(Body::empty());
        router(&Client::BuiltIn).oneshot(request.expect("a request"))
    };
    let response = asked("/chat?x=1", "/?x=1").await.expect("infallible");
    assert_eq!(header_of(&response, header::LOCATION), "/chat/?x=1");
    assert_eq!(asked("/chat/", "/").await.expect("infallible").status(), StatusCode::OK);
    let icon = paths().into_iter().find(|path| path.starts_with("icons/")).expect("an icon");
    let path = icon.strip_prefix("icons").expect("it is below");
    assert_eq!(asked(&format!("/{icon}"), path).await.expect("infallible").status(), StatusCode::OK);
}

#[tokio::test]
async fn a_missing_asset_is_a_404_and_not_the_page() {
    assert_eq!(get(&Client::BuiltIn, "/views/gone.js", &[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn modules_and_styles_are_kept_for_ever_under_names_that_their_content_gives_them() {
    let page = text("index.html");
    let named: Vec<&str> = page.split('"').filter_map(|part| part.strip_prefix("./")).collect();
    let forever: Vec<&&str> = named.iter().filter(|path| is_named_by_content(path)).collect();
    for start in ["main.", "room.", "later.", "styles."] {
        assert!(forever.iter().any(|path| path.starts_with(start)), "{start} of {named:?}");
    }
    assert!(!page.contains("=\"/"), "a path from the root of the origin does not lead below a prefix");
    for path in &named {
        let response = get(&Client::BuiltIn, &format!("/{path}"), &[]).await;
        // The import map names each module by the name in the sources too, which is no path of its own.
        let in_sources = page.contains(&format!("\"./{path}\":"));
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
    let worker = text("service-worker.js");
    let list = worker.split_once("files: [").and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
    let files: Vec<&str> = list.split(',').map(|path| path.trim_matches('"')).collect();
    for start in ["main.", "room.", "later.", "styles.", "icons/"] {
        assert!(files.iter().any(|path| path.starts_with(start)), "{start} of {files:?}");
    }
    for path in files {
        let path = format!("/{path}");
        assert_eq!(get(&Client::BuiltIn, &path, &[]).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn who_takes_no_compressed_form_gets_the_file_as_it_stands_in_the_sources() {
    let response = get(&Client::BuiltIn, "/manifest.webmanifest", &[]).await;
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    assert!(body == include_bytes!("../../static/manifest.webmanifest").as_slice());
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
async fn with_the_client_off_a_worker_that_was_left_clears_itself_and_all_else_is_a_404() {
    for path in ["/", "/index.html", "/main.js"] {
        assert_eq!(get(&Client::Off, path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let response = get(&Client::Off, WORKER, &[]).await;
    assert_eq!(header_of(&response, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    let worker = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    // As it stands in the sources: with a list of files it would keep them.
    assert!(std::str::from_utf8(&worker).expect("text").contains("files: []"));
}

#[tokio::test]
async fn a_page_that_has_not_changed_is_told_to_be_one() {
    let tag = header_of(&get(&Client::BuiltIn, "/", &[]).await, header::ETAG).to_owned();
    let response = get(&Client::BuiltIn, "/", &[(header::IF_NONE_MATCH, &tag)]).await;
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header_of(&response, header::CONTENT_TYPE), "text/html; charset=utf-8");
}

/// A browser that is told of an import finds the file of it, and knows of it from the page before that import comes.
#[test]
fn the_modules_come_in_three_files_that_import_each_other_by_names_of_the_import_map() {
    let scripts: Vec<String> = paths().into_iter().filter(|path| path.ends_with(".js")).collect();
    let begin: Vec<&str> = scripts.iter().map(|path| path.split('.').next().expect("a name")).collect();
    assert_eq!(begin, ["later", "main", "room", "service-worker"]);
    let page = text("index.html");
    for path in scripts {
        let script = text(&path);
        assert!(!script.contains("/**") || path == "service-worker.js", "{path} has comments that nobody reads there");
        for import in ["from\"", "import\"", "import(\""].into_iter().flat_map(|word| script.split(word).skip(1)) {
            let name = import.split('"').next().expect("a name");
            assert!(page.contains(&format!("\"{name}\":")), "{path} imports {name}, which the page does not know");
        }
    }
}

#[test]
fn the_whole_client_fits_into_140_kilobytes_compressed() {
    let smallest = |path: &str| Assets::get(&format!("{path}.br")).or_else(|| Assets::get(path)).expect("a file");
    let total: usize = paths().iter().map(|path| smallest(path).data.len()).sum();
    assert!(total <= 140_000, "{total} bytes");
}
