//! Sound files as others read them: while they grow, when they are finished, and when the disk takes no more.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use airdesk_dsp::{Frame, SampleRate};
use airdesk_outputs::encode::FlacDepth;
use airdesk_outputs::sound_file::{
    self, BitRate, Closing, FileFormat, Mark, Opening, Origin, SampleFormat, SoundFile, Tags,
};

use crate::rig::decoder::{ffmpeg, ffmpeg_integers, flac, mpg123, oggdec, opusdec, says};
use crate::rig::desk::{index_frame, sine};

/// FLAC of as many bits as the numbered frames have.
pub(crate) const FLAC: FileFormat = FileFormat::Flac(FlacDepth::Bits24);

/// Every format that is encoded.
pub(crate) fn encoded_formats() -> Vec<FileFormat> {
    let bits = |kbit, variable| BitRate { kbit, variable };
    vec![
        FLAC,
        FileFormat::Flac(FlacDepth::Bits16),
        FileFormat::Mp3(bits(192, false)),
        FileFormat::Mp3(bits(128, true)),
        FileFormat::Opus(bits(96, true)),
        FileFormat::Opus(bits(128, false)),
        FileFormat::Vorbis(bits(128, true)),
        FileFormat::Vorbis(bits(160, false)),
    ]
}

/// Frames of a file as the reader that its format's makers wrote finds them.
pub(crate) fn frames_found(format: FileFormat, path: &Path) -> u64 {
    match format {
        FileFormat::Flac(depth) => flac(path, depth.bits().into(), &[]),
        FileFormat::Mp3(_) => mpg123(path),
        FileFormat::Opus(_) => opusdec(path),
        FileFormat::Vorbis(_) => oggdec(path).len() as u64,
        FileFormat::Wav(_) => ffmpeg(path).len() as u64,
    }
}

/// Frames per second of a file of this format.
pub(crate) fn file_rate(format: FileFormat, desk: u32) -> u32 {
    match format {
        FileFormat::Wav(_) | FileFormat::Flac(_) => desk,
        FileFormat::Opus(_) => 48_000,
        FileFormat::Mp3(_) | FileFormat::Vorbis(_) if desk.is_multiple_of(44_100) => 44_100,
        FileFormat::Mp3(_) | FileFormat::Vorbis(_) => 48_000,
    }
}

struct Recorded {
    sound: Box<dyn SoundFile>,
    path: PathBuf,
    frames: u64,
    _folder: tempfile::TempDir,
}

impl Recorded {
    fn begin(format: FileFormat, opening: &Opening) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test").with_extension(format.extension());
        let sound = sound_file::create(made(&path), format, opening).expect("begun");
        Self {
            sound,
            path,
            frames: 0,
            _folder: folder,
        }
    }

    /// Records until there are `frames` frames, a write each 40 ms.
    fn record(&mut self, frames: u64, signal: impl Fn(u64) -> Frame) {
        while self.frames < frames {
            let end = frames.min(self.frames + 1_920);
            let run: Vec<Frame> = (self.frames..end).map(&signal).collect();
            self.sound.push(&run).expect("taken");
            self.sound.commit().expect("written");
            self.frames = end;
        }
    }
}

fn made(path: &Path) -> File {
    let mut options = File::options();
    options
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .expect("made")
}

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("a rate")
}

#[test]
fn a_finished_file_is_as_long_as_what_was_recorded_to_the_frame() {
    for format in encoded_formats() {
        for (desk, frames) in [(44_100, 20_001), (48_000, 100_003), (96_000, 60_001)] {
            let mut file = Recorded::begin(format, &Opening::new(rate(desk)));
            file.record(frames, |n| [sine(n, 1_000.0, desk) * 0.25, 0.0]);
            file.sound.finish(&Closing::default()).expect("finished");
            assert_eq!(file.sound.frames(), frames, "{format} at {desk}");
            let bytes = file.path.metadata().expect("there").len();
            assert_eq!(bytes, file.sound.bytes_on_disk(), "{format}");
            let hz = f64::from(file_rate(format, desk));
            let wanted = (frames as f64 * hz / f64::from(desk)).round() as u64;
            let found = (frames_found(format, &file.path), ffmpeg(&file.path).len() as u64);
            assert_eq!(found, (wanted, wanted), "{format} at {desk} Hz");
            if let FileFormat::Flac(_) = format {
                let told = says("metaflac", &["--show-md5sum", "--show-total-samples"], &file.path);
                let (md5, count) = told.split_once('\n').expect("two lines");
                assert!(md5.bytes().any(|figure| figure != b'0'), "flac has compared it");
                assert_eq!(count.trim(), frames.to_string());
            }
        }
    }
}

