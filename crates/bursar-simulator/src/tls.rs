//! TLS: a certificate that is made anew at each start, for the address and for `localhost`. It is
//! signed by its own key, so that a client has to be told to trust it.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// What HTTP a client may choose, the better first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A certificate, as PEM, and what speaks TLS by it.
pub(crate) fn make(address: IpAddr) -> io::Result<(String, TlsAcceptor)> {
    let names = ["localhost".to_owned(), address.to_string()];
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            let chain = vec![cert.der().clone()];
            config.with_no_client_auth().with_single_cert(chain, key.into())
        })
        .map_err(io::Error::other)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok((cert.pem(), TlsAcceptor::from(Arc::new(config))))
}
