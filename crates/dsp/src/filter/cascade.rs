//! Up to four sections in a row on four stereo strips, with coefficients that glide.
//!
//! All sections pass over a block together, sample by sample, so that the processor works on the next
//! sample's first section while the last one's is on its way. Coefficients glide over 30 ms along a curve
//! that begins and ends at rest; what is asked for meanwhile is taken up when the glide arrives. Costs
//! nothing while all is flat. Real-time.

use crate::lanes::{Arch, Kernel, LaneBlock, Lanes, STRIPS, Vector};
use crate::ramp::GLIDE_SECONDS;
use crate::{BLOCK_FRAMES, SampleRate};

use super::section::{CoefficientLanes, Coefficients, step};

/// A state beyond this, or NaN, is set to silence: no audio is that loud.
const LARGEST_STATE: f32 = 1e12;

/// Beyond this ratio of two poles' frequencies a move is a leap.
const LEAP: f32 = 1.5;

/// Frames in which a section that was flat takes in the signal before any of it is heard: the ringing of a
/// resonance that is set off would be a click.
const WARM_UP: i32 = 2 * BLOCK_FRAMES as i32;

/// How a pole gets far away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leap {
    /// It glides there. For poles that hardly ring.
    Glides,
    /// By way of flat, in twice the time: a ringing pole that swept the spectrum would chirp.
    ThroughFlat,
}

/// Sections in a row, at most four.
#[derive(Debug, Clone)]
pub struct Cascade<const N: usize> {
    arch: Arch,
    length: i32,
    sections: [Section; N],
}

/// One section of eight channels.
#[derive(Debug, Clone)]
struct Section {
    leap: Leap,
    /// Where each glide began.
    start: CoefficientLanes,
    /// How far each goes.
    rise: CoefficientLanes,
    states: [Lanes; 2],
    glides: [Glide; STRIPS],
}

/// One strip's way to its target.
#[derive(Debug, Clone, Copy)]
struct Glide {
    target: Coefficients,
    /// What was asked for on the way.
    next: Option<Coefficients>,
    /// Frames that are done, while it moves. Below zero its states warm up first.
    done: Option<i32>,
}

impl<const N: usize> Cascade<N> {
    const _FITS: () = assert!(N >= 1 && N <= 4);

    /// All flat.
    pub fn new(rate: SampleRate, arch: Arch, leap: Leap) -> Self {
        let () = Self::_FITS;
        Self {
            arch,
            length: rate.frames_in(GLIDE_SECONDS).0.max(1) as i32,
            sections: std::array::from_fn(|_| Section::flat(leap)),
        }
    }

    /// Sets out for other coefficients in one section of one strip. A section or strip that is not there is
    /// left out.
    pub fn set_target(&mut self, section: usize, strip: usize, target: Coefficients) {
        if let Some(section) = self.sections.get_mut(section) {
            section.set_target(strip, target);
        }
    }

    /// Arrives at once, and forgets what the strip sounded like: for a strip that nobody hears yet.
    pub fn settle(&mut self, strip: usize) {
        for section in &mut self.sections {
            section.settle(strip);
        }
    }

    /// Nothing is heard of it: every strip is flat, and none is moving.
    pub fn is_idle(&self) -> bool {
        self.sections.iter().all(Section::is_idle)
    }

    /// Filters one block in place.
    pub fn process(&mut self, block: &mut LaneBlock) {
        let (arch, length) = (self.arch, self.length);
        let mut busy = self.sections.iter_mut().filter(|section| !section.is_idle());
        match (busy.next(), busy.next(), busy.next(), busy.next()) {
            (Some(a), None, ..) => pass(arch, length, [a], block),
            (Some(a), Some(b), None, _) => pass(arch, length, [a, b], block),
            (Some(a), Some(b), Some(c), None) => pass(arch, length, [a, b, c], block),
            (Some(a), Some(b), Some(c), Some(d)) => pass(arch, length, [a, b, c, d], block),
            (None, ..) => {}
        }
    }
}

