//! Titles on their way to a server that is told them beside the stream, on a thread of their own.
//!
//! The last title wins; it is delivered after every connect, because a new stream has none, and again
//! until the server has taken it; not where only the operator can help. A title may be set before its audio is heard:
//! it waits here until it is due.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::TitleSender;
use crate::Recovery;
use crate::icecast::{Patience, SourceError};
use crate::title::Title;

/// How long to wait after the first refusal, and at most. A mount takes a moment to be known.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How often it is looked whether the broadcast has ended.
const LOOK: Duration = Duration::from_millis(250);

/// Capacity: titles that wait to be due; more come at most in a minute from a program, and the oldest of those give way.
const WAITING_MAX: usize = 64;

/// Where the title lies. Clones are the same desk.
#[derive(Clone)]
pub(super) struct TitleDesk(Arc<Shared>);

struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    title: Option<Title>,
    /// What comes next, and when, in that order.
    waiting: VecDeque<(Instant, Title)>,
    /// Counts titles and connections: what is delivered under an old number is delivered again.
    number: u64,
    delivered: u64,
    live: bool,
    error: Option<String>,
}

impl Desk {
    /// Takes what is due.
    fn ripen(&mut self) {
        let now = Instant::now();
        while let Some((_, title)) = self.waiting.pop_front_if(|(due, _)| *due <= now) {
            if self.title.as_ref() != Some(&title) {
                self.title = Some(title);
                self.number += 1;
            }
        }
    }

    fn until_due(&self) -> Option<Duration> {
        let (due, _) = self.waiting.front()?;
        Some(due.saturating_duration_since(Instant::now()))
    }
}

impl TitleDesk {
    /// Opens one, with a thread that delivers if there is a sender.
    pub(super) fn open(sender: Option<Arc<dyn TitleSender>>, patience: Patience) -> io::Result<Self> {
        let desk = Self(Arc::new(Shared {
            desk: Mutex::default(),
            changed: Condvar::new(),
        }));
        if let Some(sender) = sender {
            let desk = desk.clone();
            thread::Builder::new()
                .name("broadcast titles".into())
                .spawn(move || desk.deliver_until_ended(sender.as_ref(), &patience))?;
        }
        Ok(desk)
    }

    /// Sets the title, from `due` on.
    pub(super) fn set(&self, title: Title, due: Instant) {
        let mut desk = self.lock();
        if desk.waiting.len() == WAITING_MAX {
            desk.waiting.pop_front();
        }
        desk.waiting.push_back((due, title));
        desk.ripen();
        self.0.changed.notify_all();
    }

    /// The stream has come on air or gone off.
    pub(super) fn set_live(&self, live: bool) {
        let mut desk = self.lock();
        if desk.live != live {
            desk.live = live;
            desk.number += 1;
            desk.error = None;
            self.0.changed.notify_all();
        }
    }

    /// The title, and a number that grows when it changes.
    pub(super) fn title(&self) -> (Option<Title>, u64) {
        let desk = self.lock();
        (desk.title.clone(), desk.number)
    }

    /// Why the title is not delivered.
    pub(super) fn error(&self) -> Option<String> {
        self.lock().error.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        let mut desk = self.0.desk.lock().expect("nobody panics at the title desk");
        desk.ripen();
        desk
    }

    fn deliver_until_ended(&self, sender: &dyn TitleSender, patience: &Patience) {
        let mut wait = FIRST_WAIT;
        while let Some((title, number)) = self.next(patience) {
            match sender.deliver(&title, patience) {
                Ok(()) => {
                    self.finish(number, None);
                    wait = FIRST_WAIT;
                }
                Err(error) if error.recovery() == Recovery::AskOperator => {
                    self.finish(number, Some(&error));
                }
                Err(error) => {
                    tracing::debug!(%error, "a title was not delivered");
                    self.finish(number, Some(&error));
                    self.pause(number, wait, patience);
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    /// Waits for a title to deliver. `None` when the broadcast has ended.
    fn next(&self, patience: &Patience) -> Option<(Title, u64)> {
        let mut desk = self.lock();
        while !patience.has_ended() {
            if let Some(title) = desk
                .title
                .as_ref()
                .filter(|_| desk.live && desk.delivered != desk.number)
            {
                return Some((title.clone(), desk.number));
            }
            let until_due = desk.until_due().unwrap_or(LOOK);
            desk = self
                .0
                .changed
                .wait_timeout(desk, LOOK.min(until_due))
                .expect("nobody panics at the title desk")
                .0;
            desk.ripen();
        }
        None
    }

    fn finish(&self, number: u64, error: Option<&SourceError>) {
        let mut desk = self.lock();
        if error.is_none_or(|error| error.recovery() == Recovery::AskOperator) {
            desk.delivered = number; // as far as we can
        }
        if desk.number == number {
            desk.error = error.map(ToString::to_string);
        }
    }

    /// Waits, or until there is something newer to deliver.
    fn pause(&self, number: u64, wait: Duration, patience: &Patience) {
        let until = Instant::now() + wait;
        let mut desk = self.lock();
        while desk.number == number && !patience.has_ended() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            desk = self
                .0
                .changed
                .wait_timeout(desk, left.min(LOOK))
                .expect("nobody panics at the title desk")
                .0;
        }
    }
}
