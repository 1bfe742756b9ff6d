//! Node.js and npm, which build the console.
//!
//! Vite 8 needs Node 20.19 or later. Debian 12 and Ubuntu 24.04 have Node 18: there the
//! distribution's npm installs a newer Node, pinned by the lockfile in `xtask/node`, into
//! the target folder. Nothing outside the repository changes by that.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages::{self, Group};
use crate::program::{self, program};
use crate::repository;
use crate::stamp::Stamp;

const NEEDED: Group = Group {
    reason: "building the console",
    names: &["nodejs", "npm"],
};

/// Makes sure that a Node is there that can build the console.
pub(crate) fn install() -> Result<()> {
    if version().is_some_and(is_new_enough) && npm_is_there() {
        return Ok(());
    }
    if !npm_is_there() {
        if !packages::system_has_apt() {
            bail!("Node.js 20.19 or later and npm are missing");
        }
        packages::install(&[&NEEDED])?;
    }
    match version() {
        Some(version) if is_new_enough(version) => Ok(()),
        Some((major, minor)) => {
            println!("Node {major}.{minor} of this system is too old for the console's build tool (20.19 is needed).");
            install_newer()
        }
        None => bail!("node does not run after it was installed"),
    }
}

/// A program of Node's world (`npm`, `npx`, `node`) with the right Node in front of the path.
pub(crate) fn tool(name: &str) -> Command {
    let mut command = program(name);
    if let Some(path) = path() {
        // Looked up here: a child's own path does not decide which program is started.
        if let Some(found) = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
        {
            command = program(found);
        }
        command.env("PATH", path);
    }
    command
}

/// The path with our own Node in front, if we had to install one.
pub(crate) fn path() -> Option<OsString> {
    let ours = folders();
    if !ours[0].is_dir() {
        return None;
    }
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&inherited))).ok()
}

/// The version that stamps are made with: another Node means building again.
pub(crate) fn version_text() -> String {
    program::read(tool("node").arg("--version")).unwrap_or_default()
}

fn install_newer() -> Result<()> {
    let folder = folder();
    let sources = repository::root().join("xtask/node");
    let (package, lock) = (sources.join("package.json"), sources.join("package-lock.json"));
    let stamp = Stamp::new(
        folder.join("stamp"),
        &[package.clone(), lock.clone()],
        std::env::consts::ARCH,
    )?;
    if stamp.is_current() {
        return Ok(());
    }
    println!(
        "Installing a newer one into {} from the npm registry.",
        folder.display()
    );
    fs::create_dir_all(&folder)?;
    for file in [&package, &lock] {
        fs::copy(file, folder.join(file.file_name().expect("joined above")))?;
    }
    program::run(
        program("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder),
    )?;
    let version = version().context("the Node that was installed does not run")?;
    if !is_new_enough(version) {
        bail!("the Node that was installed is {}.{}", version.0, version.1);
    }
    stamp.set()
}

fn version() -> Option<(u32, u32)> {
    parse(&program::read(tool("node").arg("--version"))?)
}

fn npm_is_there() -> bool {
    program::read(tool("npm").arg("--version")).is_some()
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Vite 8: 20.19 or later, or 22.12 or later.
fn is_new_enough(version: (u32, u32)) -> bool {
    matches!(version, (20, 19..) | (22, 12..) | (23.., _))
}

fn folder() -> PathBuf {
    repository::target().join("node")
}

fn folders() -> [PathBuf; 2] {
    let modules = folder().join("node_modules");
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    [
        modules.join(format!("node-linux-{architecture}/bin")),
        modules.join(".bin"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_of_debian_12_is_too_old_and_20_19_is_not() {
        assert!(!is_new_enough(parse("v18.19.0").unwrap()));
        assert!(!is_new_enough(parse("v22.11.0").unwrap()));
        assert!(is_new_enough(parse("v20.19.0\n").unwrap()));
        assert!(is_new_enough(parse("v24.1.0").unwrap()));
        assert_eq!(parse("nothing"), None);
    }
}