#[test]
fn what_was_recorded_is_in_its_place_in_every_format() {
    let wave = |n: u64| sine(n, 440.0, 48_000) * 0.25 + sine(n, 1_713.0, 48_000) * 0.1;
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &Opening::new(SampleRate::DESK));
        file.record(100_000, |n| [wave(n), -wave(n)]);
        file.sound.finish(&Closing::default()).expect("finished");
        let (mut off, mut power) = (0.0, 0.0);
        for (n, frame) in ffmpeg(&file.path).iter().enumerate() {
            off += f64::from(frame[0] - wave(n as u64)).powi(2);
            power += f64::from(wave(n as u64)).powi(2);
        }
        let off_db = 10.0 * (off / power).log10();
        assert!(off_db < -20.0, "{format}: the difference is {off_db:.1} dB");
    }
}

#[test]
fn flac_is_what_went_in_bit_for_bit_and_so_is_wav_with_all_it_says_about_itself() {
    let index = |n: u64| index_frame(n).map(|sample| (sample * 8_388_608.0) as i32);
    let expected: Vec<_> = (0..200_003).map(index).collect();
    for format in [FLAC, FileFormat::Wav(SampleFormat::Pcm24)] {
        for desk in [44_100, 48_000, 88_200, 96_000] {
            let mut file = Recorded::begin(format, &opening(desk, &said()));
            file.record(200_003, index_frame);
            file.sound.finish(&closing(desk)).expect("finished");
            assert!(ffmpeg_integers(&file.path) == expected, "{format} at {desk} Hz");
        }
    }
}

#[test]
fn a_growing_file_has_the_frames_that_are_told_at_any_moment() {
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &Opening::new(SampleRate::DESK));
        let copy = file.path.with_extension(format!("copy.{}", format.extension()));
        for frames in [20_000, 21_000, 50_000, 53_000, 90_001] {
            file.record(frames, |n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]);
            std::fs::copy(&file.path, &copy).expect("copied"); // a reader that came now
            let (told, found) = (file.sound.frames(), frames_found(format, &copy));
            match format {
                // It may play what it knows of the last packet's other half.
                FileFormat::Mp3(_) => assert!(found >= told && found < told + 1_152, "{format}: {found}, not {told}"),
                _ => assert_eq!(found, told, "{format}"),
            }
            assert!(
                frames - told < 24_000,
                "{format}: {told} of {frames} frames are in the file"
            );
            let heard = ffmpeg(&copy).len() as u64;
            assert!(
                heard >= told && heard < told + 4_096,
                "{format}: ffmpeg heard {heard} of {told}"
            );
        }
    }
}

fn said() -> Tags {
    Tags {
        title: "Nachtflug\r\nARTIST=evil\0 🎵".into(),
        artist: "Jóga مرحبا".into(),
        show: "a".repeat(4_096),
        source: "Mic 1; \"left\" = right".into(),
    }
}

fn opening(desk: u32, tags: &Tags) -> Opening {
    Opening {
        tags: tags.clone(),
        origin: Some(Origin {
            date: "2026-11-22".into(),
            time: "20:15:30".into(),
            frames_since_midnight: 72_930 * u64::from(desk),
        }),
        ..Opening::new(rate(desk))
    }
}

