//! A client of https and wss that trusts one authority and no other.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The client.
pub(crate) struct Trusting {
    pem: String,
    config: Arc<ClientConfig>,
}

impl Trusting {
    /// Trusts a certificate in PEM form.
    pub(crate) fn pem(pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("both versions of TLS");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self { pem: pem.to_owned(), config: Arc::new(config) }
    }

    /// Trusts the authority of a server whose data lies there.
    pub(crate) fn server(data: &Path) -> Self {
        let kept = std::fs::read(data.join("tls/authority.json")).expect("an authority was made");
        let kept: Value = serde_json::from_slice(&kept).expect("JSON");
        Self::pem(kept["certificate"].as_str().expect("a certificate"))
    }

    /// The certificate that it trusts.
    pub(crate) fn trusted(&self) -> &str {
        &self.pem
    }

    /// A connection to a server of this name.
    pub(crate) async fn connect(&self, address: SocketAddr, name: &str) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await
    }

    /// For requests; names that are none of DNS lead to this address. Follows nothing.
    pub(crate) fn requests(&self, names: &[&str], address: SocketAddr) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes()).expect("a certificate");
        let client = reqwest::Client::builder().use_rustls_tls().add_root_certificate(root);
        let client = client.redirect(reqwest::redirect::Policy::none());
        names.iter().fold(client, |client, name| client.resolve(name, address)).build().expect("a client")
    }
}
