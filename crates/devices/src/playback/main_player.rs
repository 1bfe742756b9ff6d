//! The main output: the bus as it is, and the desk's clock. Real-time.
//!
//! Where the device has another rate a resampler of fixed ratio stands between. It reads a little ahead,
//! and so sits that much further behind: the position told to the engine is never less than what has
//! been read, and moves by exactly the frames the device took.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use airdesk_dsp::Frame;
use airdesk_dsp::resample::{Quality, StereoResampler};
use airdesk_engine::mix_queue::MixReader;
use airdesk_engine::outlet_clock::{OutletStamp, OutletStamper};
use airdesk_engine::time::Nanos;

use super::PlayerCounts;
use super::callback::Player;
use super::mix_cursor::MixCursor;

/// Device frames resampled at a time.
pub(super) const PIECE: usize = 64;
/// Callbacks come early and late: what they say of the latency is smoothed over so long, seconds.
const LATENCY_SECONDS: f64 = 0.25;

/// A resampler and what it has made and not yet given.
pub(super) struct Converter {
    pub(super) resampler: StereoResampler,
    source: Box<[Frame]>,
    made: [Frame; PIECE],
    given: usize,
}

impl Converter {
    /// From `desk_hz` to `device_hz`. Allocates.
    pub(super) fn new(desk_hz: f64, device_hz: f64, quality: Quality) -> Self {
        let resampler = StereoResampler::with_quality(desk_hz, device_hz, PIECE, quality);
        let source = vec![[0.0; 2]; resampler.frames_needed_max()].into();
        Self {
            resampler,
            source,
            made: [[0.0; 2]; PIECE],
            given: PIECE,
        }
    }

    /// Desk frames it may have read ahead of what it has given.
    pub(super) fn ahead(&self) -> u64 {
        self.source.len() as u64
    }

    /// The desk frame that is heard at the device frame given next, `step` desk frames a device frame.
    pub(super) fn heard(&self, cursor: &MixCursor, step: f64) -> f64 {
        let delay = (self.resampler.delay() + self.left()) as f64 * step;
        cursor.position() as f64 - self.resampler.ahead() - delay
    }

    /// Frames made and not given.
    pub(super) fn left(&self) -> usize {
        PIECE - self.given
    }

    /// Forgets what it holds.
    pub(super) fn clear(&mut self) {
        self.resampler.reset();
        self.given = PIECE;
    }

    /// The next device frames.
    pub(super) fn fill(&mut self, cursor: &mut MixCursor, out: &mut [Frame]) {
        let mut rest = out;
        while !rest.is_empty() {
            if self.given == PIECE {
                let needed = self.resampler.frames_needed();
                let source = self.source.get_mut(..needed).unwrap_or_default();
                cursor.fill(source);
                self.resampler.process(source, &mut self.made);
                self.given = 0;
            }
            let made = self.made.get(self.given..).unwrap_or_default();
            let (now, later) = rest.split_at_mut(made.len().min(rest.len()));
            for (to, from) in now.iter_mut().zip(made) {
                *to = *from;
            }
            self.given += now.len();
            rest = later;
        }
    }
}

/// The player.
pub(super) struct MainPlayer {
    cursor: MixCursor,
    stamper: OutletStamper,
    seat: Option<u32>,
    converter: Option<Converter>,
    /// Desk frames a device frame.
    step: f64,
    desk_hz: f64,
    /// Where the seat was taken, and device frames taken since.
    base: f64,
    taken: u64,
    /// Seconds from the mix to the device, once something was heard in this seat.
    latency: Option<f64>,
    counts: Arc<PlayerCounts>,
}

impl MainPlayer {
    pub(super) fn new(
        reader: MixReader,
        stamper: OutletStamper,
        (device_hz, desk_hz): (f64, f64),
        quality: Quality,
        counts: Arc<PlayerCounts>,
    ) -> Self {
        let converter = (device_hz != desk_hz).then(|| Converter::new(desk_hz, device_hz, quality));
        let (cursor, step) = (MixCursor::new(reader), desk_hz / device_hz);
        Self {
            cursor,
            stamper,
            seat: None,
            converter,
            step,
            desk_hz,
            base: 0.0,
            taken: 0,
            latency: None,
            counts,
        }
    }

    /// The next desk frame the device will ask for.
    fn position(&self) -> f64 {
        self.base + self.taken as f64 * self.step
    }

    /// Sits so that the lead is there once this callback has its frames: so it is before every later one.
    fn sit_down(&mut self, seat: u32, frames: usize) {
        self.seat = Some(seat);
        let ahead = self.converter.as_ref().map_or(0, Converter::ahead);
        if let Some(converter) = &mut self.converter {
            converter.clear();
        }
        let taken = (frames as f64 * self.step).ceil() as u64;
        self.cursor.seat(u64::from(self.stamper.lead()) + ahead + taken);
        (self.base, self.taken) = ((self.cursor.position() + ahead) as f64, 0);
        self.latency = None;
    }

    /// Measures how long ago the frame that the device takes next was due to be mixed. Not from what is published: the
    /// engine mixes a few blocks at a time.
    fn measure(&mut self, frames: usize, at: Nanos) {
        let Some((position, due)) = self.cursor.newest() else {
            return;
        };
        let mixed = position as f64 + (at.seconds() - due.seconds()) * self.desk_hz;
        let heard = match &self.converter {
            None => self.cursor.position() as f64,
            Some(converter) => converter.heard(&self.cursor, self.step),
        };
        let now = (mixed - heard) / self.desk_hz;
        let elapsed = frames as f64 * self.step / self.desk_hz;
        let before = self.latency.unwrap_or(now);
        let latency = before + (now - before) * (elapsed / LATENCY_SECONDS).min(1.0);
        self.latency = Some(latency);
        self.counts.latency.store((latency as f32).to_bits(), Relaxed);
    }
}

impl Player for MainPlayer {
    fn begin(&mut self, frames: usize, at: Nanos) -> bool {
        let seat = self.stamper.seat();
        let anew = self.seat != Some(seat);
        if anew {
            self.sit_down(seat, frames);
        } else {
            self.measure(frames, at);
        }
        anew
    }

    fn fill(&mut self, out: &mut [Frame]) {
        match &mut self.converter {
            None => self.cursor.fill(out),
            Some(converter) => converter.fill(&mut self.cursor, out),
        }
    }

    fn end(&mut self, frames: usize, at: Nanos) {
        let before = self.position();
        self.taken += frames as u64;
        let position = self.position();
        let missing = self.cursor.missing();
        self.counts.missing.store(missing, Relaxed);
        let taken = position.round() - before.round();
        let stamp = OutletStamp {
            position,
            at,
            missing,
            frames: taken as u32,
            seat: self.seat.unwrap_or(0),
        };
        self.stamper.took(stamp);
    }
}
