//! Keeps the list of devices true: looks at every host again and again, each on a thread of its own.
//!
//! A host that does not answer in time is left to itself, named in a notice, and not asked again before
//! it has answered. No host announces new devices through CPAL: they are found by looking.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::device::{Absences, Withheld};
use crate::hosts::HostSource;
use crate::listing::{Found, Lister};
use crate::{Device, DeviceId, DeviceList, HostCause, HostChoice, HostNotice};

/// Rounds between two looks at a JACK server that is there: every look makes and closes two clients, and
/// what it offers changes only with the server.
const JACK_ROUNDS: u32 = 15;

/// A host that took longer to say that it is not there is there, and hangs.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How to look for devices.
#[derive(Clone)]
pub struct ScanSettings {
    /// Where.
    pub hosts: HostChoice,
    /// How often.
    pub interval: Duration,
    /// How long a host may take.
    pub limit: Duration,
}

impl Default for ScanSettings {
    /// This machine, every two seconds, three seconds for a host.
    fn default() -> Self {
        Self {
            hosts: HostChoice::system(),
            interval: Duration::from_secs(2),
            limit: Duration::from_secs(3),
        }
    }
}

/// Looks for devices until it is dropped.
pub struct Scanner {
    wake: Sender<()>,
}

impl Scanner {
    /// Looks as `settings` say and calls `changed`, on the scanner's thread, with the first list and with
    /// every list that differs from the one before.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start_with(
        settings: ScanSettings,
        mut changed: impl FnMut(Arc<DeviceList>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        std::thread::Builder::new().name("scanner".into()).spawn(move || {
            let mut rounds = Rounds::new(settings.hosts);
            let (mut fresh, mut told) = (true, None);
            loop {
                let list = Arc::new(rounds.look(settings.limit, fresh));
                if told.as_ref() != Some(&list) {
                    told = Some(list.clone());
                    changed(list);
                }
                fresh = match woken.recv_timeout(settings.interval) {
                    Ok(()) => true,
                    Err(RecvTimeoutError::Timeout) => false,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                while woken.try_recv().is_ok() {}
            }
        })?;
        Ok(Self { wake })
    }

    /// Looks again at once, and believes nothing that was learnt before.
    pub fn refresh(&self) {
        // The thread ends with the scanner only.
        let _ = self.wake.send(());
    }
}

/// Looks once and returns what there is. Blocks, `limit` a host at most.
pub fn list(hosts: &HostChoice, limit: Duration) -> DeviceList {
    Rounds::new(hosts.clone()).look(limit, true)
}

/// What a host's thread is asked.
struct Question {
    fresh: bool,
    served: bool,
}

/// What it answers: the devices; that the host is not running, or does not answer; that it refused.
enum Answer {
    Devices(Found),
    NotRunning,
    Silence,
    Refused,
}

/// One host and the thread that asks it.
struct HostThread {
    label: String,
    name: String,
    ask: Sender<Question>,
    answers: Receiver<Answer>,
    waiting: bool,
    last: Vec<Device>,
    /// Devices that did not say what they can.
    withheld: Vec<(DeviceId, Withheld)>,
    runs: bool,
    skipped: u32,
}

impl HostThread {
    fn start(source: HostSource) -> Option<Self> {
        let (ask, questions) = mpsc::channel::<Question>();
        let (answer, answers) = mpsc::channel();
        let (label, name) = (source.label(), source.name());
        let shown = label.clone();
        std::thread::Builder::new()
            .name(format!("list {name}"))
            .spawn(move || {
                let mut lister = Lister::default();
                while let Ok(question) = questions.recv() {
                    let began = Instant::now();
                    let found = source
                        .open()
                        .map(|host| lister.look(host, &shown, question.fresh, question.served));
                    let said = match found {
                        Ok(Ok(found)) => Answer::Devices(found),
                        Ok(Err(_)) => Answer::Refused,
                        // A server that is not there is not there at once; CPAL itself gives up on
                        // PipeWire after two seconds.
                        Err(_) if began.elapsed() > PATIENCE => Answer::Silence,
                        Err(_) => Answer::NotRunning,
                    };
                    if answer.send(said).is_err() {
                        return;
                    }
                }
            })
            .ok()?;
        Some(Self {
            label,
            name,
            ask,
            answers,
            waiting: false,
            last: Vec::new(),
            withheld: Vec::new(),
            runs: false,
            skipped: 0,
        })
    }

    /// Asks, unless it still owes an answer or need not be asked.
    fn question(&mut self, fresh: bool, served: bool) {
        if self.waiting && self.answers.try_recv().is_ok() {
            self.waiting = false; // late, and stale by now
        }
        let rest = self.name == "jack" && !fresh && !self.last.is_empty() && self.skipped < JACK_ROUNDS;
        self.skipped = if rest { self.skipped + 1 } else { 0 };
        if !self.waiting && !rest {
            self.waiting = self.ask.send(Question { fresh, served }).is_ok();
        }
    }

    /// Waits for the answer.
    fn answer(&mut self, until: Instant) -> Result<(), HostCause> {
        if !self.waiting {
            return Ok(());
        }
        let answer = self
            .answers
            .recv_timeout(until.saturating_duration_since(Instant::now()));
        self.waiting = answer.is_err();
        self.last.clear();
        self.withheld.clear();
        self.runs = true;
        match answer {
            Ok(Answer::Devices(found)) => (self.last, self.withheld) = (found.devices, found.withheld),
            Ok(Answer::NotRunning) => self.runs = false,
            Ok(Answer::Refused) => return Err(HostCause::Refused),
            Ok(Answer::Silence) | Err(_) => return Err(HostCause::Hung),
        }
        Ok(())
    }
}

/// All hosts.
struct Rounds {
    hosts: Vec<HostThread>,
}

impl Rounds {
    fn new(choice: HostChoice) -> Self {
        Self {
            hosts: choice.sources().iter().cloned().filter_map(HostThread::start).collect(),
        }
    }

    /// Asks all hosts at once, ALSA after the others: what it lists depends on them.
    fn look(&mut self, limit: Duration, fresh: bool) -> DeviceList {
        let mut absences = Absences::default();
        let mut served = false;
        for alsa in [false, true] {
            let asked = |host: &&mut HostThread| (host.name == "alsa") == alsa;
            for host in self.hosts.iter_mut().filter(asked) {
                host.question(fresh, served);
            }
            let until = Instant::now() + limit;
            for host in self.hosts.iter_mut().filter(asked) {
                if let Err(cause) = host.answer(until) {
                    let notice = HostNotice {
                        host: host.label.clone(),
                        cause,
                    };
                    absences.silent.push((host.name.clone(), notice));
                } else if !host.runs {
                    absences.hosts.push((host.name.clone(), host.label.clone()));
                }
                absences.withheld.extend(host.withheld.iter().cloned());
                served |= matches!(host.name.as_str(), "pipewire" | "jack") && !host.last.is_empty();
            }
        }
        let devices = self.hosts.iter().flat_map(|host| host.last.iter().cloned()).collect();
        absences.looked = true;
        DeviceList {
            devices,
            notices: absences.silent.iter().map(|(_, notice)| notice.clone()).collect(),
            absences,
        }
    }
}
