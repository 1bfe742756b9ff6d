//! A segment: some seconds of all lanes in one file, written in whole chunks, so that whatever a process was doing when
//! it was killed, what was written before is found.
//!
//! A chunk is four letters, the length of its body and the CRC-32 of both (32 bits, little-endian), then its body. The
//! first is `HEAD`; `LANE` names a lane before it first appears in a file; `ONTI` and
//! `DUMP` say what is on and what was dumped ([`super::story`]); `BLKS` holds a run of the desk's blocks of every lane,
//! each packed by itself ([`super::pack`]), beginning with a table. A reader stops at the first chunk that is not whole.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use airdesk_dsp::SampleRate;

use super::LaneId;
use super::pack::Packer;
use super::story::Note;

const HEAD: [u8; 4] = *b"HEAD";
const LANE: [u8; 4] = *b"LANE";
const BLOCKS: [u8; 4] = *b"BLKS";
const ON: [u8; 4] = *b"ONTI";
const DUMPED: [u8; 4] = *b"DUMP";
/// Written into `HEAD`. A file of another version is left alone.
const VERSION: u16 = 1;
const CHUNK_HEAD_BYTES: usize = 12;
const HEAD_BYTES: usize = 34;
const TABLE_HEAD_BYTES: usize = 14;
const TABLE_ENTRY_BYTES: usize = 12;
/// The longest name of a lane that is written, bytes.
const NAME_BYTES_MAX: usize = 512;
/// No segment holds more blocks: a minute and a half.
const BLOCKS_MAX: u64 = 1 << 16;
/// No desk counts further: twelve thousand years.
const SEQUENCE_MAX: u64 = 1 << 48;
/// No chunk is longer: half a second of 256 lanes of noise is a sixth of it.
const BODY_BYTES_MAX: u32 = 1 << 28;

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The run it belongs to.
    pub(super) run: u64,
    pub(super) rate: SampleRate,
    /// Frames by which the programme is later than the lanes.
    pub(super) latency: u32,
    /// The desk's number of its first block.
    pub(super) first: u64,
    /// When that block began by the wall clock, milliseconds since 1970.
    pub(super) began: u64,
}

impl Head {
    /// By the wall clock.
    pub(super) fn began(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.began)
    }
}

/// A run of blocks of all lanes that were there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// The desk's number of the first.
    pub(super) first: u64,
    pub(super) blocks: u32,
    pub(super) lanes: Vec<Packed>,
}

impl Batch {
    /// The number after its last block.
    pub(super) fn end(&self) -> u64 {
        self.first + u64::from(self.blocks)
    }

    /// About how many bytes it takes on disk, and not fewer.
    pub(super) fn bytes(&self) -> u64 {
        let lane = |packed: &Packed| packed.bytes.len() + TABLE_ENTRY_BYTES + CHUNK_HEAD_BYTES + 4 + NAME_BYTES_MAX;
        let lanes: usize = self.lanes.iter().map(lane).sum();
        (lanes + CHUNK_HEAD_BYTES * 2 + HEAD_BYTES + TABLE_HEAD_BYTES) as u64
    }
}

/// One lane's part of a batch: as many blocks as the batch has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) lane: LaneId,
    /// Blocks among them that were lost.
    pub(super) lost: u32,
    pub(super) bytes: Vec<u8>,
}

impl Packed {
    pub(super) fn new(lane: LaneId, packer: Packer) -> Self {
        let lost = packer.lost();
        let bytes = packer.finish();
        Self { lane, lost, bytes }
    }
}

/// The chunk that a segment begins with.
pub(super) fn head_chunk(head: &Head) -> Vec<u8> {
    let mut body = Vec::with_capacity(HEAD_BYTES);
    body.extend(VERSION.to_le_bytes());
    body.extend(head.run.to_le_bytes());
    body.extend(head.rate.hz().to_le_bytes());
    body.extend(head.latency.to_le_bytes());
    body.extend(head.first.to_le_bytes());
    body.extend(head.began.to_le_bytes());
    let mut bytes = Vec::new();
    chunk(HEAD, &[&body], &mut bytes);
    bytes
}

