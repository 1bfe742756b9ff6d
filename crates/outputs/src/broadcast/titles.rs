//! Titles on their way to listeners, on a thread of their own, until they are seen where listeners see them.
//!
//! The last title wins. It is delivered after every connect, because a new stream has none; then the server is looked
//! at, first at the page that the sender asks for anyway, then as a listener; and what is not there is delivered again.
//! It is given up only where the operator alone can help. A title may be set before its audio is heard: it waits here
//! until it is due.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::TitleSender;
use super::title_shown::{Found, TitleShown, compare, unreadable};
use crate::Recovery;
use crate::icecast::{Patience, SourceError, SourceSettings, StatusPage};
use crate::title::Title;

/// How long to wait after the first refusal, and at most. A mount takes a moment to be known.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Refusals that are not told: a mount takes a moment to be known.
const QUIET_REFUSALS: u32 = 3;
/// How often it is tried to look where nobody is let in.
const UNSEEN_LOOKS: u32 = 3;
/// From the delivery to the first look: a server shows a title when some more audio has come.
const FIRST_LOOK: Duration = Duration::from_millis(1200);
/// How long the server's page is looked at before the title is read as a listener reads it.
const PAGE_LIMIT: Duration = Duration::from_secs(4);
/// How often it is looked whether the broadcast has ended.
const LOOK: Duration = Duration::from_millis(250);

/// Capacity: titles that wait to be due; more come at most in a minute from a program, and the oldest of those give way.
const WAITING_MAX: usize = 64;

/// Where the title lies. Clones are the same desk.
#[derive(Clone)]
pub(super) struct TitleDesk(Arc<Shared>);

struct Shared {
    /// What is said of a mount that lacks letters.
    mangled: String,
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    title: Option<Title>,
    /// What comes next, and when, in that order.
    waiting: VecDeque<(Instant, Title)>,
    /// Counts titles and connections: what is settled under an old number is delivered again.
    number: u64,
    settled: u64,
    live: bool,
    shown: TitleShown,
    page: Option<StatusPage>,
}

impl Desk {
    /// Takes what is due.
    fn ripen(&mut self) {
        let now = Instant::now();
        while let Some((_, title)) = self.waiting.pop_front_if(|(due, _)| *due <= now) {
            if self.title.as_ref() != Some(&title) {
                self.title = Some(title);
                self.begin_anew();
            }
        }
    }

    fn until_due(&self) -> Option<Duration> {
        let (due, _) = self.waiting.front()?;
        Some(due.saturating_duration_since(Instant::now()))
    }
}

