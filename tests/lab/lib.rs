//! The lab: real sound servers, a real Icecast, a real window and a real browser, each private to one test.
//!
//! Nothing here needs a sound card, a network, a display or a running session. Every server is a child process
//! with folders and environment of its own, and ends with the value that stands for it.
//!
//! This is test code: what cannot be set up panics, with the reason.

#![cfg(target_os = "linux")]

pub mod browser;
pub mod bus;
pub mod chaos;
pub mod console;
pub mod crowd;
pub mod desk;
pub mod faulty_disk;
pub mod harbor;
pub mod http;
pub mod icecast;
pub mod key_store;
pub mod listen;
pub mod locate;
pub mod players;
pub mod power_cut;
pub mod process;
pub mod real_time;
pub mod sound_server;
pub mod tone;
pub mod wait;
pub mod wall_clock;
pub mod webdriver;
pub mod window;

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the repository's root")
}

/// A program that the workspace builds, beside the test or benchmark that runs.
pub fn built(name: &str) -> PathBuf {
    let myself = std::env::current_exe().expect("a program knows its own file");
    let folder = myself.parent().expect("a file lies in a folder");
    // Tests lie one folder deeper than programs.
    let folder = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    let program = folder.join(name);
    assert!(
        program.is_file(),
        "{} is not built: cargo build --workspace, or cargo xtask test",
        program.display()
    );
    program
}

/// Where a test leaves what a person should look at: screenshots.
pub fn artifact(name: &str) -> PathBuf {
    let folder = repository().join("artifacts");
    std::fs::create_dir_all(&folder).expect("the repository can be written");
    folder.join(name)
}
