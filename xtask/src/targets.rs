//! Type checks for the systems this machine is not.

use crate::program::{self, cargo, program};
use crate::report::Report;

/// A target of Windows and one of macOS that need no foreign C compiler to be type-checked.
const TARGETS: &[(&str, &str)] = &[("Windows", "x86_64-pc-windows-gnu"), ("macOS", "aarch64-apple-darwin")];

/// The crates that bring no C code of their own; the codecs in `sources` and `outputs`, and so what stands on them, do.
const CRATES: &[&str] = &["airdesk-dsp", "airdesk-engine", "airdesk-devices"];

/// Checks the crates for each system whose target is there or can be added.
pub(crate) fn check(report: &mut Report) {
    for (system, target) in TARGETS {
        let name = format!("types on {system}");
        match add(target) {
            Ok(()) => {
                report.check(&name, || {
                    let packages = CRATES.iter().flat_map(|name| ["--package", name]);
                    program::run(cargo().args(["check", "--target", target]).args(packages))
                });
            }
            Err(reason) => report.skip(&name, &reason),
        }
    }
}

/// Makes sure that `target` is there.
pub(crate) fn add(target: &str) -> Result<(), String> {
    let installed = program::read(program("rustup").args(["target", "list", "--installed"]));
    let Some(installed) = installed else {
        return Err("there is no rustup to add the target with".into());
    };
    if installed.lines().any(|line| line == target) {
        return Ok(());
    }
    program::run(program("rustup").args(["target", "add", target]))
        .map_err(|error| format!("the target cannot be added here: {error:#}"))
}
