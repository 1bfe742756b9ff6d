//! Automation: what a session changes by itself, and when. Played by a rendering; a running desk, which has hands
//! on its controls, keeps the list and does not play it.

use airdesk_dsp::Decibels;
use serde::{Deserialize, Serialize};

use crate::api::{BusName, CommandError};
use crate::control::Control;
use crate::range;
use crate::session::SessionStrip;

/// One change at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Automation {
    /// When, seconds from the beginning. The block that begins then, or next after it, is the first that is changed.
    pub at: f64,
    /// What is done.
    pub command: AutomationCommand,
}

/// The commands of [`crate::api::AudioCommand`] that a rendering obeys. A strip has a place or a name here, because
/// ids are given out anew whenever a session is opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum AutomationCommand {
    /// Input trim.
    SetTrim {
        /// Which strip.
        strip: StripChoice,
        /// The level, dB.
        level: Decibels,
    },
    /// Fader.
    SetFader {
        /// Which strip.
        strip: StripChoice,
        /// The level, dB; `-inf` is off.
        level: Decibels,
    },
    /// Pan.
    SetPan {
        /// Which strip.
        strip: StripChoice,
        /// The position, -1 left to +1 right.
        pan: f32,
    },
    /// Mute.
    SetMute {
        /// Which strip.
        strip: StripChoice,
        /// Muted or not.
        on: bool,
    },
    /// Solo in place.
    SetSolo {
        /// Which strip.
        strip: StripChoice,
        /// Soloed or not.
        on: bool,
    },
    /// Stay in the programme whatever is soloed.
    SetSoloSafe {
        /// Which strip.
        strip: StripChoice,
        /// Safe or not.
        on: bool,
    },
    /// A bus's fader. Only the programme is rendered.
    SetBusFader {
        /// Which bus.
        bus: BusName,
        /// The level, dB; `-inf` is off.
        level: Decibels,
    },
}

/// A strip as somebody who writes a session names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a strip is its place from the left (1, 2, 3...) or its name")]
pub enum StripChoice {
    /// Its place, counted from 1 at the left.
    Place(usize),
    /// Its name.
    Name(String),
}

/// A change of which all is known to be possible.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// Of the strip at this index.
    Strip(usize, Control),
    /// Of the programme's fader.
    Programme(Decibels),
}

impl Automation {
    /// Finds a value that no control can take.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(self.at.is_finite() && self.at >= 0.0) {
            return Err(format!("at is {:?}; it is in seconds from the beginning", self.at));
        }
        self.command.moved().map(|_| ()).map_err(|error| error.message)
    }

    /// The same for a desk of these strips.
    ///
    /// # Errors
    /// When there is no such strip, or no such control in a rendering, in words.
    pub(crate) fn change(&self, strips: &[SessionStrip]) -> Result<Change, String> {
        self.check()?;
        match self.command.moved().map_err(|error| error.message)? {
            Moved::Strip(strip, control) => Ok(Change::Strip(strip.index(strips)?, control)),
            Moved::Bus(BusName::Programme, level) => Ok(Change::Programme(level)),
            Moved::Bus(bus, _) => Err(format!(
                "the {} bus is not heard in a rendering; take this out",
                bus.word()
            )),
        }
    }
}

/// What a command moves.
enum Moved<'a> {
    Strip(&'a StripChoice, Control),
    Bus(BusName, Decibels),
}

impl AutomationCommand {
    /// What it moves, and where to.
    fn moved(&self) -> Result<Moved<'_>, CommandError> {
        let (strip, control) = match self {
            Self::SetTrim { strip, level } => (strip, Control::Trim(range::trim(level.db())?)),
            Self::SetFader { strip, level } => (strip, Control::Fader(range::fader("fader", Some(level.db()))?)),
            Self::SetPan { strip, pan } => (strip, Control::Pan(range::pan(*pan)?)),
            Self::SetMute { strip, on } => (strip, Control::Mute(*on)),
            Self::SetSolo { strip, on } => (strip, Control::Solo(*on)),
            Self::SetSoloSafe { strip, on } => (strip, Control::SoloSafe(*on)),
            Self::SetBusFader { bus, level } => {
                return range::fader("bus fader", Some(level.db())).map(|level| Moved::Bus(*bus, level));
            }
        };
        Ok(Moved::Strip(strip, control))
    }
}

