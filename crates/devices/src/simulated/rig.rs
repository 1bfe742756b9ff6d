//! The cards, their streams and the order of events. Behind the lock of `SimulatedCards`.

use airdesk_engine::time::Nanos;
use cpal::{
    Data, Error, ErrorKind, InputCallbackInfo, InputStreamTimestamp, OutputCallbackInfo, OutputStreamTimestamp,
    SampleFormat, StreamConfig, StreamInstant,
};

use super::Around;
use super::card::{Card, Sizes};
use crate::sample::{DeviceSample, with_sample_type};

pub(super) type Recording = Box<dyn FnMut(&Data, &InputCallbackInfo) + Send>;
pub(super) type Playing = Box<dyn FnMut(&mut Data, &OutputCallbackInfo) + Send>;
pub(super) type Failing = Box<dyn FnMut(Error) + Send>;

/// The callback of a stream.
pub(super) enum Work {
    Record(Recording),
    Play(Playing),
}

/// The callbacks of a stream, and the audio between them and the card.
pub(super) struct Calls {
    work: Work,
    fail: Failing,
    /// Samples as the device has them; words, so that any format is aligned.
    words: Vec<u64>,
    /// The same as `f32`.
    samples: Vec<f32>,
    format: SampleFormat,
}

/// A callback taken out of the rig to be called without its lock.
pub(super) struct Next {
    stream: u64,
    pub(super) at: Nanos,
    latency: Nanos,
    calls: Calls,
}

struct Stream {
    number: u64,
    card: String,
    config: StreamConfig,
    /// Out of the rig while being called.
    calls: Option<Calls>,
    running: bool,
    dead: bool,
    /// When the next callback is due by the card's clock, seconds, and when it comes.
    ideal: f64,
    at: Nanos,
    size: usize,
    sizes_given: usize,
    frame: u64,
    random: u64,
    played: Vec<f32>,
}

struct Slot {
    card: Card,
    present: bool,
    stalled_until: f64,
}

/// Everything there is.
#[derive(Default)]
pub(super) struct Rig {
    slots: Vec<Slot>,
    streams: Vec<Stream>,
    made: u64,
    default_input: Option<String>,
    default_output: Option<String>,
    pub(super) around: Option<Around>,
    pub(super) hung_listing: bool,
    pub(super) hung_opening: bool,
}

impl Rig {
    pub(super) fn add(&mut self, card: Card) {
        if card.inputs > 0 && self.default_input.is_none() {
            self.default_input = Some(card.id.clone());
        }
        if card.outputs > 0 && self.default_output.is_none() {
            self.default_output = Some(card.id.clone());
        }
        self.slots.push(Slot {
            card,
            present: true,
            stalled_until: 0.0,
        });
    }

    /// The cards plugged in.
    pub(super) fn cards(&self) -> impl Iterator<Item = &Card> {
        self.slots.iter().filter(|slot| slot.present).map(|slot| &slot.card)
    }

    pub(super) fn card(&self, id: &str) -> Option<&Card> {
        self.cards().find(|card| card.id == id)
    }

    pub(super) fn default(&self, output: bool) -> Option<&Card> {
        let id = if output {
            &self.default_output
        } else {
            &self.default_input
        };
        self.card(id.as_deref()?)
    }

    pub(super) fn make_default(&mut self, id: &str) {
        let can = self.card(id).map(|card| (card.inputs > 0, card.outputs > 0));
        if let Some((true, _)) = can {
            self.default_input = Some(id.to_owned());
        }
        if let Some((_, true)) = can {
            self.default_output = Some(id.to_owned());
        }
    }

