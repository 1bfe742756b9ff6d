//! What starts and stops a recording without a hand: the stream, signal, the clock. Each starts one when it comes, so that
//! what an operator stops stays stopped until then; and what was started goes on for as long as one of them wants it.

use std::time::{Duration, Instant};

use airdesk_dsp::Decibels;

use super::schedule;
use crate::api::{SignalStart, StartSettings};

/// Who has started a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Starter {
    /// The operator.
    Hand,
    Stream,
    Signal,
    Clock,
}

/// What is so now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// A stream is on air.
    pub(crate) on_air: bool,
    /// One is, or is on its way there: a server that was lost is tried again.
    pub(crate) wanted: bool,
    /// The highest sample of the recorded bus since the last look, linear.
    pub(crate) peak: f32,
    /// How much later than that bus it is recorded.
    pub(crate) late: Duration,
    /// Local time.
    pub(crate) clock: jiff::civil::DateTime,
    pub(crate) now: Instant,
}

/// What follows from what is so now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Who wants a recording and did not at the last look; the first, if several do.
    pub(super) rose: Option<Starter>,
    /// Somebody wants one.
    pub(super) wanted: bool,
    /// The hour has struck.
    pub(super) hour: bool,
}

/// What was so at the last look.
#[derive(Default)]
pub(super) struct Triggers {
    on_air: bool,
    due: bool,
    signal: bool,
    /// When there was signal last.
    heard: Option<Instant>,
    hour: Option<i8>,
}

impl Triggers {
    /// What follows from what is so now.
    pub(super) fn look(&mut self, settings: &StartSettings, sight: &Sight) -> Look {
        // What is said while the line is broken is wanted most of all.
        let on_air = sight.on_air || self.on_air && sight.wanted;
        let signal = settings
            .signal
            .is_some_and(|signal| hears(&mut self.heard, &signal, sight));
        let (mut rose, mut wanted) = (None, false);
        for (was, is, starter) in [
            (&mut self.on_air, settings.with_stream && on_air, Starter::Stream),
            (
                &mut self.due,
                schedule::is_due(&settings.schedule, sight.clock),
                Starter::Clock,
            ),
            (&mut self.signal, signal, Starter::Signal),
        ] {
            if is && !*was {
                rose = rose.or(Some(starter));
            }
            wanted |= is;
            *was = is;
        }
        let hour = sight.clock.hour();
        Look {
            rose,
            wanted,
            // A clock that was set back strikes, too: its hours need their names.
            hour: self.hour.replace(hour).is_some_and(|before| before != hour),
        }
    }
}

/// How long to wait until what could not be started is tried again, the first time and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// A recording that was tried again has lasted when it runs for so long.
const LASTING: Duration = Duration::from_secs(60);

/// A recording that is wanted and that there is not.
pub(super) struct Owed {
    pub(super) starter: Starter,
    due: Instant,
    pause: Duration,
    told: bool,
}

impl Owed {
    /// It was not tried yet.
    pub(super) fn now(starter: Starter, now: Instant) -> Self {
        Self {
            starter,
            due: now,
            pause: Duration::ZERO,
            told: false,
        }
    }

    /// It was tried, as `before` it or for the first time, and is tried again later.
    pub(super) fn again(starter: Starter, now: Instant, before: Option<&Self>) -> Self {
        let pause = before
            .map_or(Duration::ZERO, |before| before.pause * 2)
            .clamp(AGAIN.0, AGAIN.1);
        Self {
            starter,
            due: now + pause,
            pause,
            told: false,
        }
    }

    /// The operator reads of it.
    pub(super) fn told(self) -> Self {
        Self { told: true, ..self }
    }

    /// What was begun at last, at `began`, runs still or ran for long: the next one that fails is the first.
    pub(super) fn is_over(began: Instant, now: Instant) -> bool {
        now.saturating_duration_since(began) >= LASTING
    }

    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due <= now
    }
}

