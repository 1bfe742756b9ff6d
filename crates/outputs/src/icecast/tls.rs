//! TLS by rustls: the system's trust store decides, or one pinned certificate and nothing else.
//!
//! Home servers often show a self-signed certificate that is its own authority; rustls refuses those
//! even from the trust store. So a refusal carries the certificate's fingerprint, which the operator may
//! trust; then exactly that certificate is accepted, whatever else it says.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::line::{Line, TLS_BUFFER};
use super::patience::Patience;
use super::{Fingerprint, SourceError, SourceSettings};

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// Shakes hands.
pub(super) fn encrypt(
    mut socket: TcpStream,
    settings: &SourceSettings,
    patience: &Patience,
) -> Result<Line, SourceError> {
    let broken = |reason: String| SourceError::Tls {
        host: settings.host.clone(),
        port: settings.port,
        reason,
    };
    let judge = Arc::new(Judge::new(settings.pinned_certificate));
    let config = ClientConfig::builder_with_provider(judge.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(judge.clone())
        .with_no_client_auth();
    let bare = settings.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare).map_err(|error| broken(error.to_string()))?;
    let mut tls = ClientConnection::new(Arc::new(config), name).map_err(|error| broken(error.to_string()))?;
    tls.set_buffer_limit(Some(TLS_BUFFER));
    let step = patience.step(
        &settings.host,
        "agree on encryption (is the port one for TLS?)",
        HANDSHAKE_LIMIT,
    );
    while tls.is_handshaking() {
        if let Err(error) = step.repeat(|| tls.complete_io(&mut socket))? {
            return Err(judge.refusal(settings).unwrap_or_else(|| match error.kind() {
                // rustls reports what it cannot read as invalid data; the rest is the network.
                io::ErrorKind::InvalidData => broken(error.to_string()),
                _ => settings.lost(error),
            }));
        }
    }
    Ok(Line::Tls(Box::new(tls), socket))
}

/// Decides about a certificate, and remembers the one it refused.
#[derive(Debug)]
struct Judge {
    pinned: Option<Fingerprint>,
    provider: Arc<CryptoProvider>,
    refused: Mutex<Option<(Fingerprint, String)>>,
}

impl Judge {
    fn new(pinned: Option<Fingerprint>) -> Self {
        Self {
            pinned,
            provider: Arc::new(ring::default_provider()),
            refused: Mutex::new(None),
        }
    }

    fn refusal(&self, settings: &SourceSettings) -> Option<SourceError> {
        let (presented, reason) = self.refused.lock().ok()?.take()?;
        let host = settings.host.clone();
        Some(if self.pinned.is_some() {
            SourceError::CertificateChanged { host, presented }
        } else {
            SourceError::UntrustedCertificate {
                host,
                presented,
                reason,
            }
        })
    }

    fn refuse(&self, certificate: &CertificateDer<'_>, reason: String) {
        if let Ok(mut refused) = self.refused.lock() {
            *refused = Some((Fingerprint::of(certificate), reason));
        }
    }
}

/// The system's trust store, read once. `None` where there is none: then nothing is trusted by itself.
fn trust_store(provider: &Arc<CryptoProvider>) -> Option<&'static Verifier> {
    static STORE: OnceLock<Option<Verifier>> = OnceLock::new();
    let read = || {
        Verifier::new(provider.clone())
            .inspect_err(|error| tracing::warn!(%error, "no trust store"))
            .ok()
    };
    STORE.get_or_init(read).as_ref()
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(pinned) = self.pinned {
            if Fingerprint::of(end_entity) == pinned {
                return Ok(ServerCertVerified::assertion());
            }
            self.refuse(end_entity, String::new());
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let judged = match trust_store(&self.provider) {
            Some(store) => store.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        judged.inspect_err(|error| self.refuse(end_entity, reason(error)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn reason(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => "nobody this system knows issued it".into(),
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "it has expired".into()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "it is for another host".into(),
        Error::InvalidCertificate(CertificateError::Other(_)) => "the server issued it itself".into(),
        other => other.to_string(),
    }
}