    fn slot(&mut self, id: &str) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.card.id == id)
    }

    pub(super) fn vanish(&mut self, id: &str) {
        if let Some(slot) = self.slot(id) {
            slot.present = false;
        }
        for stream in self.streams.iter_mut().filter(|stream| stream.card == id) {
            stream.dead = true;
        }
    }

    pub(super) fn come_back(&mut self, id: &str) {
        if let Some(slot) = self.slot(id) {
            slot.present = true;
        }
    }

    pub(super) fn set_rate(&mut self, id: &str, hz: u32) {
        if let Some(slot) = self.slot(id) {
            slot.card.rate = hz;
        }
    }

    pub(super) fn stall(&mut self, id: &str, until: f64) {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.card.id == id) else {
            return;
        };
        slot.stalled_until = until;
        for stream in self
            .streams
            .iter_mut()
            .filter(|stream| stream.card == id && stream.ideal < until)
        {
            let hz = slot.card.hz(until);
            stream.frame += ((until - stream.ideal) * hz).round() as u64;
            stream.ideal = until;
            stream.at = Nanos::from_seconds(until);
        }
    }

    /// No callback comes before `until`.
    pub(super) fn hold_all(&mut self, until: Nanos) {
        for stream in &mut self.streams {
            stream.at = stream.at.max(until);
        }
    }

    pub(super) fn streams(&self, id: &str) -> usize {
        self.streams.iter().filter(|stream| stream.card == id).count()
    }

    pub(super) fn callback_frames(&self, id: &str) -> Option<usize> {
        let stream = self.streams.iter().find(|stream| stream.card == id)?;
        Some(stream.size)
    }

    pub(super) fn take_played(&mut self, id: &str) -> Vec<f32> {
        let mut played = Vec::new();
        for stream in self.streams.iter_mut().filter(|stream| stream.card == id) {
            played.append(&mut stream.played);
        }
        played
    }

    /// A stream, standing still. Returns its number.
    pub(super) fn open(
        &mut self,
        id: &str,
        config: StreamConfig,
        format: SampleFormat,
        work: Work,
        fail: Failing,
    ) -> Result<u64, Error> {
        let card = self.card(id).ok_or(Error::new(ErrorKind::DeviceNotAvailable))?;
        let channels = if matches!(work, Work::Record(_)) {
            card.inputs
        } else {
            card.outputs
        };
        if (channels, card.format) != (config.channels, format) || !card.can_run_at(config.sample_rate) {
            return Err(Error::new(ErrorKind::UnsupportedConfig));
        }
        if card.insists && config.buffer_size != cpal::BufferSize::Default {
            return Err(Error::new(ErrorKind::UnsupportedConfig));
        }
        let random = card.seed;
        self.set_rate(id, config.sample_rate);
        self.made += 1;
        let calls = Calls {
            work,
            fail,
            words: Vec::new(),
            samples: Vec::new(),
            format,
        };
        self.streams.push(Stream {
            number: self.made,
            card: id.to_owned(),
            config,
            calls: Some(calls),
            running: false,
            dead: false,
            ideal: 0.0,
            at: Nanos(0),
            size: 0,
            sizes_given: 0,
            frame: 0,
            random,
            played: Vec::new(),
        });
        Ok(self.made)
    }

    /// Starts a stream at `now`.
    pub(super) fn play(&mut self, number: u64, now: f64) {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.number == number) else {
            return;
        };
        let Some(slot) = self.slots.iter().find(|slot| slot.card.id == stream.card) else {
            return;
        };
        if !stream.running {
            (stream.running, stream.ideal) = (true, now.max(slot.stalled_until));
            stream.schedule(&slot.card);
        }
    }

    pub(super) fn pause(&mut self, number: u64) {
        for stream in self.streams.iter_mut().filter(|stream| stream.number == number) {
            stream.running = false;
        }
    }

    /// Ends a stream. Returns what is to be dropped without the lock.
    pub(super) fn close(&mut self, number: u64) -> Option<Calls> {
        let place = self.streams.iter().position(|stream| stream.number == number)?;
        self.streams.remove(place).calls
    }

    pub(super) fn next_due(&self) -> Option<Nanos> {
        self.streams
            .iter()
            .filter(|stream| stream.is_live())
            .map(|stream| stream.at)
            .min()
    }

    /// Takes the first callback due by `until`, its audio ready.
    pub(super) fn take_due(&mut self, until: Nanos) -> Option<Next> {
        let live = self
            .streams
            .iter_mut()
            .filter(|stream| stream.is_live() && stream.at <= until);
        let stream = live.min_by_key(|stream| (stream.at, stream.number))?;
        let slot = self.slots.iter_mut().find(|slot| slot.card.id == stream.card)?;
        let mut calls = stream.calls.take()?;
        calls.prepare(stream.frame, stream.size, stream.config.channels, &mut slot.card);
        let latency = Nanos::from_seconds(slot.card.latency);
        Some(Next {
            stream: stream.number,
            at: stream.at,
            latency,
            calls,
        })
    }

    /// Takes the callbacks of all of a card's streams.
    pub(super) fn take_all(&mut self, id: &str) -> Vec<Next> {
        let streams = self.streams.iter_mut().filter(|stream| stream.card == id);
        streams
            .filter_map(|stream| {
                Some(Next {
                    stream: stream.number,
                    at: Nanos(0),
                    latency: Nanos(0),
                    calls: stream.calls.take()?,
                })
            })
            .collect()
    }

    /// Puts a callback back, and schedules the next when it was called. Returns it when its stream is gone.
    pub(super) fn give_back(&mut self, next: Next) -> Option<Calls> {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.number == next.stream) else {
            return Some(next.calls);
        };
        let called = next.at == stream.at;
        if let Some(slot) = self
            .slots
            .iter()
            .find(|slot| slot.card.id == stream.card)
            .filter(|_| called)
        {
            if slot.card.keeps && matches!(next.calls.work, Work::Play(_)) {
                stream.played.extend_from_slice(&next.calls.samples);
            }
            stream.frame += stream.size as u64;
            stream.schedule(&slot.card);
        }
        stream.calls = Some(next.calls);
        None
    }
}