/// There is signal, or there was a moment ago.
fn hears(heard: &mut Option<Instant>, signal: &SignalStart, sight: &Sight) -> bool {
    if Decibels::of_amplitude(sight.peak).db() > signal.level {
        *heard = Some(sight.now);
    }
    let patience = Duration::from_secs_f32(signal.seconds) + sight.late;
    heard.is_some_and(|heard| sight.now.saturating_duration_since(heard) < patience)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sight(peak: f32, now: Instant) -> Sight {
        Sight {
            on_air: false,
            wanted: false,
            peak,
            late: Duration::ZERO,
            clock: date(2026, 11, 22).at(19, 59, 59, 0),
            now,
        }
    }

    #[test]
    fn signal_starts_and_only_a_long_pause_stops() {
        let settings = StartSettings {
            signal: Some(SignalStart {
                level: -50.0,
                seconds: 5.0,
            }),
            ..StartSettings::default()
        };
        let (mut triggers, began) = (Triggers::default(), Instant::now());
        let mut at = |seconds, peak| triggers.look(&settings, &sight(peak, began + Duration::from_secs(seconds)));
        let look = |rose, wanted| Look {
            rose,
            wanted,
            hour: false,
        };
        assert_eq!(at(0, 0.001), look(None, false));
        assert_eq!(at(1, 0.1), look(Some(Starter::Signal), true));
        assert_eq!(at(5, 0.0), look(None, true));
        assert_eq!(at(6, 0.0), look(None, false));
        assert_eq!(at(7, 0.1), look(Some(Starter::Signal), true));
    }

    #[test]
    fn stream_and_clock_act_when_they_change_and_not_before() {
        let settings = StartSettings {
            with_stream: true,
            schedule: vec![crate::api::ScheduleSlot {
                days: vec![7],
                from: "20:00".into(),
                until: "21:00".into(),
            }],
            ..StartSettings::default()
        };
        let mut triggers = Triggers::default();
        let nothing = Look {
            rose: None,
            wanted: false,
            hour: false,
        };
        let before = sight(0.0, Instant::now());
        assert_eq!(triggers.look(&settings, &before), nothing);
        let live = Sight {
            on_air: true,
            wanted: true,
            ..before
        };
        let (wanted, rose) = (true, Some(Starter::Stream));
        assert_eq!(
            triggers.look(&settings, &live),
            Look {
                rose,
                wanted,
                hour: false
            }
        );
        assert_eq!(triggers.look(&settings, &live), Look { wanted, ..nothing });
        let lost = Sight { on_air: false, ..live };
        assert_eq!(
            triggers.look(&settings, &lost),
            Look { wanted, ..nothing },
            "the server is tried again"
        );
        let due = Sight {
            clock: date(2026, 11, 22).at(20, 0, 0, 0),
            ..live
        };
        let (rose, hour) = (Some(Starter::Clock), true);
        assert_eq!(triggers.look(&settings, &due), Look { rose, wanted, hour });
        let off_air = Sight {
            on_air: false,
            wanted: false,
            ..due
        };
        assert_eq!(
            triggers.look(&settings, &off_air),
            Look { wanted, ..nothing },
            "the clock wants it still"
        );
        let over = Sight {
            clock: date(2026, 11, 22).at(21, 0, 0, 0),
            ..off_air
        };
        assert_eq!(triggers.look(&settings, &over), Look { hour, ..nothing });
        let begins = Sight { wanted: true, ..over };
        assert_eq!(
            triggers.look(&settings, &begins),
            nothing,
            "on its way, and not there yet"
        );
    }

    #[test]
    fn what_cannot_be_started_is_tried_again_after_a_pause_that_grows_to_a_minute() {
        let began = Instant::now();
        let mut owed = Owed::now(Starter::Clock, began);
        assert!(owed.is_due(began));
        let mut pauses = Vec::new();
        for _ in 0..6 {
            owed = Owed::again(Starter::Clock, began, Some(&owed));
            assert!(!owed.is_due(began + owed.pause - Duration::from_millis(1)));
            assert!(owed.is_due(began + owed.pause));
            pauses.push(owed.pause.as_secs());
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    }
}
