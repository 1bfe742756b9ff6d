//! Other programs: shown before they start, their output passed through.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::repository;

/// A program that will run in the repository's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(repository::root());
    command
}

/// Cargo, of the toolchain that runs this.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Shows the command line, runs it, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    show(command);
    let status = command
        .status()
        .with_context(|| format!("{} does not start", line(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(command));
    }
    Ok(())
}

/// As [`run`], and hands each line of output to `reader` as well.
pub(crate) fn run_reading(command: &mut Command, reader: impl Fn(&str) + Sync) -> Result<()> {
    show(command);
    // A pipe takes the colours away from tools that look for a terminal: tell them it is one.
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", line(command)))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| pass_on(out, std::io::stdout(), &reader));
        scope.spawn(|| pass_on(err, std::io::stderr(), &reader));
    });
    let status = child.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", line(command));
    }
    Ok(())
}

/// What a program prints, or `None` when it is not there or fails.
pub(crate) fn read(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program of this name is on the path.
pub(crate) fn exists(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

fn pass_on(from: Option<impl Read>, mut to: impl Write, reader: &impl Fn(&str)) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    while from.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
        // A closed terminal is no reason to stop the checks.
        let _ = to.write_all(&bytes).and_then(|()| to.flush());
        reader(&String::from_utf8_lossy(&bytes));
        bytes.clear();
    }
}

fn show(command: &Command) {
    println!("$ {}", line(command));
}

fn line(command: &Command) -> String {
    let settings = command.get_envs().filter_map(|(name, value)| {
        let name = name.to_str()?;
        // What a reader needs to repeat the command by hand.
        ["RUSTFLAGS", "RUSTDOCFLAGS", "UPDATE_BINDINGS"]
            .contains(&name)
            .then(|| format!("{name}={:?}", value.unwrap_or_default()))
    });
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned());
    settings.chain(words).collect::<Vec<_>>().join(" ")
}
