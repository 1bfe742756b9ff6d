//! What no command could have set: found, with its place in the file.

use airdesk_dsp::range::OutOfRange;
use airdesk_dsp::{Decibels, SampleRate};
use airdesk_engine::{MAX_STRIPS, VCA_GROUPS};

use super::{Session, SessionBank, SessionBus, SessionCarts, SessionDeck, SessionStrip};
use crate::api::{BusName, CommandError, DuckerSettings, LimiterSettings, PADS, StripSource};
use crate::obey::checked_name;
use crate::scenes::{SCENES_MAX, checked_scene_name};
use crate::{announcer, black_box, broadcast, carts, decks, hls, listening, range, recording, title_file};

/// A value that cannot be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// Where it is, from the outside in.
    pub(super) at: Vec<Step>,
    /// What is wrong with it.
    pub(super) reason: String,
}

/// One step on the way to a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Key(String),
    Place(usize),
    /// In a list of sends the one to this bus.
    Send(BusName),
}

impl Fault {
    fn at(key: &str, reason: impl Into<String>) -> Self {
        Self {
            at: vec![Step::Key(key.into())],
            reason: reason.into(),
        }
    }

    /// The same inside of something, said after its name.
    fn inside(mut self, list: &str, place: usize, name: &str) -> Self {
        self.at.splice(0..0, [Step::Key(list.into()), Step::Place(place)]);
        self.reason = format!("{name}: {}", self.reason);
        self
    }
}

/// Checks every value of a session.
pub(super) fn check(session: &Session, rate: SampleRate) -> Result<(), Fault> {
    let console = Console {
        limiter: &session.limiter,
        talkover: &session.talkover,
        vcas: &session.vcas,
        buses: &session.buses,
        strips: &session.strips,
    };
    console.check()?;
    no_more_than(session.scenes.len(), SCENES_MAX, "scenes")?;
    for (place, scene) in session.scenes.iter().enumerate() {
        let name =
            value("name", checked_scene_name(&scene.name)).map_err(|fault| fault.inside("scenes", place, "scene"))?;
        let console = Console {
            limiter: &scene.limiter,
            talkover: &scene.talkover,
            vcas: &scene.vcas,
            buses: &scene.buses,
            strips: &scene.strips,
        };
        console
            .check()
            .map_err(|fault| fault.inside("scenes", place, &format!("scene {name}")))?;
    }
    for (place, recorder) in session.recorders.iter().enumerate() {
        recording::check(recorder).map_err(|error| Fault {
            at: vec![Step::Key("recorders".into()), Step::Place(place)],
            reason: format!("recorder {}: {}", recorder.name, error.message),
        })?;
    }
    for (place, target) in session.targets.iter().enumerate() {
        broadcast::check(target, rate).map_err(|error| Fault {
            at: vec![Step::Key("targets".into()), Step::Place(place)],
            reason: format!("target {}: {}", target.called(), error.message),
        })?;
    }
    settings("airDelay", session.air_delay.check())?;
    value("blackBox", black_box::check(&session.black_box))?;
    value("mounts", listening::check(&session.mounts, rate))?;
    value("hls", hls::check(&session.hls, rate))?;
    if let Some(settings) = &session.announcer {
        value("announcer", announcer::check(settings.clone()).map(drop))?;
    }
    value("titleFile", title_file::check(&session.title_file.path))?;
    session
        .dead_air
        .check(session.strips.len())
        .map_err(|reason| Fault::at("deadAir", reason))?;
    for (place, automation) in session.automation.iter().enumerate() {
        automation.check().map_err(|reason| Fault {
            at: vec![Step::Key("automation".into()), Step::Place(place)],
            reason: format!("automation {}: {reason}", place + 1),
        })?;
    }
    Ok(())
}

/// What sessions and scenes have in common.
struct Console<'a> {
    limiter: &'a LimiterSettings,
    talkover: &'a DuckerSettings,
    vcas: &'a [Decibels],
    buses: &'a [SessionBus],
    strips: &'a [SessionStrip],
}

impl Console<'_> {
    fn check(&self) -> Result<(), Fault> {
        settings("limiter", self.limiter.check())?;
        settings("talkover", self.talkover.check())?;
        no_more_than(self.vcas.len(), VCA_GROUPS, "VCA groups")?;
        for level in self.vcas {
            value("vcas", range::fader("VCA fader", Some(level.db())))?;
        }
        no_more_than(self.strips.len(), MAX_STRIPS, "strips")?;
        for (place, bus) in self.buses.iter().enumerate() {
            self.check_bus(bus)
                .map_err(|fault| fault.inside("buses", place, &format!("bus {}", bus.bus.word())))?;
        }
        for (place, strip) in self.strips.iter().enumerate() {
            check_strip(strip).map_err(|fault| fault.inside("strips", place, &format!("strip {}", strip.name)))?;
        }
        Ok(())
    }

    fn check_bus(&self, bus: &SessionBus) -> Result<(), Fault> {
        value("fader", range::fader("fader", Some(bus.fader.db())))?;
        settings("compressor", bus.compressor.check())?;
        if self.buses.iter().filter(|other| other.bus == bus.bus).count() > 1 {
            return Err(Fault::at("bus", "it is there twice; take one out"));
        }
        let Some(place) = bus.without else { return Ok(()) };
        value("without", range::aux(bus.bus))?;
        if (1..=self.strips.len()).contains(&place) {
            return Ok(());
        }
        let strips = self.strips.len();
        Err(Fault::at(
            "without",
            format!("there is no strip {place} to leave out; the places are 1 to {strips}"),
        ))
    }
}

