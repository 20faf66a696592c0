//! Requests to an ACME authority: over https alone, to those whom browsers trust, and those of a file.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends them.
pub(crate) struct Client(HyperClient<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl Client {
    /// `roots` names a PEM file of further authorities.
    ///
    /// # Errors
    /// One line: the file does not read.
    pub(crate) fn new(roots: Option<&Path>) -> Result<Self, String> {
        let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = roots {
            let further = CertificateDer::pem_file_iter(path);
            let further = further.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            store.add_parsable_certificates(further.flatten());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let config = config.with_root_certificates(store).with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
        Ok(Self(HyperClient::builder(TokioExecutor::new()).build(connector)))
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let answer = self.0.request(request);
        Box::pin(async move {
            match tokio::time::timeout(PATIENCE, answer).await {
                Ok(Ok(response)) => Ok(BytesResponse::from(response)),
                Ok(Err(error)) => Err(Error::Other(Box::new(error))),
                Err(late) => Err(Error::Other(Box::new(late))),
            }
        })
    }
}