/// Appends the name of a lane.
pub(super) fn lane_chunk(lane: LaneId, name: &str, bytes: &mut Vec<u8>) {
    let name = crate::title::cut(name, NAME_BYTES_MAX);
    chunk(LANE, &[&lane.0.to_le_bytes(), name.as_bytes()], bytes);
}

/// Appends what is known besides the sound.
pub(super) fn note_chunk(note: &Note, bytes: &mut Vec<u8>) {
    let tag = match note {
        Note::On { .. } => ON,
        Note::Dumped { .. } => DUMPED,
    };
    chunk(tag, &[&note.body()], bytes);
}

/// Appends a batch.
pub(super) fn batch_chunk(batch: &Batch, bytes: &mut Vec<u8>) {
    let mut table = Vec::with_capacity(TABLE_HEAD_BYTES + batch.lanes.len() * TABLE_ENTRY_BYTES);
    table.extend(batch.first.to_le_bytes());
    table.extend(batch.blocks.to_le_bytes());
    table.extend((batch.lanes.len() as u16).to_le_bytes());
    for lane in &batch.lanes {
        table.extend(lane.lane.0.to_le_bytes());
        table.extend(lane.lost.to_le_bytes());
        table.extend((lane.bytes.len() as u32).to_le_bytes());
    }
    let mut parts: Vec<&[u8]> = vec![&table];
    parts.extend(batch.lanes.iter().map(|lane| &lane.bytes[..]));
    chunk(BLOCKS, &parts, bytes);
}

fn chunk(tag: [u8; 4], parts: &[&[u8]], bytes: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    bytes.extend(tag);
    bytes.extend((length as u32).to_le_bytes());
    bytes.extend(check_sum(tag, length as u32, parts).to_le_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
}

fn check_sum(tag: [u8; 4], length: u32, parts: &[&[u8]]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&tag);
    sum.update(&length.to_le_bytes());
    parts.iter().for_each(|part| sum.update(part));
    sum.finalize()
}

/// What stands in a segment, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    Lane(LaneId, String),
    Note(Note),
    Blocks(Batch),
}

/// Reads a segment, also one that is being written: what is not whole yet is not there.
pub(super) struct SegmentReader {
    file: BufReader<File>,
    head: Head,
}

impl SegmentReader {
    /// Opens a segment. Neither follows a link nor waits for what is no file.
    ///
    /// # Errors
    /// When there is no file, or it is no segment.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if !path.symlink_metadata()?.is_file() {
            return Err(not_ours());
        }
        let mut file = BufReader::new(File::open(path)?);
        let body = match read_chunk(&mut file)? {
            Some((HEAD, body)) => body,
            _ => return Err(not_ours()),
        };
        let head = read_head(&body).ok_or_else(not_ours)?;
        Ok(Self { file, head })
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The next chunk that is whole; `None` where there is none.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn next(&mut self) -> io::Result<Option<Chunk>> {
        while let Some((tag, body)) = read_chunk(&mut self.file)? {
            match tag {
                LANE => return Ok(read_lane(&body)),
                ON => return Ok(Note::read_on(&body).map(Chunk::Note)),
                DUMPED => return Ok(Note::read_dumped(&body).map(Chunk::Note)),
                BLOCKS => return Ok(read_batch(&body).filter(|batch| self.holds(batch)).map(Chunk::Blocks)),
                _ => {} // of a later version
            }
        }
        Ok(None)
    }

    /// The same without the audio, which is skipped, and so its check sums.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn next_table(&mut self) -> io::Result<Option<Chunk>> {
        let place = self.file.stream_position()?;
        let Some((tag, length, _)) = read_chunk_head(&mut self.file)? else {
            return Ok(None);
        };
        let end = place + (CHUNK_HEAD_BYTES as u64) + u64::from(length);
        if tag != BLOCKS {
            self.file.seek(SeekFrom::Start(place))?;
            return self.next();
        }
        if end > self.file.get_ref().metadata()?.len() || (length as usize) < TABLE_HEAD_BYTES {
            return Ok(None);
        }
        let mut table = [0; TABLE_HEAD_BYTES];
        self.file.read_exact(&mut table)?;
        let mut batch = read_table_head(&table);
        let count = u16::from_le_bytes([table[12], table[13]]);
        if TABLE_HEAD_BYTES + usize::from(count) * TABLE_ENTRY_BYTES > length as usize {
            return Ok(None);
        }
        for _ in 0..count {
            let mut entry = [0; TABLE_ENTRY_BYTES];
            self.file.read_exact(&mut entry)?;
            batch.lanes.push(read_entry(&entry).0);
        }
        // By as little as there is, what was read ahead is kept.
        let place = self.file.stream_position()?;
        self.file.seek_relative(end as i64 - place as i64)?;
        Ok(self.holds(&batch).then_some(Chunk::Blocks(batch)))
    }

    /// The batch lies where one of this segment can.
    fn holds(&self, batch: &Batch) -> bool {
        let first = self.head.first;
        batch.first >= first && batch.first - first < BLOCKS_MAX && u64::from(batch.blocks) <= BLOCKS_MAX
    }
}

