//! What a deck plays, frame by frame: one item, or one passing into the next.
//!
//! Written ahead of what is heard, and remembered for as long as it was not heard: a deck that changes its mind goes back
//! to the first frame that nobody has heard yet.

use std::collections::VecDeque;

use airdesk_dsp::Frame;

use super::fade::Curve;
use super::track::{Known, Repeat, Track, place_after};

/// Frames written at a time, and the grid on which it can go back.
pub(super) const STEP: usize = 256;

/// Turns after which what goes is silent in a fade when it gives nothing: a fifth of a second. What comes is there.
const DRY: u32 = 10;

/// Names one opening of an item: the same file may be played twice in a row.
pub(super) type SlotId = u64;

/// An item that was opened.
pub(super) struct Slot {
    pub(super) id: SlotId,
    /// The station's number of it.
    pub(super) item: u64,
    pub(super) track: Track,
    /// As a factor.
    pub(super) gain: f32,
    /// The frame of the file before which it ends.
    pub(super) cue_out: Option<u64>,
    /// The deck stops behind it.
    pub(super) stops: bool,
}

impl Slot {
    /// Frames until it ends, as far as that is known.
    pub(super) fn left(&self) -> Option<u64> {
        if self.track.repeat().is_some_and(|repeat| self.track.place() < repeat.to) {
            return None;
        }
        let place = self.track.place();
        let there = self.track.is_whole().then(|| self.track.ready() as u64);
        let length = match self.track.known() {
            Known::Length(length) => length.map(|length| length.saturating_sub(place)),
            Known::Nothing | Known::Broken(_) => None,
        };
        let cue_out = self.cue_out.map(|end| end.saturating_sub(place));
        [there, length, cue_out].into_iter().flatten().min()
    }

    /// How long it is, frames of the desk, where that is known.
    pub(super) fn length(&self) -> Option<u64> {
        let length = match self.track.known() {
            Known::Length(length) => length,
            Known::Nothing | Known::Broken(_) => None,
        };
        [length, self.cue_out].into_iter().flatten().min()
    }
}

/// What is mixed at a place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Mix {
    pub(super) on: Option<SlotId>,
    pub(super) fade: Option<Fade>,
}

/// One item on its way to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fade {
    to: SlotId,
    done: u64,
    length: u64,
    curve: Curve,
}

/// What was written in one step.
struct Written {
    /// The number of its first frame.
    first: u64,
    mix: Mix,
    /// Of each item in it.
    reads: [Option<ReadOf>; 2],
}

/// What was read of an item in one step.
#[derive(Debug, Clone, Copy)]
struct ReadOf {
    id: SlotId,
    /// Where in its file the first frame is from.
    place: u64,
    frames: usize,
    /// What was repeated then: the last of them may be from its beginning.
    repeat: Option<Repeat>,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// So many frames.
    Frames(usize),
    /// What it needs is not there yet.
    Waits,
    /// The item on has ended and nothing follows it.
    Ends,
}

/// How items follow one another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passing {
    /// Frames; none: one begins with the frame after the last of the other.
    pub(super) length: u64,
    pub(super) curve: Curve,
}

/// Everything that is open, and what is written of it.
#[derive(Default)]
pub(super) struct Score {
    slots: Vec<Slot>,
    pub(super) mix: Mix,
    /// What follows.
    pub(super) next: Option<SlotId>,
    pub(super) passing: Passing,
    log: VecDeque<Written>,
    /// The other side of a fade.
    beside: Vec<Frame>,
    /// How often in a row a fade had no frames of what goes.
    dry: u32,
}

impl Score {
    pub(super) fn add(&mut self, slot: Slot) {
        self.slots.push(slot);
    }

