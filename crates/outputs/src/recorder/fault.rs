//! Why a recording stops by itself, and the sentence that the operator reads.

use std::io;
use std::path::Path;

use airdesk_dsp::SampleRate;
use jiff::Zoned;

use super::reel::Reel;
use super::space::{free_space, size};
use super::tape::{Refusal, is_full};

/// Why a recording cannot go on where it is.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file of this reel takes no more.
    Refused { reel: usize, refusal: Refusal },
    /// One of the recorder's threads panicked.
    Broke,
}

impl Fault {
    pub(super) fn sentence(&self, reels: &[Reel], rate: SampleRate) -> String {
        match self {
            Self::Refused { reel, refusal } => match reels.get(*reel) {
                Some(reel) => refusal.sentence(reel.tape.path(), reel.tape.frames(), rate),
                None => "a recording stopped by itself; record again".into(),
            },
            Self::Broke => match reels.first() {
                Some(reel) => {
                    let (path, length) = (reel.tape.path(), length(reel.tape.frames(), rate));
                    let (free, folder) = free(path);
                    format!(
                        "the recorder broke: {} is complete up to {length}, {free} are free in {folder}; record again",
                        path.display()
                    )
                }
                None => "the recorder broke; record again".into(),
            },
        }
    }
}

impl Refusal {
    /// What happened to the file, of which `frames` frames are valid.
    pub(super) fn sentence(&self, path: &Path, frames: u64, rate: SampleRate) -> String {
        let length = length(frames, rate);
        let (free, folder) = free(path);
        let path = path.display();
        match self {
            Self::Removed => {
                format!("{path} was removed while it was recorded; choose a folder that stays and record again")
            }
            Self::Write(error) if is_full(error) => format!(
                "the disk is full: {path} is complete up to {length}, {free} are free in {folder}; make room or \
                 choose another folder"
            ),
            Self::Write(error) if error.kind() == io::ErrorKind::FileTooLarge => format!(
                "{path} may not grow any larger on this disk: it is complete up to {length}, {free} are free in \
                 {folder}; record again or choose another folder"
            ),
            Self::Write(error) => format!(
                "{path} cannot be written ({error}): it is complete up to {length}, {free} are free in {folder}; \
                 check the disk or choose another folder"
            ),
        }
    }
}

/// The sentence of a recording that ends with it, and when that was, in local time.
pub(super) fn stopped(sentence: &str) -> String {
    format!("recording stopped at {}: {sentence}", Zoned::now().strftime("%H:%M:%S"))
}

fn length(frames: u64, rate: SampleRate) -> String {
    let seconds = frames / u64::from(rate.hz());
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// How much is free where `path` is, and where that is.
fn free(path: &Path) -> (String, String) {
    let folder = path.parent().unwrap_or(path);
    let free = free_space(folder).map_or_else(|_| "an unknown space".into(), size);
    (free, folder.display().to_string())
}
