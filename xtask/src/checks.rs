//! `cargo xtask test`: every check and every test, in the order in which they are cheapest to fail.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::arrows::wrong_arrows;
use crate::aside::Aside;
use crate::bench::counts;
use crate::fences::broken_fences;
use crate::neon;
use crate::program::{self, cargo, program};
use crate::report::Report;
use crate::repository;
use crate::rtsan;
use crate::setup::{self, For, System};
use crate::suite::{self, FEATURES, Part};
use crate::targets;
use crate::ui;

/// What to test.
#[derive(Args)]
pub(crate) struct Test {
    /// Only the inner loop: format, arrows, lints, and the tests that need no sound server, window or browser.
    #[arg(long)]
    quick: bool,
    /// Only the console's own checks and tests.
    #[arg(long, conflicts_with_all = ["quick", "filter"])]
    console: bool,
    /// Only tests with this in their name, and no checks.
    #[arg(long)]
    filter: Option<String>,
    /// Take it that the system's packages are installed (on systems without apt).
    #[arg(long)]
    no_setup: bool,
}

/// Runs them all, also after a failure, and closes with the count.
pub(crate) fn test(test: &Test) -> ExitCode {
    let mut report = Report::new();
    let system = if test.no_setup { System::ByHand } else { System::Install };
    // The quick ones need servers and codecs, too, for what the outputs prove.
    let set_up = || setup::set_up(For::Testing, system);
    let ready = if test.console {
        report.need("set-up", set_up) && report.need("console: build", ui::build)
    } else {
        report.check("set-up", set_up)
    };
    if ready {
        match (&test.filter, test.quick) {
            _ if test.console => console(&mut report),
            (Some(filter), quick) => filtered(filter, quick, &mut report),
            (None, true) => quick(&mut report),
            (None, false) => full(&mut report),
        }
    }
    if report.close() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn quick(report: &mut Report) {
    rules(report);
    report.check("lints", clippy);
    report.tests("unit tests", |counter| suite::run(Part::Unit, None, counter));
}

fn filtered(filter: &str, quick: bool, report: &mut Report) {
    report.tests_if_any("unit tests", |counter| suite::run(Part::Unit, Some(filter), counter));
    if !quick && report.check("build", build) {
        acceptance(Some(filter), report);
    }
}

fn full(report: &mut Report) {
    rules(report);
    report.check("console: build", ui::build);
    report.check("lints", clippy);
    let built = report.check("build", build);
    if built {
        report.check("built once", built_once);
    }
    report.tests("unit tests", |counter| suite::run(Part::Unit, None, counter));
    // Neither what follows nor this has use for two processors.
    let console = Aside::start("console: lint, check, test", &["test", "--console", "--no-setup"]);
    report.tests_if_any("documentation examples", |counter| suite::run_doc_tests(None, counter));
    report.check("documentation", document);
    deny(report);
    targets::check(report);
    neon::check(report);
    rtsan::check(report);
    counts::check(report);
    report.join(console);
    if built {
        acceptance(None, report);
    } else {
        report.miss("acceptance tests", "the desk was not built");
    }
}

fn console(report: &mut Report) {
    for script in ["lint", "check"] {
        report.check(&format!("console: {script}"), || ui::npm(script));
    }
    report.tests("console: test", |counter| {
        program::run_reading(&mut ui::script_command("test"), |line| counter.read(line))
    });
}

fn acceptance(filter: Option<&str>, report: &mut Report) {
    let excused = repository::root().join("artifacts/excused.txt");
    // Of the run before, if there was one.
    let _ = std::fs::remove_file(&excused);
    for (name, part) in [
        ("acceptance tests", Part::Outside),
        ("acceptance tests that listen", Part::Listening),
    ] {
        let tests = |counter: &_| suite::run(part, filter, counter);
        if filter.is_some() {
            report.tests_if_any(name, tests);
        } else {
            report.tests(name, tests);
        }
    }
    // Nothing was excused where there is none.
    let excused = std::fs::read_to_string(excused).unwrap_or_default();
    if !excused.is_empty() {
        let count = excused.lines().count();
        println!("\n{count} times a stop of the machine was the excuse:\n{excused}");
    }
}

/// What can be said without compiling anything.
fn rules(report: &mut Report) {
    report.check("format", || program::run(cargo().args(["fmt", "--all", "--check"])));
    report.check("arrows", || none(wrong_arrows()?));
    report.check("fences", || none(broken_fences()?));
}

fn clippy() -> Result<()> {
    // The real-time crates by themselves, too: what they are built with for others is not held to their rules.
    for package in ["airdesk-dsp", "airdesk-engine"] {
        let arguments = ["clippy", "--package", package, "--all-targets", "--", "-D", "warnings"];
        program::run(cargo().args(arguments))?;
    }
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        FEATURES,
        "--",
        "-D",
        "warnings",
    ];
    program::run(cargo().args(arguments))
}

/// Builds everything that the tests run, the two hosts included.
fn build() -> Result<()> {
    program::run(cargo().args(["build", "--workspace", "--all-targets", "--features", FEATURES]))
}

/// A second start of the desk must not build anything: a build script that looks at what it wrote itself would.
fn built_once() -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--workspace", "--all-targets", "--features", FEATURES]);
    let printed = program::read(command.arg("--message-format=json")).context("a second build fails")?;
    none(built_again(&printed))
}

/// What a build had to make, of all that it says it looked at.
fn built_again(printed: &str) -> Vec<String> {
    let messages = printed
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter(|message| message["reason"] == "compiler-artifact" && message["fresh"] == false)
        .map(|message| {
            format!(
                "{} is built again although nothing has changed",
                message["target"]["name"]
            )
        })
        .collect()
}

fn document() -> Result<()> {
    let arguments = ["doc", "--workspace", "--no-deps", "--features", FEATURES];
    program::run(cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings"))
}

fn deny(report: &mut Report) {
    if program::read(program("cargo-deny").arg("--version")).is_none() {
        return report.skip(
            "licences and advisories",
            "cargo-deny is not installed (cargo install --locked cargo-deny)",
        );
    }
    report.check("licences", || {
        program::run(cargo().args(["deny", "check", "bans", "licenses", "sources"]))
    });
    if program::read(cargo().args(["deny", "fetch", "db"])).is_none() {
        return report.skip("advisories", "the database of advisories cannot be fetched here");
    }
    report.check("advisories", || {
        program::run(cargo().args(["deny", "check", "advisories"]))
    });
}

fn none(faults: Vec<String>) -> Result<()> {
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_a_second_time_is_named() {
        let printed = r#"{"reason":"compiler-artifact","target":{"name":"airdesk_engine"},"fresh":true}
not a message
{"reason":"compiler-artifact","target":{"name":"airdesk_desktop"},"fresh":false}
{"reason":"build-finished","success":true}"#;
        let again = built_again(printed);
        assert!(again.len() == 1 && again[0].contains("airdesk_desktop"), "{again:?}");
    }
}
