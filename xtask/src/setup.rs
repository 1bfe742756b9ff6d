//! Set-up: from a machine that has only a Rust toolchain to one that builds, or tests, the desk.

use std::path::Path;

use anyhow::{Result, bail};

use crate::node;
use crate::packages::{self, BUILD, Group, TEST};
use crate::program;
use crate::repository;
use crate::stamp::Stamp;
use crate::ui;

/// What the machine is set up for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// `run` and the quick checks.
    Building,
    /// All tests.
    Testing,
}

/// What the system itself needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Install what is missing of it.
    Install,
    /// Its packages were installed by hand.
    ByHand,
}

/// Installs what is missing. Takes well under a second when nothing is. What comes from the lockfiles is installed on
/// every system.
pub(crate) fn set_up(purpose: For, system: System) -> Result<()> {
    if system == System::Install {
        set_up_system(purpose)?;
    }
    ui::install(&repository::root().join("ui"))?;
    if purpose == For::Testing {
        let puppet = repository::root().join("tests/browser");
        ui::install(&puppet)?;
        install_browser(&puppet)?;
    }
    Ok(())
}

fn set_up_system(purpose: For) -> Result<()> {
    if !packages::system_has_apt() {
        bail!(
            "only Debian and Ubuntu are set up by themselves. Install these packages:\n{}\n\
             and then add --no-setup, for example: cargo xtask run --no-setup",
            packages::by_hand()
        );
    }
    let mut groups: Vec<&Group> = BUILD.iter().collect();
    if purpose == For::Testing {
        groups.extend(TEST);
    }
    packages::install(&groups)?;
    if purpose == For::Testing {
        packages::install_where_offered()?;
    }
    node::install()
}

/// Where the distribution has none that can be driven, Playwright fetches its own.
fn install_browser(puppet: &Path) -> Result<()> {
    if browser_is_there() {
        return Ok(());
    }
    let stamp = Stamp::new(
        puppet.join("node_modules/.browser-of"),
        &[puppet.join("package-lock.json")],
        "chromium",
    )?;
    if !stamp.is_current() {
        println!("This system has no Chromium package: Playwright fetches its own browser.");
        let install = ["playwright-core", "install", "--with-deps", "chromium"];
        program::run(node::tool("npx").args(install).current_dir(puppet))?;
        stamp.set()?;
    }
    Ok(())
}

fn browser_is_there() -> bool {
    ["chromium", "google-chrome"].into_iter().any(program::exists)
}