impl Section {
    fn flat(leap: Leap) -> Self {
        let glide = Glide {
            target: Coefficients::FLAT,
            next: None,
            done: None,
        };
        Self {
            leap,
            start: Coefficients::FLAT.0.map(Lanes::splat),
            rise: [Lanes::ZERO; Coefficients::COUNT],
            states: [Lanes::ZERO; 2],
            glides: [glide; STRIPS],
        }
    }

    fn is_idle(&self) -> bool {
        self.glides
            .iter()
            .all(|glide| glide.done.is_none() && glide.target.is_flat())
    }

    fn is_moving(&self) -> bool {
        self.glides.iter().any(|glide| glide.done.is_some())
    }

    fn set_target(&mut self, strip: usize, target: Coefficients) {
        let Some(glide) = self.glides.get_mut(strip) else {
            return;
        };
        if glide.done.is_some() {
            glide.next = Some(target);
        } else {
            self.set_out(strip, target);
        }
    }

    fn set_out(&mut self, strip: usize, mut target: Coefficients) {
        let Some(glide) = self.glides.get_mut(strip) else {
            return;
        };
        let mut from = glide.target;
        let mut next = None;
        let mut done = 0;
        if self.leap == Leap::ThroughFlat && from.is_far_from(&target, LEAP) {
            next = Some(std::mem::replace(&mut target, Coefficients::FLAT));
        }
        // Of a flat section nothing is heard but its input: its pole need not travel.
        if target.is_flat() {
            target.0[..Coefficients::OUTPUTS].copy_from_slice(&from.0[..Coefficients::OUTPUTS]);
        } else if from.is_flat() {
            from.0[..Coefficients::OUTPUTS].copy_from_slice(&target.0[..Coefficients::OUTPUTS]);
            done = -WARM_UP;
            // What still rings there was tuned to another frequency.
            for state in &mut self.states {
                state.set_strip(strip, 0.0);
            }
        }
        if target == from {
            return;
        }
        (glide.target, glide.next, glide.done) = (target, next, Some(done));
        for (n, (from, to)) in from.0.into_iter().zip(target.0).enumerate() {
            self.start[n].set_strip(strip, from);
            self.rise[n].set_strip(strip, to - from);
        }
    }

    fn settle(&mut self, strip: usize) {
        let Some(glide) = self.glides.get_mut(strip) else {
            return;
        };
        if let Some(next) = glide.next.take() {
            glide.target = next;
        }
        self.arrive(strip);
        for state in &mut self.states {
            state.set_strip(strip, 0.0);
        }
        self.forget_if_idle();
    }

    /// Rests at the target, exactly.
    fn arrive(&mut self, strip: usize) {
        let Some(glide) = self.glides.get_mut(strip) else {
            return;
        };
        glide.done = None;
        for (n, target) in glide.target.0.into_iter().enumerate() {
            self.start[n].set_strip(strip, target);
            self.rise[n].set_strip(strip, 0.0);
        }
    }

    /// How far along each lane is at the start of the block, and how far it goes in a frame.
    fn progress(&self, length: i32) -> [Lanes; 2] {
        let mut progress = [Lanes::ZERO; 2];
        for (strip, glide) in self.glides.iter().enumerate() {
            if let Some(done) = glide.done {
                progress[0].set_strip(strip, done as f32 / length as f32);
                progress[1].set_strip(strip, 1.0 / length as f32);
            }
        }
        progress
    }

    /// A block has passed.
    fn advance(&mut self, length: i32) {
        for strip in 0..STRIPS {
            let Glide {
                done: Some(done), next, ..
            } = &mut self.glides[strip]
            else {
                continue;
            };
            *done += BLOCK_FRAMES as i32;
            if *done >= length {
                let next = next.take();
                self.arrive(strip);
                if let Some(next) = next {
                    self.set_out(strip, next);
                }
            }
        }
        self.forget_if_idle();
    }

