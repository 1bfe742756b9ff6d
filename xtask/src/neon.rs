//! The arithmetic on ARM's vectors: the tests that compare instructions, built for that processor and run by an emulator.
//!
//! A machine that has such a processor runs them among its own tests.

use std::process::Command;

use crate::program::{self, cargo};
use crate::report::Report;
use crate::targets;

const NAME: &str = "instructions of ARM, emulated";
const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the C library of that processor is.
const LIBRARY: &str = "/usr/aarch64-linux-gnu";

/// What is in the names of these tests: the vectors by themselves, and every stage against the scalar reference and
/// against one in double precision.
const TESTS: [&str; 4] = ["lanes::", "instructions", "architecture", "nulls_with"];

/// Runs them as a section of the checks, where that can be done.
pub(crate) fn check(report: &mut Report) {
    match obstacle() {
        None => {
            report.tests(NAME, |counter| {
                program::run_reading(&mut command(), |line| counter.read(line))
            });
        }
        Some(reason) => report.skip(NAME, &reason),
    }
}

/// Why it cannot be done here.
fn obstacle() -> Option<String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some("it is run on x86-64 Linux only".into());
    }
    let missing = [LINKER, EMULATOR].into_iter().find(|name| !program::exists(name));
    missing
        .map(|name| format!("{name} is not installed"))
        .or_else(|| targets::add(TARGET).err())
}

fn command() -> Command {
    let mut command = cargo();
    command
        .args(["test", "--package", "airdesk-dsp", "--lib", "--tests"])
        .args(["--no-fail-fast", "--target", TARGET, "--"])
        .args(TESTS)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER)
        .env(
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER",
            format!("{EMULATOR} -L {LIBRARY}"),
        );
    command
}