fn closing(desk: u32) -> Closing {
    let mark = |seconds: f64, title: &str| Mark {
        frame: (seconds * f64::from(desk)) as u64,
        title: title.into(),
    };
    Closing {
        marks: vec![mark(0.0, "first"), mark(1.0, "Jóga\n🎵"), mark(1.5, "third")],
        loudness: Some(-16.14),
        loudness_range: Some(3.5),
        true_peak: Some(-1.05),
        momentary_max: Some(-9.87),
        short_term_max: Some(-12.34),
    }
}

/// The tags as ffprobe reads them.
struct Found(String);

impl Found {
    fn in_file(path: &Path) -> Self {
        let tags = "format_tags:stream_tags";
        Self(says(
            "ffprobe",
            &["-v", "error", "-show_entries", tags, "-of", "default=nw=1"],
            path,
        ))
    }

    fn tag(&self, name: &str) -> &str {
        let wanted = format!("TAG:{name}=");
        let is_it = |line: &&str| {
            line.get(..wanted.len())
                .is_some_and(|key| key.eq_ignore_ascii_case(&wanted))
        };
        let line = self.0.lines().find(is_it);
        line.map_or("", |line| &line[wanted.len()..])
    }
}

#[test]
fn what_a_file_says_about_itself_is_read_by_others_as_one_harmless_line() {
    for format in [encoded_formats(), vec![FileFormat::default()]].concat() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(96_000, |n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]);
        file.sound.finish(&closing(48_000)).expect("finished");
        let found = Found::in_file(&file.path);
        assert_eq!(found.tag("title"), "Nachtflug  ARTIST=evil  🎵", "{format}");
        assert_eq!(found.tag("artist"), "Jóga مرحبا", "{format}");
        assert_eq!(found.tag("comment"), said().source, "{format}");
        let album = found.tag("album");
        let of_one_letter = album.bytes().all(|byte| byte == b'a');
        assert!((400..=900).contains(&album.len()) && of_one_letter, "{format}: {album}");
        assert!(found.tag("date").starts_with("2026-11-22"), "{format}");
        assert_eq!(ffmpeg(&file.path).len(), 96_000, "{format}");
    }
}

#[test]
fn chapters_are_in_mp3_and_flac_where_others_find_them() {
    let bits = BitRate {
        kbit: 128,
        variable: false,
    };
    for format in [FileFormat::Mp3(bits), FLAC] {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(96_000, |_| [0.0; 2]);
        file.sound.finish(&closing(48_000)).expect("finished");
        let entries = "chapter=start_time:chapter_tags=title";
        let found = says(
            "ffprobe",
            &["-v", "error", "-show_entries", entries, "-of", "csv=p=0"],
            &file.path,
        );
        let found: Vec<&str> = found.lines().collect();
        assert_eq!(
            found,
            ["0.000000,first", "1.000000,Jóga 🎵", "1.500000,third"],
            "{format}"
        );
    }
}

#[test]
fn more_marks_than_there_is_room_for_leave_a_file_that_decodes_and_the_first_of_them() {
    let marks = (0..1_000).map(|n| Mark {
        frame: n * 90,
        title: format!("{n} {}", "x".repeat(100)),
    });
    let closing = Closing {
        marks: marks.collect(),
        ..Closing::default()
    };
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(96_000, |_| [0.0; 2]);
        file.sound.finish(&closing).expect("finished");
        let found = says(
            "ffprobe",
            &["-v", "error", "-show_entries", "chapter=id", "-of", "csv=p=0"],
            &file.path,
        );
        match format {
            FileFormat::Flac(_) | FileFormat::Mp3(_) => {
                assert!((70..255).contains(&found.lines().count()), "{format}: {found}");
            }
            _ => assert_eq!(found, "", "{format}"),
        }
        assert_eq!(ffmpeg(&file.path).len(), 96_000, "{format}");
    }
}

