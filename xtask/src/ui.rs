//! The console's web app: its packages, its build, its bindings, its checks.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::node;
use crate::program::{self, cargo};
use crate::repository;
use crate::stamp::Stamp;
use crate::suite::FEATURES;

/// Installs the packages of the lockfile in `folder`, if they are not those already.
pub(crate) fn install(folder: &Path) -> Result<()> {
    let inputs = [folder.join("package.json"), folder.join("package-lock.json")];
    let modules = folder.join("node_modules");
    let stamp = Stamp::new(modules.join(".installed-from"), &inputs, &node::version_text())?;
    if stamp.is_current() {
        return Ok(());
    }
    println!("Installing the npm packages of {}.", folder.display());
    program::run(
        node::tool("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(folder),
    )?;
    stamp.set()
}

/// Builds `ui/dist`, if its sources have changed.
pub(crate) fn build() -> Result<()> {
    let folder = folder();
    let stamp = Stamp::new(
        folder.join("dist/.built-from"),
        &sources(&folder),
        &node::version_text(),
    )?;
    if stamp.is_current() {
        return Ok(());
    }
    npm("build")?;
    stamp.set().context("the build left no ui/dist")
}

/// Runs one of the scripts in `ui/package.json`.
pub(crate) fn npm(script: &str) -> Result<()> {
    program::run(&mut script_command(script))
}

/// The command that runs one of the scripts in `ui/package.json`.
pub(crate) fn script_command(script: &str) -> std::process::Command {
    let mut command = node::tool("npm");
    command.args(["run", "--silent", script]).current_dir(folder());
    command
}

/// Writes `ui/src/bindings.ts` anew. The same test fails, without the variable, when it is not current.
pub(crate) fn write_bindings() -> Result<()> {
    let test = ["test", "--workspace", "--features", FEATURES, "--test", "bindings"];
    program::run(cargo().args(test).env("UPDATE_BINDINGS", "1"))
}

fn folder() -> PathBuf {
    repository::root().join("ui")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let kinds = ["ts", "js", "json", "svelte", "html", "css", "svg", "png", "woff2"];
    repository::files(folder, &|path| {
        path.extension()
            .is_some_and(|kind| kinds.iter().any(|known| kind == *known))
    })
}
