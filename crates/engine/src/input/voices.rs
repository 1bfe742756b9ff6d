//! A cart wall's voices: what sounds of it, mixed. The engine's side of a [`Wall`].
//!
//! Bit-exact where one sounds alone at 0 dB. It begins with the block after the order, a loop goes on without a seam, and what
//! is stopped fades out within a block. Nothing is freed here. Engine thread, real-time.
//!
//! [`Wall`]: crate::wall::Wall

use airdesk_dsp::ramp::add;
use airdesk_dsp::{BLOCK_FRAMES, Block, SILENCE};

use super::fade_out;
use crate::report::{InputPhase, InputReport};
use crate::wall::{Playing, PlayingWriter, SpentSounds, Start, VOICES, VoiceKind, VoiceState, WallOrder, WallOrders};

/// The engine's side of a wall.
pub struct Voices {
    orders: WallOrders,
    /// As many fit as sound, always: what was played finds room.
    spent: SpentSounds,
    playing: PlayingWriter,
    places: [Place; VOICES],
    /// Sounds that are here, those that fade out among them.
    held: usize,
    started: u64,
    gave_way: u64,
    /// What was told last was that nothing sounds.
    told_silence: bool,
}

/// Room for one voice, and for the one before it while that fades out: for the block at hand.
#[derive(Default)]
struct Place {
    voice: Option<Voice>,
    leaving: Option<Voice>,
}

struct Voice {
    start: Start,
    /// The next frame.
    at: usize,
    /// Some of it was heard.
    is_heard: bool,
    /// Which start it was.
    number: u64,
}

impl Voice {
    /// Adds one block of it. Says whether it was its last.
    fn add(&mut self, block: &mut Block) -> bool {
        let gain = self.start.gain.linear();
        let mut filled = 0;
        self.is_heard = true;
        // A loop of one frame comes round as often as a block has frames, and no more.
        while let (Some(part), Some(wanted)) = (self.start.sound.get(self.at..), block.get_mut(filled..)) {
            let count = part.len().min(wanted.len());
            for (frame, sound) in wanted.iter_mut().zip(part) {
                *frame = [frame[0] + sound[0] * gain, frame[1] + sound[1] * gain];
            }
            filled += count;
            self.at += count;
            if self.at < self.start.sound.len() {
                return false;
            }
            if self.start.kind == VoiceKind::Once || count == 0 {
                return true;
            }
            self.at = 0;
            if filled == BLOCK_FRAMES {
                return false;
            }
        }
        true
    }

    fn state(&self) -> VoiceState {
        VoiceState {
            pad: self.start.pad,
            left: (self.start.sound.len() - self.at) as u64,
        }
    }
}

impl Voices {
    pub(crate) fn new(orders: WallOrders, spent: SpentSounds, playing: PlayingWriter) -> Self {
        Self {
            orders,
            spent,
            playing,
            places: Default::default(),
            held: 0,
            started: 0,
            gave_way: 0,
            told_silence: true,
        }
    }

    fn sounding(&self) -> impl Iterator<Item = &Voice> {
        self.places.iter().filter_map(|place| place.voice.as_ref())
    }

    pub(super) fn phase(&self) -> InputPhase {
        if self.sounding().next().is_some() {
            InputPhase::Running
        } else if self.orders.is_abandoned() {
            InputPhase::Ended
        } else {
            InputPhase::Paused
        }
    }

    /// Something sounds that music steps back for.
    pub(super) fn duck(&self) -> bool {
        self.sounding().any(|voice| voice.start.ducks)
    }

    pub(super) fn read(&mut self, block: &mut Block) -> bool {
        self.obey();
        if self.held == 0 && self.told_silence {
            return false;
        }
        *block = SILENCE;
        for place in 0..VOICES {
            self.play(place, block);
        }
        self.tell();
        true
    }

