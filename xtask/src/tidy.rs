//! Mending by machine: formatting, and what the linters can put right by themselves.

use anyhow::Result;

use crate::program::{self, cargo};
use crate::suite::FEATURES;
use crate::ui;

/// `cargo xtask tidy`.
pub(crate) fn tidy() -> Result<()> {
    let mend = [
        "clippy",
        "--fix",
        "--allow-dirty",
        "--allow-staged",
        "--workspace",
        "--all-targets",
        "--features",
        FEATURES,
    ];
    program::run(cargo().args(mend))?;
    program::run(cargo().args(["fmt", "--all"]))?;
    ui::npm("format")
}
