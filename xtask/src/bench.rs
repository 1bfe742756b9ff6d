//! `cargo xtask bench`: what the desk costs and how long it takes, on this machine, printed as tables.

pub(crate) mod counts;

use anyhow::Result;
use clap::Args;

use crate::program::{self, cargo, program};
use crate::{packages, repository, setup, ui};

/// Which figures to measure; without any, all of them but `air`, `targets`, `worst`, `drift` and `counts`.
#[derive(Args)]
pub(crate) struct Bench {
    /// `engine` (load and latency by calculation), `strips` (strips with all their stages), `stages` (each by itself),
    /// `worst` (the worst blocks of ten minutes, twice), `drift` (two clocks 400 ppm apart for a simulated day), `mix` (files mixed beside ffmpeg, sox and other mixers), `desk`
    /// (headless, on real servers), `air` (a show on air and recorded, beside ffmpeg, liquidsoap and other broadcasters),
    /// `targets` (what further codecs and targets cost that show), `listeners` (the desk's own mounts with up to a thousand), `window`, `clocks` (ten minutes on each of two real sound servers), `counts` (instructions,
    /// compared with those in benches/counts/counts.toml).
    #[arg(value_parser = ["engine", "strips", "stages", "worst", "drift", "mix", "desk", "air", "targets", "listeners", "window", "clocks", "counts"])]
    figures: Vec<String>,

    /// How long `air` and `targets` watch each program, seconds.
    #[arg(long, default_value_t = 300)]
    watch: u32,

    /// Beside which broadcasters `air` watches the desk, such as `liquidsoap,ffmpeg`; all of them, unless it is given.
    #[arg(long, value_delimiter = ',')]
    beside: Vec<String>,

    /// Write the counts that were found into benches/counts/counts.toml, instead of comparing them.
    #[arg(long)]
    write: bool,
}

/// Builds what is asked for in release mode, as users run it, and measures.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    let wants = |figure: &str| bench.figures.iter().any(|asked| asked == figure);
    if wants("counts") {
        if !program::exists("valgrind") && packages::system_has_apt() {
            packages::install(&[&packages::COUNTING])?;
        }
        if let Some(reason) = counts::compare(bench.write)? {
            println!("the bridge is not compared: {reason}");
        }
    }
    if wants("drift") {
        drift()?;
    }
    if !bench.figures.is_empty() && bench.figures.iter().all(|figure| is_ours(figure)) {
        return Ok(());
    }
    let all = bench.figures.is_empty();
    let mut packages = vec!["airdesk-benches"];
    if all
        || ["mix", "desk", "air", "targets", "listeners", "window", "clocks"]
            .into_iter()
            .any(wants)
    {
        setup::set_up(setup::For::Testing, setup::System::Install)?;
        ui::build()?;
        packages.push("airdesk-cli");
    }
    if all || wants("mix") || wants("air") || wants("targets") {
        // What cannot be installed is named in the table, and left out.
        if let Err(error) = packages::install_for_benchmarks() {
            println!("note: {error:#}");
        }
    }
    if all || wants("window") {
        packages.push("airdesk-desktop");
    }
    program::run(
        cargo()
            .args(["build", "--release"])
            .args(packages.iter().flat_map(|name| ["--package", name])),
    )?;
    let figures = bench.figures.iter().filter(|figure| !is_ours(figure));
    let figures = figures.map(|figure| match figure.as_str() {
        "air" | "targets" => format!("{figure}={}", bench.watch),
        _ => figure.clone(),
    });
    let beside = (!bench.beside.is_empty()).then(|| format!("beside={}", bench.beside.join(",")));
    program::run(
        program(repository::target().join("release").join("airdesk-bench"))
            .args(figures)
            .args(beside),
    )
}

/// Whether a figure is found here, and not by the program of benchmarks.
fn is_ours(figure: &str) -> bool {
    ["counts", "drift"].contains(&figure)
}

/// A simulated day of the whole desk, its devices' clocks apart either way: fails when a delay has moved or a frame is lost.
fn drift() -> Result<()> {
    program::run(
        cargo()
            .args(["test", "--release", "--package", "airdesk-devices"])
            .args([
                "--features",
                "airdesk-devices/simulated",
                "--test",
                "whole_desk",
                "--",
                "--ignored",
                "--nocapture",
                "after_a_day",
            ]),
    )
}