fn not_ours() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no segment of this black box")
}

/// A tag, the length of a body and its check sum.
fn read_chunk_head(file: &mut impl Read) -> io::Result<Option<([u8; 4], u32, u32)>> {
    let mut head = [0; CHUNK_HEAD_BYTES];
    match file.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let [a, b, c, d, ..] = head;
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let sum = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    Ok((length <= BODY_BYTES_MAX).then_some(([a, b, c, d], length, sum)))
}

/// A chunk that is whole.
fn read_chunk(file: &mut impl Read) -> io::Result<Option<([u8; 4], Vec<u8>)>> {
    let Some((tag, length, sum)) = read_chunk_head(file)? else {
        return Ok(None);
    };
    // It grows with what is there: a length alone takes no memory.
    let mut body = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut body)?;
    let whole = body.len() == length as usize && check_sum(tag, length, &[&body]) == sum;
    Ok(whole.then_some((tag, body)))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn read_head(body: &[u8]) -> Option<Head> {
    if body.len() < HEAD_BYTES || u16::from_le_bytes([body[0], body[1]]) != VERSION {
        return None;
    }
    Some(Head {
        run: u64_at(body, 2),
        rate: SampleRate::new(u32_at(body, 10))?,
        latency: u32_at(body, 14),
        first: Some(u64_at(body, 18)).filter(|first| *first < SEQUENCE_MAX)?,
        began: u64_at(body, 26),
    })
}

fn read_lane(body: &[u8]) -> Option<Chunk> {
    let (id, name) = body.split_at_checked(4)?;
    let name = String::from_utf8_lossy(name).into_owned();
    Some(Chunk::Lane(LaneId(u32_at(id, 0)), name))
}

fn read_table_head(table: &[u8]) -> Batch {
    Batch {
        first: u64_at(table, 0),
        blocks: u32_at(table, 8),
        lanes: Vec::new(),
    }
}

/// A lane without its audio, and how many bytes that has.
fn read_entry(entry: &[u8]) -> (Packed, usize) {
    let packed = Packed {
        lane: LaneId(u32_at(entry, 0)),
        lost: u32_at(entry, 4),
        bytes: Vec::new(),
    };
    (packed, u32_at(entry, 8) as usize)
}

