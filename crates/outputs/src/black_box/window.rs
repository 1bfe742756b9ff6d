//! The window that is kept: one sound file for each lane, filled from batches in order; what is missing is silence. Each is
//! marked where something begins in it. For threads that may block.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use airdesk_dsp::{BLOCK_FRAMES, Block};

use super::LaneId;
use super::keep::{Heard, KeepError, KeepOrder, Kept, KeptFile, Pinned};
use super::pack::{Unpacked, Unpacker};
use super::segment::{Batch, Packed};
use super::state::RunId;
use crate::recorder::{Chapters, Naming, create, free_space, usable_stem};
use crate::sound_file::{self, Closing, Opening, SoundFile};
use crate::title::Title;

/// The most that is held before it is written.
const COMMIT_BYTES: usize = 256 * 1024;

/// What is left of the free disk to others, such as a recording that runs: a part, and bytes at the most.
const SPARED_PART: u64 = 4;
const SPARED_MOST: u64 = 64 * 1024 * 1024;

/// Where the frames of a window go.
pub(super) struct Window<'a> {
    order: KeepOrder,
    naming: Naming,
    stem: String,
    /// What begins where.
    marks: Vec<(u64, Title)>,
    pinned: &'a Pinned,
    /// Frames of every file.
    frames: u64,
    files: BTreeMap<LaneId, LaneFile>,
}

/// The file of one lane.
struct LaneFile {
    name: String,
    path: PathBuf,
    file: File,
    sound: Box<dyn SoundFile>,
    chapters: Chapters,
    /// Frames that were put into it.
    next: u64,
    /// The number after the last block that was there.
    seen: u64,
    gaps: Vec<(u64, u64)>,
}

impl<'a> Window<'a> {
    /// Refuses what cannot be named, or does not fit.
    pub(super) fn open(mut order: KeepOrder, pinned: &'a Pinned) -> Result<Self, KeepError> {
        let (first, end) = (frames_before(pinned.first), frames_before(pinned.end));
        let mut naming = (order.naming)(&Heard {
            began: pinned.began,
            on: pinned.story.on_at(first),
            rate: pinned.rate,
        });
        let name = naming.names.pop().unwrap_or_default();
        let stem = usable_stem(&name).ok_or(KeepError::Name(name))?;
        order.folder.extend(&naming.names);
        let refused = |source| written(&order.folder, source);
        std::fs::create_dir_all(&order.folder).map_err(refused)?;
        let frames = (pinned.end - pinned.first) * BLOCK_FRAMES as u64;
        let seconds = frames as f64 / f64::from(pinned.rate.hz());
        let needs = order.format.bytes_a_second(pinned.rate) * seconds * pinned.lanes.len() as f64;
        let free_bytes = free_space(&order.folder).map_err(refused)?;
        // A recording that runs must not end for this.
        let spared = (free_bytes / SPARED_PART).min(SPARED_MOST);
        if needs > (free_bytes - spared) as f64 {
            return Err(KeepError::DiskFull {
                folder: order.folder,
                needs: needs as u64,
                free_bytes,
            });
        }
        Ok(Self {
            marks: pinned.story.marks(first, end, pinned.rate.hz()),
            order,
            naming,
            stem,
            pinned,
            frames,
            files: BTreeMap::new(),
        })
    }

    /// Puts what a batch has into the files of its lanes.
    pub(super) fn put(&mut self, batch: &Batch) -> Result<(), KeepError> {
        for packed in &batch.lanes {
            let at = self.place(packed.lane, batch.first);
            let length = i128::from(batch.blocks) * BLOCK_FRAMES as i128;
            if at >= i128::from(self.frames) || at + length <= 0 {
                continue;
            }
            let mut file = match self.files.remove(&packed.lane) {
                Some(file) => file,
                None => self.make(packed.lane, batch)?,
            };
            if batch.first > file.seen {
                let missing = self.place(packed.lane, file.seen);
                file.lose(missing, at, self.frames);
            }
            let put = file.put(packed, batch.blocks, at, self.frames);
            file.seen = batch.end();
            let path = file.path.clone();
            self.files.insert(packed.lane, file);
            put.map_err(|source| written(&path, source))?;
        }
        Ok(())
    }

    /// The frame of a lane's file at which a block begins; before the first frame it is negative.
    fn place(&self, lane: LaneId, block: u64) -> i128 {
        let blocks = i128::from(block) - i128::from(self.pinned.first);
        let late = if lane == LaneId::PROGRAMME {
            0
        } else {
            self.pinned.latency
        };
        blocks * BLOCK_FRAMES as i128 + i128::from(late)
    }

