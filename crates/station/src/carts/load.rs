//! Pads' files, read whole into memory where a disk may be waited for. How much all walls take together is limited.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use airdesk_dsp::{Frame, SampleRate};
use airdesk_engine::StripId;
use airdesk_engine::wall::Sound;
use airdesk_sources::decode::{Decoder, at_desk_rate};

use super::desk::PadFile;
use crate::readers::read_each;
use crate::station::{Core, Internal};

/// How long a pad's file may be, seconds.
const SECONDS_MAX: f64 = 600.0;
/// What all pads of the desk may take together, bytes.
const BYTES_MAX: usize = 512 << 20;
/// Frames that are decoded at a time.
const STEP: usize = 8_192;

/// What walls have in memory.
#[derive(Clone, Default)]
pub(super) struct Memory {
    used: Arc<AtomicUsize>,
}

/// A part of it, given back when it is dropped.
struct Share {
    memory: Memory,
    bytes: usize,
}

impl Share {
    /// Takes more. False: there is no more.
    fn grow(&mut self, bytes: usize) -> bool {
        // Relaxed: a sum, it orders nothing.
        let take = |used: usize| used.checked_add(bytes).filter(|used| *used <= BYTES_MAX);
        let grown = self
            .memory
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if grown.is_ok() {
            self.bytes += bytes;
        }
        grown.is_ok()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Relaxed: as above.
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A file in memory.
pub(super) struct Held {
    pub(super) sound: Sound,
    _share: Share,
}

/// What came of reading a pad's file.
pub(crate) struct CartFinding {
    strip: StripId,
    load: u64,
    result: Result<Held, String>,
    /// No file waits behind it, or a few were read since: hosts are told.
    is_shown: bool,
}

/// Reads a file whole.
fn load(path: &Path, rate: SampleRate, memory: &Memory) -> Result<Held, String> {
    let decoder = Decoder::open(path).map_err(|error| error.to_string())?;
    let mut file = at_desk_rate(decoder, rate);
    let longest = (SECONDS_MAX * f64::from(rate.hz())) as u64;
    let too_long = || {
        format!(
            "{} is longer than {} minutes, which is the most of a cart; play it on a deck",
            path.display(),
            SECONDS_MAX / 60.0
        )
    };
    if file.frames().is_some_and(|frames| frames > longest) {
        return Err(too_long());
    }
    let mut share = Share {
        memory: memory.clone(),
        bytes: 0,
    };
    let mut frames: Vec<Frame> = Vec::new();
    let mut step: Box<[Frame]> = vec![[0.0; 2]; STEP].into();
    loop {
        let count = file.read(&mut step).map_err(|error| error.to_string())?;
        if !share.grow(count * size_of::<Frame>()) {
            return Err(format!(
                "{} finds no room: the carts of a desk take {} MB of memory at most; clear a pad or choose a shorter file",
                path.display(),
                BYTES_MAX >> 20
            ));
        }
        frames.extend_from_slice(&step[..count]);
        if frames.len() as u64 > longest {
            return Err(too_long());
        }
        if count < step.len() {
            break;
        }
    }
    if frames.is_empty() {
        return Err(format!("there is no audio in {}; choose another file", path.display()));
    }
    Ok(Held {
        sound: frames.into(),
        _share: share,
    })
}

impl Core {
    /// Reads what of a wall is not in memory yet, on other threads.
    pub(super) fn load_missing(&mut self, strip: StripId) {
        let rate = self.desk.rate;
        let (memory, mut loads) = (self.walls.memory.clone(), self.walls.loads);
        let Ok(desk) = self.walls.desk(strip) else { return };
        let files = desk.begin_loading(&mut loads);
        self.walls.loads = loads;
        let internal = self.internal.clone();
        let files = files.into_iter().enumerate();
        let read = move |(n, (number, path)): (usize, (u64, PathBuf))| (n, number, load(&path, rate, &memory));
        read_each(files, read, move |(n, load, result), is_last| {
            let finding = CartFinding {
                strip,
                load,
                result,
                // Now and then: a full wall shows that it fills.
                is_shown: is_last || n % 8 == 7,
            };
            internal.send(Internal::Cart(finding)).is_ok()
        });
    }

    pub(crate) fn hear_of_cart(&mut self, finding: CartFinding) {
        let Ok(desk) = self.walls.desk(finding.strip) else {
            return;
        };
        let awaited = |sound: &PadFile| matches!(sound, PadFile::Loading(load) if *load == finding.load);
        // A pad that was set anew or cleared meanwhile waits for something else.
        if let Some(pad) = desk.pads_mut().find(|pad| awaited(&pad.sound)) {
            pad.sound = match finding.result {
                Ok(held) => PadFile::Ready(held),
                Err(reason) => PadFile::Faulty(reason),
            };
        }
        if finding.is_shown {
            self.tell_carts(finding.strip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_hold_together_is_limited_and_given_back() {
        let memory = Memory::default();
        let share = || Share {
            memory: memory.clone(),
            bytes: 0,
        };
        let (mut one, mut other) = (share(), share());
        assert!(one.grow(BYTES_MAX - 100) && other.grow(60));
        assert!(!other.grow(41), "one byte too many");
        assert!(other.grow(40));
        drop(one);
        assert!(other.grow(BYTES_MAX - 100));
        drop(other);
        assert_eq!(memory.used.load(Ordering::Relaxed), 0);
    }
}
