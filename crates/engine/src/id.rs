//! What a strip is called between threads.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names a strip for as long as it lives. The station hands them out and never uses one again.
///
/// The low [`StripId::SLOT_BITS`] bits are the strip's place in the console, the rest counts how
/// often that place has been taken: a command for a strip that is gone reaches nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StripId(u32);

impl StripId {
    /// Bits of an id that name the place.
    pub const SLOT_BITS: u32 = 9;

    /// The id of the `generation`-th strip at place `slot`.
    pub fn new(slot: usize, generation: u32) -> Self {
        debug_assert!(slot < 1 << Self::SLOT_BITS);
        Self((generation << Self::SLOT_BITS) | slot as u32)
    }

    /// The place in the console.
    pub fn slot(self) -> usize {
        (self.0 & ((1 << Self::SLOT_BITS) - 1)) as usize
    }

    /// The whole id as a number, for the wire.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for StripId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
