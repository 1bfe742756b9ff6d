//! A real icecast2 on a free loopback port, ended by its process id.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use airdesk_dsp::SampleRate;
use airdesk_outputs::broadcast::{Broadcast, BroadcastSettings, BroadcastState, TransportKind};
use airdesk_outputs::encode::{Codec, EncoderSettings};
use airdesk_outputs::icecast::{Secret, SourceSettings};
use serde_json::Value;

use super::desk::Desk;
use super::listener::get;
use super::{seconds, wait_for};

pub(crate) const PASSWORD: &str = "hackme";
/// A mount as Icecast makes it unless told otherwise: with titles in Latin-1.
pub(crate) const LATIN_MOUNT: &str = "/latin.mp3";

/// The server. Killed when dropped.
pub(crate) struct Icecast {
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    folder: tempfile::TempDir,
    process: Child,
}

impl Icecast {
    /// Starts one that takes sources and listeners.
    pub(crate) fn start() -> Self {
        let (port, tls_port) = (free_port(), free_port());
        let folder = tempfile::tempdir().expect("a folder");
        let config = write_config(folder.path(), port, tls_port);
        let process = run(&config);
        let server = Self {
            port,
            tls_port,
            folder,
            process,
        };
        server.await_up();
        server
    }

    /// As by a crash.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("dead");
    }

    /// On the same port, knowing nothing of before.
    pub(crate) fn restart(&mut self) {
        self.process = run(&self.folder.path().join("icecast.xml"));
        self.await_up();
    }

    /// Sends the process a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.process.id().to_string())
            .status();
        assert!(sent.expect("kill is installed").success());
    }

    fn await_up(&self) {
        wait_for("icecast", seconds(20), || self.status().map(drop));
    }

    /// What it says about itself, once that is JSON: for a moment after its start it is not.
    pub(crate) fn status(&self) -> Option<Value> {
        let answer = get(self.port, "/status-json.xsl")?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// What it says about a mount.
    pub(crate) fn mount(&self, mount: &str) -> Option<Value> {
        let sources = self.status()?["icestats"]["source"].take();
        let sources = if sources.is_array() {
            sources
        } else {
            Value::from(vec![sources])
        };
        let ours = |source: &&Value| source["listenurl"].as_str().is_some_and(|url| url.ends_with(mount));
        sources.as_array()?.iter().find(ours).cloned()
    }

    /// What to send to it as.
    pub(crate) fn source(&self, codec: Codec, mount: &str) -> SourceSettings {
        source("127.0.0.1", self.port, codec, mount)
    }

    /// A broadcast to it that is on air.
    pub(crate) fn air(&self, desk: &Desk, codec: Codec, mount: &str) -> Broadcast {
        let broadcast = air(self.source(codec, mount), PASSWORD, desk);
        await_live(&broadcast);
        broadcast
    }
}

impl Drop for Icecast {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may be dead already
        let _ = self.process.wait();
    }
}

/// A broadcast by the native transport.
pub(crate) fn air(source: SourceSettings, password: &str, desk: &Desk) -> Broadcast {
    let settings = BroadcastSettings {
        source,
        transport: TransportKind::Native,
    };
    Broadcast::start(&settings, Secret::new(password), desk.tap.clone()).expect("the settings are possible")
}

/// Waits until it is on air.
pub(crate) fn await_live(broadcast: &Broadcast) {
    let began = std::time::Instant::now();
    wait_for("on air", seconds(30), || match broadcast.state() {
        BroadcastState::Live { .. } => Some(()),
        state if began.elapsed() > seconds(29) => panic!("still {state:?}"),
        BroadcastState::Failed { reason, .. } => panic!("it gave up: {reason}"),
        _ => None,
    });
}

/// Waits until it has given up, and says why.
pub(crate) fn await_failed(broadcast: &Broadcast) -> String {
    wait_for("giving up", seconds(30), || match broadcast.state() {
        BroadcastState::Failed { reason, .. } => Some(reason),
        _ => None,
    })
}

