//! The first and the second start of the desk as a new user has them: from a fresh clone, in an empty home folder.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::program::{self, program};

/// What to try.
#[derive(Args)]
pub(crate) struct Fresh {
    /// Also what continuous integration runs.
    #[arg(long)]
    test: bool,
}

/// A clone of what is committed here and a home folder with nothing in it, both gone in the end.
struct Newcomer {
    folder: PathBuf,
}

/// Tries it. Without a display, as on a server: the headless desk must say where its console is, and be there.
pub(crate) fn try_out(fresh: &Fresh) -> Result<()> {
    let newcomer = Newcomer::arrive()?;
    for start in ["first", "second"] {
        let begun = Instant::now();
        let mut desk = newcomer
            .cargo_xtask(&["run", "--", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()?;
        let healthy = console_of(&mut desk).and_then(ask_for_health);
        let took = begun.elapsed();
        // It is killed also when it never answered.
        desk.kill().and_then(|()| desk.wait())?;
        healthy.with_context(|| format!("the {start} start"))?;
        println!("The {start} start took {:.1} s to a healthy desk.", took.as_secs_f64());
    }
    if fresh.test {
        let begun = Instant::now();
        program::run(&mut newcomer.cargo_xtask(&["test"]))?;
        println!(
            "All checks and tests took {:.0} min.",
            begun.elapsed().as_secs_f64() / 60.0
        );
    }
    Ok(())
}

impl Newcomer {
    fn arrive() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("airdesk-fresh-{}", std::process::id()));
        let newcomer = Self { folder };
        std::fs::create_dir_all(newcomer.home()).context("there is no room for a home folder")?;
        program::run(program("git").args(["clone", "--quiet", "."]).arg(newcomer.clone()))?;
        Ok(newcomer)
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    fn clone(&self) -> PathBuf {
        self.folder.join("airdesk")
    }

    /// A chore of the clone. The toolchain is all that the newcomer has.
    fn cargo_xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.arg("xtask").args(arguments).current_dir(self.clone());
        let of_ours = |name: &OsString| {
            let name = name.to_string_lossy();
            name.starts_with("CARGO") || name.starts_with("XDG_") || name.starts_with("RUST")
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| of_ours(name)) {
            command.env_remove(name);
        }
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"] {
            command.env_remove(name);
        }
        command.env("HOME", self.home()).env("RUSTUP_HOME", toolchains());
        command
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} could not be removed: {error}", self.folder.display());
        }
    }
}

/// Where rustup keeps its toolchains, which an empty home folder does not say.
fn toolchains() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".rustup");
    std::env::var_os("RUSTUP_HOME").map_or_else(home, PathBuf::from)
}

/// The address of its console, once the desk says it; what it prints before is passed on.
fn console_of(desk: &mut Child) -> Result<String> {
    let printed = desk.stdout.take().context("its output is not read")?;
    for line in BufReader::new(printed).lines() {
        let line = line?;
        println!("{line}");
        if let Some((_, address)) = line.split_once("http://127.0.0.1:") {
            let port: String = address.chars().take_while(char::is_ascii_digit).collect();
            return Ok(format!("127.0.0.1:{port}"));
        }
    }
    bail!("it ended without saying where its console is")
}

fn ask_for_health(address: String) -> Result<()> {
    let mut stream = TcpStream::connect(&address).with_context(|| format!("nobody listens on {address}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET /health HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.0 200"), "it is not healthy: {answer}");
    Ok(())
}
