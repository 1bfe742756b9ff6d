//! What the checks came to: sections with their times, and one count at the end.

use std::fmt::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::aside::Aside;

/// How many checks and tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that held.
    pub(crate) passed: u32,
    /// Those that did not.
    pub(crate) failed: u32,
}

/// Reads the closing lines of test runners (cargo test, nextest, vitest) out of their output.
#[derive(Default)]
pub(crate) struct Counter(Mutex<Tally>);

/// How a section ended.
enum Outcome {
    Counted(Tally),
    Skipped(String),
}

/// The sections so far.
pub(crate) struct Report {
    start: Instant,
    sections: Vec<(String, Outcome, Duration)>,
}

impl Counter {
    /// Takes one line of output into account.
    pub(crate) fn read(&self, line: &str) {
        let counted = Tally::of_line(line);
        let mut tally = self.0.lock().expect("no reader panics");
        tally.passed += counted.passed;
        tally.failed += counted.failed;
    }

    fn tally(&self) -> Tally {
        *self.0.lock().expect("no reader panics")
    }
}

impl Tally {
    /// Of the last line that [`Report::close`] prints.
    pub(crate) fn of_closing_line(line: &str) -> Self {
        let counts = line.split_once(" passed, ").and_then(|(passed, failed)| {
            let failed = failed.strip_suffix(" failed")?;
            Some((passed.parse().ok()?, failed.parse().ok()?))
        });
        counts.map_or(Self::default(), |(passed, failed)| Self { passed, failed })
    }

    fn of_line(line: &str) -> Self {
        let line = without_colours(line);
        // Indented, it is nextest showing the output of a test that failed, which it counts itself.
        let of_libtest = line.starts_with("test result:");
        let line = line.trim();
        let closes = of_libtest || line.contains("tests run:") || line.starts_with("Tests  ");
        let mut tally = Self::default();
        if !closes {
            return tally;
        }
        let words: Vec<_> = line
            .split(|c: char| c.is_whitespace() || "();,|".contains(c))
            .filter(|w| !w.is_empty())
            .collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u32>() else { continue };
            match pair[1] {
                "passed" => tally.passed += count,
                "failed" | "timed" => tally.failed += count,
                _ => {}
            }
        }
        tally
    }
}

