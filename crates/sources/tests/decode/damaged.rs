//! Damaged and hostile files cost themselves: never a panic out, never for ever, never memory without bound.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use airdesk_sources::decode::{DecodeError, Decoder};

use crate::files::{Dice, Files, apart, decoded, rest};

/// Counts what each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: all is left to the system's allocator; what is counted beside it does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.get() + layout.size() as isize;
        HELD.set(held);
        MOST.set(MOST.get().max(held));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.set(HELD.get() - layout.size() as isize);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let held = HELD.get() + size as isize - layout.size() as isize;
        HELD.set(held);
        MOST.set(MOST.get().max(held));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most that a file may hold in memory.
const MEMORY_MAX: isize = 64 << 20;
/// Two seconds of the processor, on a machine that does other things too.
const TIME_MAX: Duration = Duration::from_secs(6);

/// Plays some of a file from several places, whatever becomes of it. Returns how long that took and what it held.
fn played(path: &Path) -> (Result<u64, DecodeError>, Duration, isize) {
    let (begun, held) = (Instant::now(), HELD.get());
    MOST.set(held);
    let result = Decoder::open(path).and_then(|mut decoder| {
        let mut heard = rest(&mut decoder)?.len() as u64;
        for place in [decoder.frames().unwrap_or(20_000) / 2, 0, 30_000] {
            decoder.seek(place)?;
            heard += decoder.read(&mut vec![[0.0; 2]; 3_000])? as u64;
        }
        Ok(heard)
    });
    (result, begun.elapsed(), MOST.get() - held)
}

fn must_be_cheap(path: &Path, what: &str) -> Result<u64, DecodeError> {
    let (result, time, memory) = played(path);
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(
        time < TIME_MAX && memory < MEMORY_MAX,
        "{what} of {name}: {time:?}, {memory} bytes"
    );
    if let Err(error) = &result {
        assert!(error.to_string().contains(&name), "{error}");
    }
    result
}

/// A short file of each kind.
const MADE: [&str; 13] = [
    "cp in.wav plain.wav",
    "ffmpeg -v error -i in.wav -rf64 always rf64.wav",
    "ffmpeg -v error -i in.wav -c:a pcm_s24be plain.aiff",
    "flac --silent in.wav -o plain.flac",
    "flac --silent --ogg in.wav -o ogg.oga",
    "lame --quiet --ta Someone -V 4 in.wav vbr.mp3",
    "oggenc --quiet -q 3 in.wav -o xiph.ogg",
    "opusenc --quiet in.wav xiph.opus",
    "ffmpeg -v error -i in.wav -c:a libopus -b:a 96k lavf.opus",
    "ffmpeg -v error -i in.wav -c:a aac -metadata title=Something lavf.m4a",
    "ffmpeg -v error -i in.wav -c:a alac alac.m4a",
    "ffmpeg -v error -i in.wav -c:a aac bare.aac",
    "ffmpeg -v error -i in.wav -c:a aac -movflags empty_moov+default_base_moof -frag_duration 500000 fragments.m4a",
];

#[test]
fn a_file_that_is_cut_off_anywhere_plays_what_is_there() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 44_100 * 4);
    for line in MADE {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        let (whole, length) = (
            std::fs::read(files.path(name)).expect("a file"),
            decoded(&files.path(name)).len(),
        );
        let mut dice = Dice(3);
        for n in 0..60 {
            let cut = if n < 20 {
                n * 13
            } else {
                dice.below(whole.len() as u64) as usize
            };
            let path = files.write(&format!("cut_{name}"), &whole[..cut.min(whole.len())]);
            let _ = must_be_cheap(&path, "a part"); // plays or is refused
        }
        // Of a file whose tables are at its end nothing is left.
        if !["lavf.m4a", "alac.m4a"].contains(&name) {
            let path = files.write(&format!("half_{name}"), &whole[..whole.len() / 2]);
            let heard = rest(&mut Decoder::open(&path).unwrap_or_else(|error| panic!("{error}"))).expect("half of it");
            let share = heard.len() as f64 / length as f64;
            assert!((0.2..0.75).contains(&share), "{name}: {share} of it");
        }
    }
}