    fn make(&self, lane: LaneId, batch: &Batch) -> Result<LaneFile, KeepError> {
        let name = self.pinned.lanes.get(&lane).cloned().unwrap_or_default();
        let (stem, seen) = if lane == LaneId::PROGRAMME {
            // What is missing of the programme was lost; a lane may have come later.
            (self.stem.clone(), self.pinned.first)
        } else {
            let part = usable_stem(&name).unwrap_or_else(|| format!("strip {}", lane.0));
            (
                usable_stem(&format!("{} - {part}", self.stem)).unwrap_or(part),
                batch.first,
            )
        };
        let refused = |source| written(&self.order.folder, source);
        let (path, file) = create(
            &self.order.folder,
            std::slice::from_ref(&stem),
            self.order.format.extension(),
        )
        .map_err(refused)?;
        let mut opening = Opening::new(self.pinned.rate);
        opening.tags = self.naming.tags.clone();
        opening.tags.source.clone_from(&name);
        opening.origin.clone_from(&self.naming.origin);
        let made = file
            .try_clone()
            .and_then(|other| Ok((sound_file::create(other, self.order.format, &opening)?, file)));
        let (sound, file) = made.map_err(|source| written(&path, source))?;
        Ok(LaneFile {
            name,
            chapters: self.chapters(lane, &path, opening),
            path,
            file,
            sound,
            next: 0,
            seen: seen.min(batch.first),
            gaps: Vec::new(),
        })
    }

    /// What begins where in a lane's file.
    fn chapters(&self, lane: LaneId, path: &Path, opening: Opening) -> Chapters {
        let mut chapters = Chapters::new(opening.tags, opening.rate);
        if self.order.cue_sheet && lane == LaneId::PROGRAMME {
            chapters = chapters.with_sheet(path);
        }
        for (frame, title) in &self.marks {
            chapters.mark(*frame, title);
        }
        if let Some(fault) = chapters.take_fault() {
            tracing::warn!("{fault}");
        }
        chapters
    }

    /// Makes all files equally long.
    pub(super) fn finish(mut self) -> Result<Kept, KeepError> {
        let programme_end = self.place(LaneId::PROGRAMME, self.pinned.end);
        if let Some(file) = self.files.get_mut(&LaneId::PROGRAMME) {
            let seen = (i128::from(file.seen) - i128::from(self.pinned.first)) * BLOCK_FRAMES as i128;
            file.lose(seen, programme_end, self.frames);
        }
        let mut files = Vec::new();
        for (lane, file) in self.files {
            let path = file.path.clone();
            files.push(
                file.finish(lane, self.frames)
                    .map_err(|source| written(&path, source))?,
            );
        }
        if files.is_empty() {
            return Err(KeepError::Nothing);
        }
        Ok(Kept {
            run: RunId(self.pinned.run),
            began: self.pinned.began,
            rate: self.pinned.rate,
            frames: self.frames,
            files,
        })
    }
}

impl LaneFile {
    /// Puts a lane's part of a batch where it belongs. What is damaged is lost.
    fn put(&mut self, packed: &Packed, blocks: u32, at: i128, frames: u64) -> io::Result<()> {
        let mut unpacker = Unpacker::new(&packed.bytes);
        for n in 0..blocks {
            let at = at + i128::from(n) * BLOCK_FRAMES as i128;
            match unpacker.next() {
                Ok(Some(Unpacked::Block(block))) => self.put_block(&block, at, frames)?,
                _ => self.lose(at, at + BLOCK_FRAMES as i128, frames),
            }
        }
        if self.sound.pending() >= COMMIT_BYTES {
            self.sound.commit()?;
        }
        Ok(())
    }

    /// Puts the part of a block that is within the file.
    fn put_block(&mut self, block: &Block, at: i128, frames: u64) -> io::Result<()> {
        let (from, to) = (
            at.max(i128::from(self.next)),
            (at + BLOCK_FRAMES as i128).min(i128::from(frames)),
        );
        if from >= to {
            return Ok(());
        }
        self.sound.push_silence(from as u64 - self.next)?;
        self.sound.push(&block[(from - at) as usize..(to - at) as usize])?;
        self.next = to as u64;
        Ok(())
    }

    /// Notes that these frames were lost. The silence comes with what follows.
    fn lose(&mut self, from: i128, to: i128, frames: u64) {
        let (from, to) = (from.max(0) as u64, to.clamp(0, i128::from(frames)) as u64);
        if from >= to {
            return;
        }
        match self.gaps.last_mut() {
            Some((first, count)) if *first + *count == from => *count += to - from,
            _ => self.gaps.push((from, to - from)),
        }
    }

    fn finish(mut self, lane: LaneId, frames: u64) -> io::Result<KeptFile> {
        self.sound.push_silence(frames - self.next)?;
        self.sound.finish(&Closing {
            marks: self.chapters.marks(),
            ..Closing::default()
        })?;
        self.file.sync_all()?;
        Ok(KeptFile {
            lane,
            name: self.name,
            path: self.path,
            gaps: self.gaps,
        })
    }
}

/// The programme's frame that a block begins with.
fn frames_before(block: u64) -> u64 {
    block.saturating_sub(1) * BLOCK_FRAMES as u64
}

fn written(path: &Path, source: io::Error) -> KeepError {
    KeepError::Write {
        path: path.to_owned(),
        source,
    }
}
