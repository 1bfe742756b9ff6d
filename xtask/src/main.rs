//! Every chore of the repository, so that there is one way to do each: `cargo xtask --help`.

mod arrows;
mod aside;
mod bench;
mod checks;
mod desk;
mod fences;
mod fresh;
mod neon;
mod node;
mod packages;
mod program;
mod report;
mod repository;
mod rtsan;
mod setup;
mod stamp;
mod suite;
mod targets;
mod tidy;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::setup::{For, System};

/// The chores of Airdesk's repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what building (and testing) needs and is missing.
    Setup {
        /// Also what the tests need: sound servers, Icecast, a browser, a virtual display.
        #[arg(long)]
        tests: bool,
    },
    /// Build and open the desk: the window, or the headless desk where there is no display.
    Run(desk::Run),
    /// Run all checks and all tests.
    Test(checks::Test),
    /// Start a private PipeWire with virtual devices and an Icecast to play with, until Ctrl-C.
    Lab,
    /// Write `ui/src/bindings.ts` anew from the station's types.
    Bindings,
    /// Format, and apply what the linters can mend by themselves.
    Tidy,
    /// Measure what the desk costs and how long it takes.
    Bench(bench::Bench),
    /// Start the desk twice from a fresh clone of what is committed, in an empty home folder.
    Fresh(fresh::Fresh),
    /// Run the engine's block under RealtimeSanitizer, where a nightly toolchain has it.
    Rtsan,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Setup { tests } => {
            let purpose = if tests { For::Testing } else { For::Building };
            setup::set_up(purpose, System::Install)
        }
        Chore::Run(run) => desk::run(&run),
        Chore::Test(test) => return checks::test(&test),
        Chore::Lab => desk::lab(),
        Chore::Bindings => ui::write_bindings(),
        Chore::Tidy => tidy::tidy(),
        Chore::Bench(bench) => bench::bench(&bench),
        Chore::Fresh(fresh) => fresh::try_out(&fresh),
        Chore::Rtsan => rtsan::chore(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