    fn play(&mut self, place: usize, block: &mut Block) {
        let Some(Place { voice, leaving }) = self.places.get_mut(place) else {
            return;
        };
        let left = leaving.take();
        let ended = voice.take_if(|voice| voice.add(block));
        if let Some(mut left) = left {
            let mut last = SILENCE;
            left.add(&mut last);
            fade_out(&mut last, BLOCK_FRAMES);
            add(&last, block);
            self.send_home(left);
        }
        if let Some(ended) = ended {
            self.send_home(ended);
        }
    }

    /// Takes the orders that have come, while there is room for what each may leave over.
    fn obey(&mut self) {
        // As many as wait now: the orders of who goes on giving them are obeyed at the next block.
        for _ in 0..self.orders.slots() {
            if self.spent.slots() <= self.held {
                break;
            }
            match self.orders.pop() {
                Ok(WallOrder::Start(start)) => self.start(start),
                Ok(WallOrder::Stop(pad)) => self.stop_all_that(|start| start.pad == pad),
                Ok(WallOrder::StopAll) => self.stop_all_that(|_| true),
                Err(_) => break,
            }
        }
        if self.orders.is_abandoned() {
            // Nobody could stop a loop any more.
            self.stop_all_that(|_| true);
        }
    }

    fn start(&mut self, start: Start) {
        let (pad, group) = (start.pad, start.group);
        self.stop_all_that(|other| other.pad == pad || (group != 0 && other.group == group));
        let free = self.places.iter().position(|place| place.voice.is_none());
        let place = free.unwrap_or_else(|| self.make_room());
        self.started += 1;
        self.held += 1;
        let voice = Voice {
            start,
            at: 0,
            is_heard: false,
            number: self.started,
        };
        if let Some(place) = self.places.get_mut(place) {
            place.voice = Some(voice);
        }
    }

    /// The oldest that would end by itself gives way, or else the oldest of all. Returns its place.
    fn make_room(&mut self) -> usize {
        let voices = self.places.iter().enumerate();
        let by_age = voices.filter_map(|(place, Place { voice, .. })| {
            let voice = voice.as_ref()?;
            Some((voice.start.kind == VoiceKind::Looped, voice.number, place))
        });
        let place = by_age.min().map_or(0, |(.., place)| place);
        self.gave_way += 1;
        self.stop(place);
        place
    }

    fn stop_all_that(&mut self, is_meant: impl Fn(&Start) -> bool) {
        for place in 0..VOICES {
            let voice = self.places.get(place).and_then(|place| place.voice.as_ref());
            if voice.is_some_and(|voice| is_meant(&voice.start)) {
                self.stop(place);
            }
        }
    }

    /// Lets the voice of a place fade out. One that nobody has heard yet is gone at once.
    fn stop(&mut self, place: usize) {
        let Some(Place { voice, leaving }) = self.places.get_mut(place) else {
            return;
        };
        let Some(stopped) = voice.take() else { return };
        if stopped.is_heard {
            // Nothing is overwritten: where a voice leaves in this block, the next one was not heard yet.
            debug_assert!(leaving.is_none(), "two leave one place in a block");
            *leaving = Some(stopped);
        } else {
            self.send_home(stopped);
        }
    }

    fn send_home(&mut self, voice: Voice) {
        self.held -= 1;
        if let Err(full) = self.spent.push(voice.start.sound) {
            // Room was checked and only we push. To leak is better than to free here.
            std::mem::forget(full);
            debug_assert!(false, "the ring of what was played was full");
        }
    }

    /// Says what sounds, once it does, and once when it does no more.
    fn tell(&mut self) {
        let mut playing = Playing {
            gave_way: self.gave_way,
            ..Playing::default()
        };
        for (told, voice) in playing
            .voices
            .iter_mut()
            .zip(self.places.iter().map(|place| &place.voice))
        {
            *told = voice.as_ref().map(Voice::state);
        }
        let is_silent = playing.voices().next().is_none();
        if !is_silent || !self.told_silence {
            self.playing.write(playing);
        }
        self.told_silence = is_silent;
    }

    pub(super) fn report(&self) -> InputReport {
        InputReport {
            phase: self.phase(),
            // It comes at the desk's own rate.
            locked: true,
            ..InputReport::default()
        }
    }
}

#[cfg(test)]
mod tests;