impl StripChoice {
    /// Where the strip is among these.
    fn index(&self, strips: &[SessionStrip]) -> Result<usize, String> {
        match self {
            Self::Place(place) => place
                .checked_sub(1)
                .filter(|index| *index < strips.len())
                .ok_or_else(|| format!("there is no strip {place}; the places are 1 to {}", strips.len())),
            Self::Name(name) => {
                let mut found = (0..strips.len()).filter(|index| strips[*index].name == *name);
                match (found.next(), found.next()) {
                    (Some(index), None) => Ok(index),
                    (None, _) => Err(format!("there is no strip {name:?}")),
                    (Some(one), Some(other)) => Err(format!(
                        "two strips are called {name:?}; give its place instead, {} or {}",
                        one + 1,
                        other + 1
                    )),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::StripSource;

    fn read(text: &str) -> Result<Automation, toml::de::Error> {
        toml::from_str(text)
    }

    fn change(text: &str) -> Result<Change, String> {
        let strips = ["Voice", "Music", "Voice"].map(|name| SessionStrip::new(name, StripSource::Silent));
        read(text).map_err(|error| error.to_string())?.change(&strips)
    }

    #[test]
    fn a_strip_is_named_by_its_place_or_by_its_name() {
        let level = Decibels::new(-6.0).expect("a level");
        let moved = Ok(Change::Strip(1, Control::Fader(level)));
        for strip in ["2", "\"Music\""] {
            let text = format!("at = 1.5\ncommand = {{ type = \"setFader\", strip = {strip}, level = -6 }}");
            assert_eq!(change(&text), moved);
        }
    }

    #[test]
    fn off_is_a_place_of_a_fader() {
        assert_eq!(
            change("at = 0\ncommand = { type = \"setFader\", strip = 1, level = -inf }"),
            Ok(Change::Strip(0, Control::Fader(Decibels::SILENCE)))
        );
        assert_eq!(
            change("at = 0\ncommand = { type = \"setBusFader\", bus = \"programme\", level = -inf }"),
            Ok(Change::Programme(Decibels::SILENCE))
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_what_is_wrong() {
        for (text, said) in [
            (
                "at = -1\ncommand = { type = \"setMute\", strip = 1, on = true }",
                "seconds from the beginning",
            ),
            (
                "at = nan\ncommand = { type = \"setMute\", strip = 1, on = true }",
                "seconds from the beginning",
            ),
            (
                "at = 1\ncommand = { type = \"setFader\", strip = 1, level = 11 }",
                "-90 to +10",
            ),
            (
                "at = 1\ncommand = { type = \"setTrim\", strip = 1, level = -21 }",
                "-20 to +40",
            ),
            (
                "at = 1\ncommand = { type = \"setPan\", strip = 1, pan = 1.5 }",
                "pan is 1.5",
            ),
            (
                "at = 1\ncommand = { type = \"setMute\", strip = 0, on = true }",
                "places are 1 to 3",
            ),
            (
                "at = 1\ncommand = { type = \"setMute\", strip = 4, on = true }",
                "places are 1 to 3",
            ),
            (
                "at = 1\ncommand = { type = \"setMute\", strip = \"Jingle\", on = true }",
                "no strip \"Jingle\"",
            ),
            (
                "at = 1\ncommand = { type = \"setMute\", strip = \"Voice\", on = true }",
                "its place instead, 1 or 3",
            ),
            (
                "at = 1\ncommand = { type = \"setMute\", strip = true, on = true }",
                "its place from the left",
            ),
            (
                "at = 1\ncommand = { type = \"setBusFader\", bus = \"cue\", level = 0 }",
                "cue bus is not heard",
            ),
            (
                "at = 1\ncommand = { type = \"setBusFader\", bus = \"aux1\", level = 0 }",
                "aux 1 bus is not heard",
            ),
            ("at = 1\ncommand = { type = \"goLive\" }", "goLive"),
            (
                "at = 1\ncommand = { type = \"setMute\", strip = 1, on = true, level = 3 }",
                "level",
            ),
        ] {
            let message = change(text).expect_err(text);
            assert!(message.contains(said), "{text}: {message}");
        }
    }
}
