//! What the ear has heard, for the judge to look at: written by one thread and read by the other, each for microseconds.

use std::time::{Duration, Instant};

use airdesk_dsp::Frame;
use ebur128::{EbuR128, Mode};

use super::decode::Hearer;
use super::feature::{Feature, FeatureMaker, PER_SECOND};
use super::track::Track;
use crate::loudness::Lufs;
use crate::title::cut;

/// Features that are kept: half a minute.
const PAST: usize = 30 * PER_SECOND as usize;
/// One step of the loudness, milliseconds, and the steps of its window of 3 s.
const STEP_MS: u32 = 100;
const STEPS: usize = 30;
/// Bytes of a title that are kept.
const TITLE_BYTES_MAX: usize = 900;

/// Why nothing is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deaf {
    /// Nothing is there.
    Absent(String),
    /// It is there, and not for the desk.
    Refused(String),
    /// The server has never served listeners there: they may tune in elsewhere.
    Elsewhere(String),
}

/// The title as a listener reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Read {
    /// No titles are told there.
    #[default]
    Nowhere,
    /// This one, or none.
    Title(Option<String>),
}

/// What was heard.
pub(super) struct Heard {
    /// Counts connections: each is another one's past.
    pub(super) connection: u64,
    /// When the one that stands began.
    pub(super) connected: Option<Instant>,
    /// It stands at the very server and mount that is sent to.
    pub(super) is_at_source: bool,
    /// Of this connection.
    pub(super) track: Track,
    /// When a player that plays at once plays the first feature of this connection.
    pub(super) plays: Option<Instant>,
    /// When sound came last, on any connection.
    pub(super) arrived: Option<Instant>,
    pub(super) title: Read,
    pub(super) loudness: Option<Lufs>,
    pub(super) deaf: Option<Deaf>,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self {
            connection: 0,
            connected: None,
            is_at_source: false,
            track: Track::new(PAST),
            plays: None,
            arrived: None,
            title: Read::Nowhere,
            loudness: None,
            deaf: None,
        }
    }

    /// A connection stands.
    pub(super) fn begin(&mut self, titles: Read, now: Instant) {
        *self = Self {
            connection: self.connection + 1,
            connected: Some(now),
            arrived: self.arrived,
            title: titles,
            ..Self::new()
        };
    }

    /// There is none any more, and why.
    pub(super) fn end(&mut self, why: Option<Deaf>) {
        self.connected = None;
        self.deaf = why;
    }

    /// Takes in what has arrived. A player that has nothing left to play waits: all that comes later is heard later.
    pub(super) fn take(&mut self, fresh: &mut Fresh, now: Instant) {
        if let Some(title) = fresh.title.take() {
            self.title = Read::Title(title);
        }
        self.loudness = fresh.loudness.reading();
        if fresh.features.is_empty() {
            return;
        }
        let due = self.plays.map(|plays| plays + time_of(self.track.numbers().end));
        let late = due.map(|due| now.saturating_duration_since(due));
        self.plays = Some(self.plays.map_or(now, |plays| plays + late.unwrap_or_default()));
        self.arrived = Some(now);
        self.deaf = None;
        for feature in fresh.features.drain(..) {
            self.track.push(feature);
        }
    }

    /// How much has come that a player has still to play.
    pub(super) fn ahead(&self, now: Instant) -> Duration {
        let end = self.plays.map(|plays| plays + time_of(self.track.numbers().end));
        end.map_or(Duration::ZERO, |end| end.saturating_duration_since(now))
    }
}

/// How long so many features last.
pub(super) fn time_of(features: u64) -> Duration {
    Duration::from_millis(features * 1000 / u64::from(PER_SECOND))
}

/// What the ear has heard since it told last.
pub(super) struct Fresh {
    maker: Option<FeatureMaker>,
    features: Vec<Feature>,
    title: Option<Option<String>>,
    loudness: ShortTerm,
}

