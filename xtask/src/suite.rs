//! Which Rust tests there are and how they run: with nextest where it is installed, else with cargo test.
//!
//! Every command selects the whole workspace with one set of features, so that nothing is built twice.

use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::node;
use crate::program::{self, cargo, program};
use crate::report::Counter;

/// The features of every check: the simulated sound card, the second way to Icecast, and desks that end
/// when their real-time code allocates.
pub(crate) const FEATURES: &str =
    "airdesk-devices/simulated,airdesk-outputs/libshout,airdesk-cli/checked,airdesk-desktop/checked";

const ACCEPTANCE: &str = "airdesk-tests";

/// The acceptance tests that want the machine's real time for themselves: those that listen to a sound server's devices.
const LISTENING: [&str; 7] = [
    "black_box",
    "controls",
    "devices",
    "in_a_browser",
    "in_a_window",
    "mixing",
    "the_lab",
];

/// So many acceptance tests at a time where no device is listened to: most of their time is waiting.
const OUTSIDE_THREADS: usize = 3;

/// Much of the unit tests' time is waiting, for a server or for what is heard after a second; those that compute take the
/// place of two (`.config/nextest.toml`).
const TESTS_PER_PROCESSOR: usize = 3;

/// Which tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All that need no sound server, window or browser.
    Unit,
    /// The acceptance tests that need no sound device: some at a time.
    Outside,
    /// The acceptance tests that listen to devices: one at a time.
    Listening,
}

impl Part {
    /// The part that a test binary belongs to.
    fn of(package: &str, binary: &str) -> Self {
        match package {
            ACCEPTANCE if LISTENING.contains(&binary) => Self::Listening,
            ACCEPTANCE => Self::Outside,
            _ => Self::Unit,
        }
    }

    fn threads(self) -> usize {
        match self {
            Self::Unit => TESTS_PER_PROCESSOR * thread::available_parallelism().map_or(1, usize::from),
            Self::Outside => OUTSIDE_THREADS,
            Self::Listening => 1,
        }
    }

    /// The part in nextest's words.
    fn filterset(self) -> String {
        let acceptance = format!("(package({ACCEPTANCE}) & kind(test))");
        let listening = LISTENING.map(|binary| format!("binary(={binary})")).join(" | ");
        match self {
            Self::Unit => format!("not {acceptance}"),
            Self::Outside => format!("{acceptance} - ({listening})"),
            Self::Listening => format!("{acceptance} & ({listening})"),
        }
    }
}

/// Runs one part, or what of it has `filter` in its name.
pub(crate) fn run(part: Part, filter: Option<&str>, counter: &Counter) -> Result<()> {
    let mut command = if program::read(program("cargo-nextest").args(["nextest", "--version"])).is_some() {
        with_nextest(part, filter)
    } else {
        with_cargo(part, filter)?
    };
    if let Some(path) = node::path() {
        command.env("PATH", path); // the browser test starts Node
    }
    program::run_reading(&mut command, |line| counter.read(line))
}

/// The examples in the documentation.
pub(crate) fn run_doc_tests(filter: Option<&str>, counter: &Counter) -> Result<()> {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--features", FEATURES, "--doc", "--no-fail-fast"])
        .args(filter);
    program::run_reading(&mut command, |line| counter.read(line))
}

fn with_nextest(part: Part, filter: Option<&str>) -> Command {
    let mut command = cargo();
    command
        .args(["nextest", "run", "--workspace", "--features", FEATURES])
        .args(["--no-fail-fast", "--no-tests=pass"])
        .args(["--filterset", &part.filterset()])
        .arg(format!("--test-threads={}", part.threads()))
        .args(filter);
    command
}

fn with_cargo(part: Part, filter: Option<&str>) -> Result<Command> {
    let metadata = program::read(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))
        .context("cargo metadata does not answer")?;
    let mut command = cargo();
    command.args(["test", "--workspace", "--features", FEATURES, "--no-fail-fast"]);
    if part == Part::Unit {
        command.args(["--lib", "--bins"]);
    }
    for name in test_targets(&serde_json::from_str(&metadata)?, part) {
        command.args(["--test", &name]);
    }
    command.args(filter);
    if part != Part::Unit {
        command.args(["--", &format!("--test-threads={}", part.threads())]);
    }
    Ok(command)
}

fn test_targets(metadata: &Value, part: Part) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.flat_map(|package| {
        let targets = package["targets"].as_array().into_iter().flatten();
        targets.map(|target| (package["name"].as_str().unwrap_or_default(), target))
    });
    targets
        .filter(|(_, target)| target["kind"][0] == "test")
        .filter_map(|(package, target)| Some((package, target["name"].as_str()?)))
        .filter(|(package, name)| Part::of(package, name) == part)
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::repository;

    #[test]
    fn acceptance_tests_and_the_others_are_told_apart() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "airdesk-tests", "targets": [
                { "name": "on_air", "kind": ["test"] }, { "name": "mixing", "kind": ["test"] }, { "name": "lab", "kind": ["lib"] },
            ] },
            { "name": "airdesk-engine", "targets": [{ "name": "mix_queue", "kind": ["test"] }] },
        ]});
        assert_eq!(test_targets(&metadata, Part::Outside), ["on_air"]);
        assert_eq!(test_targets(&metadata, Part::Listening), ["mixing"]);
        assert_eq!(test_targets(&metadata, Part::Unit), ["mix_queue"]);
    }
    #[test]
    fn every_test_that_starts_a_sound_server_has_the_machine_for_itself() {
        let listens = |path: &Path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            ["PipeWire::start", "Jack::start"]
                .iter()
                .any(|start| text.contains(start))
        };
        let files = fs::read_dir(repository::root().join("tests")).expect("the acceptance tests");
        let found: Vec<String> = files
            .filter_map(|file| Some(file.ok()?.path()))
            .filter(|path| listens(path))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect();
        assert!(found.len() > 4, "{found:?}");
        assert!(found.iter().all(|name| LISTENING.contains(&name.as_str())), "{found:?}");
    }
}
