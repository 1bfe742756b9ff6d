//! A real Icecast server on ports of its own. All its passwords are [`PASSWORD`].

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::http;
use crate::process::{Priority, Process, output_of};
use crate::wait::{self, seconds};

/// The password for sources and for the administrator.
pub const PASSWORD: &str = "hackme";

/// A mount for MP3 as Icecast makes them by itself: its titles have no letters outside Latin-1. All others have.
pub const LATIN_1_MOUNT: &str = "/latin1.mp3";

/// The mount of the source that comes to the port above [`Icecast::shoutcast_port`].
pub const SHOUTCAST_MOUNT: &str = "/shoutcast.mp3";

/// What can be otherwise than in most tests.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Seconds without audio after which a source is dropped.
    pub source_timeout: u32,
    /// It shows everyone its status.
    pub shows_status: bool,
    /// Bytes of what went before that a listener is given first.
    pub burst: u32,
    /// Listeners and sources that it takes.
    pub clients: u32,
    /// The port of the server on this machine whose mounts it relays, all of them.
    pub master: Option<u16>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            source_timeout: 5,
            shows_status: true,
            burst: 16_384,
            clients: 100,
            master: None,
        }
    }
}

/// A private Icecast.
pub struct Icecast {
    server: Option<Process>,
    habits: Habits,
    /// The port for plain HTTP.
    pub port: u16,
    /// The port for TLS, with a certificate that only the server itself has signed.
    pub tls_port: u16,
    /// The port of which the next higher one takes a Shoutcast source.
    pub shoutcast_port: u16,
    folder: TempDir,
}

