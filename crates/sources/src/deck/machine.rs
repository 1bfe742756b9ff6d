//! What a deck does, without its thread: it obeys, and looks after what is written, a hundred times a second.

mod telling;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use airdesk_engine::transport::{Order, Transport};

use super::score::{Passing, STEP, Score, Slot, SlotId, Step};
use super::track::{KEPT, Known, Repeat, Track};
use super::{DeckCommand, DeckNews, Fault, Item};

/// Frames that are written ahead of what is heard: a quarter of a second, longer than a busy machine keeps a thread.
pub(super) const LEAD: u64 = 12_000;
/// What is about to be heard is not changed any more, frames: an order takes a turn of the engine to arrive.
const SETTLED: u64 = 1_536;
/// Frames of another sound that are there before it is jumped to.
const PREPARED: usize = 4 * STEP;
/// How long what is needed now is waited for: longer than a disk's hiccup. What was asked for while another plays has
/// twice as long.
const PATIENCE: Duration = Duration::from_secs(5);
/// The room that a deck's transport needs, frames: what is written ahead, and once more while it changes its mind.
pub const ROOM: usize = 32_768;

const _: () = assert!(LEAD as usize * 2 + STEP <= ROOM && LEAD as usize + STEP <= KEPT);

/// Another sound that is to be heard instead, as soon as it is there.
struct Switch {
    to: SlotId,
    play: bool,
}

pub(super) struct Machine {
    transport: Transport,
    score: Score,
    switch: Option<Switch>,
    /// It is to play.
    playing: bool,
    /// Where the engine was told to go on: what was written before is not ahead of it.
    begins: u64,
    /// The frame before which the sound ends.
    end: Option<u64>,
    /// The frame at which it goes on elsewhere, and where, as the engine was told last.
    splice: Option<(u64, u64)>,
    slots: SlotId,
    /// Orders that found no room.
    orders: VecDeque<Order>,
    /// The item that was heard at the last look.
    heard: Option<(SlotId, u64)>,
    /// The caller has not said yet what follows what is on.
    owed: bool,
    /// It played to an end before that was said: what is said then is played.
    ran_out: bool,
    /// What is waited for, and since when.
    late: Option<(SlotId, Instant)>,
    patience: Duration,
    pub(super) news: Vec<DeckNews>,
}

