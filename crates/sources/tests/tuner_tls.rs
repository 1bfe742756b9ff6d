//! Streams by HTTPS, from a server with certificates of its own: this machine's list of authorities decides.
#![cfg(target_os = "linux")]

// It is one with the other tests of streams, and not all of it is needed here.
#[allow(dead_code)]
#[path = "tuner/rig.rs"]
mod rig;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use airdesk_sources::tuner::TunerPhase;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use rig::{Desk, MP3, encoded, ok};

/// An authority, and what it signs.
struct Authority {
    folder: PathBuf,
    name: &'static str,
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Authority {
    fn new(folder: &Path, name: &'static str) -> Self {
        let authority = Self {
            folder: folder.into(),
            name,
        };
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            "keyUsage=critical,keyCertSign",
            "-keyout",
            &authority.path("key"),
            "-out",
            &authority.path("pem"),
        ]);
        authority
    }

    fn path(&self, ending: &str) -> String {
        self.folder
            .join(format!("{}.{ending}", self.name))
            .display()
            .to_string()
    }

    /// What a server needs that answers as `host`.
    fn signed(&self, host: &str) -> Arc<ServerConfig> {
        let at = |ending: &str| self.path(&format!("{host}.{ending}"));
        openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            &format!("/CN={host}"),
            "-keyout",
            &at("key"),
            "-out",
            &at("csr"),
        ]);
        let extensions = format!("subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:FALSE\n");
        std::fs::write(at("ext"), extensions).expect("the folder is fresh");
        openssl(&[
            "x509",
            "-req",
            "-in",
            &at("csr"),
            "-CA",
            &self.path("pem"),
            "-CAkey",
            &self.path("key"),
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            &at("ext"),
            "-out",
            &at("pem"),
        ]);
        let certificate = CertificateDer::from_pem_file(at("pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(at("key")).expect("a key");
        let settings = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Arc::new(settings.expect("a pair"))
    }
}

/// A server that plays to whoever believes its certificate. Returns its port.
fn serve(settings: Arc<ServerConfig>, bytes: Arc<Vec<u8>>) -> u16 {
    listen(move |visitor| {
        let tls = ServerConnection::new(settings.clone()).expect("settings");
        let mut tls = StreamOwned::new(tls, visitor);
        // Who does not believe it goes.
        let mut head = [0; 4_096];
        if !matches!(tls.read(&mut head), Ok(1..)) {
            return;
        }
        let _ = tls.write_all(ok("audio/mpeg").as_bytes());
        for piece in bytes.chunks(4_000) {
            let _ = tls.write_all(piece);
            thread::sleep(Duration::from_millis(200));
        }
    })
}

fn listen(answer: impl Fn(TcpStream) + Send + Clone + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer(visitor));
        }
    });
    port
}

// One test: what a machine trusts is read once.
#[test]
fn a_certificate_that_this_machine_knows_is_heard_and_any_other_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let (known, unknown) = (
        Authority::new(folder.path(), "known"),
        Authority::new(folder.path(), "unknown"),
    );
    // SAFETY: this is the only test of its program, and nothing else runs yet that asks for the environment.
    unsafe { std::env::set_var("SSL_CERT_FILE", known.path("pem")) };
    let bytes = Arc::new(encoded(1_000, 20, MP3));

    let port = serve(known.signed("localhost"), bytes.clone());
    let mut desk = Desk::tune(&format!("https://localhost:{port}/live"));
    desk.until("sound", |status| status.phase == TunerPhase::Playing);
    desk.listen(2.0);
    desk.must_be_tone(1_000.0);
    drop(desk);

    let plain = listen(|mut visitor| {
        let _ = visitor.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = visitor.read(&mut [0; 4_096]);
    });
    let stranger = serve(unknown.signed("localhost"), bytes.clone());
    let other = serve(known.signed("radio.example.org"), bytes.clone());
    for (port, cause, advice) in [
        (
            stranger,
            "localhost cannot be trusted",
            "an authority that this machine knows",
        ),
        (
            other,
            "localhost cannot be trusted",
            "the name that its certificate is for",
        ),
        (plain, "speaks no TLS", "write http://"),
    ] {
        let reason = Desk::tune(&format!("https://localhost:{port}/live?token=secret")).failure();
        assert!(reason.contains(cause) && reason.contains(advice), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }
}
