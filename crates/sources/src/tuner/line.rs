//! A connection, plain or encrypted, whose calls wait for at most a slice of a second. TLS by rustls; whom to trust, the
//! system says.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::Verifier;

use super::address::Address;
use super::error::TuneError;
use super::patience::Step;

/// The connection.
pub(super) enum Line {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Line {
    pub(super) fn plain(socket: TcpStream) -> Self {
        Self::Plain(socket)
    }

    /// Shakes hands.
    pub(super) fn encrypted(mut socket: TcpStream, address: &Address, step: &Step) -> Result<Self, TuneError> {
        let fault = |reason: String, advice| TuneError::Tls {
            host: address.host.clone(),
            reason,
            advice,
        };
        let name = ServerName::try_from(address.bare_host().to_owned())
            .map_err(|error| fault(error.to_string(), "write the name that its certificate is for"))?;
        let settings = settings()
            .map_err(|reason| fault(reason, "give this machine its list of authorities (ca-certificates)"))?;
        let mut tls = ClientConnection::new(settings, name)
            .map_err(|error| refusal(address, &error.to_string(), Some(&error)))?;
        while tls.is_handshaking() {
            // rustls reports what it cannot read as invalid data; the rest is the network.
            let shaken = step.repeat(|| match tls.complete_io(&mut socket) {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Err(error)),
                other => other.map(Ok),
            })?;
            shaken.map_err(|error| {
                let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
                refusal(address, &error.to_string(), cause)
            })?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(tls, socket))))
    }

    /// Gives what is there; 0 at the end, also where it was not said in confidence that it is one.
    pub(super) fn read_some(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(bytes),
            Self::Tls(tls) => match tls.read(bytes) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                other => other,
            },
        }
    }

    /// Sends all of a request.
    pub(super) fn write_all(&mut self, mut bytes: &[u8], step: &Step) -> Result<(), TuneError> {
        while !bytes.is_empty() {
            let count = step.repeat(|| match self {
                Self::Plain(socket) => socket.write(bytes),
                Self::Tls(tls) => tls.write(bytes),
            })?;
            if count == 0 {
                return Err(step.lost(&io::ErrorKind::WriteZero.into()));
            }
            bytes = &bytes[count..];
        }
        step.repeat(|| match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(tls) => tls.flush(),
        })
    }
}

/// Why there is no encryption, and what to do about just that.
fn refusal(address: &Address, reason: &str, cause: Option<&rustls::Error>) -> TuneError {
    let (host, reason) = (address.host.clone(), reason.to_owned());
    match cause {
        Some(rustls::Error::InvalidCertificate(certificate)) => TuneError::Untrusted {
            host,
            reason,
            advice: advice(certificate),
        },
        Some(rustls::Error::InvalidMessage(_)) => TuneError::Tls {
            host,
            reason: "what answers at this port speaks no TLS".into(),
            advice: "write http://, or the port that the server has for TLS",
        },
        _ => TuneError::Tls {
            host,
            reason,
            advice: "ask whoever runs it for TLS 1.2 or 1.3",
        },
    }
}

/// How a certificate may come to be believed.
fn advice(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "write the name that its certificate is for"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "look after the clock of this machine, or ask whoever runs it for a new certificate"
        }
        CertificateError::Revoked => "its authority has taken its certificate back; ask whoever runs it for a new one",
        _ => {
            "have its certificate signed by an authority that this machine knows, or make that authority known to this machine"
        }
    }
}

/// The same for all: what the system trusts is read once.
fn settings() -> Result<Arc<ClientConfig>, String> {
    static SETTINGS: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    SETTINGS.get_or_init(make_settings).clone()
}

fn make_settings() -> Result<Arc<ClientConfig>, String> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let verifier = Verifier::new(provider.clone()).map_err(|error| error.to_string())?;
    let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    // Not dangerous: it is the system's own judgement.
    let settings = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Arc::new(settings))
}
