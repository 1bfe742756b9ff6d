//! One input's path: source, channels, trim, delay; the stages in [`crate::chain`]; meter; then fader and
//! pan into programme and aux buses, or before them into cue.

use airdesk_dsp::delay::{DelaySettings, LONGEST_SECONDS, StripDelay};
use airdesk_dsp::ducker::Ducker;
use airdesk_dsp::input_matrix::{ChannelMode, InputMatrix};
use airdesk_dsp::level::silence_bad_samples;
use airdesk_dsp::ramp::{GLIDE_SECONDS, StereoRamp, add};
use airdesk_dsp::{BLOCK_FRAMES, Block, Decibels, Gain, Pan, SILENCE, SampleRate};
use serde::{Deserialize, Serialize};

use crate::chain::{ChainSettings, Reductions};
use crate::command::Discard;
use crate::id::StripId;
use crate::input::{BlockTime, StripInput};
use crate::levels::Metering;
use crate::report::StripReport;
use crate::send::{AUX_BUSES, Send, SendSettings};
use crate::tap::{TapPoint, Taps};

/// What pan does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum PanLaw {
    /// Places a source between the speakers with constant power, -3 dB at the centre.
    #[default]
    Pan,
    /// Turns down the far side of a stereo source, unity at the centre.
    Balance,
}

/// What a strip has to do with talkover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Talkover {
    /// Nothing.
    #[default]
    Off,
    /// A microphone: while it speaks, music steps back.
    Key,
    /// Music: steps back.
    Ducked,
}

/// Where a strip's controls stand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StripControls {
    /// Which channels of the source are heard on which side. Stereo unless set.
    pub channels: ChannelMode,
    /// Polarity of the source's left and right channel turned. Neither unless set.
    pub inverted: [bool; 2],
    /// Input trim in dB, -20 to +40; 0 unless set. A choice of this desk, for which there is no standard: from what is
    /// mastered to full scale to a microphone that its interface delivers too softly.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub trim: Decibels,
    /// How late it is heard: 0 to 500 ms.
    pub delay: DelaySettings,
    /// The stages, all off unless set.
    pub chain: ChainSettings,
    /// Fader in dB, -90 to +10, or off (`null`); 0 unless set. +10 is where the faders of most desks end; what is below
    /// -90 is nobody's wish but off.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub fader: Decibels,
    /// Pan or balance, without a unit, -1 left to +1 right; 0, the centre, unless set.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub pan: Pan,
    /// Which of the two. Pan unless set: constant power, -3.01 dB in the centre.
    pub pan_law: PanLaw,
    /// Copies into the aux buses. Off unless set.
    pub sends: [SendSettings; AUX_BUSES],
    /// The VCA group that moves its fader, 0 to 7; none unless set.
    pub vca: Option<u8>,
    /// Its part in talkover. None unless set.
    pub talkover: Talkover,
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
            channels: ChannelMode::Stereo,
            inverted: [false; 2],
            trim: Decibels::UNITY,
            delay: DelaySettings::default(),
            chain: ChainSettings::default(),
            fader: Decibels::UNITY,
            pan: Pan::CENTRE,
            pan_law: PanLaw::Pan,
            sends: [SendSettings::default(); AUX_BUSES],
            vca: None,
            talkover: Talkover::Off,
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
    matrix: InputMatrix,
    trim: StereoRamp,
    delay: Option<Box<StripDelay>>,
    /// Frames that the delay line has heard, up to those of the longest delay.
    delay_known: u32,
    delay_longest: u32,
    /// Fader, pan, mute and solo as one gain a side.
    post: StereoRamp,
    cue: StereoRamp,
    /// How much of the ducking it takes.
    ducked: StereoRamp,
    sends: [Send; AUX_BUSES],
    /// Where the controls stand or go.
    pub(crate) controls: StripControls,
    leaving: bool,
    /// The block at hand.
    pub(crate) block: Block,
    pub(crate) metering: Metering,
    pub(crate) bad_samples: u64,
    pub(crate) taps: Taps,
}

/// Where a strip's sound goes.
pub(crate) struct Mix<'a> {
    pub(crate) programme: &'a mut Block,
    pub(crate) cue: &'a mut Block,
    pub(crate) aux: &'a mut [Block; AUX_BUSES],
    pub(crate) ducker: &'a Ducker,
    /// The number of the block at hand.
    pub(crate) sequence: u64,
}