impl TitleDesk {
    /// Opens one, with a thread that delivers.
    pub(super) fn open(sender: Arc<dyn TitleSender>, source: &SourceSettings, patience: Patience) -> io::Result<Self> {
        let desk = Self(Arc::new(Shared {
            mangled: source.title_mangled().to_string(),
            desk: Mutex::default(),
            changed: Condvar::new(),
        }));
        let own = desk.clone();
        thread::Builder::new()
            .name("broadcast titles".into())
            .spawn(move || own.deliver_until_ended(sender.as_ref(), &patience))?;
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
            desk.page = None;
            desk.begin_anew();
            self.0.changed.notify_all();
        }
    }

    /// What the server shows everyone.
    pub(super) fn see(&self, page: Option<StatusPage>) {
        let mut desk = self.lock();
        if page.is_some() && desk.page != page {
            desk.page = page;
            self.0.changed.notify_all();
        }
    }

    /// The title, and a number that grows when it changes.
    pub(super) fn title(&self) -> (Option<Title>, u64) {
        let desk = self.lock();
        (desk.title.clone(), desk.number)
    }

    /// Whether listeners see it.
    pub(super) fn shown(&self) -> TitleShown {
        self.lock().shown.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        let mut desk = self.0.desk.lock().expect("nobody panics at the title desk");
        desk.ripen();
        desk
    }

    fn deliver_until_ended(&self, sender: &dyn TitleSender, patience: &Patience) {
        while let Some((title, number)) = self.next(patience) {
            let mut wait = FIRST_WAIT;
            let mut refusals = 0;
            while self.is_current(number, patience) {
                let outcome = self.show(sender, &title, number, patience);
                refusals += 1;
                let is_settled = self.settle(number, outcome, refusals);
                if is_settled {
                    break;
                }
                self.pause(number, wait, patience);
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }

    /// Delivers once and looks until it is clear what came of it.
    fn show(&self, sender: &dyn TitleSender, title: &Title, number: u64, patience: &Patience) -> Outcome {
        let delivered = Instant::now();
        if let Err(error) = sender.deliver(title, patience) {
            tracing::debug!(%error, "a title was not delivered");
            return Outcome::Refused(error);
        }
        if title.as_str().is_empty() {
            return Outcome::Cleared;
        }
        self.pause(number, FIRST_LOOK, patience);
        let mut found = None;
        let until = Instant::now() + PAGE_LIMIT;
        while self.is_current(number, patience) && Instant::now() < until {
            match self.page_after(delivered + FIRST_LOOK / 2, number, until, patience) {
                None => break,
                Some(StatusPage { title: None, .. }) => break, // it is no page for this: do not wait for another
                Some(page) => found = Some(compare(title, page.title)),
            }
            if matches!(found, Some(Found::Title | Found::Mangled)) {
                break;
            }
        }
        match found {
            Some(found @ (Found::Title | Found::Mangled)) => Outcome::Seen(found),
            // The page may be another's, or late: what counts is what a listener reads.
            Some(Found::Other(_)) | None => match sender.read(patience) {
                Ok(shown) => Outcome::Seen(compare(title, shown)),
                Err(error) => Outcome::Unseen(error),
            },
        }
    }

    /// A page that was asked for after `since` and is not the one already seen; waits for it until `until`.
    fn page_after(&self, since: Instant, number: u64, until: Instant, patience: &Patience) -> Option<StatusPage> {
        let mut desk = self.lock();
        while desk.number == number && desk.live && !patience.has_ended() {
            if let Some(page) = desk.page.take_if(|page| page.asked > since) {
                return Some(page);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            desk = self.wait(desk, left.min(LOOK));
        }
        None
    }

    /// Tells what came of it. True: nothing is left to do for this title on this connection.
    fn settle(&self, number: u64, outcome: Outcome, refusals: u32) -> bool {
        let (shown, is_settled) = match outcome {
            Outcome::Refused(SourceError::Stopped) | Outcome::Unseen(SourceError::Stopped) => return true,
            Outcome::Refused(error) => {
                let given_up = error.recovery() == Recovery::AskOperator;
                let quiet = refusals < QUIET_REFUSALS && !given_up;
                let shown = TitleShown::NotShown(error.to_string());
                (if quiet { TitleShown::Waiting } else { shown }, given_up)
            }
            Outcome::Cleared => (TitleShown::NotSet, true),
            // The server has taken it: sending it for ever to where nobody can look helps nobody.
            Outcome::Unseen(error) => (unreadable(&error), refusals >= UNSEEN_LOOKS),
            Outcome::Seen(Found::Title) => (TitleShown::Shown, true),
            Outcome::Seen(Found::Mangled) => (TitleShown::NotShown(self.0.mangled.clone()), true),
            Outcome::Seen(Found::Other(other)) => {
                let reason = match other {
                    Some(other) => format!("listeners read {other:?} instead; it is sent again"),
                    None => "listeners read no title; it is sent again".into(),
                };
                (TitleShown::NotShown(reason), false)
            }
        };
        let mut desk = self.lock();
        if desk.number == number {
            desk.shown = shown;
        }
        if is_settled {
            desk.settled = number;
        }
        is_settled
    }

    /// Waits for a title to deliver. `None` when the broadcast has ended.
    fn next(&self, patience: &Patience) -> Option<(Title, u64)> {
        let mut desk = self.lock();
        while !patience.has_ended() {
            if let Some(title) = desk.title.as_ref().filter(|_| desk.live && desk.settled != desk.number) {
                return Some((title.clone(), desk.number));
            }
            let until_due = desk.until_due().unwrap_or(LOOK);
            desk = self.wait(desk, LOOK.min(until_due));
            desk.ripen();
        }
        None
    }

    fn is_current(&self, number: u64, patience: &Patience) -> bool {
        let desk = self.lock();
        desk.number == number && desk.live && !patience.has_ended()
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
            desk = self.wait(desk, left.min(LOOK));
        }
    }

    fn wait<'desk>(&self, desk: MutexGuard<'desk, Desk>, limit: Duration) -> MutexGuard<'desk, Desk> {
        let waited = self.0.changed.wait_timeout(desk, limit);
        waited.expect("nobody panics at the title desk").0
    }
}

impl Desk {
    /// What was known of the title is over.
    fn begin_anew(&mut self) {
        self.number += 1;
        let is_set = self.title.as_ref().is_some_and(|title| !title.as_str().is_empty());
        self.shown = if is_set {
            TitleShown::Waiting
        } else {
            TitleShown::NotSet
        };
    }
}

/// What came of a delivery.
enum Outcome {
    /// There was one, and now there is none.
    Cleared,
    /// The server did not take it.
    Refused(SourceError),
    /// The server took it, and this is what it shows.
    Seen(Found),
    /// The server took it, and nobody can look.
    Unseen(SourceError),
}