fn check_strip(strip: &SessionStrip) -> Result<(), Fault> {
    value("name", checked_name(&strip.name))?;
    value("source", range::source(&strip.source)).map_err(|mut fault| {
        // What of a source can be out of its range.
        if let StripSource::Device { .. } = &strip.source {
            fault.at.push(Step::Key("buffer".into()));
        }
        fault
    })?;
    if let Some(carts) = &strip.carts {
        check_carts(carts).map_err(|mut fault| {
            fault.at.insert(0, Step::Key("carts".into()));
            fault
        })?;
    }
    if let Some(deck) = &strip.deck {
        check_deck(deck).map_err(|mut fault| {
            fault.at.insert(0, Step::Key("deck".into()));
            fault
        })?;
    }
    let controls = &strip.controls;
    value("trim", range::trim(controls.trim.db()))?;
    settings("delayMs", controls.delay.check())?;
    settings("gate", controls.chain.gate.check())?;
    settings("compressor", controls.chain.compressor.check())?;
    settings("deEsser", controls.chain.de_esser.check())?;
    value("fader", range::fader("fader", Some(controls.fader.db())))?;
    for (to, send) in BusName::ALL.into_iter().skip(2).zip(&controls.sends) {
        value("sends", range::fader("send", Some(send.level.db()))).map_err(|mut fault| {
            fault.at.push(Step::Send(to));
            fault
        })?;
    }
    value("vca", controls.vca.map(range::vca).transpose()).map(drop)
}

fn check_deck(deck: &SessionDeck) -> Result<(), Fault> {
    no_more_than(deck.items.len(), decks::ITEMS_MAX, "items of a playlist")?;
    value("settings", decks::deck_settings(deck.settings))?;
    for (place, item) in deck.items.iter().enumerate() {
        let inside = |fault: Fault| fault.inside("items", place, &format!("item {}", item.path));
        value("path", decks::item_path(&item.path)).map_err(inside)?;
        value("settings", decks::item_settings(item.settings)).map_err(inside)?;
    }
    Ok(())
}

fn check_carts(carts: &SessionCarts) -> Result<(), Fault> {
    no_more_than(carts.banks.len(), carts::BANKS_MAX, "banks of carts")?;
    let mut keys = Vec::new();
    for (place, bank) in carts.banks.iter().enumerate() {
        check_bank(bank, &mut keys).map_err(|fault| fault.inside("banks", place, &format!("bank {}", bank.name)))?;
    }
    Ok(())
}

/// Checks a bank of pads, of a wall whose pads before it have these keys.
fn check_bank(bank: &SessionBank, keys: &mut Vec<String>) -> Result<(), Fault> {
    value("name", carts::bank_name(&bank.name))?;
    for (place, pad) in bank.pads.iter().enumerate() {
        let inside = |fault: Fault| fault.inside("pads", place, &format!("pad {}", pad.pad));
        let others = bank.pads.iter().take(place);
        if !(1..=PADS).contains(&pad.pad.into()) || others.into_iter().any(|other| other.pad == pad.pad) {
            let reason = format!("it is there twice, or none of 1 to {PADS}");
            return Err(inside(Fault::at("pad", reason)));
        }
        let checked = value("settings", carts::pad_settings(pad.settings.clone())).map_err(inside)?;
        let Some(key) = checked.hotkey else { continue };
        if keys.contains(&key) {
            let reason = format!("the key {key} is there twice; take one out");
            return Err(inside(Fault::at("settings", reason)));
        }
        keys.push(key);
    }
    Ok(())
}

fn value<T>(key: &str, checked: Result<T, CommandError>) -> Result<T, Fault> {
    checked.map_err(|error| Fault::at(key, error.message))
}

fn settings(key: &str, checked: Result<(), OutOfRange>) -> Result<(), Fault> {
    checked.map_err(|refused| Fault::at(key, refused.to_string()))
}

/// Too many of something are no value that could be left out: nobody knows which.
fn no_more_than(count: usize, most: usize, what: &str) -> Result<(), Fault> {
    if count <= most {
        return Ok(());
    }
    Err(Fault {
        at: Vec::new(),
        reason: format!("it has {count} {what}; {most} are the most"),
    })
}