impl Stream {
    fn is_live(&self) -> bool {
        self.running && !self.dead && self.calls.is_some()
    }

    /// A number from 0 to 1, the next of a fixed row (Knuth's MMIX generator).
    fn random(&mut self) -> f64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The size of the next callback and its time: so many frames after the one before.
    fn schedule(&mut self, card: &Card) {
        let asked = match self.config.buffer_size {
            cpal::BufferSize::Fixed(frames) => frames,
            cpal::BufferSize::Default => 512,
        };
        let size = match &card.sizes {
            Sizes::AsAsked => asked,
            Sizes::Cycle(sizes) => sizes
                .get(self.sizes_given % sizes.len().max(1))
                .copied()
                .unwrap_or(asked),
            Sizes::Random(low, high) => low + (self.random() * f64::from(high - low + 1)) as u32,
        };
        self.sizes_given += 1;
        self.size = size as usize;
        self.ideal += f64::from(size) / card.hz(self.ideal);
        let late = self.random() * card.jitter;
        self.at = self.at.max(Nanos::from_seconds(self.ideal + late));
    }
}

impl Calls {
    /// Makes room for a callback's audio, and where it records, the audio.
    fn prepare(&mut self, frame: u64, frames: usize, channels: u16, card: &mut Card) {
        let count = frames * usize::from(channels);
        self.samples.clear();
        self.samples.resize(count, 0.0);
        self.words
            .resize((count * self.format.sample_size()).div_ceil(size_of::<u64>()), 0);
        if matches!(self.work, Work::Play(_)) {
            return;
        }
        for (place, sample) in self.samples.iter_mut().enumerate() {
            let (frame, channel) = (
                frame + (place / usize::from(channels)) as u64,
                place % usize::from(channels),
            );
            *sample = card.signal.sample(frame, channel as u16, card.rate, self.format);
        }
    }

    fn encode<T: DeviceSample>(&self, data: &mut Data) {
        for (to, from) in data.as_slice_mut::<T>().into_iter().flatten().zip(&self.samples) {
            *to = T::of_desk(*from);
        }
    }

    fn decode<T: DeviceSample>(&mut self, data: &Data) {
        for (to, from) in self.samples.iter_mut().zip(data.as_slice::<T>().into_iter().flatten()) {
            *to = from.to_desk();
        }
    }
}

impl Next {
    /// Calls the stream's callback.
    pub(super) fn call(&mut self) {
        let at = StreamInstant::from_nanos(self.at.0);
        let calls = &mut self.calls;
        // SAFETY: `words` was made long enough for so many samples of this format when the callback was
        // prepared, is aligned for any of them, and is not touched otherwise while `data` lives. Every
        // bit pattern is a sample in all formats used.
        let mut data = unsafe { Data::from_parts(calls.words.as_mut_ptr().cast(), calls.samples.len(), calls.format) };
        match &mut calls.work {
            Work::Record(_) => with_sample_type!(calls.format, calls.encode(&mut data)),
            Work::Play(_) => {
                calls.samples.fill(0.0);
                with_sample_type!(calls.format, calls.encode(&mut data));
            }
        }
        match &mut calls.work {
            Work::Record(record) => {
                let capture = StreamInstant::from_nanos(self.at.0.saturating_sub(self.latency.0));
                let timestamp = InputStreamTimestamp { callback: at, capture };
                record(&data, &InputCallbackInfo::new(timestamp));
            }
            Work::Play(play) => {
                let playback = StreamInstant::from_nanos(self.at.0 + self.latency.0);
                let timestamp = OutputStreamTimestamp { callback: at, playback };
                play(&mut data, &OutputCallbackInfo::new(timestamp));
            }
        }
        with_sample_type!(calls.format, calls.decode(&data));
    }

    /// Calls the stream's error callback.
    pub(super) fn fail(&mut self, kind: ErrorKind) {
        (self.calls.fail)(Error::new(kind));
    }
}
