//! A file as it is read: packets become frames, each at its place. What cannot be decoded is silent for as long as it would
//! have sounded, and what is not meant to be heard is left out.

use std::path::PathBuf;
use std::sync::Arc;

use airdesk_dsp::{Frame, SampleRate};
use symphonia::core::errors::Error;

use super::DecodeError;
use super::codec::{Codec, opus_pre_skip};
use super::coding::Coding;
use super::meter::Meter;
use super::open::{Opened, Place};
use super::packets::{Packets, Unit};
use super::tags::About;

/// What one packet may read: a picture of a video as large as any.
const PACKET_BYTES_MAX: u64 = 16 << 20;
/// Packets that cannot be decoded, in a row, after which none will be: two seconds of MP3.
const FAULTS_MAX: u32 = 100;
/// Packets without a frame, in a row, after which a file counts as ended.
const BARREN_MAX: u32 = 1000;
/// A hole between two packets is silent up to this many seconds; a longer one is a wrong number.
const HOLE_SECONDS_MAX: i64 = 10;

/// An open file and where it is.
pub(super) struct Reading {
    path: PathBuf,
    meter: Arc<Meter>,
    packets: Packets,
    codec: Codec,
    pub(super) rate: SampleRate,
    pub(super) coding: Coding,
    pre_roll: u64,
    /// Where the packets count the first frame that is heard, and the first that is no longer.
    start: i64,
    end: Option<i64>,
    /// Where the first packet of all begins.
    first: Option<i64>,
    pre_skip: u64,
    /// What the packets of a later stream are ahead of where they are heard.
    offset: i64,
    /// Where the stream begins whose first packet is awaited, if it follows another.
    follows: Option<i64>,
    /// Where the next frame to be decoded belongs. `None`: its packet says.
    place: Option<i64>,
    /// Frames before this place are left out.
    heard_from: i64,
    ended: bool,
    /// There are no more packets.
    drained: bool,
    faults: u32,
    decoded: Vec<Frame>,
    pending: Vec<Frame>,
    /// Next of `pending`.
    next: usize,
}

impl Reading {
    /// Opens a file and decodes the first of it.
    pub(super) fn open(path: PathBuf, meter: Arc<Meter>) -> Result<(Self, About), DecodeError> {
        let opened = Place {
            path: &path,
            meter: &meter,
        }
        .open()?;
        let about = opened.about;
        let mut reading = Self {
            packets: opened.packets,
            codec: opened.codec,
            rate: opened.rate,
            coding: opened.coding,
            pre_roll: opened.pre_roll,
            start: opened.start.map_or(i64::MIN, to_place),
            end: opened.end.map(to_place),
            first: None,
            pre_skip: opened.pre_skip,
            offset: 0,
            follows: None,
            place: None,
            heard_from: i64::MIN,
            ended: false,
            drained: false,
            faults: 0,
            decoded: Vec::new(),
            pending: Vec::new(),
            next: 0,
            path,
            meter,
        };
        reading.heard_from = reading.start;
        if !reading.fill()? {
            let path = reading.path;
            return Err(DecodeError::Empty { path });
        }
        Ok((reading, about))
    }

    /// Frames that are heard, if that is known.
    pub(super) fn frames(&self) -> Option<u64> {
        let end = self.end?;
        Some(end.saturating_sub(self.start).max(0) as u64)
    }

    pub(super) fn read(&mut self, out: &mut [Frame]) -> Result<usize, DecodeError> {
        let mut done = 0;
        while done < out.len() {
            if self.next == self.pending.len() && !self.fill()? {
                break;
            }
            let ready = &self.pending[self.next..];
            let count = ready.len().min(out.len() - done);
            out[done..done + count].copy_from_slice(&ready[..count]);
            self.next += count;
            done += count;
        }
        Ok(done)
    }

    pub(super) fn seek(&mut self, frame: u64) -> Result<(), DecodeError> {
        self.forget();
        let target = self.start.saturating_add(to_place(frame));
        self.heard_from = target;
        if self.end.is_some_and(|end| target >= end) {
            (self.ended, self.place) = (true, None);
            return Ok(());
        }
        let pre_roll = to_place(self.pre_roll);
        if let Some(place) = self.place
            && place <= target
            && target - place <= pre_roll.max(4096)
        {
            return Ok(()); // not far ahead: decode up to it
        }
        if self.drained && self.end.is_none() {
            self.start_over()?; // from its end Symphonia does not find back into an MP4 file of fragments
        }
        let from = target.saturating_sub(pre_roll).max(0) as u64;
        self.meter.allow(u64::MAX); // of what has no container; the others say how much they read
        let is_there = self.offset == 0 && self.packets.seek(from).map_err(|error| self.explain(error))?;
        self.codec.reset();
        self.place = None;
        if !is_there {
            return self.start_over();
        }
        if !self.fill()? || self.has_overshot(target) {
            return self.start_over();
        }
        Ok(())
    }

    /// Whether a packet has come that begins behind the place that is sought, though there is one before it.
    fn has_overshot(&self, target: i64) -> bool {
        let Some(place) = self.place else {
            return true;
        };
        place - self.pending.len() as i64 > target && self.first.is_some_and(|first| first < target)
    }

    /// Opens the file again, to decode up to the place that is heard next: slow, and always right.
    fn start_over(&mut self) -> Result<(), DecodeError> {
        self.forget();
        let opened: Opened = Place {
            path: &self.path,
            meter: &self.meter,
        }
        .open()?;
        (self.packets, self.codec) = (opened.packets, opened.codec);
        self.pre_skip = opened.pre_skip;
        (self.offset, self.follows, self.place, self.drained) = (0, None, None, false);
        Ok(())
    }

