//! What a program costs from its start to its end: processor time, wall time and peak memory.
//!
//! The system counts a program's peak memory from before it took its parent's place, so the parent has to be small:
//! the benchmark starts itself anew, and that weighs the program.

use std::mem::MaybeUninit;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

/// The word that makes the benchmark weigh a program instead.
pub(crate) const WORD: &str = "weigh";

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Processor time of the program and of all that it waited for, seconds.
    pub(crate) cpu: f64,
    /// Seconds.
    pub(crate) wall: f64,
    /// The most memory that the largest of its processes had, MB.
    pub(crate) memory: f64,
}

/// Runs a program in `folder` to its end. What it said last, when it fails.
pub(crate) fn of(program: &str, arguments: &[String], folder: &Path) -> Result<Cost, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(this);
    command.arg(WORD).arg(program).args(arguments).current_dir(folder);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        return Err(last.unwrap_or("it failed without a word").to_owned());
    }
    let weighed: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let figure = |name: &str| weighed[name].as_f64().ok_or(format!("no {name} was measured"));
    Ok(Cost {
        cpu: figure("cpu")?,
        wall: figure("wall")?,
        memory: figure("memory")?,
    })
}

/// Runs the program that the arguments name, and prints what it cost.
pub(crate) fn weigh(arguments: &[String]) -> ExitCode {
    let Some((program, arguments)) = arguments.split_first() else {
        eprintln!("no program to weigh");
        return ExitCode::FAILURE;
    };
    let begun = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    let wall = begun.elapsed().as_secs_f64();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => {
            eprintln!("it ended with {status}");
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("{program} does not start: {error}");
            return ExitCode::FAILURE;
        }
    }
    let (cpu, memory) = of_children();
    println!("{}", json!({ "cpu": cpu, "wall": wall, "memory": memory }));
    ExitCode::SUCCESS
}

/// Processor seconds of all children that have ended, and the peak memory of the largest, MB.
fn of_children() -> (f64, f64) {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a whole `rusage`, which the call fills; all zeros are one, too.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // Linux counts kilobytes.
    let memory = usage.ru_maxrss as f64 / 1024.0;
    (seconds(usage.ru_utime) + seconds(usage.ru_stime), memory)
}
