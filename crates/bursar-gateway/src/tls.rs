//! TLS: a certificate from files, or one that is made anew at each start and signed by its own key,
//! so that a client has to be told to trust it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What HTTP a client may choose, the better first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
    /// The certificate as PEM, where it was made here.
    made: Option<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// Why there is no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::error::Error for TlsError {}

impl Identity {
    /// A new one for an address and for `localhost`.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn self_signed(address: IpAddr) -> Result<Self, TlsError> {
        let mut names = vec!["localhost".to_owned()];
        // An address that stands for all of them is none that a client asks for.
        names.push(if address.is_unspecified() {
            "127.0.0.1".to_owned()
        } else {
            address.to_string()
        });
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names).map_err(|error| TlsError(error.to_string()))?;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = config(vec![cert.der().clone()], key.into())?;
        Ok(Self { config, made: Some(cert.pem()) })
    }

    /// From PEM: the chain of certificates, the server's own first, and its key.
    ///
    /// # Errors
    /// What is wrong with either; never what they hold.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| TlsError(format!("the certificate is no PEM: {error}")))?;
        if chain.is_empty() {
            return Err(TlsError("there is no certificate in the file".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| TlsError(format!("the key is no PEM: {error}")))?;
        Ok(Self { config: config(chain, key)?, made: None })
    }

    /// The certificate that a client has to trust, as PEM, where it was made here.
    #[must_use]
    pub fn made(&self) -> Option<&str> {
        self.made.as_deref()
    }

    pub(crate) fn acceptor(self) -> TlsAcceptor {
        TlsAcceptor::from(self.config)
    }
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| TlsError(error.to_string()))?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(Arc::new(config))
}