impl Fresh {
    pub(super) fn new() -> Self {
        Self {
            maker: None,
            features: Vec::new(),
            title: None,
            loudness: ShortTerm::default(),
        }
    }
}

impl Hearer for Fresh {
    fn hear(&mut self, rate: u32, frames: &[Frame]) {
        let known = self.maker.take().filter(|maker| maker.rate() == rate);
        let maker = self.maker.insert(known.unwrap_or_else(|| FeatureMaker::new(rate)));
        maker.feed(frames, |feature| self.features.push(feature));
        self.loudness.feed(rate, frames);
    }

    fn read(&mut self, title: Option<String>) {
        let title = title.map(|title| cut(&title, TITLE_BYTES_MAX).to_owned());
        self.title = Some(title.filter(|title| !title.is_empty()));
    }
}

/// Short-term loudness (EBU Tech 3341, 3 s), moved on ten times a second: it is read once a second.
#[derive(Default)]
struct ShortTerm {
    meter: Option<(u32, EbuR128)>,
    /// Frames since the last step.
    frames: usize,
    powers: [f64; STEPS],
    /// Steps taken.
    count: usize,
}

impl ShortTerm {
    fn feed(&mut self, rate: u32, mut frames: &[Frame]) {
        let known = self.meter.take().filter(|(of, _)| *of == rate);
        self.meter = known.or_else(|| Some((rate, EbuR128::new(2, rate, Mode::M).ok()?)));
        let Some((_, meter)) = &mut self.meter else { return };
        let step = (rate * STEP_MS / 1000).max(1) as usize;
        while !frames.is_empty() {
            let (now, rest) = frames.split_at(frames.len().min(step.saturating_sub(self.frames).max(1)));
            frames = rest;
            let sound = |sample: &f32| if sample.is_finite() { *sample } else { 0.0 };
            let samples: Vec<f32> = now.as_flattened().iter().map(sound).collect();
            let added = meter.add_frames_f32(&samples);
            debug_assert!(added.is_ok(), "frames are whole");
            self.frames += now.len();
            if self.frames >= step {
                self.frames = 0;
                let lufs = meter.loudness_window(STEP_MS).unwrap_or(f64::NEG_INFINITY);
                self.powers[self.count % STEPS] = 10_f64.powf(lufs / 10.0);
                self.count += 1;
            }
        }
    }

    /// `None` for silence, and while the window is not full.
    fn reading(&self) -> Option<Lufs> {
        let mean = self.powers.iter().sum::<f64>() / STEPS as f64;
        Lufs::new(10.0 * mean.log10()).filter(|_| self.count >= STEPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen_back::signals::tone;

    #[test]
    fn what_is_heard_is_as_loud_as_a_meter_says() {
        let mut fresh = Fresh::new();
        // A sine of 1 kHz at -20 dBFS on both sides is -20 LUFS.
        for frames in tone(1000.0, 4.0, 48_000).chunks(777) {
            fresh.hear(48_000, frames);
        }
        let loudness = fresh.loudness.reading().expect("it has heard 4 s");
        assert!((loudness.value() + 20.0).abs() < 0.1, "{loudness}");
    }

    #[test]
    fn a_burst_is_played_late_and_a_player_that_ran_dry_later_still() {
        let (mut heard, mut fresh) = (Heard::new(), Fresh::new());
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        heard.begin(Read::Nowhere, begin);
        let mut hear = |seconds: usize, now: Instant, heard: &mut Heard| {
            fresh.hear(48_000, &vec![[0.1; 2]; seconds * 48_000]);
            heard.take(&mut fresh, now);
        };
        hear(4, at(0), &mut heard);
        assert_eq!(heard.ahead(at(0)), Duration::from_secs(4));
        hear(1, at(1), &mut heard);
        assert_eq!((heard.plays, heard.ahead(at(1))), (Some(at(0)), Duration::from_secs(4)));
        hear(1, at(7), &mut heard);
        assert_eq!((heard.plays, heard.ahead(at(7))), (Some(at(2)), Duration::from_secs(1)));
    }
}