impl Strip {
    /// A strip fed by `input` with its controls where they were. Allocates.
    pub fn new(id: StripId, rate: SampleRate, input: StripInput, controls: StripControls) -> Self {
        let glide = rate.frames_in(GLIDE_SECONDS);
        let ramp = |gain| StereoRamp::new([gain; 2], glide);
        let delay_longest = rate.frames_in(LONGEST_SECONDS).0;
        let mut delay = (controls.delay != DelaySettings::default()).then(|| delay_line(rate, &controls.delay));
        if let Some(line) = &mut delay {
            // Nobody hears it yet: late from its first frame, not by a cross-fade.
            line.reset();
        }
        Self {
            id,
            input: Box::new(input),
            next_input: None,
            presence: ramp(Gain::UNITY),
            matrix: InputMatrix::new(rate, controls.channels, controls.inverted),
            trim: ramp(controls.trim.gain()),
            delay,
            delay_known: delay_longest,
            delay_longest,
            post: ramp(Gain::ZERO),
            cue: ramp(if controls.cue { Gain::UNITY } else { Gain::ZERO }),
            ducked: ramp(part_in_ducking(controls.talkover)),
            sends: controls.sends.map(|settings| Send::new(rate, settings)),
            controls,
            leaving: false,
            block: SILENCE,
            metering: Metering::new(rate),
            bad_samples: 0,
            taps: Taps::default(),
        }
    }

    /// Its id.
    pub fn id(&self) -> StripId {
        self.id
    }

    pub(crate) fn set_trim(&mut self, level: Decibels) {
        self.controls.trim = level;
        self.trim.set_target([level.gain(); 2]);
    }

    pub(crate) fn set_channels(&mut self, mode: ChannelMode) {
        self.controls.channels = mode;
        self.matrix.set_mode(mode);
    }

    pub(crate) fn set_inverted(&mut self, inverted: [bool; 2]) {
        self.controls.inverted = inverted;
        self.matrix.set_inverted(inverted);
    }

    /// Takes a delay line if it has none. Returns one that is not needed.
    pub(crate) fn set_delay(&mut self, line: Box<StripDelay>, settings: DelaySettings) -> Option<Box<StripDelay>> {
        self.controls.delay = settings;
        let spare = match self.delay {
            None => {
                self.delay = Some(line);
                // It has heard nothing so far, and what it has not heard it cannot play: it listens first.
                self.delay_known = 0;
                None
            }
            Some(_) => Some(line),
        };
        self.aim_delay();
        spare
    }

    /// Goes to the delay that was asked for, once the line knows what was played so long ago.
    fn aim_delay(&mut self) {
        let Some(delay) = &mut self.delay else { return };
        let refused = delay.set(&self.controls.delay);
        debug_assert!(refused.is_ok(), "the station checks ranges");
        if delay.delay().0 > self.delay_known {
            let refused = delay.set(&DelaySettings::default());
            debug_assert!(refused.is_ok(), "no delay is within every range");
        }
    }

    fn pass_delay(&mut self) {
        let Some(delay) = &mut self.delay else { return };
        delay.process(&mut self.block);
        if self.delay_known < self.delay_longest {
            self.delay_known = self.delay_longest.min(self.delay_known + BLOCK_FRAMES as u32);
            self.aim_delay();
        }
    }

    pub(crate) fn set_send(&mut self, aux: u8, settings: SendSettings) {
        if let (Some(send), Some(known)) = (
            self.sends.get_mut(usize::from(aux)),
            self.controls.sends.get_mut(usize::from(aux)),
        ) {
            send.set(settings);
            *known = settings;
        }
    }

    pub(crate) fn set_cue(&mut self, on: bool) {
        self.controls.cue = on;
        self.cue
            .set_target([if on && !self.leaving { Gain::UNITY } else { Gain::ZERO }; 2]);
    }

    pub(crate) fn set_talkover(&mut self, part: Talkover) {
        self.controls.talkover = part;
        self.ducked.set_target([part_in_ducking(part); 2]);
    }

    /// Returns an input that never came to sound.
    pub(crate) fn set_input(&mut self, input: Box<StripInput>) -> Option<Discard> {
        self.presence.set_target([Gain::ZERO; 2]);
        self.next_input.replace(input).map(Discard::Input)
    }

    /// Fades out for good.
    pub(crate) fn leave(&mut self) {
        self.leaving = true;
        self.controls.solo = false;
        self.cue.set_target([Gain::ZERO; 2]);
    }

    /// It is soloed. Not any more once it leaves: nobody could undo it.
    pub(crate) fn is_soloed(&self) -> bool {
        self.controls.solo && !self.leaving
    }

    /// The programme has it: its fader is open, and neither mute nor solo of others has silenced it.
    pub(crate) fn is_heard(&self) -> bool {
        !self.post.is_silent()
    }

    /// The programme has a sound of it that music steps back for.
    pub(crate) fn ducks(&self) -> bool {
        self.input.ducks() && self.is_heard()
    }

