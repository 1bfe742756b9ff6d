//! Whether a signal is dead: silent for so long that it must be meant to be heard and is not. In virtual time.

use crate::api::WatchSettings;

/// A dead signal is back once it is so much above the level at which it died, dB: at its edge it would flap.
const HYSTERESIS_DB: f32 = 3.0;
/// For how long it must be there, seconds; longer each time that it died again soon after.
const BACK_SECONDS: f64 = 1.0;
/// The longest that it must be there.
const BACK_SECONDS_MAX: f64 = 30.0;
/// A signal that lives for so long has come back for good, seconds.
const GOOD_SECONDS: f64 = 60.0;

/// What a signal has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Died,
    CameBack,
}

/// One signal that is watched.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    settings: WatchSettings,
    state: Life,
    back_seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Life {
    /// Seconds since it came back, and those of them at the end that were silent.
    Alive { lived: f64, silent: f64 },
    /// Seconds at the end in which it was there again.
    Dead { there: f64 },
}

impl Watch {
    /// A signal that is alive until it has been silent for long enough.
    pub(crate) fn new(settings: WatchSettings) -> Self {
        Self {
            settings,
            state: Life::Alive {
                lived: 0.0,
                silent: 0.0,
            },
            back_seconds: BACK_SECONDS,
        }
    }

    pub(crate) fn settings(&self) -> WatchSettings {
        self.settings
    }

    /// Judges by other settings from now on. A dead signal stays dead until it is back by these.
    pub(crate) fn set(&mut self, settings: WatchSettings) {
        self.settings = settings;
    }

    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.state, Life::Dead { .. })
    }

    /// It was at `db`, dBFS, for `seconds`.
    pub(crate) fn hear(&mut self, db: f32, seconds: f64) -> Option<Turn> {
        let level = self.settings.level_dbfs;
        match &mut self.state {
            Life::Alive { lived, silent } => {
                *lived += seconds;
                // NaN is no level: silent.
                *silent = if db >= level { 0.0 } else { *silent + seconds };
                if *silent < f64::from(self.settings.seconds) {
                    return None;
                }
                self.back_seconds = if *lived > GOOD_SECONDS + *silent {
                    BACK_SECONDS
                } else {
                    self.back_seconds
                };
                self.state = Life::Dead { there: 0.0 };
                Some(Turn::Died)
            }
            Life::Dead { there } => {
                *there = if db >= level + HYSTERESIS_DB {
                    *there + seconds
                } else {
                    0.0
                };
                if *there < self.back_seconds {
                    return None;
                }
                self.back_seconds = (2.0 * self.back_seconds).min(BACK_SECONDS_MAX);
                self.state = Life::Alive {
                    lived: 0.0,
                    silent: 0.0,
                };
                Some(Turn::CameBack)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: f64 = 0.125;

    /// The turns, and when they came, while the level is as `level` says.
    fn turns(watch: &mut Watch, seconds: f64, level: impl Fn(f64) -> f32) -> Vec<(Turn, f64)> {
        let steps = (seconds / STEP).round() as usize;
        let heard = (1..=steps).filter_map(|step| {
            let now = step as f64 * STEP;
            watch.hear(level(now), STEP).map(|turn| (turn, now))
        });
        heard.collect()
    }

    #[test]
    fn a_signal_dies_once_it_was_silent_for_long_enough_and_comes_back_once_it_is_there() {
        let mut watch = Watch::new(WatchSettings::default());
        // A pause of 9 s is none.
        assert_eq!(
            turns(&mut watch, 29.0, |at| if (10.0..19.0).contains(&at) {
                -80.0
            } else {
                -20.0
            }),
            []
        );
        let silence = |at| if at < 15.0 { f32::NEG_INFINITY } else { -20.0 };
        let told = turns(&mut watch, 20.0, silence);
        assert_eq!(told, [(Turn::Died, 10.0), (Turn::CameBack, 15.875)]);
    }

    #[test]
    fn a_signal_at_the_edge_is_dead_and_stays_so() {
        let mut watch = Watch::new(WatchSettings::default());
        let edge = |at: f64| {
            if (at * 10.0).round() as u64 % 30 < 28 {
                -50.5
            } else {
                -49.0
            }
        };
        let told = turns(&mut watch, 120.0, |at| if at < 11.0 { -60.0 } else { edge(at) });
        assert_eq!(told, [(Turn::Died, 10.0)]);
    }

    #[test]
    fn what_comes_and_goes_is_believed_later_each_time_until_it_has_stayed() {
        let mut watch = Watch::new(WatchSettings {
            seconds: 2.0,
            ..WatchSettings::default()
        });
        // Heard for 5 s in every 10.
        let told = turns(&mut watch, 80.0, |at| if at % 10.0 < 5.0 { -80.0 } else { -20.0 });
        let back = told.iter().filter(|(turn, _)| *turn == Turn::CameBack).count();
        assert!((2..=3).contains(&back), "{told:?}");
        assert!(watch.is_dead() || told.len() == 2 * back);
        turns(&mut watch, 100.0, |_| -20.0);
        let told = turns(&mut watch, 10.0, |at| if at < 3.0 { -80.0 } else { -20.0 });
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].1 < 4.5, "believed as at first: {told:?}");
    }
}