    pub(super) fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == id)
    }

    pub(super) fn slot_mut(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.id == id)
    }

    /// The deck stops behind an item, or does not.
    pub(super) fn stop_behind(&mut self, item: u64, stops: bool) {
        let slots = self.slots.iter_mut().filter(|slot| slot.item == item);
        slots.for_each(|slot| slot.stops = stops);
    }

    /// Writes the next frames, of which the first has the number `first`, into `out`.
    pub(super) fn write(&mut self, first: u64, out: &mut [Frame; STEP]) -> Step {
        // Each turn but the last changes what is on: from one item to its end, from there into the next.
        for _ in 0..4 {
            let Some(on) = self.mix.on.and_then(|id| self.slot(id)) else {
                return Step::Ends;
            };
            if let Some(fade) = self.mix.fade {
                return self.write_fade(first, fade, out);
            }
            let left = on.left();
            let next = self.next.filter(|_| !on.stops).and_then(|id| self.slot(id));
            let fading = next.map_or(0, |next| self.fade_length(next));
            let until_fade = left.map_or(u64::MAX, |left| left.saturating_sub(fading));
            if let Some(next) = next.filter(|next| fading > 0 && until_fade == 0 && is_ready(next)) {
                let length = left.unwrap_or(fading).min(fading);
                if length > 0 {
                    self.mix.fade = Some(self.fade_to(next.id, length));
                    continue;
                }
            }
            let most = if next.is_some_and(is_ready) {
                until_fade
            } else {
                left.unwrap_or(u64::MAX)
            };
            let wanted = usize::try_from(most).unwrap_or(STEP).min(STEP);
            let wanted = wanted.min(on.track.ready());
            if wanted > 0 {
                return self.write_one(first, &mut out[..wanted]);
            }
            if left != Some(0) && !on.track.is_over() {
                return Step::Waits;
            }
            match next.map(|next| (next.id, next.track.known())) {
                Some((id, Known::Length(_))) => self.pass_to(id),
                Some((_, Known::Nothing)) => return Step::Waits,
                Some((_, Known::Broken(_))) | None => return Step::Ends,
            }
        }
        Step::Waits
    }

    /// Begins to pass into what follows with the next frame. False: it cannot yet.
    pub(super) fn pass_now(&mut self) -> bool {
        let (Some(on), Some(next)) = (
            self.mix.on.and_then(|id| self.slot(id)),
            self.next.and_then(|id| self.slot(id)),
        ) else {
            return false;
        };
        if self.mix.fade.is_some() || !is_ready(next) {
            return false;
        }
        let length = self.fade_length(next).min(on.left().unwrap_or(u64::MAX));
        if length == 0 {
            self.pass_to(next.id);
        } else {
            self.mix.fade = Some(self.fade_to(next.id, length));
        }
        true
    }

    fn fade_to(&self, to: SlotId, length: u64) -> Fade {
        Fade {
            to,
            done: 0,
            length,
            curve: self.passing.curve,
        }
    }

    /// No longer than half of what comes: it passes on, too.
    fn fade_length(&self, next: &Slot) -> u64 {
        let half = next.left().map_or(u64::MAX, |left| left / 2);
        self.passing.length.min(half)
    }

    fn pass_to(&mut self, id: SlotId) {
        self.mix = Mix {
            on: Some(id),
            fade: None,
        };
        if self.next == Some(id) {
            self.next = None;
        }
    }

    fn write_one(&mut self, first: u64, out: &mut [Frame]) -> Step {
        let mix = self.mix;
        let Some(read) = mix.on.and_then(|id| self.read(id, out)) else {
            return Step::Ends;
        };
        let reads = [Some(read), None];
        self.log.push_back(Written { first, mix, reads });
        Step::Frames(read.frames)
    }

    /// Reads what is ready of an item, as loud as it is to be.
    fn read(&mut self, id: SlotId, out: &mut [Frame]) -> Option<ReadOf> {
        let slot = self.slot_mut(id)?;
        let (place, repeat) = (slot.track.place(), slot.track.repeat());
        let frames = slot.track.read(out);
        scale(&mut out[..frames], slot.gain);
        Some(ReadOf {
            id,
            place,
            frames,
            repeat,
        })
    }

    fn write_fade(&mut self, first: u64, fade: Fade, out: &mut [Frame; STEP]) -> Step {
        let mix = self.mix;
        let left = usize::try_from(fade.length - fade.done).unwrap_or(STEP).min(STEP);
        let (Some(from), Some(to)) = (mix.on.and_then(|id| self.slot(id)), self.slot(fade.to)) else {
            return Step::Ends;
        };
        // Who has ended before its fade is silent from there on; who is late is waited for.
        let can = |slot: &Slot| {
            if slot.track.is_whole() {
                left
            } else {
                slot.track.ready()
            }
        };
        let (goes, comes) = (can(from), can(to));
        self.dry = if goes == 0 { self.dry.saturating_add(1) } else { 0 };
        let goes = if self.dry > DRY { left } else { goes };
        let count = left.min(goes).min(comes);
        if count == 0 {
            return Step::Waits;
        }
        let mut beside = std::mem::take(&mut self.beside);
        beside.clear();
        beside.resize(count, [0.0; 2]);
        let out = &mut out[..count];
        out.fill([0.0; 2]);
        let reads = [
            mix.on.and_then(|id| self.read(id, out)),
            self.read(fade.to, &mut beside),
        ];
        for (n, (frame, beside)) in out.iter_mut().zip(&beside).enumerate() {
            // In the middle of each frame: both ends are reached by neither.
            let part = ((fade.done + n as u64) as f64 + 0.5) / fade.length as f64;
            let [goes, comes] = fade.curve.gains(part as f32);
            *frame = [frame[0] * goes + beside[0] * comes, frame[1] * goes + beside[1] * comes];
        }
        self.beside = beside;
        self.log.push_back(Written { first, mix, reads });
        let done = fade.done + count as u64;
        if done == fade.length {
            self.pass_to(fade.to);
        } else {
            self.mix.fade = Some(Fade { done, ..fade });
        }
        Step::Frames(count)
    }

    /// What is heard at `heard`, and where in its file that is.
    pub(super) fn heard(&self, heard: u64) -> Option<(SlotId, u64)> {
        let at = self
            .log
            .partition_point(|written| written.first <= heard)
            .saturating_sub(1);
        let Some(written) = self.log.get(at) else {
            let on = self.mix.on.and_then(|id| self.slot(id))?;
            return Some((on.id, on.track.place()));
        };
        // What was begun with may not be reached yet.
        let into = heard.saturating_sub(written.first);
        // While one passes into the other, the one that comes is what is on.
        let read = written.reads[1].or(written.reads[0])?;
        if into < read.frames as u64 {
            return Some((read.id, place_after(read.place, into, read.repeat)));
        }
        // Behind the last that was written.
        let slot = self.mix.on.and_then(|id| self.slot(id))?;
        Some((slot.id, slot.track.place()))
    }

    /// Forgets what was heard, and closes what is in nothing that is still to be heard, unless it is `wanted`.
    pub(super) fn forget_before(&mut self, heard: u64, wanted: Option<SlotId>) {
        while self.log.get(1).is_some_and(|written| written.first <= heard) {
            self.log.pop_front();
        }
        let mut used = vec![wanted, self.mix.on, self.mix.fade.map(|fade| fade.to), self.next];
        used.extend(
            self.log
                .iter()
                .flat_map(|written| written.reads.map(|read| read.map(|read| read.id))),
        );
        self.slots.retain(|slot| used.contains(&Some(slot.id)));
    }

    /// Goes back to the first step that begins at or behind `frame`. Returns its first frame; `None`: nothing that was
    /// written is behind.
    pub(super) fn go_back(&mut self, frame: u64) -> Option<u64> {
        let at = self.log.partition_point(|written| written.first < frame);
        let first = self.log.get(at)?.first;
        let undone: Vec<Written> = self.log.drain(at..).collect();
        let was_on = self.mix.on;
        self.mix = undone[0].mix;
        for slot in &mut self.slots {
            let reads = undone.iter().flat_map(|written| written.reads.into_iter().flatten());
            let mut reads = reads.filter(|read| read.id == slot.id).peekable();
            if let Some(first) = reads.peek().copied() {
                slot.track.take_back(reads.map(|read| read.frames).sum(), first.place);
            }
        }
        // What had come by then follows again.
        if self.mix.on != was_on && self.mix.fade.is_none() && self.next.is_none() {
            self.next = was_on;
        }
        Some(first)
    }

    /// Goes back to the step that is heard at `heard`, also where some of it was heard.
    pub(super) fn go_back_to_what_is_heard(&mut self, heard: u64) {
        let behind = self.log.partition_point(|written| written.first <= heard);
        if let Some(first) = self.log.get(behind.saturating_sub(1)).map(|written| written.first) {
            self.go_back(first);
        }
    }

    /// What gives no frames though the next ones are to be from it.
    pub(super) fn waited_for(&self) -> Option<SlotId> {
        let slots = [self.mix.on, self.mix.fade.map(|fade| fade.to)].into_iter().flatten();
        let mut slots = slots.filter_map(|id| self.slot(id));
        let dry = slots.find(|slot| !slot.track.is_whole() && slot.track.ready() == 0 && slot.left() != Some(0));
        let follows = || {
            let next = self.next.and_then(|id| self.slot(id));
            next.filter(|slot| slot.track.known() == Known::Nothing)
        };
        dry.or_else(follows).map(|slot| slot.id)
    }

    /// Plays something else from the next frame on, and forgets what was written.
    pub(super) fn begin_with(&mut self, id: Option<SlotId>) {
        self.mix = Mix { on: id, fade: None };
        self.next = self.next.filter(|next| Some(*next) != id);
        self.log.clear();
    }
}

fn is_ready(slot: &Slot) -> bool {
    matches!(slot.track.known(), Known::Length(_)) && (slot.track.ready() >= STEP || slot.track.is_whole())
}

fn scale(frames: &mut [Frame], gain: f32) {
    // As it is in the file, to the bit, where nothing is asked for.
    if (gain - 1.0).abs() > f32::EPSILON {
        for frame in frames {
            *frame = frame.map(|sample| sample * gain);
        }
    }
}
