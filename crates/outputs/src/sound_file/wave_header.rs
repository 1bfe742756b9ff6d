//! The header of a WAV file that somebody has written before us: read by its chunks, and completed where it counts fewer
//! frames than there are (EBU Tech 3306 for files beyond 4 GiB).

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::complete::{Looked, invalid, read_some};

/// The header must end within so many bytes.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// What a header says, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    rate: u32,
    frame_bytes: u64,
    /// Where audio begins.
    data_at: u64,
    data_bytes: u64,
    /// Where the count of frames of a `fact` chunk is.
    fact_at: Option<usize>,
    /// Where the body of `ds64`, or of a `JUNK` that keeps its place, is.
    ds64_at: Option<usize>,
    is_large: bool,
}

/// Completes the header of the file.
///
/// # Errors
/// What the system says; [`io::ErrorKind::InvalidData`] when it is no WAV file.
pub(super) fn complete(path: &Path) -> io::Result<Looked> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = vec![0; HEADER_BYTES_MAX];
    let count = read_some(&mut file, &mut bytes)?;
    bytes.truncate(count);
    let header = read(&bytes).ok_or_else(|| invalid("its header is not whole"))?;
    let there = length.saturating_sub(header.data_at) / header.frame_bytes;
    let counted = header.data_bytes / header.frame_bytes;
    // Chunks may follow the audio of a file that was finished: what the header counts is all there is then.
    let changed = counted < there && !has_chunk_behind(&mut file, &header, length)?;
    if changed {
        write(path, &mut bytes, &header, there)?;
    }
    let seconds = if changed { there } else { counted.min(there) } as f64 / f64::from(header.rate);
    Ok(Looked {
        seconds: Some(seconds),
        changed,
    })
}

/// A chunk with a name of letters begins where the header says that audio ends.
fn has_chunk_behind(file: &mut File, header: &Header, length: u64) -> io::Result<bool> {
    use std::io::Read;
    let at = header.data_at + header.data_bytes + header.data_bytes % 2;
    if at + 8 > length || header.data_bytes == 0 {
        return Ok(false);
    }
    let mut head = [0; 8];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut head)?;
    let [a, b, c, d] = [head[4], head[5], head[6], head[7]];
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    Ok(matches!(&head[..4], b"LIST" | b"cue " | b"bext" | b"iXML" | b"id3 ") && at + 8 + size <= length)
}

fn read(bytes: &[u8]) -> Option<Header> {
    let is_large = match bytes.get(..4)? {
        b"RIFF" => false,
        b"RF64" => true,
        _ => return None,
    };
    if bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let (mut at, mut format, mut fact_at, mut ds64_at) = (12, None, None, None);
    loop {
        let size = u32_at(bytes, at + 4)?;
        match bytes.get(at..at + 4)? {
            b"fmt " => format = Some((u32_at(bytes, at + 12)?, u16_at(bytes, at + 20)?)),
            b"fact" => fact_at = Some(at + 8),
            b"ds64" | b"JUNK" if size >= 24 && ds64_at.is_none() => ds64_at = Some(at + 8),
            b"data" => {
                let (rate, frame_bytes) = format.filter(|(rate, frame)| *rate > 0 && *frame > 0)?;
                let large_bytes = ds64_at.and_then(|body| u64_at(bytes, body + 8));
                return Some(Header {
                    rate,
                    frame_bytes: frame_bytes.into(),
                    data_at: at as u64 + 8,
                    data_bytes: if is_large { large_bytes? } else { size.into() },
                    fact_at,
                    ds64_at,
                    is_large,
                });
            }
            _ => {}
        }
        at = at.checked_add(8 + size as usize + size as usize % 2)?;
    }
}