impl Icecast {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with(Habits::default())
    }

    /// Starts one with habits of its own.
    pub fn start_with(habits: Habits) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut icecast = Self {
            server: None,
            habits,
            port: 0,
            tls_port: 0,
            shoutcast_port: 0,
            folder,
        };
        icecast.make_certificate();
        // A port that was free a moment ago may be somebody else's by now.
        for _ in 0..5 {
            (icecast.port, icecast.tls_port) = (http::free_port(), http::free_port());
            icecast.shoutcast_port = http::free_pair();
            icecast.configure();
            if icecast.runs_up() {
                return icecast;
            }
        }
        panic!("Icecast gets no port: {}", icecast.log());
    }

    /// Starts it on the same ports, after [`Icecast::kill`].
    pub fn start_again(&mut self) {
        assert!(self.runs_up(), "Icecast does not get its ports: {}", self.log());
    }

    /// Starts the server and waits until it answers. False when it did not get its ports: it runs on without them.
    fn runs_up(&mut self) -> bool {
        let mut command = Command::new("icecast2");
        command.arg("-c").arg(self.folder.path().join("icecast.xml"));
        if let Some((user, group)) = account() {
            // Icecast refuses to run as root.
            command.uid(user).gid(group);
        }
        let output = self.folder.path().join("output.log");
        let mut server = Process::start(&mut command, &output, Priority::Ordinary);
        let place = self.folder.path().display().to_string();
        let runs = wait::until("Icecast", seconds(10), || {
            let ended = !server.is_running();
            if ended || server.output().contains("Could not create listener socket") {
                return Some(false);
            }
            // Another test's server may answer at this port.
            let is_ours = |status: Value| status["icestats"]["location"] == place.as_str();
            if self.habits.shows_status {
                return self.status().is_some_and(is_ours).then_some(true);
            }
            http::get(self.port, "/server_version.xsl").is_ok().then_some(true)
        });
        self.server = runs.then_some(server);
        runs
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.server.as_mut().expect("the server runs")
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.server.take().expect("the server runs").kill();
    }

    /// Stops it in its tracks, or lets it go on.
    pub fn freeze(&mut self, frozen: bool) {
        let signal = if frozen { libc::SIGSTOP } else { libc::SIGCONT };
        self.server.as_mut().expect("the server runs").signal(signal);
    }

    /// The address of a mount, for a listener.
    pub fn url(&self, mount: &str) -> String {
        format!("http://127.0.0.1:{}{mount}", self.port)
    }

    /// What the server says about itself. `None` while it starts or when it is not there.
    pub fn status(&self) -> Option<Value> {
        let answer = http::get(self.port, "/status-json.xsl").ok()?;
        // In its first tenth of a second Icecast answers with broken JSON.
        serde_json::from_slice(&answer.body).ok()
    }

    /// What the server says about a mount, when somebody streams to it.
    pub fn mount(&self, mount: &str) -> Option<Value> {
        let status = self.status()?;
        // One source is an object, several are a list.
        let sources = match &status["icestats"]["source"] {
            Value::Array(sources) => sources.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        sources
            .into_iter()
            .find(|source| source["listenurl"].as_str().is_some_and(|url| url.ends_with(mount)))
    }

    /// The SHA-256 of the server's certificate, in lower-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        let mut openssl = Command::new("openssl");
        openssl
            .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
            .arg(self.folder.path().join("certificate.pem"));
        let printed = String::from_utf8(output_of(&mut openssl)).expect("openssl prints text");
        let (_, hexadecimal) = printed.trim().split_once('=').expect("openssl names the digest");
        hexadecimal.replace(':', "").to_lowercase()
    }

    /// The lines of its log of requests.
    pub fn access_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/access.log")).unwrap_or_default()
    }

    /// What it has written to its log of errors.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/error.log")).unwrap_or_default()
    }

    fn make_certificate(&self) {
        let (key, certificate) = (
            self.folder.path().join("key.pem"),
            self.folder.path().join("certificate.pem"),
        );
        let mut openssl = Command::new("openssl");
        openssl.args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
        ]);
        openssl
            .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate);
        output_of(&mut openssl);
        let both = [certificate, key]
            .map(|path| fs::read_to_string(path).expect("openssl wrote it"))
            .concat();
        fs::write(self.folder.path().join("both.pem"), both).expect("the folder is fresh");
    }

    fn configure(&self) {
        let folder = self.folder.path();
        fs::create_dir_all(folder.join("log")).expect("the folder is fresh");
        fs::write(folder.join("icecast.xml"), self.configuration()).expect("the folder is fresh");
        // Its own user must get in.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        if let Some((user, group)) = account() {
            for name in ["log", "icecast.xml", "both.pem"] {
                chown(folder.join(name), Some(user), Some(group)).expect("root may give files away");
            }
        }
    }

    fn configuration(&self) -> String {
        let (port, tls_port, folder) = (self.port, self.tls_port, self.folder.path().display());
        let shoutcast_port = self.shoutcast_port;
        let Habits {
            source_timeout,
            clients,
            burst,
            ..
        } = self.habits;
        let relays = self.habits.master.map_or(String::new(), |master| {
            format!(
                "<master-server>127.0.0.1</master-server><master-server-port>{master}</master-server-port>
                <master-update-interval>1</master-update-interval><master-password>{PASSWORD}</master-password>
                <relays-on-demand>0</relays-on-demand>"
            )
        });
        let webroot = if self.habits.shows_status {
            "/usr/share/icecast2/web".to_owned()
        } else {
            format!("{folder}/log")
        };
        format!(
            "<icecast><location>{folder}</location><admin>lab@localhost</admin><hostname>127.0.0.1</hostname>
            <limits><clients>{clients}</clients><sources>20</sources><queue-size>524288</queue-size>
              <client-timeout>30</client-timeout><header-timeout>15</header-timeout>
              <source-timeout>{source_timeout}</source-timeout><burst-size>{burst}</burst-size></limits>
            <authentication><source-password>{PASSWORD}</source-password><relay-password>{PASSWORD}</relay-password>
              <admin-user>admin</admin-user><admin-password>{PASSWORD}</admin-password></authentication>
            <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
            <listen-socket><port>{tls_port}</port><bind-address>127.0.0.1</bind-address><ssl>1</ssl></listen-socket>
            <listen-socket><port>{shoutcast_port}</port><bind-address>127.0.0.1</bind-address>
              <shoutcast-mount>{SHOUTCAST_MOUNT}</shoutcast-mount></listen-socket>
            {relays}
            <mount type=\"default\"><charset>UTF-8</charset></mount>
            <mount type=\"normal\"><mount-name>{LATIN_1_MOUNT}</mount-name><charset>ISO-8859-1</charset></mount>
            <fileserve>1</fileserve>
            <paths><basedir>/usr/share/icecast2</basedir><logdir>{folder}/log</logdir>
              <webroot>{webroot}</webroot><adminroot>/usr/share/icecast2/admin</adminroot>
              <ssl-certificate>{folder}/both.pem</ssl-certificate><alias source=\"/\" destination=\"/status.xsl\"/></paths>
            <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>
            <security><chroot>0</chroot></security></icecast>"
        )
    }
}

/// The account of the Icecast package, when we are root and must not run it as ourselves.
fn account() -> Option<(u32, u32)> {
    // SAFETY: asks for our own user id, nothing else.
    if unsafe { libc::geteuid() } != 0 {
        return None;
    }
    let users = fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields[0] == "icecast2")?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_whose_port_another_one_has_is_not_taken_for_that_one() {
        let one = Icecast::start();
        let mut other = Icecast::start();
        other.kill();
        let own = std::mem::replace(&mut other.port, one.port);
        other.configure();
        assert!(!other.runs_up(), "it answers on a port that is not its own");
        other.port = own;
        other.configure();
        other.start_again();
    }
}
