//! ICE servers as they are set: JSON in the form of `RTCPeerConnection`, or `url,username,credential` in a flag.

use serde::{Deserialize, Serialize};

/// One ICE server, as `RTCPeerConnection` takes it. Its `Debug` shows no credential.
#[derive(Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(description = "One ICE server, as `RTCPeerConnection` takes it.")]
pub struct IceServer {
    /// `stun:…`, `turn:…`, `turns:…`.
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub username: Option<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub credential: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    urls: Urls,
    username: Option<String>,
    credential: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Urls {
    One(String),
    Many(Vec<String>),
}

/// From the variable: a JSON array, or `none`.
pub(super) fn from_json(text: &str) -> Result<Vec<IceServer>, String> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let form = r#"is no list of ICE servers; write JSON such as [{"urls":"stun:stun.example.com"}]"#;
    // What serde says may quote a credential, so only the place is told.
    let written: Vec<Written> = serde_json::from_str(text)
        .map_err(|error| format!("{form} (line {}, column {})", error.line(), error.column()))?;
    let servers = written.into_iter().map(|one| IceServer {
        urls: match one.urls {
            Urls::One(url) => vec![url],
            Urls::Many(urls) => urls,
        },
        username: one.username,
        credential: one.credential,
    });
    servers.map(checked).collect()
}

/// From the flags: `url` or `url,username,credential` each, or `none` alone.
pub(super) fn from_flags(texts: &[String]) -> Result<Vec<IceServer>, String> {
    if texts == ["none"] {
        return Ok(Vec::new());
    }
    let server = |text: &String| {
        let mut parts = text.splitn(3, ',').map(str::trim);
        let url = parts.next().unwrap_or_default().to_owned();
        checked(IceServer {
            urls: vec![url],
            username: parts.next().map(str::to_owned),
            credential: parts.next().map(str::to_owned),
        })
    };
    texts.iter().map(server).collect()
}

/// Refuses what makes a browser's `RTCPeerConnection` throw, which would cost every call.
fn checked(server: IceServer) -> Result<IceServer, String> {
    if server.urls.is_empty() {
        return Err("has an ICE server without a URL; write stun:host or turn:host".to_owned());
    }
    for url in &server.urls {
        let (scheme, host) = url.split_once(':').unwrap_or(("", ""));
        let host = host.split('?').next().unwrap_or_default();
        let good = matches!(scheme, "stun" | "stuns" | "turn" | "turns");
        if !good
            || host.is_empty()
            || host.starts_with('/')
            || url.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Err(format!("{url:?} is no ICE server; write stun:host, turn:host or turns:host, or none alone"));
        }
        let bare = [&server.username, &server.credential].iter().any(|part| part.as_deref().unwrap_or("").is_empty());
        if scheme.starts_with("turn") && bare {
            return Err(format!("{url:?} needs a username and a credential; write url,username,credential"));
        }
    }
    Ok(server)
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{self}")
    }
}

/// For the operator: the URLs, and whether there are credentials, not which.
impl std::fmt::Display for IceServer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.urls.join(" "))?;
        if self.credential.is_some() { out.write_str(" (with credentials)") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_from_json_as_a_browser_takes_them() {
        let servers = from_json(
            r#"[{"urls":"stun:a.example"},{"urls":["turn:b.example:3478?transport=udp","turns:b.example"],
                "username":"u","credential":"c","credentialType":"password"}]"#,
        )
        .unwrap();
        assert_eq!(servers[0].urls, ["stun:a.example"]);
        assert_eq!((servers[1].urls.len(), servers[1].credential.as_deref()), (2, Some("c")));
        assert_eq!(from_json("[]").unwrap(), []);
        for bad in ["", "{}", "[1]", "[{}]", r#"[{"urls":[]}]"#, r#"[{"urls":"http://a"}]"#, r#"[{"urls":"turn:a"}]"#] {
            assert!(from_json(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn servers_are_read_from_flags_and_a_credential_may_hold_commas() {
        let servers = from_flags(&["stun:a".into(), "turn:b,user,pass,word".into()]).unwrap();
        assert_eq!(servers[1].credential.as_deref(), Some("pass,word"));
        assert_eq!(from_flags(&["none".into()]).unwrap(), []);
        for bad in ["", "none", "stun:", "stun://a", "turn:b", "turn:b,user", "stun:a b"] {
            assert!(from_flags(&["stun:a".into(), bad.into()]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_credential_is_never_shown() {
        let servers = from_flags(&["turn:b,user,hush".into()]).unwrap();
        assert!(!format!("{servers:?} {}", servers[0]).contains("hush"));
        let error = from_json(r#"[{"urls":"turn:b","credential":"hush"}]"#).unwrap_err();
        assert!(!error.contains("hush"), "{error}");
    }
}