#[test]
fn a_wav_file_tells_broadcasters_when_it_began_how_loud_it_is_and_what_begins_where() {
    let mut file = Recorded::begin(FileFormat::default(), &opening(48_000, &said()));
    file.record(96_000, index_frame);
    let time_reference = (72_930_u64 * 48_000).to_string();
    assert_eq!(Found::in_file(&file.path).tag("time_reference"), time_reference);
    file.sound.finish(&closing(48_000)).expect("finished");
    assert_eq!(Found::in_file(&file.path).tag("time_reference"), time_reference);
    let fields = [
        "originator",
        "orig-date",
        "orig-time",
        "loudness-value",
        "loudness-range",
        "max-truepeak",
        "max-momentary",
        "max-shortterm",
    ];
    let fields = fields.map(|field| format!("--bext-{field}"));
    let told = says(
        "sndfile-metadata-get",
        &fields.each_ref().map(|field| &**field),
        &file.path,
    );
    for wanted in [
        "Airdesk",
        "2026-11-22",
        "20:15:30",
        "-16.14",
        "3.50",
        "-1.05",
        "-9.87",
        "-12.34",
    ] {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    let told = says("sndfile-info", &[], &file.path);
    let counted = told
        .lines()
        .any(|line| line.trim().starts_with("Count") && line.trim().ends_with(": 3"));
    assert!(counted && told.contains(": 96000\n"), "{told}");
    let bytes = std::fs::read(&file.path).expect("read");
    let label = "Jóga 🎵\0".as_bytes();
    assert!(bytes.windows(label.len()).any(|window| window == label));
}

#[test]
fn an_mp3_file_is_found_sound_by_a_program_that_judges_mp3_files() {
    for format in encoded_formats() {
        if !matches!(format, FileFormat::Mp3(_)) {
            continue;
        }
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(480_000, |n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]);
        file.sound.finish(&closing(48_000)).expect("finished");
        let judged = says("mp3val", &[], &file.path);
        assert!(
            !judged.contains("WARNING") && judged.contains("MPEG frames"),
            "{judged}"
        );
    }
}

#[test]
fn impossible_settings_make_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.mp3");
    let bits = BitRate {
        kbit: 512,
        variable: false,
    };
    let refused = sound_file::create(made(&path), FileFormat::Mp3(bits), &Opening::new(SampleRate::DESK));
    let error = refused.err().expect("MP3 ends at 320").to_string();
    assert!(error.contains("MP3 cannot do 512 kbit/s"), "{error}");
    assert_eq!(path.metadata().expect("there").len(), 0);
}

