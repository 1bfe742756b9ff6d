mod folders;
mod seams;

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};

use super::backlog::{Backlog, End, Entry, Limit};
use super::chapters::Chapters;
use super::orphan::Note;
use super::reel::Reel;
use super::start::begin;
use super::status::Board;
use super::tape::{Tape, Whole};
use super::{RecorderSettings, Recording, RecordingState, Split};
use crate::sound_file::{FileFormat, Opening, SampleFormat, Tags, WaveFile};

/// A recording whose blocks the test brings. `reels` names them; block 1 comes first.
struct ByHand {
    folder: tempfile::TempDir,
    recording: Recording,
    backlogs: Vec<Arc<Backlog>>,
}

impl ByHand {
    fn new(reels: &[&str], change: impl FnOnce(&mut RecorderSettings)) -> Self {
        Self::of(reels, 0, 1, change)
    }

    /// Its files begin as if they held so many frames, and block `next` comes next.
    fn of(reels: &[&str], frames: u64, next: u64, change: impl FnOnce(&mut RecorderSettings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = RecorderSettings {
            folder: folder.path().into(),
            fallback: None,
            format: FileFormat::Wav(SampleFormat::Pcm24),
            rate: SampleRate::DESK,
            split: Split::default(),
            cue_sheets: false,
        };
        change(&mut settings);
        let reel = |name: &&str| Reel {
            name: (*name).to_owned(),
            backlog: Arc::new(Backlog::new(Limit::recording(SampleRate::DESK))),
            tape: tape(&folder.path().join(format!("{name}.wav")), frames),
            next,
            noted: 0,
            before: Whole::NONE,
        };
        let reels: Vec<Reel> = reels.iter().map(reel).collect();
        let backlogs = reels.iter().map(|reel| reel.backlog.clone()).collect();
        let names = Box::new("seam".to_owned());
        let recording = begin(Arc::new(Board::default()), reels, settings, names, next).expect("it begins");
        Self {
            folder,
            recording,
            backlogs,
        }
    }

    /// Brings blocks to every reel.
    fn bring(&self, sequences: impl IntoIterator<Item = u64> + Clone) {
        for backlog in &self.backlogs {
            backlog.push(run(sequences.clone()));
        }
    }

    /// Nothing comes after the block before `end`.
    fn stop(self, end: u64) -> (tempfile::TempDir, super::Summary) {
        for backlog in &self.backlogs {
            backlog.close(End::Before(end));
        }
        (self.folder, self.recording.stop())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn tape(path: &Path, frames: u64) -> Tape {
    let file = File::create_new(path).expect("made");
    let other = file.try_clone().expect("cloned");
    let note = Note::beside(path).expect("noted");
    let mut wave = WaveFile::create(file, SampleFormat::Pcm24, &Opening::new(SampleRate::DESK)).expect("begun");
    if frames > 0 {
        wave.pretend(frames).expect("sparse");
    }
    Tape::over(
        path.to_owned(),
        Box::new(wave),
        other,
        note,
        Chapters::new(Tags::default(), SampleRate::DESK),
    )
}

/// Blocks that are all their number.
fn run(sequences: impl IntoIterator<Item = u64>) -> VecDeque<Entry> {
    let entry = |sequence: u64| Entry {
        sequence,
        late: 0,
        frames: [[(sequence % (1 << 23)) as f32 / 8_388_608.0; 2]; BLOCK_FRAMES],
    };
    sequences.into_iter().map(entry).collect()
}

/// The numbers in the file, one a block, from frame `from` on.
fn numbers(path: &Path, from: u64) -> Vec<u64> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(path).expect("there");
    let mut head = vec![0; 4096];
    let count = file.read(&mut head).expect("read");
    let data = head[..count]
        .windows(4)
        .position(|name| name == b"data")
        .expect("audio") as u64
        + 8;
    file.seek(SeekFrom::Start(data + from * 6)).expect("sought");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("read");
    let block = |bytes: &[u8]| {
        assert!(
            bytes.chunks(3).all(|sample| *sample == bytes[..3]),
            "a block is one number"
        );
        u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
    };
    bytes.chunks(BLOCK_FRAMES * 6).map(block).collect()
}

/// Waits until `found` finds something.
fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if let Some(found) = found() {
            return found;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not come");
}

/// The reason why it stopped by itself, once it has.
fn failure(recording: &Recording) -> String {
    wait_for("the reason", || match recording.status().state {
        RecordingState::Failed { reason } => Some(reason),
        _ => None,
    })
}

#[test]
fn a_disk_that_stands_still_for_15_s_costs_nothing() {
    let backlog = Backlog::new(Limit::recording(SampleRate::DESK));
    let refused = |round: u64| backlog.push(run(round * 10 + 1..round * 10 + 11));
    assert_eq!((0..15 * 75).map(refused).sum::<u64>(), 0);
    let desk = ByHand::new(&["test"], |_| {});
    while let Some(entry) = backlog.take_before(u64::MAX) {
        desk.backlogs[0].push(VecDeque::from([entry]));
    }
    let (folder, summary) = desk.stop(11_251);
    assert_eq!((summary.frames, summary.frames_lost, summary.gaps), (11_250 * 64, 0, 0));
    assert!(numbers(&folder.path().join("test.wav"), 0).into_iter().eq(1..11_251));
}

#[test]
fn a_disk_that_stands_still_for_20_s_costs_what_the_gap_log_says() {
    let desk = ByHand::new(&["test"], |_| {});
    let Limit::Recording(most) = Limit::recording(SampleRate::DESK) else {
        panic!("it is recorded")
    };
    // What has found room while the disk stood still, and what came when it was back.
    desk.bring(1..=most as u64);
    wait_for("room again", || {
        (desk.recording.status().frames == most as u64 * 64).then_some(())
    });
    desk.bring(15_001..15_101);
    let (folder, summary) = desk.stop(15_101);
    let lost = (15_000 - most as u64) * 64;
    assert_eq!((summary.frames, summary.gaps), (15_100 * 64, 1));
    assert_eq!(summary.frames_lost, lost);
    let log = std::fs::read_to_string(folder.path().join("test.wav.gaps.tsv")).expect("there is a log");
    let line = format!("{}\t{lost}\tthe disk was too slow", most * 64);
    assert_eq!(log.lines().collect::<Vec<_>>(), ["frame\tframes\tcause", &line]);
    let most = most as u64;
    let expected = (1..=15_100).map(|n| if n > most && n <= 15_000 { 0 } else { n });
    assert!(numbers(&folder.path().join("test.wav"), 0).into_iter().eq(expected));
}

#[test]
fn stems_begin_and_end_with_the_same_block_also_where_one_brings_nothing() {
    let desk = ByHand::new(&["programme", "mic", "deck"], |_| {});
    desk.backlogs[0].push(run(1..201));
    desk.backlogs[1].push(run(1..101));
    desk.backlogs[1].note_gone(); // its strip was taken away
    desk.backlogs[2].push(run((1..201).filter(|n| !(50..60).contains(n))));
    let (folder, summary) = desk.stop(201);
    assert_eq!((summary.frames, summary.frames_lost), (200 * 64, 10 * 64));
    let found = |name: &str| numbers(&folder.path().join(name), 0);
    assert!(found("programme.wav").into_iter().eq(1..201));
    assert!(
        found("mic.wav")
            .into_iter()
            .eq((1..201).map(|n| if n > 100 { 0 } else { n }))
    );
    let deck = (1..201).map(|n| if (50..60).contains(&n) { 0 } else { n });
    assert!(found("deck.wav").into_iter().eq(deck));
    assert!(folder.path().join("deck.wav.gaps.tsv").exists() && !folder.path().join("mic.wav.gaps.tsv").exists());
}

#[test]
fn a_folder_that_is_removed_costs_what_was_in_it_and_the_recording_goes_on_in_the_second() {
    let second = tempfile::tempdir().expect("a folder");
    let fallback = second.path().to_owned();
    let desk = ByHand::new(&["test"], |settings| settings.fallback = Some(fallback));
    desk.bring(1..101);
    wait_for("bytes on disk", || {
        (desk.recording.status().frames == 6_400).then_some(())
    });
    std::fs::remove_dir_all(desk.folder.path()).expect("removed");
    let moved = wait_for("the truth", || desk.recording.status().moved);
    assert!(
        moved.contains("test.wav was removed")
            && moved.contains("the recording goes on in ")
            && moved.contains("seam.wav"),
        "{moved}"
    );
    desk.bring(101..301);
    let (_folder, summary) = desk.stop(301);
    assert_eq!((summary.failure, summary.moved), (None, Some(moved)));
    assert!(numbers(&second.path().join("seam.wav"), 0).into_iter().eq(101..301));
}

#[test]
fn whole_files_leave_no_note_behind_and_those_of_a_dead_desk_are_found_and_looked_over() {
    let desk = ByHand::new(&["alive", "too"], |_| {});
    desk.bring(1..101);
    wait_for("bytes on disk", || {
        (desk.recording.status().frames == 6_400).then_some(())
    });
    assert_eq!(super::orphans(desk.folder.path()).expect("read"), [], "its desk runs");
    assert!(desk.path("alive.wav.recording").exists());
    let (folder, _) = desk.stop(101);
    assert!(!folder.path().join("alive.wav.recording").exists());

    let dead = folder.path().join("show").join("dead.wav");
    std::fs::create_dir(dead.parent().expect("a folder")).expect("made");
    std::fs::copy(folder.path().join("alive.wav"), &dead).expect("copied");
    std::fs::write(dead.with_extension("wav.recording"), "left behind").expect("written");
    let before = std::fs::read(&dead).expect("read");
    let found = super::orphans(folder.path()).expect("read");
    assert_eq!(found.iter().map(|orphan| &orphan.file).collect::<Vec<_>>(), [&dead]);
    let recovered = found[0].recover().expect("valid");
    assert_eq!(
        (recovered.seconds, recovered.completed),
        (Some(6_400.0 / 48_000.0), false)
    );
    assert!(
        std::fs::read(&dead).expect("read") == before,
        "what is valid is not touched"
    );
    assert_eq!(super::orphans(folder.path()).expect("read"), []);
}

#[test]
#[cfg(debug_assertions)] // breaks the writer by an overflow, which only debug builds notice
fn a_writer_that_breaks_is_a_recording_that_failed_and_its_file_is_named() {
    let desk = ByHand::of(&["test"], 3 * 48_000, u64::MAX, |_| {});
    desk.bring([u64::MAX]);
    let reason = failure(&desk.recording);
    assert!(
        reason.starts_with("recording stopped at ")
            && reason.contains(": the recorder broke: ")
            && reason.contains("test.wav is complete up to 0:00:03"),
        "{reason}"
    );
    let summary = desk.recording.stop();
    assert_eq!((summary.frames, summary.failure), (3 * 48_000, Some(reason)));
}

#[test]
fn a_drain_that_breaks_is_a_recording_that_failed_and_what_it_brought_is_on_disk() {
    let desk = ByHand::of(&["test"], 3 * 48_000, 1, |_| {});
    desk.bring([1]);
    desk.backlogs[0].close(End::Broke);
    let reason = failure(&desk.recording);
    assert!(reason.contains(": the recorder broke: "), "{reason}");
    assert_eq!(desk.recording.stop().frames, 3 * 48_000 + BLOCK_FRAMES as u64);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_removed_just_before_the_end_is_not_said_to_be_whole() {
    let desk = ByHand::new(&["test"], |_| {});
    std::fs::remove_file(desk.path("test.wav")).expect("removed");
    let (_folder, summary) = desk.stop(1);
    let failure = summary.failure.expect("nobody finds the file");
    assert!(failure.contains("was removed while it was recorded"), "{failure}");
}

#[test]
fn a_gap_that_cannot_be_logged_is_told_with_its_place_and_the_recording_goes_on() {
    let desk = ByHand::of(&["test"], 3 * 48_000, 1, |_| {});
    std::fs::create_dir(desk.path("test.wav.gaps.tsv")).expect("made");
    desk.bring([1, 4, 9]);
    let (_folder, summary) = desk.stop(10);
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
    let desk = ByHand::of(&["test"], 3 * 48_000, 1, |_| {});
    desk.recording.note_short("Mic\tof Ann", 2_400);
    desk.recording.note_slept(60.0);
    desk.bring([1]);
    wait_for("the notes", || desk.path("test.wav.gaps.tsv").exists().then_some(()));
    let (folder, summary) = desk.stop(2);
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
    let before = ((1_u64 << 32) - (1 << 20)) / 6 / 64 * 64;
    let desk = ByHand::of(&["test"], before, 1, |_| {});
    let blocks = 2 * (1 << 20) / 6 / 64;
    desk.bring(1..=blocks);
    wait_for("all of it", || {
        (desk.recording.status().frames == before + blocks * 64).then_some(())
    });
    assert_eq!(desk.recording.status().state, RecordingState::Recording);
    let (folder, summary) = desk.stop(blocks + 1);
    let path = folder.path().join("test.wav");
    assert_eq!((summary.frames, summary.frames_lost), (before + blocks * 64, 0));
    assert!(summary.bytes > 1 << 32);
    assert!(
        numbers(&path, before).into_iter().eq(1..=blocks),
        "not one frame is lost at the seam"
    );
    let says = |program: &str, arguments: &[&str]| {
        let said = Command::new(program).args(arguments).arg(&path).output();
        String::from_utf8_lossy(&said.expect("installed").stdout).into_owned()
    };
    let said = says("sndfile-info", &[]);
    assert!(
        said.contains("RF64") && said.contains(&format!(": {}\n", summary.frames)),
        "{said}"
    );
    let seconds = summary.frames as f64 / 48_000.0;
    let duration = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
    let said = says("ffprobe", &duration);
    let found: f64 = said.trim().parse().expect("a duration");
    assert!((found - seconds).abs() < 1e-3, "ffprobe: {found} of {seconds}");
}
