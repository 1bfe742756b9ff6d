//! An aux bus that carries the programme without one strip: what a caller on that strip hears. It comes and goes, and
//! changes to another strip, by way of silence, so that nothing clicks in the caller's ear.

use airdesk_dsp::ramp::{GLIDE_SECONDS, StereoRamp};
use airdesk_dsp::{Block, Gain, SILENCE, SampleRate};

use crate::id::StripId;

/// One aux bus's.
pub(crate) struct MixMinus {
    /// Who is missing now.
    strip: Option<StripId>,
    /// Who was asked to be.
    asked: Option<StripId>,
    ramp: StereoRamp,
    /// What that strip added to the programme in the block at hand.
    own: Block,
}

impl MixMinus {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            strip: None,
            asked: None,
            ramp: StereoRamp::new([Gain::ZERO; 2], rate.frames_in(GLIDE_SECONDS)),
            own: SILENCE,
        }
    }

    /// Sets out for the programme without another strip, or for nothing.
    pub(crate) fn ask(&mut self, strip: Option<StripId>) {
        self.asked = strip;
        self.aim();
    }

    /// Arrives at once: nobody has heard it yet.
    pub(crate) fn settle(&mut self) {
        self.strip = self.asked;
        self.aim();
        self.ramp.settle();
    }

    fn aim(&mut self) {
        let stays = self.strip.is_some() && self.strip == self.asked;
        self.ramp.set_target([if stays { Gain::UNITY } else { Gain::ZERO }; 2]);
    }

    /// Before the strips of a block are mixed: the next strip's turn comes once the last one's mix has faded out.
    pub(crate) fn begin(&mut self) {
        if self.strip != self.asked && self.ramp.is_silent() {
            self.strip = self.asked;
            self.aim();
        }
        // Without a strip the ramp is at zero, and nobody asks what is here.
        if self.strip.is_some() {
            self.own = SILENCE;
        }
    }

    /// This strip is the one that is missing.
    pub(crate) fn is_without(&self, strip: StripId) -> bool {
        self.strip == Some(strip)
    }

    /// The strip has just been added to the programme, which was `before` until then.
    pub(crate) fn leave_out(&mut self, programme: &Block, before: &Block) {
        self.own = difference(programme, before);
    }

    /// Adds the programme, as far as it is summed, without the strip.
    pub(crate) fn mix(&mut self, programme: &Block, aux: &mut Block) {
        if !self.ramp.is_silent() {
            self.ramp.mix(&difference(programme, &self.own), aux);
        }
    }
}

fn difference(a: &Block, b: &Block) -> Block {
    let mut difference = *a;
    for (out, frame) in difference.iter_mut().zip(b) {
        *out = [out[0] - frame[0], out[1] - frame[1]];
    }
    difference
}
