//! One deck as the station knows it.

mod following;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use airdesk_dsp::{Decibels, SampleRate};
use airdesk_engine::StripId;
use airdesk_engine::transport::Transport;
use airdesk_sources::deck::{
    Curve, Deck, DeckCommand as Told, DeckNews, DeckState as Playing, DeckStatus, Item, Repeat,
};

use super::look_up::{About, open};
use super::phase;
use super::sounding::Sounding;
use crate::api::{
    DeckItem, DeckPhase, DeckPosition, DeckSettings, DeckState, FadeCurve, ItemId, ItemSettings, LoopPart,
};
use crate::session::{SessionDeck, SessionItem};
use crate::timeline::Timeline;
use crate::tracks::PlayBegun;

/// An item, and what is not for hosts.
pub(super) struct Entry {
    pub(super) item: DeckItem,
    /// By how much its tags say that it should be louder, dB, and its highest sample, linear.
    pub(super) level: (Option<f32>, Option<f32>),
    /// What is wrong with it may have passed by then.
    again: Option<Instant>,
}

impl Entry {
    pub(super) fn of(item: DeckItem) -> Self {
        Self {
            item,
            level: (None, None),
            again: None,
        }
    }

    fn is_sound(&self) -> bool {
        self.item.fault.is_none()
    }

    fn is_worth_a_try(&self, now: Instant) -> bool {
        self.is_sound() || self.again.is_some_and(|again| again <= now)
    }
}

pub(super) struct DeckDesk {
    pub(super) strip: StripId,
    rate: SampleRate,
    /// While its strip is fed by it.
    deck: Option<Deck>,
    pub(super) entries: Vec<Entry>,
    pub(super) settings: DeckSettings,
    /// What the deck was told that follows, and on what.
    lined_up: Option<(Option<ItemId>, Option<ItemId>)>,
    /// Nothing else is lined up before.
    held: Option<Instant>,
    /// What was removed while it was on, and what was behind it.
    gone: Vec<(ItemId, Option<ItemId>)>,
    told: DeckPosition,
    /// What it sounds.
    sounding: Option<Sounding>,
}

impl DeckDesk {
    pub(super) fn new(strip: StripId, rate: SampleRate) -> Self {
        Self {
            strip,
            rate,
            deck: None,
            entries: Vec::new(),
            settings: DeckSettings::default(),
            lined_up: None,
            held: None,
            gone: Vec::new(),
            told: nowhere(strip),
            sounding: None,
        }
    }

    pub(super) fn is_fed(&self) -> bool {
        self.deck.is_some()
    }

    /// Plays through this from now on: from where it was, where the engine before is gone.
    pub(super) fn feed(&mut self, transport: Transport) -> std::io::Result<()> {
        match &self.deck {
            Some(deck) => deck.tell(Told::Through(Box::new(transport))),
            None => self.deck = Some(Deck::start(transport)?),
        }
        self.tell_passing();
        Ok(())
    }

    /// Its strip is fed by something else.
    pub(super) fn rest(&mut self) {
        (self.deck, self.lined_up) = (None, None);
        self.told = nowhere(self.strip);
    }

    /// Takes up what a session has kept, where it has nothing yet. Returns what is to be looked up.
    pub(super) fn take_up(&mut self, kept: &SessionDeck, ids: Range<ItemId>) -> Vec<(ItemId, PathBuf)> {
        if !self.entries.is_empty() || kept.items.is_empty() {
            return self.unseen();
        }
        self.settings = kept.settings;
        self.tell_passing();
        let entry = |(id, kept): (ItemId, &SessionItem)| {
            Entry::of(DeckItem {
                settings: kept.settings,
                ..named(id, &kept.path)
            })
        };
        self.entries = ids.zip(&kept.items).map(entry).collect();
        let on = kept.on.and_then(|on| self.entries.get(on)).map(|entry| entry.item.id);
        if let Some(on) = on {
            self.load(on, false);
        }
        self.unseen()
    }

    /// Items of which nobody has found anything yet.
    fn unseen(&self) -> Vec<(ItemId, PathBuf)> {
        let unseen = |entry: &&Entry| entry.item.seconds.is_none() && entry.item.fault.is_none();
        let found = self.entries.iter().filter(unseen);
        found
            .map(|entry| (entry.item.id, PathBuf::from(&entry.item.path)))
            .collect()
    }

    /// Plays what another deck has played.
    pub(super) fn take_over(&mut self, other: Self) {
        (self.entries, self.settings) = (other.entries, other.settings);
        self.tell_passing();
        self.settle();
    }

