//! A child process that cannot outlive its test, with its output in a file.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::wait;

/// How many lines of what a program said are told when a test fails.
const LINES_TOLD: usize = 60;

/// How the operating system schedules a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// As everything else.
    Ordinary,
    /// Before everything else where that is permitted: the sound of a test must not depend on what
    /// else the machine does.
    RealTime,
}

/// A running program. It is asked to end, then made to end, when this is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with no input and both outputs in the file `log`.
    ///
    /// The system ends the process when the thread that called this ends, even if that was killed: start
    /// what a test needs on the test's own thread.
    pub fn start(command: &mut Command, log: &Path, priority: Priority) -> Self {
        let file = File::create(log).expect("a log can be made in a fresh folder");
        let errors = file.try_clone().expect("a file has two handles");
        let child = spawn(command.stdin(Stdio::null()).stdout(file).stderr(errors), priority);
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Starts `command` to talk with, with its errors in the file `log`.
    pub fn start_talking(command: &mut Command, log: &Path) -> (Self, ChildStdin, ChildStdout) {
        let errors = File::create(log).expect("a log can be made in a fresh folder");
        let mut child = spawn(
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors),
            Priority::Ordinary,
        );
        let (input, output) = (
            child.stdin.take().expect("piped above"),
            child.stdout.take().expect("piped above"),
        );
        (
            Self {
                child,
                log: log.to_owned(),
            },
            input,
            output,
        )
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time that it has used, seconds.
    pub fn processor_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok());
        // A hundred ticks are a second on every Linux that runs these tests.
        (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / 100.0
    }

    /// Memory that it has, megabytes.
    pub fn megabytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let mut lines = status.lines();
        let resident = lines.find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .split(' ')
                .next()?
                .parse::<f64>()
                .ok()
        });
        resident.unwrap_or_default() / 1024.0
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Prints what it said last, for whoever reads why a test failed.
    fn tell(&self) {
        let output = self.output();
        // A sound server's account of its graph drowns the failure itself.
        let lines = output
            .lines()
            .filter(|line| !line.starts_with("[I]"))
            .collect::<Vec<_>>();
        let last = lines.iter().skip(lines.len().saturating_sub(LINES_TOLD));
        let name = self.log.file_name().unwrap_or_default().display();
        for line in last {
            eprintln!("{name}: {line}");
        }
    }

    /// Sends a signal, for example `libc::SIGSTOP`.
    pub fn signal(&mut self, signal: i32) {
        if self.is_running() {
            // SAFETY: the child has not been waited for, so the id is still its own.
            unsafe { libc::kill(self.child.id() as i32, signal) };
        }
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        wait::until("a program to end", limit, || {
            self.child.try_wait().expect("it is our child")
        })
    }

    /// Kills it at once, as a crash would.
    pub fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        self.wait(wait::seconds(5));
    }

    /// Asks it to end by `signal` and waits, at most five seconds before it is killed.
    pub fn end(&mut self, signal: i32) {
        self.signal(signal);
        self.signal(libc::SIGCONT); // a stopped process takes no signal
        for _ in 0..250 {
            if !self.is_running() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(libc::SIGTERM);
        if std::thread::panicking() {
            self.tell();
        }
    }
}

/// Runs a tool to its end and returns what it printed. Panics when it fails.
pub fn output_of(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{} does not start: {error}", command.get_program().display()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} ended with {}: {errors}",
        output.status
    );
    output.stdout
}

fn spawn(command: &mut Command, priority: Priority) -> Child {
    // SAFETY: the closure only makes system calls, which is what is allowed between fork and exec.
    unsafe { command.pre_exec(move || prepare(priority)) };
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", command.get_program().display()))
}

fn prepare(priority: Priority) -> std::io::Result<()> {
    // SAFETY: plain system calls with constant arguments.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        if priority == Priority::RealTime {
            let parameters = libc::sched_param { sched_priority: 10 };
            // Not permitted to everybody; the tests then hope for a quiet machine.
            libc::sched_setscheduler(0, libc::SCHED_RR, &parameters);
        }
    }
    Ok(())
}
