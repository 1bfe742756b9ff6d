//! One input's path: source, trim, meter, then fader and pan into programme, or before them into cue.

use airdesk_dsp::level::silence_bad_samples;
use airdesk_dsp::ramp::{GLIDE_SECONDS, StereoRamp};
use airdesk_dsp::{Block, Decibels, Gain, Pan, SILENCE, SampleRate};

use crate::command::Discard;
use crate::id::StripId;
use crate::input::{BlockTime, StripInput};
use crate::levels::Metering;
use crate::report::StripReport;

/// Where a strip's controls stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StripControls {
    /// Input trim.
    pub trim: Decibels,
    /// Fader.
    pub fader: Decibels,
    /// Pan.
    pub pan: Pan,
    /// Muted everywhere but in cue.
    pub mute: bool,
    /// Soloed in place.
    pub solo: bool,
    /// Stays in the programme whatever is soloed.
    pub solo_safe: bool,
    /// Heard before its fader on the cue bus.
    pub cue: bool,
}

impl Default for StripControls {
    /// Unity, in the centre, heard.
    fn default() -> Self {
        Self {
            trim: Decibels::UNITY,
            fader: Decibels::UNITY,
            pan: Pan::CENTRE,
            mute: false,
            solo: false,
            solo_safe: false,
            cue: false,
        }
    }
}

/// A strip of the console. Made by the station (it allocates), then owned by the engine.
pub struct Strip {
    id: StripId,
    input: Box<StripInput>,
    /// What feeds it once the present input has faded out.
    next_input: Option<Box<StripInput>>,
    /// Fades the input out and in around a change of source.
    presence: StereoRamp,
    trim: StereoRamp,
    /// Fader, pan, mute and solo as one gain a side.
    post: StereoRamp,
    cue: StereoRamp,
    fader: Decibels,
    pan: Pan,
    pub(crate) mute: bool,
    pub(crate) solo: bool,
    pub(crate) solo_safe: bool,
    leaving: bool,
    pub(crate) metering: Metering,
    pub(crate) bad_samples: u64,
}

impl Strip {
    /// A strip fed by `input` with its controls where they were. Allocates.
    pub fn new(id: StripId, rate: SampleRate, input: StripInput, controls: StripControls) -> Self {
        let glide = rate.frames_in(GLIDE_SECONDS);
        let ramp = |gain| StereoRamp::new([gain; 2], glide);
        let StripControls {
            trim,
            fader,
            pan,
            mute,
            solo,
            solo_safe,
            cue,
        } = controls;
        Self {
            id,
            input: Box::new(input),
            next_input: None,
            presence: ramp(Gain::UNITY),
            trim: ramp(trim.gain()),
            post: StereoRamp::new(if mute { [Gain::ZERO; 2] } else { post_gains(fader, pan) }, glide),
            cue: ramp(if cue { Gain::UNITY } else { Gain::ZERO }),
            fader,
            pan,
            mute,
            solo,
            solo_safe,
            leaving: false,
            metering: Metering::new(rate),
            bad_samples: 0,
        }
    }

    /// Its id.
    pub fn id(&self) -> StripId {
        self.id
    }

    pub(crate) fn set_trim(&mut self, level: Decibels) {
        self.trim.set_target([level.gain(); 2]);
    }

    pub(crate) fn set_fader(&mut self, level: Decibels) {
        self.fader = level;
    }

    pub(crate) fn set_pan(&mut self, pan: Pan) {
        self.pan = pan;
    }

    pub(crate) fn set_cue(&mut self, on: bool) {
        self.cue
            .set_target([if on && !self.leaving { Gain::UNITY } else { Gain::ZERO }; 2]);
    }

    /// Returns an input that never came to sound.
    pub(crate) fn set_input(&mut self, input: Box<StripInput>) -> Option<Discard> {
        self.presence.set_target([Gain::ZERO; 2]);
        self.next_input.replace(input).map(Discard::Input)
    }

    /// Fades out for good.
    pub(crate) fn leave(&mut self) {
        self.leaving = true;
        self.solo = false;
        self.cue.set_target([Gain::ZERO; 2]);
    }

    /// It has left, and nothing of it is heard any more.
    pub(crate) fn has_left(&self) -> bool {
        self.leaving && self.post.is_silent() && self.cue.is_silent()
    }

    /// Aims fader, pan, mute and solo. `others_soloed`: only soloed and safe strips are heard.
    pub(crate) fn aim(&mut self, others_soloed: bool) {
        let heard = !self.mute && !self.leaving && (!others_soloed || self.solo || self.solo_safe);
        self.post.set_target(if heard {
            post_gains(self.fader, self.pan)
        } else {
            [Gain::ZERO; 2]
        });
    }

    /// Sends the old input home once it has faded out. At most one thing.
    pub(crate) fn change_input(&mut self) -> Option<Discard> {
        if !self.presence.is_silent() && !self.input.is_quiet() {
            return None;
        }
        let next = self.next_input.take()?;
        let old = std::mem::replace(&mut self.input, next);
        self.presence.set_target([Gain::UNITY; 2]);
        Some(Discard::Input(old))
    }

    /// Mixes one block into the buses.
    pub(crate) fn mix(&mut self, time: &BlockTime, programme: &mut Block, cue: &mut Block) {
        let mut block = SILENCE;
        if self.input.read(&mut block, time) {
            self.bad_samples += u64::from(silence_bad_samples(&mut block));
        }
        self.presence.apply(&mut block);
        self.trim.apply(&mut block);
        self.metering.measure(&block);
        self.post.mix(&block, programme);
        self.cue.mix(&block, cue);
    }

    pub(crate) fn report(&mut self, seen: bool) -> StripReport {
        StripReport {
            id: self.id,
            levels: self.metering.report(seen),
            input: self.input.report(),
        }
    }
}

/// Fader and pan as one gain a side.
fn post_gains(fader: Decibels, pan: Pan) -> [Gain; 2] {
    let (left, right) = pan.gains();
    [left * fader.gain(), right * fader.gain()]
}
