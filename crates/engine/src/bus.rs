//! A sum of strips: its fader, its meter, and its way out.

use airdesk_dsp::ramp::{GLIDE_SECONDS, StereoRamp};
use airdesk_dsp::{Block, Decibels, Gain, SILENCE, SampleRate};

use crate::levels::Metering;
use crate::mix_queue::MixWriter;
use crate::time::Nanos;

/// The buses of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusId {
    /// What goes to the speakers, the recorder and on air.
    Programme,
    /// What the operator alone listens to.
    Cue,
}

pub(crate) struct Bus {
    pub(crate) sum: Block,
    fader: StereoRamp,
    pub(crate) metering: Metering,
    queue: MixWriter,
}

impl Bus {
    pub(crate) fn new(rate: SampleRate, queue: MixWriter) -> Self {
        let fader = StereoRamp::new([Gain::UNITY; 2], rate.frames_in(GLIDE_SECONDS));
        Self {
            sum: SILENCE,
            fader,
            metering: Metering::new(rate),
            queue,
        }
    }

    pub(crate) fn set_fader(&mut self, level: Decibels) {
        self.fader.set_target([level.gain(); 2]);
    }

    /// The fader arrives at once.
    pub(crate) fn settle(&mut self) {
        self.fader.settle();
    }

    /// Publishes what was summed, and starts the next sum.
    pub(crate) fn publish(&mut self, due: Nanos) {
        self.fader.apply(&mut self.sum);
        self.metering.measure(&self.sum);
        self.queue.publish(&self.sum, due);
        self.sum = SILENCE;
    }
}
