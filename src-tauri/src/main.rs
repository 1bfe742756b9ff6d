//! Airdesk in a window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

/// Guards the real-time code of a checked build, see `airdesk_engine::real_time`.
#[cfg(feature = "checked")]
#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

fn main() -> ExitCode {
    airdesk_desktop::run()
}