/// Waits until it retries, and says why.
pub(crate) fn await_retrying(broadcast: &Broadcast) -> String {
    wait_for("retrying", seconds(30), || match broadcast.state() {
        BroadcastState::Retrying { reason, .. } => Some(reason),
        BroadcastState::Failed { reason, .. } => panic!("it gave up: {reason}"),
        _ => None,
    })
}

/// A source as the tests send it.
pub(crate) fn source(host: &str, port: u16, codec: Codec, mount: &str) -> SourceSettings {
    SourceSettings {
        host: host.into(),
        port,
        tls: false,
        pinned_certificate: None,
        mount: mount.into(),
        user: "source".into(),
        encoder: EncoderSettings {
            codec,
            bit_rate: 128,
            rate: SampleRate::DESK,
        },
        name: "Rádio Ímpar 📻".into(),
        description: "a test".into(),
        genre: "talk".into(),
        url: "http://localhost/".into(),
        public: false,
    }
}

/// A port of the loopback that nothing listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port")
        .port()
}

fn run(config: &Path) -> Child {
    Command::new("icecast2")
        .arg("-c")
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("icecast2 is installed")
}

/// Icecast refuses to run as root and changes to its own user then, who must be able to write its logs.
fn write_config(folder: &Path, port: u16, tls_port: u16) -> PathBuf {
    certificate(folder);
    let place = folder.display();
    let owner = if is_root() {
        "<changeowner><user>icecast2</user><group>icecast</group></changeowner>"
    } else {
        ""
    };
    let config = format!(
        "<icecast><location>lab</location><admin>lab@localhost</admin><hostname>127.0.0.1</hostname>
        <limits><clients>50</clients><sources>10</sources><queue-size>524288</queue-size><client-timeout>30</client-timeout>
        <header-timeout>15</header-timeout><source-timeout>5</source-timeout><burst-size>16384</burst-size></limits>
        <authentication><source-password>{PASSWORD}</source-password><admin-user>admin</admin-user>
        <admin-password>{PASSWORD}</admin-password></authentication>
        <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
        <listen-socket><port>{tls_port}</port><bind-address>127.0.0.1</bind-address><ssl>1</ssl></listen-socket>
        <mount type=\"default\"><charset>UTF-8</charset></mount>
        <mount><mount-name>{LATIN_MOUNT}</mount-name><charset>ISO8859-1</charset></mount>
        <fileserve>1</fileserve><paths><basedir>/usr/share/icecast2</basedir><logdir>{place}</logdir>
        <webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot>
        <ssl-certificate>{place}/cert.pem</ssl-certificate></paths>
        <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>4</loglevel></logging>
        <security><chroot>0</chroot>{owner}</security></icecast>"
    );
    let path = folder.join("icecast.xml");
    fs::write(&path, config).expect("written");
    if is_root() {
        let owned = Command::new("chown")
            .args(["-R", "icecast2:icecast"])
            .arg(folder)
            .status();
        assert!(owned.expect("chown is installed").success());
    }
    path
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id is installed");
    id.stdout.starts_with(b"0\n")
}

/// A self-signed certificate that is its own authority, as many home servers have.
fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "crt.pem"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl is installed").success());
    let both = ["crt.pem", "key.pem"].map(|name| fs::read(folder.join(name)).expect("made"));
    fs::write(folder.join("cert.pem"), both.concat()).expect("written");
}

impl Icecast {
    /// The SHA-256 of its certificate, by openssl.
    pub(crate) fn fingerprint(&self) -> String {
        let said = Command::new("openssl")
            .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
            .arg(self.folder.path().join("crt.pem"))
            .output()
            .expect("openssl is installed");
        let said = String::from_utf8(said.stdout).expect("text");
        said.trim().split('=').nth(1).expect("a fingerprint").to_owned()
    }

    /// The lines of its access log.
    pub(crate) fn access_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default()
    }

    /// The lines of its error log.
    pub(crate) fn error_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }
}
