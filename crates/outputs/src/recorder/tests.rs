use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::{BLOCK_FRAMES, Block, SampleRate};
use airdesk_engine::mix_queue::{MixWriter, mix_queue};
use airdesk_engine::time::Nanos;
use rtrb::{Producer, RingBuffer};

use super::drain::{Entry, drain, ring_blocks};
use super::gap_log::GapLog;
use super::start::begin;
use super::status::Board;
use super::write::Writer;
use super::{RecorderSettings, Recording, RecordingState};
use crate::follower::Follower;
use crate::sound_file::{FileFormat, Opening, SampleFormat, SoundFile, WaveFile};

fn made(folder: &Path) -> (PathBuf, WaveFile, File) {
    let path = folder.join("test.wav");
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .expect("made");
    let other = file.try_clone().expect("cloned");
    let wave = WaveFile::create(file, SampleFormat::Pcm24, &Opening::new(SampleRate::DESK)).expect("begun");
    (path, wave, other)
}

/// Publishes blocks that are all their number, fast but never faster than a follower can read.
fn publish(writer: &mut MixWriter, blocks: u64) {
    for n in 0..blocks {
        let number = writer.published() as f32 / 8_388_608.0;
        let block: Block = [[number; 2]; BLOCK_FRAMES];
        writer.publish(&block, Nanos(0));
        if n % 500 == 499 {
            thread::sleep(Duration::from_millis(30));
        }
    }
    thread::sleep(Duration::from_millis(30));
}

/// The numbers in the file, one a block, from block `from` on.
fn numbers(path: &Path, from: usize) -> Vec<i32> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(path).expect("there");
    file.seek(SeekFrom::Start(80 + from as u64 * BLOCK_FRAMES as u64 * 6))
        .expect("sought");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("read");
    let block = |bytes: &[u8]| {
        assert!(
            bytes.chunks(3).all(|sample| *sample == bytes[..3]),
            "a block is one number"
        );
        i32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
    };
    bytes.chunks(BLOCK_FRAMES * 6).map(block).collect()
}

/// Records `blocks` blocks while the writer stands still, as it does in a write to a disk that hangs.
fn recorded_while_the_disk_stood_still(folder: &Path, blocks: u64) -> (PathBuf, Arc<Board>) {
    let (mut desk, tap) = mix_queue(4096);
    let (path, wave, file) = made(folder);
    let board = Arc::new(Board::new(wave.bytes_on_disk()));
    let follower = Follower::new(tap.reader());
    let (producer, ring) = RingBuffer::new(ring_blocks(SampleRate::DESK));
    let drained = board.clone();
    let drain = thread::spawn(move || drain(follower, producer, &drained));
    publish(&mut desk, blocks);
    let writer = Writer {
        sound: Box::new(wave),
        file,
        path: path.clone(),
        rate: SampleRate::DESK,
        ring,
        gaps: GapLog::beside(&path),
        notes: std::sync::mpsc::channel().1,
        board: board.clone(),
        next: 1,
    };
    let writer = thread::spawn(move || writer.run());
    thread::sleep(Duration::from_millis(500)); // the disk is back
    publish(&mut desk, 100);
    board.ask_to_stop();
    drain.join().expect("ended");
    writer.join().expect("ended");
    (path, board)
}

#[test]
fn a_disk_that_stands_still_for_15_s_costs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocks = 15 * 750;
    let (path, board) = recorded_while_the_disk_stood_still(folder.path(), blocks);
    let summary = board.summary(path.clone());
    assert_eq!(
        (summary.frames, summary.frames_lost, summary.gaps),
        ((blocks + 100) * 64, 0, 0)
    );
    let expected: Vec<i32> = (0..blocks as i32 + 100).collect();
    assert!(numbers(&path, 0) == expected, "complete and in order");
}

#[test]
fn a_disk_that_stands_still_for_20_s_costs_what_the_gap_log_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let (blocks, ring) = (20 * 750_u64, ring_blocks(SampleRate::DESK) as u64);
    let (path, board) = recorded_while_the_disk_stood_still(folder.path(), blocks);
    let summary = board.summary(path.clone());
    assert_eq!((summary.frames, summary.gaps), ((blocks + 100) * 64, 1));
    assert_eq!(summary.frames_lost, (blocks - ring) * 64);
    let log = std::fs::read_to_string(folder.path().join("test.wav.gaps.tsv")).expect("there is a log");
    let line = format!("{}\t{}\tthe disk was too slow", ring * 64, (blocks - ring) * 64);
    assert_eq!(log.lines().collect::<Vec<_>>(), ["frame\tframes\tcause", &line]);
    let expected: Vec<i32> = (0..blocks as i32 + 100)
        .map(|n| {
            if (ring as i32..blocks as i32).contains(&n) {
                0
            } else {
                n
            }
        })
        .collect();
    assert!(
        numbers(&path, 0) == expected,
        "silence in the gap's place and everything else in its own"
    );
}

/// A recording of 3 s whose drain is the test; block `next` comes next.
fn recording_by_hand(folder: &Path, next: u64) -> (Recording, Producer<Entry>, Arc<Board>) {
    let (path, mut wave, file) = made(folder);
    wave.pretend(3 * 48_000).expect("sparse");
    let board = Arc::new(Board::new(wave.bytes_on_disk()));
    let (producer, ring) = RingBuffer::new(16);
    let (noter, notes) = std::sync::mpsc::channel();
    let writer = Writer {
        sound: Box::new(wave),
        file,
        path: path.clone(),
        rate: SampleRate::DESK,
        ring,
        gaps: GapLog::beside(&path),
        notes,
        board: board.clone(),
        next,
    };
    let writer = thread::spawn(move || writer.run());
    let keeper = thread::spawn(|| ());
    let recording = Recording::new(path, SampleRate::DESK, board.clone(), noter, writer, keeper);
    (recording, producer, board)
}