/// Writes the sizes of a file of `frames` frames, in one write.
fn write(path: &Path, bytes: &mut Vec<u8>, header: &Header, frames: u64) -> io::Result<()> {
    bytes.truncate(header.data_at as usize);
    let data_bytes = frames * header.frame_bytes;
    let riff_bytes = header.data_at - 8 + data_bytes;
    let large = header.is_large || riff_bytes > u64::from(u32::MAX);
    if large {
        let body = header
            .ds64_at
            .ok_or_else(|| invalid("it is beyond 4 GiB and has no room for its length"))?;
        bytes[..4].copy_from_slice(b"RF64");
        bytes[body - 8..body - 4].copy_from_slice(b"ds64");
        for (place, size) in [riff_bytes, data_bytes, frames].into_iter().enumerate() {
            bytes[body + place * 8..body + place * 8 + 8].copy_from_slice(&size.to_le_bytes());
        }
    }
    let small = |size: u64| if large { u32::MAX } else { size as u32 }.to_le_bytes();
    bytes[4..8].copy_from_slice(&small(riff_bytes));
    let data_size = header.data_at as usize - 4;
    bytes[data_size..data_size + 4].copy_from_slice(&small(data_bytes));
    if let Some(fact) = header.fact_at {
        bytes[fact..fact + 4].copy_from_slice(&small(frames));
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::SampleRate;

    use super::super::{Closing, Opening, SampleFormat, SoundFile, WaveFile};
    use super::*;

    /// A file of 1,000 frames, as it is on disk; `also` writes behind what its header counts.
    fn wave(also: &[u8]) -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("killed.wav");
        let file = File::create_new(&path).expect("made");
        let mut wave = WaveFile::create(file, SampleFormat::Pcm24, &Opening::new(SampleRate::DESK)).expect("begun");
        wave.push(&[[0.25, -0.5]; 1000]).expect("taken");
        wave.finish(&Closing::default()).expect("written");
        let mut file = OpenOptions::new().append(true).open(&path).expect("open");
        file.write_all(also).expect("written");
        let bytes = std::fs::read(&path).expect("read");
        (folder, path, bytes)
    }

    #[test]
    fn a_file_that_is_valid_is_not_touched() {
        for also in [&[][..], b"LIST\x04\0\0\0INFO"] {
            let (_folder, path, before) = wave(also);
            let looked = complete(&path).expect("a WAV file");
            assert_eq!(
                looked,
                Looked {
                    seconds: Some(1000.0 / 48_000.0),
                    changed: false
                }
            );
            assert!(std::fs::read(&path).expect("read") == before);
        }
    }

    #[test]
    fn frames_behind_what_the_header_counts_are_found_and_a_cut_one_is_not() {
        let (_folder, path, before) = wave(&[7; 6 * 500 + 4]);
        let looked = complete(&path).expect("a WAV file");
        assert_eq!(
            looked,
            Looked {
                seconds: Some(1500.0 / 48_000.0),
                changed: true
            }
        );
        let after = std::fs::read(&path).expect("read");
        assert!(
            after.len() == before.len() && after[100..] == before[100..],
            "no audio is touched"
        );
        assert_eq!(complete(&path).expect("a WAV file").seconds, Some(1500.0 / 48_000.0));
    }

    #[test]
    fn a_file_that_grew_beyond_4_gib_in_its_last_moment_becomes_rf64() {
        let (_folder, path, _) = wave(&[]);
        let file = OpenOptions::new().write(true).open(&path).expect("open");
        file.set_len(5_000_000_000).expect("sparse");
        let looked = complete(&path).expect("a WAV file");
        assert!(
            looked.changed
                && looked
                    .seconds
                    .is_some_and(|seconds| (seconds - 5e9 / 6.0 / 48e3).abs() < 0.01)
        );
        let said = std::process::Command::new("sndfile-info")
            .arg(&path)
            .output()
            .expect("installed");
        assert!(String::from_utf8_lossy(&said.stdout).contains("RF64"));
    }

    #[test]
    fn what_is_no_wav_file_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("no.wav");
        for bytes in [
            &b"RIFF"[..],
            b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff",
            b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        ] {
            std::fs::write(&path, bytes).expect("written");
            assert_eq!(complete(&path).expect_err("no WAV").kind(), io::ErrorKind::InvalidData);
            assert_eq!(std::fs::read(&path).expect("read"), bytes);
        }
    }
}