    pub(super) fn as_kept(&self) -> SessionDeck {
        let on = self.status().item.map(|item| item as ItemId);
        let item = |entry: &Entry| SessionItem {
            path: entry.item.path.clone(),
            settings: entry.item.settings,
        };
        SessionDeck {
            settings: self.settings,
            on: on.and_then(|on| self.place(on)),
            items: self.entries.iter().map(item).collect(),
        }
    }

    pub(super) fn state(&self) -> DeckState {
        DeckState {
            strip: self.strip,
            items: self.entries.iter().map(|entry| entry.item.clone()).collect(),
            settings: self.settings,
            position: self.position(),
        }
    }

    fn status(&self) -> DeckStatus {
        self.deck.as_ref().map(Deck::status).unwrap_or_default()
    }

    fn position(&self) -> DeckPosition {
        let status = self.status();
        let seconds = |frames: u64| frames as f64 / f64::from(self.rate.hz());
        DeckPosition {
            strip: self.strip,
            phase: phase(status.state),
            item: status.item.map(|item| item as ItemId),
            seconds: (seconds(status.place) * 100.0).round() / 100.0,
            length: status.length.map(seconds),
            follows: status.follows.map(|item| item as ItemId),
            passing: status.passing,
            part: status.repeat.map(|repeat| LoopPart {
                from: seconds(repeat.from),
                to: seconds(repeat.to),
            }),
        }
    }

    /// What hosts know to be on.
    pub(super) fn on(&self) -> Option<ItemId> {
        self.told.item
    }

    /// Where it is, if hosts are to be told: anything but its seconds at once, and those when there are `figures`.
    pub(super) fn moved(&mut self, figures: bool) -> Option<DeckPosition> {
        let now = self.position();
        let same = DeckPosition {
            seconds: self.told.seconds,
            ..now
        };
        let is_news = if same == self.told {
            figures && now != self.told
        } else {
            true
        };
        is_news.then(|| {
            self.told = now;
            now
        })
    }

    pub(super) fn take_news(&self) -> Vec<DeckNews> {
        self.deck.as_ref().map(Deck::take_news).unwrap_or_default()
    }

    /// An item is heard from now on: it is in the history of plays.
    pub(super) fn begin_play(&mut self, item: ItemId, strip: String, timeline: &mut Timeline) {
        self.end_play(timeline);
        let Some(entry) = self.place(item).and_then(|place| self.entries.get(place)) else {
            return;
        };
        let play = PlayBegun {
            path: entry.item.path.clone(),
            strip,
            title: entry.item.title.clone(),
            artist: entry.item.artist.clone(),
        };
        let serial = timeline.begin_play(play);
        self.sounding = Some(Sounding::begin(item, serial, &self.status()));
    }

    /// Notes how much was heard of it.
    pub(super) fn follow_play(&mut self, timeline: &Timeline) {
        let (status, rate) = (self.status(), f64::from(self.rate.hz()));
        if let Some(sounding) = &mut self.sounding {
            sounding.follow(&status, rate);
            if let Some(seconds) = sounding.growth() {
                timeline.heard(sounding.serial, seconds);
            }
        }
    }

    /// What was heard is heard no more.
    pub(super) fn end_play(&mut self, timeline: &Timeline) {
        if let Some(mut sounding) = self.sounding.take() {
            sounding.end(f64::from(self.rate.hz()));
            timeline.heard(sounding.serial, sounding.seconds);
        }
    }

    pub(super) fn tell(&self, command: Told) {
        if let Some(deck) = &self.deck {
            deck.tell(command);
        }
    }

    pub(super) fn tell_passing(&self) {
        let frames = f64::from(self.settings.crossfade) * f64::from(self.rate.hz());
        let curve = match self.settings.curve {
            FadeCurve::EqualPower => Curve::EqualPower,
            FadeCurve::EqualGain => Curve::EqualGain,
        };
        self.tell(Told::Passing(frames as u64, curve));
    }