fn entry(sequence: u64) -> Entry {
    Entry {
        sequence,
        late: 0,
        frames: [[0.5; 2]; BLOCK_FRAMES],
    }
}

/// The reason why it stopped by itself, once it has.
fn failure(recording: &Recording) -> String {
    for _ in 0..1000 {
        if let RecordingState::Failed { reason } = recording.status().state {
            return reason;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it looks as if all were well: {:?}", recording.status());
}

#[test]
#[cfg(debug_assertions)] // breaks the writer by an overflow, which only debug builds notice
fn a_writer_that_breaks_is_a_recording_that_failed_and_its_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, mut ring, _) = recording_by_hand(folder.path(), u64::MAX);
    assert!(ring.push(entry(u64::MAX)).is_ok(), "there is room");
    let reason = failure(&recording);
    assert!(
        reason.starts_with("the recorder broke: ") && reason.contains("test.wav is complete up to 0:00:03"),
        "{reason}"
    );
    let summary = recording.stop();
    assert_eq!((summary.frames, summary.failure), (3 * 48_000, Some(reason)));
}

#[test]
fn a_drain_that_breaks_is_a_recording_that_failed_and_what_it_brought_is_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, mut ring, _) = recording_by_hand(folder.path(), 1);
    assert!(ring.push(entry(1)).is_ok(), "there is room");
    drop(ring);
    let reason = failure(&recording);
    assert!(reason.starts_with("the recorder broke: "), "{reason}");
    assert_eq!(recording.stop().frames, 3 * 48_000 + BLOCK_FRAMES as u64);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_removed_just_before_the_end_is_not_said_to_be_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, ring, board) = recording_by_hand(folder.path(), 1);
    std::fs::remove_file(recording.file()).expect("removed");
    board.drained(1);
    drop(ring);
    let failure = recording.stop().failure.expect("nobody finds the file");
    assert!(failure.contains("was removed while it was recorded"), "{failure}");
}

#[test]
fn a_gap_that_cannot_be_logged_is_told_with_its_place_and_the_recording_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("test.wav.gaps.tsv")).expect("made");
    let (recording, mut ring, board) = recording_by_hand(folder.path(), 1);
    for sequence in [1, 4, 9] {
        assert!(ring.push(entry(sequence)).is_ok(), "there is room");
    }
    board.drained(10);
    drop(ring);
    let summary = recording.stop();
    assert_eq!((summary.frames_lost, summary.gaps), (6 * BLOCK_FRAMES as u64, 2));
    let told = summary.gap_log_fault.expect("it is told");
    assert!(
        told.contains("128 frames are missing from ") && told.contains("test.wav from frame 144064 on"),
        "{told}"
    );
    assert!(told.contains("test.wav.gaps.tsv cannot be written"), "{told}");
    assert_eq!(summary.failure, None);
}

#[test]
fn what_was_not_mixed_is_in_the_gap_log_and_does_not_count_as_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, mut ring, board) = recording_by_hand(folder.path(), 1);
    recording.note_short("Mic\tof Ann", 2_400);
    recording.note_slept(60.0);
    assert!(ring.push(entry(1)).is_ok(), "there is room");
    board.drained(2);
    drop(ring);
    let summary = recording.stop();
    assert_eq!((summary.frames_lost, summary.gaps, summary.gap_log_fault), (0, 2, None));
    let log = std::fs::read_to_string(folder.path().join("test.wav.gaps.tsv")).expect("there is a log");
    let told = [
        ["2400", "Mic of Ann gave nothing to the mix, found by this frame"],
        ["2880000", "the machine slept: this time is not in the file"],
    ];
    for (line, told) in log.lines().skip(1).zip(told) {
        let columns: Vec<_> = line.split('\t').collect();
        assert!(["144000", "144064"].contains(&columns[0]), "{line}");
        assert_eq!(columns[1..], told);
    }
}

#[test]
fn a_recording_that_crosses_4_gib_while_it_runs_goes_on_as_rf64() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut desk, tap) = mix_queue(4096);
    let (path, mut wave, file) = made(folder.path());
    let before = ((1_u64 << 32) - (1 << 20)) / 6 / 64 * 64;
    wave.pretend(before).expect("sparse");
    let settings = RecorderSettings {
        folder: folder.path().into(),
        file_stem: "test".into(),
        format: FileFormat::default(),
        rate: SampleRate::DESK,
    };
    let recording = begin(&settings, tap.reader(), path.clone(), Box::new(wave), file).expect("it starts");
    let blocks = 2 * (1 << 20) / 6 / 64;
    publish(&mut desk, blocks);
    let began = Instant::now();
    while recording.status().frames < before + blocks * 64 && began.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(recording.status().state, RecordingState::Recording);
    let summary = recording.stop();
    assert_eq!((summary.frames, summary.frames_lost), (before + blocks * 64, 0));
    assert!(summary.bytes > 1 << 32);
    let expected: Vec<i32> = (0..blocks as i32).collect();
    assert!(
        numbers(&path, before as usize / 64) == expected,
        "not one frame is lost at the seam"
    );
    let said = Command::new("sndfile-info").arg(&path).output().expect("installed");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("RF64") && said.contains(&format!(": {}\n", summary.frames)),
        "{said}"
    );
}
