//! What has been given to a file and is not yet found by a reader of it: where a disk refuses the rest, another file goes
//! on with exactly this. A second of audio at most, as often as files are committed.

use std::collections::VecDeque;
use std::io;

use airdesk_dsp::Frame;

use crate::sound_file::SoundFile;

/// Frames that were given to a file, from the first on that a reader may not find.
#[derive(Default)]
pub(super) struct Held {
    frames: VecDeque<Frame>,
    /// The file's frame that the first one is.
    from: u64,
}

impl Held {
    /// Of a file in which a reader finds so many frames.
    pub(super) fn after(frames: u64) -> Self {
        Self {
            from: frames,
            ..Self::default()
        }
    }

    /// These were given to the file.
    pub(super) fn add(&mut self, frames: &[Frame]) {
        self.frames.extend(frames);
    }

    /// Frames that were given to the file, from its first on.
    pub(super) fn given(&self) -> u64 {
        self.from + self.frames.len() as u64
    }

    /// A reader finds `safe` frames of the file: they need not be held.
    pub(super) fn release(&mut self, safe: u64) {
        let done = safe.saturating_sub(self.from).min(self.frames.len() as u64);
        self.frames.drain(..done as usize);
        self.from += done;
    }

    /// What is held.
    pub(super) fn frames(&mut self) -> &[Frame] {
        self.frames.make_contiguous()
    }

    /// Gives another file what is held, and holds it for that one from now on.
    ///
    /// # Errors
    /// When a codec breaks.
    pub(super) fn go_on_in(&mut self, sound: &mut dyn SoundFile) -> io::Result<()> {
        self.from = 0;
        sound.push(self.frames.make_contiguous())
    }
}
