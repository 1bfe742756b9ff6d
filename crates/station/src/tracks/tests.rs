//! The library on real files: what scans find, lose and find again, and how soon words find it among many.

mod many;
mod scans;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::*;
use crate::api::{ScanSummary, Track};

/// What a sound file says of itself.
#[derive(Default, Clone, Copy)]
pub(crate) struct Says<'a> {
    pub(crate) title: &'a str,
    pub(crate) artist: &'a str,
    pub(crate) album: &'a str,
    pub(crate) picture: Option<&'a [u8]>,
}

/// A frame of an ID3v2.4 tag, with text in UTF-8.
fn frame(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&id[..], &synchsafe(content.len()), &[0, 0], content].concat()
}

fn synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8)
}

/// A WAV file of so many frames at 48 kHz, with a tag.
pub(crate) fn wav(path: &Path, frames: u32, says: Says) {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).expect("a folder");
    }
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wave = hound::WavWriter::create(path, spec).expect("made");
    for frame in 0..2 * frames {
        wave.write_sample((frame % 2_000) as i16).expect("written");
    }
    wave.finalize().expect("whole");
    let text = |id: &[u8; 4], text: &str| {
        let content = [&[3], text.as_bytes()].concat();
        if text.is_empty() {
            Vec::new()
        } else {
            frame(id, &content)
        }
    };
    let mut frames = [
        text(b"TIT2", says.title),
        text(b"TPE1", says.artist),
        text(b"TALB", says.album),
    ]
    .concat();
    if let Some(picture) = says.picture {
        let head = [&[3][..], b"image/png\0", &[3, 0]].concat();
        frames.extend(frame(b"APIC", &[&head, picture].concat()));
    }
    let mut tag = [&b"ID3\x04\0\0"[..], &synchsafe(frames.len()), &frames].concat();
    if tag.len() % 2 == 1 {
        tag.push(0);
    }
    let mut bytes = fs::read(path).expect("a file");
    bytes.extend([&b"id3 "[..], &(tag.len() as u32).to_le_bytes(), &tag].concat());
    let size = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    fs::write(path, bytes).expect("written");
}

/// A library of one folder of music, both in one temporary folder.
struct Music {
    folder: tempfile::TempDir,
    file: TrackFile,
}

impl Music {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = TrackFile::in_folder(&folder.path().join("data"));
        fs::create_dir(folder.path().join("music")).expect("made");
        let music = Self { folder, file };
        music
            .writer()
            .add_folder(&music.at("").to_string_lossy())
            .expect("added");
        music
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join("music").join(name)
    }

    fn add(&self, name: &str, title: &str, artist: &str) {
        let says = Says {
            title,
            artist,
            ..Says::default()
        };
        wav(&self.at(name), 4_800, says);
    }

    fn writer(&self) -> TrackWriter {
        self.file.open_to_write().expect("a library")
    }

    fn scan(&self) -> ScanSummary {
        self.writer().scan(&AtomicBool::new(false), &mut |_| {})
    }

    fn search(&self, words: &str) -> Vec<Track> {
        let search = Search {
            words: words.into(),
            offset: 0,
            limit: 200,
        };
        let page = self.file.open().expect("a library").search(&search).expect("found");
        assert_eq!(page.total as usize, page.tracks.len());
        page.tracks
    }

    /// What is found by words, as titles.
    fn titles(&self, words: &str) -> Vec<String> {
        self.search(words).into_iter().map(|track| track.title).collect()
    }
}

/// How many of each a scan has found: new, changed, back, gone and unreadable.
fn counts(summary: &ScanSummary) -> [u32; 5] {
    let ScanSummary {
        added,
        changed,
        back,
        gone,
        unreadable,
        ..
    } = *summary;
    [added, changed, back, gone, unreadable]
}

