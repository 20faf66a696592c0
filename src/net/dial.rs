//! Asks a server over http or https as a client does, one question a connection, and keeps what the answer and the
//! certificate were. For whoever looks after a server.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::model::Timestamp;

/// How long a connection and an answer may take each.
const PATIENCE: Duration = Duration::from_secs(8);

/// More than an answer has that is asked for here.
const LONGEST: u64 = 256 * 1024;

/// Where a server is, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Over TLS.
    pub https: bool,
    /// An IPv6 address without its brackets.
    pub host: String,
    /// Where none is named, the one that browsers ask.
    pub port: u16,
    /// Under which the server lies there: empty, or `/chat`.
    pub prefix: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Its number.
    pub status: u16,
    /// The lines before the body.
    pub head: String,
    /// As text.
    pub body: String,
    /// What the certificate was, over https.
    pub certificate: Option<Seen>,
}

/// A certificate that a server showed.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whose it is, as it says itself; empty where it cannot be read.
    pub issuer: String,
    /// For how many days it is still good; below 0 where it has ended.
    pub days: i64,
    /// Why a browser would not take it; `None` where it would.
    pub refused: Option<String>,
}

impl Target {
    /// From a URL as one types it; `http` where no scheme is given.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = host_and_port(authority)?;
        let port = match port {
            Some(port) => port.parse().ok()?,
            None => {
                if https {
                    443
                } else {
                    80
                }
            }
        };
        let path = path.trim_end_matches('/');
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        (!host.is_empty()).then(|| Self { https, host: host.to_owned(), port, prefix })
    }

    /// As `Host` and `Origin` have it.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.https { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// With its scheme.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }

    /// Its addresses.
    ///
    /// # Errors
    /// Where the name is not known.
    pub async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let found = timeout(PATIENCE, tokio::net::lookup_host((self.host.as_str(), self.port))).await??;
        Ok(found.collect())
    }

    /// Asks for a path under the prefix.
    ///
    /// # Errors
    /// Where there is no connection, or no answer in time.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> io::Result<Answer> {
        self.ask("GET", path, headers, "").await
    }

    /// Asks with any method and a body of JSON.
    ///
    /// # Errors
    /// As [`Target::get`].
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
        let stream = timeout(PATIENCE, TcpStream::connect((self.host.as_str(), self.port))).await??;
        let mut request = format!("{method} {}{path} HTTP/1.1\r\nHost: {}\r\n", self.prefix, self.authority());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
            request.push_str("Connection: close\r\n");
        }
        if !body.is_empty() {
            request.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        request.push_str(&format!("\r\n{body}"));
        if !self.https {
            return timeout(PATIENCE, exchange(stream, &request, None)).await?;
        }
        let (stream, seen) = timeout(PATIENCE, encrypted(&self.host, stream)).await??;
        timeout(PATIENCE, exchange(stream, &request, seen)).await?
    }
}

/// Speaks TLS over a connection to a server of this name, and notes the certificate.
///
/// # Errors
/// Those of the connection and of the handshake. A certificate that browsers do not take is none of them.
pub async fn encrypted(name: &str, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Option<Seen>)> {
    let seen = Arc::new(Mutex::new(None));
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::new(client(&seen)?));
    let stream = connector.connect(name, stream).await?;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok((stream, seen))
}

/// Host, without the brackets of an IPv6 address, and port of an authority as URLs have it.
pub fn host_and_port(authority: &str) -> Option<(&str, Option<&str>)> {
    match authority.strip_prefix('[') {
        Some(six) => {
            let (host, port) = six.split_once(']')?;
            Some((host, port.strip_prefix(':')))
        }
        None => Some(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))),
    }
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    certificate: Option<Seen>,
) -> io::Result<Answer> {
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut bytes = Vec::new();
    let upgrades = request.contains("\r\nUpgrade:");
    loop {
        let mut piece = [0; 8192];
        // A server may close TLS without a word once it has answered.
        let read = match stream.read(&mut piece).await {
            Ok(read) => read,
            Err(_) if !bytes.is_empty() => 0,
            Err(error) => return Err(error),
        };
        bytes.extend_from_slice(&piece[..read]);
        if read == 0 || bytes.len() as u64 > LONGEST || (upgrades && is_decided(&bytes)) {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("what answers does not speak http"))?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned(), certificate })
}

/// Whether it is known what came of an upgrade: it was refused, or the server has said the first thing over what was
/// opened. The connection stays open after either.
fn is_decided(bytes: &[u8]) -> bool {
    let has = |piece: &[u8]| bytes.windows(piece.len()).any(|found| found == piece);
    let said = if bytes.starts_with(b"HTTP/1.1 101") { &b"\"sid\""[..] } else { &b"\r\n\r\n"[..] };
    has(said)
}

impl Answer {
    /// A header, as it was sent; the first of several.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim());
        found.next()
    }

    /// The body as JSON; null where it is none. A body in pieces is put together.
    pub fn json(&self) -> serde_json::Value {
        let begin = self.body.find(['{', '[']).unwrap_or(0);
        let end = self.body.rfind(['}', ']']).map_or(self.body.len(), |end| end + 1);
        self.body.get(begin..end).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

fn client(seen: &Arc<Mutex<Option<Seen>>>) -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let real = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let looks = Looks { real: real.build().map_err(io::Error::other)?, seen: Arc::clone(seen) };
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.dangerous().with_custom_certificate_verifier(Arc::new(looks));
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Notes whether a browser would take a certificate, and takes it: what is behind it is to be looked at too. Nothing
/// secret may go over such a connection where it was not good.
struct Looks {
    real: Arc<WebPkiServerVerifier>,
    seen: Arc<Mutex<Option<Seen>>>,
}

impl fmt::Debug for Looks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Looks")
    }
}

impl ServerCertVerifier for Looks {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verified = self.real.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let read = X509Certificate::from_der(end_entity).ok().map(|(_, read)| read);
        let ends = read.as_ref().map_or(0, |read| read.validity().not_after.timestamp());
        let seen = Seen {
            issuer: read.map(|read| read.issuer().to_string()).unwrap_or_default(),
            days: (ends - Timestamp::now().millis() / 1000) / 86_400,
            refused: verified.err().map(|error| error.to_string()),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.real.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.real.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.real.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_one_types_it() {
        for (text, origin, prefix) in [
            ("https://chat.example.com/", "https://chat.example.com", ""),
            ("chat.example.com:5000", "http://chat.example.com:5000", ""),
            ("http://[::1]:5000/chat/", "http://[::1]:5000", "/chat"),
            ("HTTPS://a:443/x/y", "https://a", "/x/y"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!((target.origin().as_str(), target.prefix.as_str()), (origin, prefix), "{text}");
        }
        for text in ["ftp://a", "http://", "http://a:b", "http://[::1"] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }
}
