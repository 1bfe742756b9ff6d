//! A part of the checks that runs beside the others, as a program of its own; what it prints is shown when it has ended.

use std::io::{Read, pipe};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::program::cargo;
use crate::report::Tally;

/// The part.
pub(crate) struct Aside {
    name: &'static str,
    running: JoinHandle<Result<Ended>>,
}

/// What became of it.
pub(crate) struct Ended {
    pub(crate) printed: String,
    pub(crate) tally: Tally,
    pub(crate) time: Duration,
}

impl Aside {
    /// Starts `cargo xtask` once more, with these arguments. Its last line is the count.
    pub(crate) fn start(name: &'static str, arguments: &[&str]) -> Self {
        // Not this very program: it has been built anew meanwhile when anything of it changed.
        let mut command = cargo();
        command.args(["xtask"]).args(arguments);
        Self {
            name,
            running: std::thread::spawn(move || run(command)),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Result<Ended> {
        let ended = self.running.join();
        ended.map_err(|_| anyhow!("the thread that waited for it broke down"))?
    }
}

fn run(mut command: Command) -> Result<Ended> {
    let start = Instant::now();
    let (mut from, to) = pipe()?;
    command.stdout(to.try_clone()?).stderr(to);
    let mut child = command.spawn()?;
    // Its ends of the pipe are held by the command, too: while they are, reading never ends.
    drop(command);
    let mut printed = Vec::new();
    from.read_to_end(&mut printed)?;
    let status = child.wait()?;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let mut tally = Tally::of_closing_line(printed.trim_end().lines().last().unwrap_or_default());
    if !status.success() || tally == Tally::default() {
        tally.failed = tally.failed.max(1);
    }
    Ok(Ended {
        printed,
        tally,
        time: start.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(script: &str) -> (Tally, String) {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        let ended = run(shell).expect("a shell");
        (ended.tally, ended.printed)
    }

    #[test]
    fn what_it_printed_and_counted_is_told_and_its_failure_is_one() {
        let (tally, printed) = ended("echo out; echo err >&2; echo 3 passed, 0 failed");
        assert_eq!(tally, Tally { passed: 3, failed: 0 });
        assert_eq!(printed, "out\nerr\n3 passed, 0 failed\n");
        let (tally, _) = ended("echo 3 passed, 0 failed; exit 1");
        assert_eq!(tally, Tally { passed: 3, failed: 1 });
        let (tally, _) = ended("echo nothing was counted");
        assert_eq!(tally, Tally { passed: 0, failed: 1 });
    }
}