#[test]
fn words_find_tracks_by_what_they_say_and_are_called_in_the_order_of_a_shelf() {
    let music = Music::new();
    music.add("1.wav", "Jóga", "Björk");
    music.add("2.wav", "Army of Me", "BJÖRK");
    music.add("3.wav", "Kiara", "Bonobo");
    music.add("deep/Señorita.wav", "", "");
    music.add("deep/4.wav", "Señor Coconut", "Ärzte");
    music.add("5.wav", "東京の夜", "Anri");
    assert_eq!(counts(&music.scan()), [6, 0, 0, 0, 0]);
    assert_eq!(music.titles("bjork"), ["Army of Me", "Jóga"]);
    assert_eq!(
        music.titles("JO bj"),
        ["Jóga"],
        "each of the words, or what begins with it"
    );
    assert_eq!(music.titles("senor"), ["Señor Coconut", "Señorita"]);
    assert_eq!(music.titles("京"), ["東京の夜"]);
    assert_eq!(music.titles("jóga kiara"), [""; 0]);
    let all = ["東京の夜", "Señor Coconut", "Army of Me", "Jóga", "Kiara", "Señorita"];
    assert_eq!(
        music.titles(""),
        all,
        "by artists, without what stands over their letters"
    );
    let page = |words: &str, offset, limit| {
        let search = Search {
            words: words.into(),
            offset,
            limit,
        };
        let page = music.file.open().expect("a library").search(&search).expect("found");
        (
            page.total,
            page.tracks.into_iter().map(|track| track.title).collect::<Vec<_>>(),
        )
    };
    assert_eq!(page("", 4, 1), (6, vec!["Kiara".to_owned()]));
    assert_eq!(page("bjork", 1, 5), (2, vec!["Jóga".to_owned()]));
    assert_eq!(page("bjork", 9, 5), (2, vec![]));
}

#[test]
fn a_track_is_looked_up_by_its_number_with_what_a_player_needs() {
    let music = Music::new();
    let png = b"\x89PNG\r\n\x1a\nand so on";
    let says = Says {
        title: "Kiara",
        artist: "Bonobo",
        album: "Black Sands",
        picture: Some(png),
    };
    wav(&music.at("kiara.wav"), 96_000, says);
    music.scan();
    let id = music.search("kiara")[0].id;
    let reader = music.file.open().expect("a library");
    let track = reader.track(id).expect("read").expect("there");
    assert!(id > 0);
    assert_eq!(
        (track.path.as_str(), track.album.as_str()),
        (&*music.at("kiara.wav").to_string_lossy(), "Black Sands")
    );
    assert_eq!(
        (track.seconds, track.rate, track.channels),
        (Some(2.0), Some(48_000), Some(2))
    );
    assert_eq!(
        (track.codec.as_deref(), track.cover, track.fault, track.plays),
        (Some("PCM"), true, None, 0)
    );
    assert_eq!(reader.track(id + 1).expect("read"), None);
    assert_eq!(reader.track(u64::MAX).expect("read"), None);
    let picture = cover(&music.at("kiara.wav")).expect("a sound file").expect("a picture");
    assert_eq!((picture.media_type, &picture.bytes[..]), ("image/png", &png[..]));
    let large = airdesk_sources::decode::Cover {
        media_type: "image/png",
        bytes: vec![0; (2 << 20) + 1],
    };
    assert!(!super::cover::is_shown(&large) && super::cover::is_shown(&picture));
}

#[test]
fn a_waveform_is_reckoned_once_and_again_when_the_file_has_changed() {
    let music = Music::new();
    music.add("a.wav", "A", "");
    let path = music.at("a.wav").to_string_lossy().into_owned();
    let first = super::waveform::waveform(&music.file, &path).expect("reckoned");
    assert_eq!(first.peaks.len(), 2_048);
    assert!(first.peaks.iter().any(|peak| *peak > 5), "{:?}", &first.peaks[..20]);
    // What is kept is given again: mark it to know it.
    let mark = |peak: u8| {
        let marked = vec![peak; 2_048];
        let sql = "UPDATE waveforms SET peaks = ?1";
        music.writer().connection.execute(sql, [marked]).expect("marked");
    };
    mark(7);
    let kept = super::waveform::waveform(&music.file, &path).expect("kept");
    assert_eq!(kept.peaks, [7; 2_048]);
    music.add("a.wav", "A is longer now", "");
    let fresh = super::waveform::waveform(&music.file, &path).expect("reckoned");
    assert_eq!(fresh, first);
    let why = super::waveform::waveform(&music.file, "/nowhere/a.wav").expect_err("there is none");
    assert!(why.contains("/nowhere/a.wav"), "{why}");
}
