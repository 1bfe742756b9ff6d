//! `cargo xtask bench`: what the desk costs and how long it takes, on this machine, printed as tables.

use anyhow::Result;
use clap::Args;

use crate::program::{self, cargo, program};
use crate::{repository, setup, ui};

/// Which figures to measure; without any, all of them.
#[derive(Args)]
pub(crate) struct Bench {
    /// `engine` (load and latency by calculation), `desk` (headless, on real servers), `window`.
    #[arg(value_parser = ["engine", "desk", "window"])]
    figures: Vec<String>,
}

/// Builds everything in release mode, as users run it, and measures.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    setup::set_up(setup::For::Testing, setup::System::Install)?;
    ui::build()?;
    let packages = ["airdesk-benches", "airdesk-cli", "airdesk-desktop"];
    program::run(
        cargo()
            .args(["build", "--release"])
            .args(packages.iter().flat_map(|name| ["--package", name])),
    )?;
    program::run(program(repository::target().join("release").join("airdesk-bench")).args(&bench.figures))
}