    /// It has left, and nothing of it is heard any more.
    pub(crate) fn has_left(&self) -> bool {
        self.leaving && self.post.is_silent() && self.cue.is_silent() && self.sends.iter().all(Send::is_silent)
    }

    /// Aims fader, pan, mute, solo and sends. `others_soloed`: only soloed and safe strips are heard. `vca`: what its
    /// group adds to its fader.
    pub(crate) fn aim(&mut self, others_soloed: bool, vca: Gain) {
        let controls = &self.controls;
        let open = !controls.mute && !self.leaving;
        let heard = open && (!others_soloed || controls.solo || controls.solo_safe);
        let (left, right) = match controls.pan_law {
            PanLaw::Pan => controls.pan.gains(),
            PanLaw::Balance => controls.pan.balance(),
        };
        let post = if heard {
            [left, right].map(|side| side * controls.fader.gain() * vca)
        } else {
            [Gain::ZERO; 2]
        };
        self.post.set_target(post);
        for send in &mut self.sends {
            send.aim(post, open);
        }
    }

    /// Its gains arrive at once: nobody has heard it yet.
    pub(crate) fn settle(&mut self, others_soloed: bool, vca: Gain) {
        self.aim(others_soloed, vca);
        self.post.settle();
        self.sends.iter_mut().for_each(Send::settle);
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

    /// Takes one block in, up to where the stages begin.
    pub(crate) fn take_in(&mut self, time: &BlockTime) {
        if self.input.read(&mut self.block, time) {
            self.bad_samples += u64::from(silence_bad_samples(&mut self.block));
        } else {
            self.block = SILENCE;
        }
        scale(&mut self.presence, &mut self.block);
        self.matrix.process(&mut self.block);
        scale(&mut self.trim, &mut self.block);
        self.pass_delay();
    }

    /// Mixes the block at hand into the buses.
    pub(crate) fn mix(&mut self, mix: &mut Mix) {
        self.metering.measure(&self.block);
        if self.taps.has(TapPoint::PreFader) {
            self.taps.write(TapPoint::PreFader, mix.sequence, &self.block);
        }
        if !self.cue.is_silent() {
            self.cue.mix(&self.block, mix.cue);
        }
        self.duck(mix.ducker);
        if self.taps.has(TapPoint::PostFader) {
            self.mix_tapped(mix);
        } else {
            self.post.mix(&self.block, mix.programme);
        }
        for (send, aux) in self.sends.iter_mut().zip(mix.aux.iter_mut()) {
            if !send.is_silent() {
                send.mix(&self.block, aux);
            }
        }
    }

    /// Adds to the programme as ever, bit by bit, and gives the taps what it adds.
    // Apart, so that strips without taps need no room for a stem.
    #[inline(never)]
    fn mix_tapped(&mut self, mix: &mut Mix) {
        let mut stem = SILENCE;
        self.post.mix(&self.block, &mut stem);
        add(&stem, mix.programme);
        self.taps.write(TapPoint::PostFader, mix.sequence, &stem);
    }

    /// Steps back as far as it takes part.
    fn duck(&mut self, ducker: &Ducker) {
        if self.ducked.is_silent() {
            return;
        }
        if self.ducked.has_arrived() {
            return ducker.apply(&mut self.block);
        }
        // The part that ducking takes away comes and goes, and what is left never steps.
        let heard = self.block;
        ducker.apply(&mut self.block);
        for (ducked, heard) in self.block.iter_mut().zip(&heard) {
            *ducked = [ducked[0] - heard[0], ducked[1] - heard[1]];
        }
        self.ducked.apply(&mut self.block);
        for (ducked, heard) in self.block.iter_mut().zip(&heard) {
            *ducked = [ducked[0] + heard[0], ducked[1] + heard[1]];
        }
    }

    pub(crate) fn report(&mut self, seen: bool, reductions: Reductions) -> StripReport {
        StripReport {
            id: self.id,
            levels: self.metering.report(seen),
            input: self.input.report(),
            reductions,
        }
    }
}

fn part_in_ducking(part: Talkover) -> Gain {
    if part == Talkover::Ducked {
        Gain::UNITY
    } else {
        Gain::ZERO
    }
}

/// Scales a block. Most ramps rest at unity: asking here spares them their preparations.
fn scale(ramp: &mut StereoRamp, block: &mut Block) {
    if !ramp.has_arrived() || ramp.target() != [1.0; 2] {
        ramp.apply(block);
    }
}

/// A delay line with room for the longest delay. Allocates.
pub fn delay_line(rate: SampleRate, settings: &DelaySettings) -> Box<StripDelay> {
    let mut line = Box::new(StripDelay::new(rate));
    // Out of range it stays at none; the station has refused that before.
    let _ = line.set(settings);
    line
}
