//! What strips did not give to the mix while it was recorded: one gap is one line beside the recording, however long it is.

use std::collections::HashMap;

use airdesk_engine::StripId;
use airdesk_outputs::recorder::Recording;

/// The gaps that are still open: a strip's name, and frames so far.
#[derive(Default)]
pub(super) struct Shorts(HashMap<StripId, (String, u64)>);

impl Shorts {
    /// A strip has given nothing for so many frames since this was called last. When it gives again, or is away, the gap is
    /// noted.
    pub(super) fn count(&mut self, strip: StripId, name: &str, frames: u64, recording: &Recording) {
        if frames > 0 {
            let short = self.0.entry(strip);
            short.or_insert_with(|| (format!("strip {name}"), 0)).1 += frames;
        } else if let Some((name, frames)) = self.0.remove(&strip) {
            recording.note_short(&name, frames);
        }
    }

    /// The recording ends: what is open belongs to it.
    pub(super) fn end(&mut self, recording: &Recording) {
        for (name, frames) in self.0.drain().map(|(_, short)| short) {
            recording.note_short(&name, frames);
        }
    }

    /// A recording has failed: nobody takes notes any more.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