    fn forget(&mut self) {
        self.pending.clear();
        (self.next, self.ended, self.faults) = (0, false, 0);
    }

    /// Decodes until there is something to be heard. `false`: there is no more.
    fn fill(&mut self) -> Result<bool, DecodeError> {
        self.pending.clear();
        self.next = 0;
        let mut barren = 0;
        while self.pending.is_empty() {
            barren += 1;
            if self.ended || barren > BARREN_MAX {
                return Ok(false);
            }
            self.meter.allow(PACKET_BYTES_MAX);
            match self.packets.next() {
                Ok(None) => (self.ended, self.drained) = (true, true),
                Ok(Some(unit)) => {
                    let before = self.place;
                    self.take(unit)?;
                    if self.place != before {
                        barren = 0;
                    }
                }
                Err(Error::ResetRequired) => self.renew()?,
                // Cut off: what there was has been played.
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    (self.ended, self.drained) = (true, true);
                }
                Err(error @ (Error::IoError(_) | Error::LimitError(_))) => return Err(self.explain(error)),
                Err(error) => self.count_fault(error)?,
            }
        }
        Ok(true)
    }

    /// Decodes one packet.
    fn take(&mut self, unit: Unit) -> Result<(), DecodeError> {
        let at = self.locate(&unit);
        self.decoded.clear();
        match self.codec.decode(&unit.bytes, &mut self.decoded) {
            Ok(hz) if hz == self.rate.hz() => {
                if !self.decoded.is_empty() {
                    self.faults = 0;
                    self.meter.bear_fruit();
                }
            }
            // AAC may say in its own header that it is at another rate than the container says.
            Ok(hz) if self.first.is_none_or(|first| first == at) && SampleRate::new(hz).is_some() => {
                return Err(self.explain(Error::Unsupported("its rate is not what its header says")));
            }
            Ok(_) => return Err(self.explain(Error::Unsupported("its rate changes within"))),
            Err(error) => {
                self.count_fault(error)?;
                let most = u64::from(self.rate.hz()) * 2;
                self.decoded.clear();
                self.decoded.resize(unit.frames.min(most) as usize, [0.0; 2]);
            }
        }
        // What was added at the end of a stream takes no place: another may follow.
        let count = (self.decoded.len() as i64).saturating_sub(to_place(unit.trim.1)).max(0);
        let from = (self.heard_from.saturating_sub(at)).clamp(0, count);
        let ends = self.end.map_or(i64::MAX, |end| end.saturating_sub(at));
        let to = count.min(ends).max(from);
        self.pending
            .extend_from_slice(&self.decoded[from as usize..to as usize]);
        self.place = Some(at.saturating_add(count));
        self.ended |= ends <= count;
        Ok(())
    }

    /// Where a packet's first frame belongs. A hole before it becomes silence.
    fn locate(&mut self, unit: &Unit) -> i64 {
        // A stream that was cut out of a longer one begins where it begins; before its zero there is nothing.
        let begins = unit.at.saturating_add(to_place(unit.trim.0)).max(0);
        let begins = begins.saturating_add(to_place(self.pre_skip));
        if let Some(place) = self.follows.take() {
            self.offset = begins.saturating_sub(place);
        }
        let mut at = unit.at.saturating_sub(self.offset);
        if self.first.is_none() {
            self.first = Some(at);
            if self.start == i64::MIN {
                (self.start, self.heard_from) = (begins, begins);
            }
        }
        let Some(place) = self.place else {
            return at;
        };
        let hole = at.saturating_sub(place);
        if hole > 0 && unit.is_exact {
            if hole > HOLE_SECONDS_MAX * i64::from(self.rate.hz()) {
                self.offset = self.offset.saturating_add(hole);
                at = place;
            } else {
                let heard = at.saturating_sub(place.max(self.heard_from)).clamp(0, hole);
                self.pending.resize(self.pending.len() + heard as usize, [0.0; 2]);
            }
            return at;
        }
        place
    }

    /// Another stream follows in the same file.
    fn renew(&mut self) -> Result<(), DecodeError> {
        let place = self.place.unwrap_or(0);
        let Some(params) = self.packets.renew() else {
            self.ended = true;
            return Ok(());
        };
        if params.sample_rate != Some(self.rate.hz()) {
            return Err(self.explain(Error::Unsupported("its rate changes within")));
        }
        self.codec = Codec::new(&params).map_err(|error| self.explain(error))?;
        self.pre_skip = opus_pre_skip(&params);
        self.heard_from = self.heard_from.max(place);
        (self.follows, self.place) = (Some(place), None);
        Ok(())
    }

    fn count_fault(&mut self, error: Error) -> Result<(), DecodeError> {
        self.faults += 1;
        if self.meter.is_over_time() || self.meter.is_over_bytes() {
            return Err(self.explain(error));
        }
        if self.faults < FAULTS_MAX {
            return Ok(());
        }
        Err(DecodeError::Damaged {
            path: self.path.clone(),
            why: format!("{FAULTS_MAX} packets in a row cannot be decoded, the last because of: {error}"),
        })
    }

    fn explain(&self, error: Error) -> DecodeError {
        Place {
            path: &self.path,
            meter: &self.meter,
        }
        .unknown(error)
    }
}

fn to_place(frames: u64) -> i64 {
    i64::try_from(frames).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}
