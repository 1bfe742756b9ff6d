//! A strip's copy into an aux bus, before or after its fader.

use airdesk_dsp::ramp::{GLIDE_SECONDS, StereoRamp};
use airdesk_dsp::{Block, Decibels, Gain, SampleRate};
use serde::{Deserialize, Serialize};

/// Aux buses of the console.
pub const AUX_BUSES: usize = 8;

/// Where a send takes its sound from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum SendTap {
    /// After fader and pan: the aux follows the programme's balance, as for effects.
    #[default]
    PostFader,
    /// After the strip's stages and before its fader: as for headphones and telephone callers. Mute silences it
    /// all the same; solo of others does not.
    PreFader,
}

/// How a send is set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendSettings {
    /// How much is sent, in dB, -90 to +10 as a fader, or off (`null`); off unless set.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub level: Decibels,
    /// From where. After the fader unless set.
    pub tap: SendTap,
}

impl Default for SendSettings {
    fn default() -> Self {
        Self {
            level: Decibels::SILENCE,
            tap: SendTap::PostFader,
        }
    }
}

/// The send.
pub(crate) struct Send {
    settings: SendSettings,
    ramp: StereoRamp,
}

impl Send {
    pub(crate) fn new(rate: SampleRate, settings: SendSettings) -> Self {
        Self {
            settings,
            ramp: StereoRamp::new([Gain::ZERO; 2], rate.frames_in(GLIDE_SECONDS)),
        }
    }

    pub(crate) fn set(&mut self, settings: SendSettings) {
        self.settings = settings;
    }

    /// Sets out for what it should carry, where the fader's path has gains `post` and the strip is `open`: neither muted
    /// nor leaving.
    pub(crate) fn aim(&mut self, post: [Gain; 2], open: bool) {
        let level = self.settings.level.gain();
        self.ramp.set_target(match self.settings.tap {
            SendTap::PostFader => post.map(|gain| gain * level),
            SendTap::PreFader if open => [level; 2],
            SendTap::PreFader => [Gain::ZERO; 2],
        });
    }

    pub(crate) fn settle(&mut self) {
        self.ramp.settle();
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.ramp.is_silent()
    }

    pub(crate) fn mix(&mut self, block: &Block, aux: &mut Block) {
        self.ramp.mix(block, aux);
    }
}
