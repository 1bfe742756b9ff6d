//! A Liquidsoap that takes a source as Shoutcast servers do or as Icecast does, and lets others listen at a port of its own.
//! Its password is [`PASSWORD`].

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use tempfile::TempDir;

use crate::http;
use crate::icecast::PASSWORD;
use crate::process::{Priority, Process};
use crate::wait::{self, seconds};

/// The server.
pub struct Harbor {
    server: Process,
    /// The port of an Icecast server, or the listeners' of a Shoutcast server; its source's is the next higher.
    pub port: u16,
    /// Where it can be heard, at `/`.
    pub listen_port: u16,
    _folder: TempDir,
}

impl Harbor {
    /// Starts one that takes what anybody with the password sends who calls himself `user`, or nothing at all.
    pub fn start(user: &str) -> Self {
        Self::with_mount(user, "/")
    }

    /// Starts one that takes it at this mount.
    pub fn with_mount(user: &str, mount: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let (port, listen_port) = (http::free_pair(), http::free_port());
        let script = folder.path().join("harbor.liq");
        fs::write(&script, program(user, mount, port, listen_port)).expect("the folder is fresh");
        let mut command = Command::new("liquidsoap");
        command.arg(&script).env("HOME", folder.path());
        let server = Process::start(&mut command, &folder.path().join("harbor.log"), Priority::Ordinary);
        wait::until("Liquidsoap", seconds(30), || {
            let is_open = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
            (is_open(port + 1) && is_open(listen_port)).then_some(())
        });
        Self {
            server,
            port,
            listen_port,
            _folder: folder,
        }
    }

    /// What it has printed, with a line "TITLE …" for each title that it was told.
    pub fn said(&self) -> String {
        self.server.output()
    }
}

/// What is played between two sources is silence.
fn program(user: &str, mount: &str, port: u16, listen_port: u16) -> String {
    format!(
        "settings.init.allow_root.set(true)
settings.log.stdout.set(true)
settings.log.file.set(false)
settings.harbor.bind_addrs.set([\"127.0.0.1\"])
heard = input.harbor(\"{mount}\", port={port}, user=\"{user}\", password=\"{PASSWORD}\", icy=true, buffer=0.5, max=5.)
def tell(m) =
  print(\"TITLE #{{m['title']}}\")
end
heard.on_metadata(tell)
output.harbor(%mp3(bitrate=128), mount=\"/\", port={listen_port}, encoding=\"UTF-8\", mksafe(heard))
"
    )
}
