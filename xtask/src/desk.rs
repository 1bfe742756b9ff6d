//! Starting the desk, and the lab to try it in.

use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::program::{self, cargo, program};
use crate::repository;
use crate::setup::{self, For, System};
use crate::ui;

/// How to run.
#[derive(Args)]
pub(crate) struct Run {
    /// Take it that the system's packages are installed (on systems without apt).
    #[arg(long)]
    no_setup: bool,
    /// What the desk itself is started with.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Builds what has changed and opens the desk.
///
/// Built in release mode, whole and once: a presenter's desk is not the debug build, and a second start
/// only asks Cargo whether anything has changed.
pub(crate) fn run(run: &Run) -> Result<()> {
    let system = if run.no_setup { System::ByHand } else { System::Install };
    setup::set_up(For::Building, system)?;
    ui::build()?;
    let (package, binary) = if has_display() {
        ("airdesk-desktop", "airdesk-desktop")
    } else {
        ("airdesk-cli", "airdesk")
    };
    program::run(cargo().args(["build", "--release", "--package", package]))?;
    let mut desk = program(repository::target().join("release").join(binary));
    // The desk is started where the operator is: its relative paths are theirs.
    desk.current_dir(std::env::current_dir().context("the current folder is gone")?);
    if !has_display() {
        println!("There is no display: starting the headless desk. Open its console in a browser.");
        desk.arg("run");
    }
    become_program(desk.args(&run.arguments))
}

/// Starts the lab that the acceptance tests use.
pub(crate) fn lab() -> Result<()> {
    setup::set_up(For::Testing, System::Install)?;
    program::run(cargo().args(["build", "--package", "airdesk-tests", "--bin", "airdesk-lab"]))?;
    become_program(&mut program(repository::target().join("debug/airdesk-lab")))
}

fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Becomes the program, so that signals and the exit code are its own.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("the desk does not start")
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<()> {
    program::run(command)
}