fn read_batch(body: &[u8]) -> Option<Batch> {
    let (head, rest) = body.split_at_checked(TABLE_HEAD_BYTES)?;
    let mut batch = read_table_head(head);
    let count = usize::from(u16::from_le_bytes([head[12], head[13]]));
    let (table, mut rest) = rest.split_at_checked(count * TABLE_ENTRY_BYTES)?;
    let mut seen = HashSet::new();
    for entry in table.chunks_exact(TABLE_ENTRY_BYTES) {
        let (mut packed, length) = read_entry(entry);
        let (bytes, others) = rest.split_at_checked(length)?;
        rest = others;
        packed.bytes = bytes.to_vec();
        if seen.insert(packed.lane) {
            batch.lanes.push(packed);
        }
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn head() -> Head {
        Head {
            run: 77,
            rate: SampleRate::DESK,
            latency: 96,
            first: 7501,
            began: 1_700_000_000_123,
        }
    }

    fn batch(first: u64) -> Batch {
        let lane = |lane, bytes: usize| Packed {
            lane: LaneId(lane),
            lost: 3,
            bytes: (0..bytes).map(|n| n as u8).collect(),
        };
        Batch {
            first,
            blocks: 375,
            lanes: vec![lane(0, 40_000), lane(5, 3)],
        }
    }

    /// A segment with two batches, and where its chunks end.
    fn segment() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = head_chunk(&head());
        let mut ends = vec![bytes.len()];
        lane_chunk(LaneId(5), "Mic 1", &mut bytes);
        ends.push(bytes.len());
        for first in [7501, 7876] {
            batch_chunk(&batch(first), &mut bytes);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn chunks(path: &Path) -> Vec<Chunk> {
        let mut reader = SegmentReader::open(path).expect("a segment");
        std::iter::from_fn(|| reader.next().expect("read")).collect()
    }

    #[test]
    fn a_segment_cut_off_anywhere_has_every_chunk_that_was_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cut");
        let (bytes, ends) = segment();
        for cut in (ends[0]..bytes.len())
            .step_by(997)
            .chain([ends[1], ends[2] - 1, ends[2]])
        {
            std::fs::write(&path, &bytes[..cut]).expect("written");
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let found = chunks(&path);
            assert_eq!(found.len(), whole, "cut at {cut}");
            let mut reader = SegmentReader::open(&path).expect("a segment");
            assert_eq!(*reader.head(), head());
            let tables = std::iter::from_fn(|| reader.next_table().expect("read")).count();
            assert_eq!(tables, whole, "cut at {cut}");
        }
        std::fs::write(&path, &bytes[..ends[0] - 1]).expect("written");
        assert!(SegmentReader::open(&path).is_err());
    }

    #[test]
    fn what_is_read_is_what_was_written_and_the_table_says_the_same_without_the_audio() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&segment().0).expect("written");
        let named = Chunk::Lane(LaneId(5), "Mic 1".into());
        let expected = [named, Chunk::Blocks(batch(7501)), Chunk::Blocks(batch(7876))];
        assert_eq!(chunks(file.path()), expected);
        let mut reader = SegmentReader::open(file.path()).expect("a segment");
        for mut expected in expected {
            if let Chunk::Blocks(batch) = &mut expected {
                batch.lanes.iter_mut().for_each(|lane| lane.bytes.clear());
            }
            assert_eq!(reader.next_table().expect("read"), Some(expected));
        }
        assert_eq!(reader.next_table().expect("read"), None);
    }

    #[test]
    fn one_wrong_bit_anywhere_ends_the_segment_before_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bit");
        let (bytes, ends) = segment();
        for at in (ends[0]..bytes.len()).step_by(1009).chain(ends[0]..ends[0] + 30) {
            let mut wrong = bytes.clone();
            wrong[at] ^= 16;
            std::fs::write(&path, &wrong).expect("written");
            let whole = ends.iter().filter(|end| **end <= at).count() - 1;
            let found = chunks(&path);
            assert!(found.len() <= 3 && found[..whole] == chunks_of(&bytes, folder.path())[..whole]);
            assert_eq!(found.len(), whole, "bit at {at}");
        }
    }

    fn chunks_of(bytes: &[u8], folder: &Path) -> Vec<Chunk> {
        let path = folder.join("whole");
        std::fs::write(&path, bytes).expect("written");
        chunks(&path)
    }
}
