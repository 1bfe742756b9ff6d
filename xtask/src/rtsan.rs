//! RealtimeSanitizer: one block of the engine with every call that may wait or allocate trapped.
//!
//! It is part of nightly toolchains. The test is `crates/engine/tests/rtsan.rs`, which is empty unless the
//! compiler is given `--cfg rtsan`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, anyhow};

use crate::program::{self, program};
use crate::report::Report;
use crate::repository;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// `cargo xtask rtsan`.
pub(crate) fn chore() -> Result<()> {
    let toolchain = toolchain().map_err(|reason| anyhow!(reason))?;
    program::run(&mut command(&toolchain))
}

/// The same as a section of the checks.
pub(crate) fn check(report: &mut Report) {
    const NAME: &str = "real-time sanitiser";
    match toolchain() {
        Ok(toolchain) => {
            report.tests(NAME, |counter| {
                program::run_reading(&mut command(&toolchain), |line| counter.read(line))
            });
        }
        Err(reason) => report.skip(NAME, &reason),
    }
}

fn command(toolchain: &str) -> Command {
    let mut command = program("rustup");
    command
        .args([
            "run",
            toolchain,
            "cargo",
            "test",
            "--package",
            "airdesk-engine",
            "--test",
            "rtsan",
            "--target",
            TARGET,
        ])
        // Its own folder and target: the sanitised objects must not mix with the others, nor reach build scripts.
        .env("CARGO_TARGET_DIR", repository::target().join("rtsan"))
        .env("RUSTFLAGS", "-Zsanitizer=realtime --cfg rtsan")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO");
    command
}

/// The newest installed nightly that has the sanitiser.
fn toolchain() -> std::result::Result<String, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(format!("it is run on {TARGET} only"));
    }
    let list = program::read(program("rustup").args(["toolchain", "list", "--quiet"])).unwrap_or_default();
    let mut nightlies: Vec<_> = list.lines().filter(|name| name.starts_with("nightly")).collect();
    nightlies.sort();
    let found = nightlies.into_iter().rev().find(|name| has_sanitiser(name));
    found
        .map(str::to_owned)
        .ok_or_else(|| "no nightly toolchain with RealtimeSanitizer is installed".into())
}

fn has_sanitiser(toolchain: &str) -> bool {
    let root = program::read(program("rustup").args(["run", toolchain, "rustc", "--print", "sysroot"]));
    root.is_some_and(|root| {
        PathBuf::from(root)
            .join("lib/rustlib")
            .join(TARGET)
            .join("lib/librustc-nightly_rt.rtsan.a")
            .is_file()
    })
}
