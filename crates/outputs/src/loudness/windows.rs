//! The sliding windows of Tech 3341: momentary over 400 ms, short-term over 3 s, both moved on every 10 ms.
//!
//! 10 ms because the test signals 13 and 14 ask for maxima within 0.1 LU wherever a tone of 400 ms begins:
//! half a step that the window misses may cost 2.3 % of the power at most. Powers are K-weighted, 1.0 is 0 LUFS.

/// Milliseconds of one slot.
pub(super) const SLOT_MS: u32 = 10;
/// Slots of the momentary window.
const MOMENTARY: usize = 40;
/// Slots of the short-term window.
pub(super) const SHORT_TERM: usize = 300;

/// Mean powers of the last 3 s, slot by slot.
pub(super) struct Windows {
    slots: [f64; SHORT_TERM],
    place: usize,
    /// Slots since the maxima began.
    counted: usize,
    momentary_max: f64,
    short_term_max: f64,
}

impl Windows {
    /// Windows that have heard silence.
    pub(super) fn new() -> Self {
        Self {
            slots: [0.0; SHORT_TERM],
            place: 0,
            counted: 0,
            momentary_max: 0.0,
            short_term_max: 0.0,
        }
    }

    /// Moves on by one slot.
    pub(super) fn push(&mut self, power: f64) {
        if let Some(slot) = self.slots.get_mut(self.place) {
            *slot = power;
        }
        self.place = (self.place + 1) % SHORT_TERM;
        self.counted += 1;
        // What was heard before the maxima began is silence to them.
        let since = |window: usize| self.sum(window.min(self.counted)) / window as f64;
        let (momentary, short_term) = (since(MOMENTARY), since(SHORT_TERM));
        self.momentary_max = self.momentary_max.max(momentary);
        self.short_term_max = self.short_term_max.max(short_term);
    }

    /// Slots since the maxima began.
    pub(super) fn counted(&self) -> usize {
        self.counted
    }

    /// Over the last 400 ms.
    pub(super) fn momentary(&self) -> f64 {
        self.sum(MOMENTARY) / MOMENTARY as f64
    }

    /// Over the last 3 s.
    pub(super) fn short_term(&self) -> f64 {
        self.sum(SHORT_TERM) / SHORT_TERM as f64
    }

    /// The highest momentary power.
    pub(super) fn momentary_max(&self) -> f64 {
        self.momentary_max
    }

    /// The highest short-term power.
    pub(super) fn short_term_max(&self) -> f64 {
        self.short_term_max
    }

    /// Begins the maxima again; the windows go on.
    pub(super) fn reset_maxima(&mut self) {
        self.counted = 0;
        self.momentary_max = 0.0;
        self.short_term_max = 0.0;
    }

    /// Summed anew each time: a running sum would keep what rounding leaves behind.
    fn sum(&self, newest: usize) -> f64 {
        let (newer, older) = self.slots.split_at(self.place);
        newer.iter().rev().chain(older.iter().rev()).take(newest).sum()
    }
}
