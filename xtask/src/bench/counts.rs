//! Instructions of the work that is done in real time, counted by callgrind and compared with those kept in the tree:
//! one of the checks of `cargo xtask test`.
//!
//! Time is not the same twice on a machine with other work; instructions are, to a fraction of a per cent, whatever the
//! processor: the console's work runs on what all of them have. What a compiler makes of the same source differs from
//! one version to the next: it is kept beside the numbers.
//!
//! Why without the crate `gungraun`: docs/decisions/007.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};

use crate::program::{self, cargo, program};
use crate::report::Report;
use crate::repository;

/// By how much a number may grow, in per cent, before it is a fault: with the compiler that the kept numbers are of, and
/// with another one.
const TOLERANCE: f64 = 3.0;
const TOLERANCE_OF_COMPILERS: f64 = 15.0;
/// Turns of the longer run; the shorter one has none.
const TURNS: u64 = 300;
/// Where the numbers are kept, below the repository's root.
const KEPT: &str = "benches/counts/counts.toml";
/// The workload with a resampler in it.
const BRIDGE: &str = "block_of_a_bridge";
/// The C library, too, copies and clears as every processor can.
const LIBRARY: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM",
);
const ACCEPT: &str = "mend it, or accept the new numbers: cargo xtask bench counts --write";

/// What was counted, and where.
#[derive(Debug, Clone, PartialEq)]
struct Counts {
    compiler: String,
    instructions: String,
    /// Instructions of one turn.
    turns: BTreeMap<String, u64>,
}

/// The check of the test command. Where nothing can be counted, it says why.
pub(crate) fn check(report: &mut Report) {
    let name = "instructions";
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return report.skip(name, "the numbers kept are of Linux on x86-64");
    }
    if !program::exists("valgrind") {
        return report.skip(name, "valgrind, which counts them, is not installed");
    }
    let mut other_processor = None;
    report.check(name, || {
        other_processor = compare(false)?;
        Ok(())
    });
    if let Some(reason) = other_processor {
        report.skip("instructions of the bridge", &reason);
    }
}

/// Counts, prints, and fails where a number has grown. `write`: keeps the numbers instead. Says so where this processor
/// cannot count everything.
pub(crate) fn compare(write: bool) -> Result<Option<String>> {
    if !program::exists("valgrind") {
        bail!("valgrind is not installed: it counts the instructions");
    }
    let package = "airdesk-counts";
    program::run(cargo().args(["build", "--release", "--package", package]))?;
    let mut found = count(&repository::target().join("release").join(package))?;
    let file = repository::root().join(KEPT);
    if write {
        std::fs::write(&file, text(&found)).with_context(|| format!("writing {}", file.display()))?;
        return Ok(None);
    }
    let kept = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let mut kept = read(&kept).with_context(|| format!("reading {}", file.display()))?;
    let other_processor = (kept.instructions != found.instructions).then(|| {
        format!(
            "its number is of a processor with {}, this one has {}",
            kept.instructions, found.instructions
        )
    });
    if other_processor.is_some() {
        // The resampler alone chooses by itself.
        for counts in [&mut kept, &mut found] {
            counts.turns.remove(BRIDGE);
        }
    }
    println!(
        "{:<32} {:>12} {:>12} {:>9}",
        "instructions of one turn", "kept", "now", "change"
    );
    for (name, now, before) in pairs(&kept, &found) {
        let shown = |count: Option<u64>| count.map_or("none".into(), |count| count.to_string());
        let change = before
            .zip(now)
            .map_or(String::new(), |(before, now)| format!("{:+.2} %", growth(before, now)));
        println!("{name:<32} {:>12} {:>12} {change:>9}", shown(before), shown(now));
    }
    let faults = faults(&kept, &found);
    if !faults.is_empty() {
        bail!("{}; {ACCEPT}", faults.join("; "));
    }
    Ok(other_processor)
}

fn count(binary: &PathBuf) -> Result<Counts> {
    let list = program::read(&mut program(binary)).ok_or_else(|| anyhow!("{} does not run", binary.display()))?;
    let mut lines = list.lines();
    let instructions = lines.next().unwrap_or_default().to_owned();
    let turns = lines.map(|name| {
        let all = instructions_of(binary, name, TURNS)?;
        let first = instructions_of(binary, name, 0)?;
        Ok((name.to_owned(), all.saturating_sub(first) / TURNS))
    });
    Ok(Counts {
        turns: turns.collect::<Result<_>>()?,
        compiler: program::read(program("rustc").arg("--version")).unwrap_or_default(),
        instructions,
    })
}

