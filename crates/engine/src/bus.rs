//! A sum of strips: its stages (in [`crate::chain`]), its fader, its meter, and its way out. The programme has a
//! true-peak limiter behind its fader.

use airdesk_dsp::lanes::Arch;
use airdesk_dsp::limiter::Limiter;
use airdesk_dsp::ramp::{GLIDE_SECONDS, StereoRamp};
use airdesk_dsp::{Block, Decibels, Gain, SampleRate};

use crate::levels::{LargestReduction, Metering};
use crate::mix_queue::MixWriter;
use crate::send::AUX_BUSES;
use crate::time::Nanos;

/// Buses of the console: programme, cue and the aux buses, in this order wherever they are listed.
pub const BUSES: usize = 2 + AUX_BUSES;

/// The buses of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusId {
    /// What goes to the speakers, the recorder and on air.
    Programme,
    /// What the operator alone listens to.
    Cue,
    /// What strips send to, counted from 0. There are [`AUX_BUSES`].
    Aux(u8),
}

impl BusId {
    /// Its place where buses are listed. Past the end for an aux that is not there.
    pub fn place(self) -> usize {
        match self {
            Self::Programme => 0,
            Self::Cue => 1,
            Self::Aux(aux) => 2 + usize::from(aux),
        }
    }
}

pub(crate) struct Bus {
    fader: StereoRamp,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) limited: LargestReduction,
    pub(crate) metering: Metering,
    queue: MixWriter,
}

impl Bus {
    pub(crate) fn new(rate: SampleRate, arch: Arch, queue: MixWriter, limiter: Option<Limiter>) -> Self {
        let fader = StereoRamp::new([Gain::UNITY; 2], rate.frames_in(GLIDE_SECONDS));
        let mut metering = Metering::new(rate);
        metering.set_arch(arch);
        Self {
            fader,
            limiter,
            limited: LargestReduction::default(),
            metering,
            queue,
        }
    }

    pub(crate) fn set_fader(&mut self, level: Decibels) {
        self.fader.set_target([level.gain(); 2]);
    }

    /// Fader and limiter arrive at once.
    pub(crate) fn settle(&mut self) {
        self.fader.settle();
        if let Some(limiter) = &mut self.limiter {
            limiter.settle();
        }
    }

    /// Brings what was summed to what the bus carries, and publishes it.
    pub(crate) fn publish(&mut self, sum: &mut Block, due: Nanos) {
        self.fader.apply(sum);
        if let Some(limiter) = &mut self.limiter {
            let before = *sum;
            limiter.process(sum);
            self.limited.measure(limiter.reduction().db());
            self.metering.measure_limited(&before, sum);
        } else {
            self.metering.measure(sum);
        }
        self.queue.publish(sum, due);
    }
}