    /// What is left out begins anew from silence.
    fn forget_if_idle(&mut self) {
        if self.is_idle() {
            self.states = [Lanes::ZERO; 2];
        }
    }
}

/// One block through the sections that are busy.
fn pass<const M: usize>(arch: Arch, length: i32, mut sections: [&mut Section; M], block: &mut LaneBlock) {
    if sections.iter().any(|section| section.is_moving()) {
        let progress = std::array::from_fn(|n| sections[n].progress(length));
        arch.run(Gliding {
            sections: &mut sections,
            progress: &progress,
            block,
        });
        for section in sections {
            section.advance(length);
        }
    } else {
        arch.run(Settled {
            sections: &mut sections,
            block,
        });
    }
}

struct Settled<'a, 'b, const M: usize> {
    sections: &'a mut [&'b mut Section; M],
    block: &'a mut LaneBlock,
}

struct Gliding<'a, 'b, const M: usize> {
    sections: &'a mut [&'b mut Section; M],
    progress: &'a [[Lanes; 2]; M],
    block: &'a mut LaneBlock,
}

impl<const M: usize> Kernel for Settled<'_, '_, M> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let mut coefficients = [[V::splat(0.0); Coefficients::COUNT]; M];
        let mut states = [[V::splat(0.0); 2]; M];
        for n in 0..M {
            coefficients[n] = load(&self.sections[n].start);
            states[n] = load(&self.sections[n].states);
        }
        for lanes in self.block.iter_mut() {
            let mut sample = V::load(lanes);
            for n in 0..M {
                sample = step(sample, &mut states[n], &coefficients[n]);
            }
            sample.store(lanes);
        }
        for (states, section) in states.into_iter().zip(self.sections) {
            keep(states, &mut section.states);
        }
    }
}

impl<const M: usize> Kernel for Gliding<'_, '_, M> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let mut states = [[V::splat(0.0); 2]; M];
        let mut progress = [[V::splat(0.0); 2]; M];
        for n in 0..M {
            states[n] = load(&self.sections[n].states);
            progress[n] = load(&self.progress[n]);
        }
        for lanes in self.block.iter_mut() {
            let mut sample = V::load(lanes);
            for n in 0..M {
                let [done, each] = progress[n];
                progress[n][0] = done.add(each);
                let t = progress[n][0].clamp(V::splat(0.0), V::splat(1.0));
                // From rest to rest: 3 t² - 2 t³.
                let part = t.mul(t).mul(V::splat(-2.0).mul_add(t, V::splat(3.0)));
                let (start, rise) = (&self.sections[n].start, &self.sections[n].rise);
                let mut coefficients = [V::splat(0.0); Coefficients::COUNT];
                for c in 0..Coefficients::COUNT {
                    coefficients[c] = V::load(&rise[c]).mul_add(part, V::load(&start[c]));
                }
                sample = step(sample, &mut states[n], &coefficients);
            }
            sample.store(lanes);
        }
        for (states, section) in states.into_iter().zip(self.sections) {
            keep(states, &mut section.states);
        }
    }
}

#[inline(always)]
fn load<V: Vector, const C: usize>(lanes: &[Lanes; C]) -> [V; C] {
    let mut vectors = [V::splat(0.0); C];
    for n in 0..C {
        vectors[n] = V::load(&lanes[n]);
    }
    vectors
}

/// Stores the states, but silence for a channel whose states are no audio: it recovers with this block.
#[inline(always)]
fn keep<V: Vector>(states: [V; 2], lanes: &mut [Lanes; 2]) {
    let (silence, limit) = (V::splat(0.0), V::splat(LARGEST_STATE));
    let is_sane = [limit.greater(states[0].abs()), limit.greater(states[1].abs())];
    for n in 0..2 {
        let kept = states[n].select(is_sane[0], silence).select(is_sane[1], silence);
        kept.store(&mut lanes[n]);
    }
}