/// Instructions of a whole run.
fn instructions_of(binary: &PathBuf, name: &str, turns: u64) -> Result<u64> {
    let mut valgrind = program("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .env(LIBRARY.0, LIBRARY.1)
        .arg(binary)
        .args([name, &turns.to_string()]);
    let output = valgrind.output().context("valgrind does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{name} under valgrind ended with {}: {said}", output.status);
    }
    collected(&said).ok_or_else(|| anyhow!("valgrind counted nothing for {name}: {said}"))
}

/// The number in callgrind's line `==123== Collected : 456`.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

fn growth(before: u64, now: u64) -> f64 {
    100.0 * (now as f64 / before.max(1) as f64 - 1.0)
}

/// Every name with its number now and before.
fn pairs<'a>(kept: &'a Counts, found: &'a Counts) -> Vec<(&'a str, Option<u64>, Option<u64>)> {
    let mut names: Vec<&str> = kept
        .turns
        .keys()
        .chain(found.turns.keys())
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.dedup();
    let pair = |name| (name, found.turns.get(name).copied(), kept.turns.get(name).copied());
    names.into_iter().map(pair).collect()
}

/// What has grown beyond the tolerance, and what is on one side only.
fn faults(kept: &Counts, found: &Counts) -> Vec<String> {
    let (tolerance, compilers) = if kept.compiler == found.compiler {
        (TOLERANCE, String::new())
    } else {
        let compilers = format!(" (the first by {}, the second by {})", kept.compiler, found.compiler);
        (TOLERANCE_OF_COMPILERS, compilers)
    };
    let fault = |(name, now, before): (&str, Option<u64>, Option<u64>)| match (before, now) {
        (Some(before), Some(now)) if growth(before, now) > tolerance => Some(format!(
            "{name} has grown from {before} to {now} instructions, by {:.1} %{compilers}; {tolerance} % are allowed",
            growth(before, now)
        )),
        (None, _) => Some(format!("{name} is not in {KEPT}")),
        (_, None) => Some(format!("{name} is in {KEPT} and is not counted any more")),
        _ => None,
    };
    pairs(kept, found).into_iter().filter_map(fault).collect()
}

fn text(counts: &Counts) -> String {
    let mut text = String::from(
        "# Instructions of one turn, by callgrind. Written by `cargo xtask bench counts --write`; `cargo xtask test` fails\n\
         # where one has grown by more than a few per cent.\n",
    );
    let _ = writeln!(
        text,
        "compiler = {:?}\ninstructions = {:?}\n\n[turns]",
        counts.compiler, counts.instructions
    );
    for (name, count) in &counts.turns {
        let _ = writeln!(text, "{name} = {count}");
    }
    text
}

fn read(text: &str) -> Result<Counts> {
    let mut counts = Counts {
        compiler: String::new(),
        instructions: String::new(),
        turns: BTreeMap::new(),
    };
    for line in text.lines() {
        let Some((name, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let word = value.trim_matches('"').to_owned();
        match name {
            "compiler" => counts.compiler = word,
            "instructions" => counts.instructions = word,
            _ => {
                let count = value
                    .parse()
                    .with_context(|| format!("{value} is no number of instructions"))?;
                counts.turns.insert(name.to_owned(), count);
            }
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(turns: &[(&str, u64)]) -> Counts {
        Counts {
            compiler: "rustc 1.95.0".into(),
            instructions: "AVX2".into(),
            turns: turns.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = counts(&[("limiter", 16_000), ("queue", 900)]);
        assert_eq!(read(&text(&written)).expect("it reads"), written);
    }

    #[test]
    fn growth_beyond_the_tolerance_is_told_with_both_numbers_and_so_is_a_missing_one() {
        let kept = counts(&[("gone", 5), ("limiter", 1000), ("queue", 1000)]);
        let found = counts(&[("limiter", 1029), ("new", 5), ("queue", 1031)]);
        let faults = faults(&kept, &found);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[0].contains("gone") && faults[1].contains("new"), "{faults:?}");
        assert!(faults[2].starts_with("queue has grown from 1000 to 1031"), "{faults:?}");
        assert!(self::faults(&found, &counts(&[("limiter", 700), ("new", 5), ("queue", 1031)])).is_empty());
    }

    #[test]
    fn another_compiler_may_make_a_little_more_of_it() {
        let kept = counts(&[("limiter", 1000)]);
        let by_another = |count| Counts {
            compiler: "rustc 1.99.0".into(),
            ..counts(&[("limiter", count)])
        };
        assert_eq!(faults(&kept, &by_another(1140)), Vec::<String>::new());
        let faults = faults(&kept, &by_another(1160));
        assert!(faults.len() == 1 && faults[0].contains("1.99.0"), "{faults:?}");
    }

    #[test]
    fn the_number_is_found_in_what_callgrind_says() {
        assert_eq!(
            collected("==7== Events    : Ir\n==7== Collected : 51487\n==7==\n"),
            Some(51_487)
        );
        assert_eq!(collected("==7== nothing"), None);
    }
}