impl Report {
    /// Starts the clock.
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            sections: Vec::new(),
        }
    }

    /// A section that counts as one check.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) -> bool {
        self.section(name, |_| check().map(|()| Tally { passed: 1, failed: 0 }))
    }

    /// A section whose tests are counted; that there are none is a failure.
    pub(crate) fn tests(&mut self, name: &str, tests: impl FnOnce(&Counter) -> Result<()>) -> bool {
        self.section(name, |counter| {
            tests(counter)?;
            ensure!(counter.tally() != Tally::default(), "not one test ran");
            Ok(counter.tally())
        })
    }

    /// The same where there need not be any.
    pub(crate) fn tests_if_any(&mut self, name: &str, tests: impl FnOnce(&Counter) -> Result<()>) -> bool {
        self.section(name, |counter| tests(counter).map(|()| counter.tally()))
    }

    fn section(&mut self, name: &str, section: impl FnOnce(&Counter) -> Result<Tally>) -> bool {
        println!("\n==== {name}");
        let start = Instant::now();
        let counter = Counter::default();
        let tally = section(&counter).unwrap_or_else(|error| {
            println!("error: {name}: {error:#}");
            let Tally { passed, failed } = counter.tally();
            let failed = failed.max(1);
            Tally { passed, failed }
        });
        self.sections
            .push((name.to_owned(), Outcome::Counted(tally), start.elapsed()));
        tally.failed == 0
    }

    /// What others need: it counts only when it fails, for where they run beside others it has been done before.
    pub(crate) fn need(&mut self, name: &str, check: impl FnOnce() -> Result<()>) -> bool {
        match check() {
            Ok(()) => true,
            failed => self.check(name, || failed),
        }
    }

    /// A section that ran beside others: waits for it, and shows what it printed.
    pub(crate) fn join(&mut self, aside: Aside) {
        let name = aside.name();
        println!("\n==== {name}");
        let (tally, time) = match aside.end() {
            Ok(ended) => {
                println!("{}", ended.printed);
                (ended.tally, ended.time)
            }
            Err(error) => {
                println!("error: {name}: {error:#}");
                (Tally { passed: 0, failed: 1 }, Duration::ZERO)
            }
        };
        self.sections.push((name.to_owned(), Outcome::Counted(tally), time));
    }

    /// A section that cannot run on this machine, and why.
    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        println!("\n==== {name}\nskipped: {reason}");
        self.sections
            .push((name.to_owned(), Outcome::Skipped(reason.to_owned()), Duration::ZERO));
    }

    /// A section that had to be left out because an earlier one failed: it counts as failed.
    pub(crate) fn miss(&mut self, name: &str, reason: &str) {
        self.check(name, || Err(anyhow::anyhow!("not run: {reason}")));
    }

    /// Prints the closing table and says whether everything held.
    pub(crate) fn close(&self) -> bool {
        println!("\n{}", self.table());
        self.total().failed == 0
    }

    fn table(&self) -> String {
        let mut table = String::from("==== times\n");
        let mut skipped = String::new();
        for (name, outcome, time) in &self.sections {
            let seconds = time.as_secs_f64();
            let state = match outcome {
                Outcome::Skipped(_) => "skipped".to_owned(),
                Outcome::Counted(Tally { passed, failed: 0 }) => format!("{passed} ok"),
                Outcome::Counted(Tally { passed, failed }) => format!("{passed} ok, {failed} FAILED"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{seconds:8.1} s  {name:<32} {state}");
            if let Outcome::Skipped(reason) = outcome {
                let _ = writeln!(skipped, "skipped: {name}: {reason}");
            }
        }
        let Tally { passed, failed } = self.total();
        let seconds = self.start.elapsed().as_secs_f64();
        format!("{table}{seconds:8.1} s  in all\n{skipped}\n{passed} passed, {failed} failed")
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for (_, outcome, _) in &self.sections {
            if let Outcome::Counted(tally) = outcome {
                total.passed += tally.passed;
                total.failed += tally.failed;
            }
        }
        total
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A sequence ends with its letter.
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(line: &str) -> (u32, u32) {
        let Tally { passed, failed } = Tally::of_line(line);
        (passed, failed)
    }

    #[test]
    fn the_closing_lines_of_three_runners_are_understood() {
        assert_eq!(
            tally("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out"),
            (3, 1)
        );
        assert_eq!(tally("    test result: FAILED. 0 passed; 1 failed; 0 ignored"), (0, 0));
        assert_eq!(
            tally("     Summary [   0.010s] 3 tests run: 3 passed, 2 skipped"),
            (3, 0)
        );
        let partial = "     Summary [  9.010s] 8/10 tests run: 5 passed (1 slow), 1 failed, 2 timed out, 0 skipped";
        assert_eq!(tally(partial), (5, 3));
        assert_eq!(
            tally("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m1 failed\u{1b}[39m\u{1b}[22m | 12 passed (13)"),
            (12, 1)
        );
    }

    #[test]
    fn the_closing_line_of_another_run_is_understood() {
        let of = Tally::of_closing_line;
        assert_eq!(of("297 passed, 1 failed"), Tally { passed: 297, failed: 1 });
        assert_eq!(of("some passed, 1 failed"), Tally::default());
        assert_eq!(of(""), Tally::default());
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(tally("warning: 2 failed attempts"), (0, 0));
        assert_eq!(tally("    test result: FAILED. 0 passed; 1 failed; 0 ignored"), (0, 0));
        assert_eq!(tally(" Test Files  3 passed (3)"), (0, 0));
    }

    #[test]
    fn a_section_without_a_test_has_failed_unless_there_need_not_be_any() {
        let mut report = Report::new();
        assert!(!report.tests("renamed", |_| Ok(())));
        assert!(report.tests_if_any("filtered", |_| Ok(())));
        assert_eq!(report.total(), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn the_last_line_sums_up_and_a_skipped_section_does_not_count() {
        let mut report = Report::new();
        assert!(report.check("fmt", || Ok(())));
        report.tests("unit", |counter| {
            counter.read("test result: ok. 4 passed; 0 failed");
            Ok(())
        });
        report.skip("far", "no such system");
        assert!(!report.check("doc", || anyhow::bail!("a link is broken")));
        assert_eq!(report.table().lines().last(), Some("5 passed, 1 failed"));
    }
}