    pub(super) fn place(&self, item: ItemId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.item.id == item)
    }

    /// The title that an item stands for, where this deck's are told.
    pub(super) fn title(&self, item: ItemId) -> Option<(String, String)> {
        let item = &self.entries.get(self.place(item)?)?.item;
        self.settings.titles.then(|| (item.title.clone(), item.artist.clone()))
    }

    /// Puts an item on.
    pub(super) fn load(&mut self, item: ItemId, play: bool) {
        if let Some(item) = self.item(item) {
            self.lined_up = None;
            self.tell(Told::Load(item, play));
        }
    }

    /// Plays what is on, or else the first item. False: there is none.
    pub(super) fn play(&mut self) -> bool {
        let status = self.status();
        match status.state {
            Playing::Empty | Playing::Ended => {
                // What has come behind what has ended, or else from the beginning.
                let now = Instant::now();
                let on = status.item.map(|item| item as ItemId);
                let behind = on.and_then(|on| self.behind(on, |entry| entry.is_worth_a_try(now)));
                let first = behind.or_else(|| self.first());
                first.into_iter().for_each(|first| self.load(first, true));
                first.is_some()
            }
            Playing::Loading | Playing::Paused | Playing::Playing => {
                self.tell(Told::Play);
                true
            }
        }
    }

    pub(super) fn is_playing(&self) -> bool {
        self.status().state == Playing::Playing
    }

    pub(super) fn does(&self) -> Playing {
        self.status().state
    }

    /// The item that plays when nothing is on. Where none could be played when it was looked up, the first is tried again:
    /// its disk may be there by now.
    fn first(&self) -> Option<ItemId> {
        let playable = self.entries.iter().find(|entry| entry.item.fault.is_none());
        playable.or(self.entries.first()).map(|entry| entry.item.id)
    }

    /// An item is heard: whatever was wrong with it is not any more. True: something was.
    pub(super) fn began(&mut self, item: ItemId) -> bool {
        let entry = self.place(item).and_then(|place| self.entries.get_mut(place));
        entry.is_some_and(|entry| {
            entry.again = None;
            entry.item.fault.take().is_some()
        })
    }

    /// What is on, and what follows, are as they are set now.
    pub(super) fn settle(&mut self) {
        self.lined_up = None;
        let on = self.status().item.and_then(|item| self.place(item as ItemId));
        if let Some(entry) = on.and_then(|on| self.entries.get(on)) {
            self.tell(Told::StopBehind(entry.item.id.into(), self.stops(entry.item.settings)));
        }
    }

    fn stops(&self, settings: ItemSettings) -> bool {
        settings.stops || !self.settings.advance
    }

    fn item(&self, id: ItemId) -> Option<Box<Item>> {
        let entry = self.entries.get(self.place(id)?)?;
        let settings = entry.item.settings;
        let frames = |seconds: f64| (seconds * f64::from(self.rate.hz())).round() as u64;
        Some(Box::new(Item {
            id: id.into(),
            open: open(&entry.item.path, self.rate),
            gain: Decibels::new(self.gain(entry)).unwrap_or(Decibels::UNITY),
            cue_in: frames(settings.cue_in),
            cue_out: settings.cue_out.map(frames),
            stops: self.stops(settings),
        }))
    }

    /// How much louder than in its file an item is played, dB: never so that it would clip where its peak is known.
    fn gain(&self, entry: &Entry) -> f32 {
        let (level, peak) = entry.level;
        let levelled = level.filter(|_| self.settings.levelling).unwrap_or(0.0);
        let room = peak
            .filter(|peak| *peak > 0.0)
            .map_or(f32::INFINITY, |peak| -20.0 * peak.log10());
        levelled.min(room.max(0.0)) + entry.item.settings.gain
    }

    /// The part of what is on, in frames.
    pub(super) fn repeat(&self, part: LoopPart) -> Repeat {
        let frames = |seconds: f64| (seconds * f64::from(self.rate.hz())).round() as u64;
        Repeat {
            from: frames(part.from),
            to: frames(part.to),
        }
    }

    pub(super) fn frames(&self, seconds: f64) -> u64 {
        (seconds * f64::from(self.rate.hz())).round() as u64
    }

    /// What a file says about itself.
    pub(super) fn found(&mut self, item: ItemId, about: &About) {
        let tags = &about.tags;
        let Some(entry) = self.place(item).and_then(|place| self.entries.get_mut(place)) else {
            return;
        };
        entry.item.seconds = about.seconds;
        entry.item.cover = about.cover;
        (entry.item.fault, entry.again) = (None, None);
        if let Some(title) = &tags.title {
            entry.item.title.clone_from(title);
            entry.item.artist = tags.artist.clone().unwrap_or_default();
        }
        let gain = &tags.replay_gain;
        entry.level = (gain.track_db.or(gain.album_db), gain.track_peak.or(gain.album_peak));
    }
}

/// An item of which nothing is known but its path.
pub(super) fn named(id: ItemId, path: &str) -> DeckItem {
    let title = Path::new(path)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    DeckItem {
        id,
        path: path.into(),
        title,
        artist: String::new(),
        seconds: None,
        cover: false,
        fault: None,
        settings: ItemSettings::default(),
    }
}

/// A deck with nothing on.
fn nowhere(strip: StripId) -> DeckPosition {
    DeckPosition {
        strip,
        phase: DeckPhase::Empty,
        item: None,
        seconds: 0.0,
        length: None,
        follows: None,
        passing: false,
        part: None,
    }
}