#[test]
fn wrong_bits_anywhere_never_get_out_of_hand() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 30_000);
    for line in MADE {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        let whole = std::fs::read(files.path(name)).expect("a file");
        let mut dice = Dice(5);
        let path = files.path(&format!("wrong_{name}"));
        for n in 0..300 {
            let mut wrong = whole.clone();
            // In every other file all of it is in the headers.
            let within = if n % 2 == 0 {
                whole.len() as u64
            } else {
                1_500.min(whole.len() as u64)
            };
            for _ in 0..1 + dice.below(12) {
                let at = dice.below(within) as usize;
                wrong[at] ^= 1 << dice.below(8);
            }
            std::fs::write(&path, &wrong).expect("room on the disk");
            let _ = must_be_cheap(&path, "bits"); // plays or is refused
        }
    }
}

#[test]
fn a_packet_that_is_lost_costs_its_own_time_and_no_more() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 44_100 * 12);
    let made = [
        "flac --silent in.wav -o plain.flac",
        "lame --quiet -b 128 in.wav cbr.mp3",
        "ffmpeg -v error -i in.wav -c:a aac -aac_pns 0 lavf.m4a",
        "ffmpeg -v error -i in.wav -c:a aac -aac_pns 0 bare.aac",
        "ffmpeg -v error -i in.wav -c:a alac alac.m4a",
        "oggenc --quiet in.wav -o xiph.ogg",
        "opusenc --quiet in.wav xiph.opus",
    ];
    for line in made {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        let whole = std::fs::read(files.path(name)).expect("a file");
        let straight = decoded(&files.path(name));
        let mut wrong = whole.clone();
        let half = wrong.len() / 2;
        wrong[half..half + 300].fill(0x55);
        let heard = decoded(&files.write(&format!("hurt_{name}"), &wrong));
        assert_eq!(heard.len(), straight.len(), "{name}");
        let (from, to) = (heard.len() / 4, heard.len() * 9 / 10);
        assert!(apart(&heard[..from], &straight[..from]) < -90.0, "{name} before it");
        let behind = apart(&heard[to..], &straight[to..]);
        assert!(behind < -90.0, "{name} behind it: {behind:.1} dB");
    }
}

#[test]
fn headers_that_claim_more_than_there_is_hold_no_memory_for_it() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 44_100);
    files.run("lame --quiet in.wav plain.mp3");
    files.run("flac --silent in.wav -o plain.flac");
    files.run("ffmpeg -v error -i in.wav -c:a alac alac.m4a");
    let mp3 = std::fs::read(files.path("plain.mp3")).expect("a file");
    // Tags of 256 MB, of which there is nothing; a picture of as much within.
    let mut tag = b"ID3\x03\0\0\x7f\x7f\x7f\x7fAPIC\x0f\xff\xff\x00\0\0\0image/jpeg\0\x03\0".to_vec();
    tag.extend(&mp3);
    let _ = must_be_cheap(&files.write("tag.mp3", &tag), "a tag");
    // Tags of 48 MB that are really there: refused, and not held.
    let mut tag = b"ID3\x03\0\0\x17\x00\x00\x00TXXX\x02\xdf\xff\x00\0\0\0".to_vec();
    tag.resize(48 << 20, b'a');
    tag.extend(&mp3);
    let error = must_be_cheap(&files.write("large.mp3", &tag), "a large tag").expect_err("too large");
    assert!(matches!(error, DecodeError::TooCostly { .. }), "{error}");
    let flac = std::fs::read(files.path("plain.flac")).expect("a file");
    let mut picture = flac[..42].to_vec();
    picture[4] = 0; // not the last block
    picture.extend(
        b"\x06\xff\xff\xff\0\0\0\x03\0\0\0\x0aimage/jpeg\0\0\0\0\0\0\0\x40\0\0\0\x40\0\0\0\x18\0\0\0\0\xff\xff\xff\xf0",
    );
    picture.extend(&flac[42..]);
    let _ = must_be_cheap(&files.write("picture.flac", &picture), "a picture");
    let alac = std::fs::read(files.path("alac.m4a")).expect("a file");
    for (name, skip) in [
        (&b"stsz"[..], 12),
        (b"stts", 8),
        (b"stsc", 8),
        (b"stco", 8),
        (b"elst", 8),
        (b"alac", 8),
    ] {
        let mut wrong = alac.clone();
        let places: Vec<usize> = (0..wrong.len() - 4).filter(|at| &wrong[*at..*at + 4] == name).collect();
        for at in places {
            wrong[at + skip..at + skip + 4].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
        }
        let _ = must_be_cheap(&files.write("table.m4a", &wrong), "a table");
    }
}
