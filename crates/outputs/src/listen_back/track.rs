//! The recent past of one signal, feature by feature, each with a number that is never used again.

use std::collections::VecDeque;
use std::ops::Range;

use super::feature::Feature;

/// Features in a row, of which the oldest give way.
#[derive(Debug)]
pub(super) struct Track {
    features: VecDeque<Feature>,
    /// Number of the one that comes next.
    end: u64,
    capacity: usize,
}

impl Track {
    /// Holds `capacity` of them.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            features: VecDeque::new(),
            end: 0,
            capacity,
        }
    }

    pub(super) fn push(&mut self, feature: Feature) {
        if self.features.len() == self.capacity {
            self.features.pop_front();
        }
        self.features.push_back(feature);
        self.end += 1;
    }

    /// Forgets the past; the numbers go on.
    pub(super) fn clear(&mut self) {
        self.features.clear();
    }

    /// The numbers that are held.
    pub(super) fn numbers(&self) -> Range<u64> {
        self.end - self.features.len() as u64..self.end
    }

    /// Those of the numbers that are held.
    pub(super) fn part(&self, numbers: Range<u64>) -> impl DoubleEndedIterator<Item = &Feature> + Clone {
        let held = self.numbers();
        let from = numbers.start.clamp(held.start, held.end);
        let to = numbers.end.clamp(from, held.end);
        let place = |number: u64| (number - held.start) as usize;
        self.features.range(place(from)..place(to))
    }

    /// The newest, `count` at most.
    pub(super) fn newest(&self, count: usize) -> impl DoubleEndedIterator<Item = &Feature> + Clone {
        self.part(self.end.saturating_sub(count as u64)..self.end)
    }
}

/// Mean power, dBFS.
pub(super) fn level_db<'a>(features: impl Iterator<Item = &'a Feature>) -> f32 {
    let (sum, count) = features.fold((0.0, 0_u32), |(sum, count), feature| (sum + feature.power, count + 1));
    10.0 * (sum / count.max(1) as f32 + 1e-12).log10()
}

/// Mean movement, dB².
pub(super) fn movement<'a>(features: impl Iterator<Item = &'a Feature>) -> f32 {
    let (sum, count) = features.fold((0.0, 0_u32), |(sum, count), feature| {
        (sum + feature.movement(), count + 1)
    });
    sum / count.max(1) as f32
}