impl Machine {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            score: Score::default(),
            switch: None,
            playing: false,
            begins: 0,
            end: None,
            splice: None,
            slots: 0,
            orders: VecDeque::new(),
            heard: None,
            owed: false,
            ran_out: false,
            late: None,
            patience: PATIENCE,
            news: Vec::new(),
        }
    }

    pub(super) fn obey(&mut self, command: DeckCommand) {
        match command {
            DeckCommand::Load(item, play) => {
                if let Some(id) = self.open(*item) {
                    (self.score.next, self.owed) = (None, true);
                    self.switch = Some(Switch { to: id, play });
                }
            }
            DeckCommand::LineUp(item) => self.line_up(item.map(|item| *item)),
            DeckCommand::Play => match &mut self.switch {
                Some(switch) => switch.play = true,
                None => self.play(),
            },
            DeckCommand::Pause => match &mut self.switch {
                Some(switch) => {
                    switch.play = false;
                    self.pause();
                }
                None => self.pause(),
            },
            DeckCommand::Seek(frame) => self.seek(frame),
            DeckCommand::Repeat(repeat) => self.repeat(repeat),
            DeckCommand::Next => self.next(),
            DeckCommand::Passing(length, curve) => self.score.passing = Passing { length, curve },
            DeckCommand::StopBehind(item, stops) => {
                self.score.stop_behind(item, stops);
                self.go_on_behind_the_end();
            }
            DeckCommand::Eject => {
                self.pause();
                (self.score.next, self.owed) = (None, false);
                self.begin(None);
            }
            DeckCommand::Through(transport) => self.go_through(*transport),
        }
    }

    fn line_up(&mut self, item: Option<Item>) {
        let wanted = item.is_some();
        self.score.next = item.and_then(|item| self.open(item));
        self.owed = wanted && self.score.next.is_none();
        self.go_on_behind_the_end();
        if !wanted {
            self.ran_out = false;
        } else if let Some(next) = self.score.next.take_if(|_| self.ran_out && self.switch.is_none()) {
            self.switch = Some(Switch { to: next, play: true });
            self.owed = true;
        }
    }

    /// Opens an item. `None`: it cannot be, and that was told.
    fn open(&mut self, item: Item) -> Option<SlotId> {
        let track = match Track::begin(item.open, item.cue_in) {
            Ok(track) => track,
            Err(error) => {
                let reason = format!("the system has no thread left for it: {error}; end other programs");
                self.news.push(DeckNews::Broke(item.id, Fault::passing(reason)));
                return None;
            }
        };
        self.slots += 1;
        self.score.add(Slot {
            id: self.slots,
            item: item.id,
            track,
            gain: item.gain.gain().linear(),
            cue_out: item.cue_out,
            stops: item.stops,
        });
        Some(self.slots)
    }

    fn play(&mut self) {
        if self.score.mix.on.is_none() {
            return;
        }
        self.playing = true;
        self.order(Order::Play);
    }

    fn pause(&mut self) {
        (self.playing, self.ran_out) = (false, false);
        self.order(Order::Pause);
    }

    fn seek(&mut self, frame: u64) {
        let Some((id, _)) = self.on_now() else { return };
        self.go_back_to_what_is_heard();
        let Some(slot) = self.score.slot_mut(id) else { return };
        let last = slot.length().map_or(u64::MAX, |length| length.saturating_sub(1));
        let repeat = slot.track.repeat();
        slot.track.locate(frame.min(last), repeat);
        let play = self.switch.as_ref().map_or(self.playing, |switch| switch.play);
        self.switch = Some(Switch { to: id, play });
    }

    fn repeat(&mut self, repeat: Option<Repeat>) {
        let Some((id, heard)) = self.on_now() else { return };
        let Some(slot) = self.score.slot_mut(id) else { return };
        let length = slot.length().unwrap_or(u64::MAX);
        let repeat = repeat.map(|Repeat { from, to }| Repeat {
            from,
            to: to.min(length),
        });
        if repeat.is_some_and(|repeat| repeat.from >= repeat.to) {
            return;
        }
        let place = slot.track.place();
        // What is written already is behind the part's end: back into it.
        let Some(part) = repeat.filter(|repeat| heard < repeat.to && place >= repeat.to) else {
            slot.track.locate(place, repeat);
            return;
        };
        self.go_back_to_what_is_heard();
        let play = self.switch.as_ref().map_or(self.playing, |switch| switch.play);
        if let Some(slot) = self.score.slot_mut(id) {
            slot.track.locate(heard.max(part.from), repeat);
            self.switch = Some(Switch { to: id, play });
        }
    }

    fn next(&mut self) {
        if let Some(switch) = &self.switch {
            // What was to come in its place does not: it is not there yet.
            let opened = |slot: &Slot| slot.track.known() != Known::Nothing;
            if self.score.mix.on.is_some() && !self.score.slot(switch.to).is_some_and(opened) {
                self.switch = None;
            }
            return;
        }
        if !self.playing {
            // Nothing to pass from: it is put on.
            if let Some(next) = self.score.next.take() {
                self.switch = Some(Switch { to: next, play: false });
                self.owed = true;
            }
            return;
        }
        let written = self.transport.written();
        let settled = self.transport.heard() + SETTLED;
        if let Some(first) = self.score.go_back(settled) {
            // A splice that was not reached yet leads to where this one begins.
            let from = match self.splice {
                Some((from, to)) if to == first && self.transport.heard() < from => from,
                _ => first,
            };
            self.splice = Some((from, written));
            self.begins = written;
            self.withdraw_end();
            self.order(Order::Splice { from, to: written });
        }
        self.score.pass_now();
    }

    /// Something else from the next frame on; nothing is left of what was written.
    fn begin(&mut self, id: Option<SlotId>) {
        if let Some((_, item)) = self.heard.take_if(|(heard, _)| Some(*heard) != id) {
            self.news.push(DeckNews::Ended(item));
        }
        self.score.begin_with(id);
        (self.switch, self.end, self.splice, self.ran_out) = (None, None, None, false);
        self.begins = self.transport.written();
        self.order(Order::JumpTo(self.begins));
    }

    /// What is being written is what is heard again, and what follows that follows: it will be moved.
    fn go_back_to_what_is_heard(&mut self) {
        if self.switch.is_none() {
            self.score.go_back_to_what_is_heard(self.transport.heard());
        }
    }

    fn go_through(&mut self, transport: Transport) {
        // Where it is being moved to, or else where it is.
        let moves = self
            .switch
            .as_ref()
            .filter(|switch| self.score.mix.on == Some(switch.to));
        let on = if moves.is_some() {
            self.on_now()
        } else {
            self.score.heard(self.transport.heard())
        };
        self.go_back_to_what_is_heard();
        self.transport = transport;
        (self.end, self.splice, self.begins) = (None, None, 0);
        self.orders.clear();
        self.score.begin_with(on.map(|(id, _)| id).or(self.score.mix.on));
        if let Some((id, place)) = on
            && let Some(slot) = self.score.slot_mut(id)
        {
            let repeat = slot.track.repeat();
            slot.track.locate(place, repeat);
            match &self.switch {
                // What comes in its place still does; until then it plays on.
                Some(switch) if switch.to != id => {
                    if self.playing {
                        self.order(Order::Play);
                    }
                }
                pending => {
                    let play = pending.as_ref().map_or(self.playing, |switch| switch.play);
                    self.switch = Some(Switch { to: id, play });
                }
            }
        }
    }

    /// What is heard, or would be, and where in its file.
    fn on_now(&self) -> Option<(SlotId, u64)> {
        match &self.switch {
            Some(switch) => Some((switch.to, self.score.slot(switch.to)?.track.place())),
            None => self.score.heard(self.transport.heard()),
        }
    }

    /// Something follows after all, and the end was not heard yet.
    fn go_on_behind_the_end(&mut self) {
        if self.end.is_some_and(|end| self.transport.heard() < end) {
            self.withdraw_end();
        }
    }

    fn withdraw_end(&mut self) {
        if self.end.take().is_some() {
            self.order(Order::PlayOn);
            // The engine may have come to the end by then.
            if self.playing {
                self.order(Order::Play);
            }
        }
    }

    /// Nothing moves, and nothing is waited for.
    pub(super) fn is_at_rest(&self) -> bool {
        let next = self.score.next.and_then(|id| self.score.slot(id));
        let opens = next.is_some_and(|slot| slot.track.known() == Known::Nothing);
        !self.playing && self.switch.is_none() && self.orders.is_empty() && !opens
    }

    pub(super) fn look(&mut self) {
        self.send_orders();
        self.tell_what_is_heard();
        let wanted = self.switch.as_ref().map(|switch| switch.to);
        self.score.forget_before(self.transport.heard(), wanted);
        self.drop_what_broke();
        self.follow_switch();
        let starves = self.write();
        self.wait_no_longer_than_it_may(starves);
        self.send_orders();
    }

    /// Gives up a file that is needed and does not come: what follows is played, and nothing waits for ever.
    fn wait_no_longer_than_it_may(&mut self, starves: bool) {
        let (waited_for, patience) = match &self.switch {
            Some(switch) => (Some(switch.to), self.patience * 2),
            None if starves && self.playing => (self.score.waited_for(), self.patience),
            None => (None, self.patience),
        };
        let since = self
            .late
            .filter(|(id, _)| Some(*id) == waited_for)
            .map(|(_, since)| since);
        self.late = waited_for.map(|id| (id, since.unwrap_or_else(Instant::now)));
        if let Some((id, since)) = self.late.take_if(|(_, since)| since.elapsed() >= patience)
            && let Some(slot) = self.score.slot_mut(id)
        {
            let waited = since.elapsed().as_secs();
            let reason = format!("its file gives nothing for {waited} s; look after the disk or the network it is on");
            slot.track.give_up(Fault::passing(reason));
        }
    }

    /// What follows and cannot be played does not follow.
    fn drop_what_broke(&mut self) {
        let next = self.score.next.and_then(|id| self.score.slot(id));
        if let Some(slot) = next
            && let Known::Broken(reason) = slot.track.known()
        {
            let news = DeckNews::Broke(slot.item, reason);
            self.news.push(news);
            (self.score.next, self.owed) = (None, true);
        }
    }

    /// Goes over to another sound once it is there.
    fn follow_switch(&mut self) {
        let Some(Switch { to, play }) = self.switch else { return };
        let Some(slot) = self.score.slot(to) else {
            self.switch = None;
            return;
        };
        match slot.track.known() {
            Known::Nothing => {}
            Known::Broken(reason) => {
                self.news.push(DeckNews::Broke(slot.item, reason));
                (self.switch, self.owed) = (None, true);
                if self.score.mix.on == Some(to) {
                    self.begin(None);
                    self.playing = false;
                }
            }
            Known::Length(_) if slot.track.ready() >= PREPARED || slot.track.is_whole() => {
                // Before it jumps: nothing of what waits is heard.
                if !play {
                    self.pause();
                }
                self.begin(Some(to));
                // Before the order is sent, what it jumps to is there.
                self.write();
                if play {
                    self.play();
                }
            }
            Known::Length(_) => {}
        }
    }

    /// Writes ahead as far as it may. True: what is needed for that is not there.
    fn write(&mut self) -> bool {
        // It is being moved: what it has read there does not follow what was written.
        if self
            .switch
            .as_ref()
            .is_some_and(|switch| self.score.mix.on == Some(switch.to))
        {
            return false;
        }
        let mut step = [[0.0; 2]; STEP];
        while self.end.is_none()
            && self.transport.written() < self.transport.heard().max(self.begins) + LEAD
            && self.transport.room() >= STEP
        {
            let on = self.score.mix.on;
            let wrote = self.score.write(self.transport.written(), &mut step);
            self.owed |= self.score.mix.on != on;
            match wrote {
                Step::Frames(count) => self.transport.write(&step[..count]),
                Step::Waits => return true,
                Step::Ends => {
                    self.end_here();
                    return false;
                }
            }
        }
        false
    }

    /// The sound ends with what was written last.
    fn end_here(&mut self) {
        if self.score.mix.on.is_some() && self.end.is_none() {
            let end = self.transport.written();
            self.end = Some(end);
            self.order(Order::PauseAt(end));
        }
    }

    fn order(&mut self, order: Order) {
        self.orders.push_back(order);
    }

    fn send_orders(&mut self) {
        while let Some(order) = self.orders.front() {
            if self.transport.order(*order).is_err() {
                return; // the engine will go on, or another takes over
            }
            self.orders.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
