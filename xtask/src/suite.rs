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

/// Most of the unit tests' time is waiting, for a server or for what is heard after a second: two at a time end in
/// 189 s on two processors, four in 115 s.
const TESTS_PER_PROCESSOR: usize = 2;

/// Which tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All that need no sound server, window or browser.
    Unit,
    /// The acceptance tests: one at a time, because each wants the machine's real time for itself.
    Acceptance,
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
    let acceptance = format!("(package({ACCEPTANCE}) & kind(test))");
    let mut command = cargo();
    command.args([
        "nextest",
        "run",
        "--workspace",
        "--features",
        FEATURES,
        "--no-fail-fast",
        "--no-tests=pass",
    ]);
    match part {
        Part::Unit => {
            let threads = TESTS_PER_PROCESSOR * thread::available_parallelism().map_or(1, usize::from);
            command.args(["--filterset", &format!("not {acceptance}")]);
            command.arg(format!("--test-threads={threads}"))
        }
        Part::Acceptance => command.args(["--filterset", &acceptance, "--test-threads=1"]),
    };
    command.args(filter);
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
    if part == Part::Acceptance {
        command.args(["--", "--test-threads=1"]);
    }
    Ok(command)
}

fn test_targets(metadata: &Value, part: Part) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter(|package| (package["name"] == ACCEPTANCE) == (part == Part::Acceptance))
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| target["kind"][0] == "test")
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptance_tests_and_the_others_are_told_apart() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "airdesk-tests", "targets": [{ "name": "on_air", "kind": ["test"] }, { "name": "lab", "kind": ["lib"] }] },
            { "name": "airdesk-engine", "targets": [{ "name": "mix_queue", "kind": ["test"] }] },
        ]});
        assert_eq!(test_targets(&metadata, Part::Acceptance), ["on_air"]);
        assert_eq!(test_targets(&metadata, Part::Unit), ["mix_queue"]);
    }
}
