//! Scopes: where the eye looks into one strip, block by block, as others listen to a bus. A scope that looks at nothing
//! costs a comparison a block. Engine thread.

use airdesk_dsp::Block;

use crate::id::StripId;
use crate::mix_queue::MixWriter;
use crate::time::Nanos;

/// Scopes of the console: as many strips can be looked at at once.
pub const SCOPES: usize = 4;

/// One scope.
pub(crate) struct Scope {
    strip: Option<StripId>,
    queue: MixWriter,
}

impl Scope {
    pub(crate) fn new(queue: MixWriter) -> Self {
        Self { strip: None, queue }
    }

    pub(crate) fn look_at(&mut self, strip: Option<StripId>) {
        self.strip = strip;
    }

    /// What it looks at.
    pub(crate) fn strip(&self) -> Option<StripId> {
        self.strip
    }

    pub(crate) fn publish(&mut self, block: &Block, due: Nanos) {
        self.queue.publish(block, due);
    }
}