/// Runs `name` of this program as a process of its own, whose files may not grow beyond a limit.
#[cfg(target_os = "linux")]
fn alone(name: &str) {
    let out = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name, "--ignored", "--nocapture"])
        .output()
        .expect("it starts");
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[cfg(target_os = "linux")]
fn limit_files_to(bytes: Option<u64>) {
    let limit = libc::rlimit {
        rlim_cur: bytes.unwrap_or(libc::RLIM_INFINITY),
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: both calls take plain numbers and a reference that lives as long as they do.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "limits its process, and is started by the test below"]
fn records_against_a_limit() {
    for format in [encoded_formats(), vec![FileFormat::default()]].concat() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(48_000, index_frame);
        // Into the middle of a packet, wherever that is.
        for more in [100, 1_001, 3_333] {
            let before = (file.sound.frames(), file.sound.bytes_on_disk());
            limit_files_to(Some(before.1 + more));
            let mut failed = false;
            while !failed {
                let run: Vec<Frame> = (file.frames..file.frames + 1_920).map(index_frame).collect();
                file.sound.push(&run).expect("taken");
                failed = file.sound.commit().is_err();
                file.frames += 1_920;
            }
            assert!(
                file.sound.commit().is_err(),
                "{format}: it fails as long as the disk does"
            );
            limit_files_to(None);
            assert!(file.sound.frames() >= before.0, "{format}");
            file.sound.commit().expect("written the next time");
        }
        let frames = file.frames;
        file.record(frames + 30_001, index_frame);
        file.sound.finish(&closing(48_000)).expect("finished");
        assert_eq!(file.sound.frames(), frames + 30_001, "{format}");
        assert_eq!(frames_found(format, &file.path), frames + 30_001, "{format}");
        if format == FLAC {
            let expected: Vec<_> = (0..frames + 30_001).map(index_frame).collect();
            assert!(ffmpeg(&file.path) == expected, "not a frame is lost or doubled");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_write_that_failed_is_made_good_without_a_frame_lost_or_doubled() {
    alone("sound_files::records_against_a_limit");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "limits its process, and is started by the test below"]
fn records_until_the_disk_is_full() {
    for format in [encoded_formats(), vec![FileFormat::default()]].concat() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        limit_files_to(Some(file.sound.bytes_on_disk() + 50_001));
        while file.sound.commit().is_ok() {
            let run: Vec<Frame> = (file.frames..file.frames + 1_920)
                .map(|n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0])
                .collect();
            file.sound.push(&run).expect("taken");
            file.frames += 1_920;
        }
        file.sound.trim().expect("cut");
        limit_files_to(None);
        assert_eq!(
            file.path.metadata().expect("there").len(),
            file.sound.bytes_on_disk(),
            "{format}"
        );
        let (told, found) = (file.sound.frames(), frames_found(format, &file.path));
        assert!(
            told > 6_000 && found >= told && found < told + 1_152,
            "{format}: {found}, not {told}"
        );
        assert!(ffmpeg(&file.path).len() as u64 >= told, "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_leaves_a_file_that_is_valid_to_its_last_packet() {
    alone("sound_files::records_until_the_disk_is_full");
}

#[test]
fn what_a_killed_writer_did_not_count_is_completed_in_the_same_file_and_nothing_is_lost_or_touched() {
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        let wave = |n: u64| [sine(n, 440.0, 48_000) * 0.25, sine(n, 1_713.0, 48_000) * 0.1];
        file.record(96_000, wave);
        let before = std::fs::read(&file.path).expect("read");
        file.record(144_000, wave);
        let (after, told) = (std::fs::read(&file.path).expect("read"), file.sound.frames());
        file.record(192_000, wave);
        let later = std::fs::read(&file.path).expect("read");
        // As a kill leaves it: audio is there that no header counts, and a piece that was cut off.
        let head = before
            .len()
            .min(if format.extension() == "mp3" { 18_000 } else { 16_384 });
        let mut killed = after.clone();
        if matches!(format, FileFormat::Flac(_) | FileFormat::Mp3(_)) {
            killed[..head].copy_from_slice(&before[..head]);
        }
        // `flac` calls it an error when a frame that was cut off is behind those that are counted, and nothing is ever cut away.
        if !matches!(format, FileFormat::Flac(_)) {
            killed.extend(&later[after.len()..after.len() + 120]);
        }
        let path = file.path.with_file_name("killed").with_extension(format.extension());
        std::fs::write(&path, &killed).expect("written");
        let looked = sound_file::complete(&path).expect("a sound file");
        assert!(looked.changed, "{format}");
        let completed = std::fs::read(&path).expect("read");
        assert_eq!(completed.len(), killed.len(), "{format}");
        let differs = killed
            .iter()
            .zip(&completed)
            .filter(|(one, other)| one != other)
            .count();
        assert!(differs < 200, "{format}: {differs} bytes");
        let found = frames_found(format, &path);
        assert!(
            told > 130_000 && found.abs_diff(told) <= 2_400,
            "{format}: {found} of {told}"
        );
        if let FileFormat::Flac(_) = format {
            let count = says("metaflac", &["--show-total-samples"], &path);
            assert_eq!(count.trim(), told.to_string());
            assert_eq!(looked.seconds, Some(told as f64 / 48_000.0));
        }
        let again = sound_file::complete(&path).expect("a sound file");
        assert!(
            !again.changed && std::fs::read(&path).expect("read") == completed,
            "{format}: once"
        );
    }
}

#[test]
fn a_file_that_is_whole_is_not_touched_when_it_is_looked_over() {
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(100_003, |n| [sine(n, 440.0, 48_000) * 0.25; 2]);
        file.sound.finish(&closing(48_000)).expect("finished");
        let before = std::fs::read(&file.path).expect("read");
        let looked = sound_file::complete(&file.path).expect("a sound file");
        assert!(
            !looked.changed && std::fs::read(&file.path).expect("read") == before,
            "{format}"
        );
    }
}
