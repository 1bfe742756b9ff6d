//! What starts and stops a recording without a hand: the stream, signal, the clock. Each acts when it changes, so that what
//! an operator stops stays stopped until then.

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

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Start(Starter),
    /// Stop what this one has started.
    Stop(Starter),
    /// The hour has struck.
    Hour,
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
    pub(super) fn look(&mut self, settings: &StartSettings, sight: &Sight) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut change = |was: &mut bool, is: bool, starter| {
            if std::mem::replace(was, is) != is {
                actions.push(if is {
                    Action::Start(starter)
                } else {
                    Action::Stop(starter)
                });
            }
        };
        // What is said while the line is broken is wanted most of all.
        let on_air = sight.on_air || self.on_air && sight.wanted;
        change(&mut self.on_air, settings.with_stream && on_air, Starter::Stream);
        change(
            &mut self.due,
            schedule::is_due(&settings.schedule, sight.clock),
            Starter::Clock,
        );
        let signal = settings
            .signal
            .is_some_and(|signal| hears(&mut self.heard, &signal, sight));
        change(&mut self.signal, signal, Starter::Signal);
        let hour = sight.clock.hour();
        // A clock that was set back strikes, too: its hours need their names.
        if self.hour.replace(hour).is_some_and(|before| before != hour) {
            actions.push(Action::Hour);
        }
        actions
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
        assert_eq!(at(0, 0.001), []);
        assert_eq!(at(1, 0.1), [Action::Start(Starter::Signal)]);
        assert_eq!(at(5, 0.0), []);
        assert_eq!(at(6, 0.0), [Action::Stop(Starter::Signal)]);
        assert_eq!(at(7, 0.1), [Action::Start(Starter::Signal)]);
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
        let before = sight(0.0, Instant::now());
        assert_eq!(triggers.look(&settings, &before), []);
        let live = Sight {
            on_air: true,
            wanted: true,
            clock: date(2026, 11, 22).at(20, 0, 0, 0),
            ..before
        };
        let started = [
            Action::Start(Starter::Stream),
            Action::Start(Starter::Clock),
            Action::Hour,
        ];
        assert_eq!(triggers.look(&settings, &live), started);
        assert_eq!(triggers.look(&settings, &live), []);
        let lost = Sight { on_air: false, ..live };
        assert_eq!(triggers.look(&settings, &lost), [], "the server is tried again");
        let over = Sight {
            on_air: false,
            clock: date(2026, 11, 22).at(21, 0, 0, 0),
            ..before
        };
        let stopped = [
            Action::Stop(Starter::Stream),
            Action::Stop(Starter::Clock),
            Action::Hour,
        ];
        assert_eq!(triggers.look(&settings, &over), stopped);
        let begins = Sight { wanted: true, ..over };
        assert_eq!(triggers.look(&settings, &begins), [], "on its way, and not there yet");
    }
}
