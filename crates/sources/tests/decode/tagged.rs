//! What files say about themselves, in every way in which they say it.

use airdesk_sources::decode::{Decoder, Tags};

use crate::files::Files;

const TITLE: &str = "Grüße – 日本";

fn tags(files: &Files, name: &str) -> Tags {
    let decoder = Decoder::open(&files.path(name)).unwrap_or_else(|error| panic!("{error}"));
    decoder.tags().clone()
}

/// An ID3v2.3 frame of text in UTF-16 with its byte order.
fn frame(id: &[u8; 4], text: &str) -> Vec<u8> {
    let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let size = u32::try_from(text.len() + 3).expect("short");
    [&id[..], &size.to_be_bytes(), &[0, 0, 1, 0xff, 0xfe], &text].concat()
}

fn with_id3(frames: &[Vec<u8>], sound: &[u8]) -> Vec<u8> {
    let frames = frames.concat();
    let size = frames.len();
    let synchsafe = [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8);
    [&b"ID3\x03\0\0"[..], &synchsafe, &frames, sound].concat()
}

#[test]
fn names_and_levels_are_read_from_every_kind_of_tag() {
    let files = Files::new();
    files.wav("in.wav", 48_000, 2, 48_000);
    let tagged = [
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 tagged.wav",
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 -c:a libmp3lame -id3v2_version 4 utf8.mp3",
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 -c:a libmp3lame -id3v2_version 3 utf16.mp3",
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 -c:a flac tagged.flac",
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 -c:a libvorbis tagged.ogg",
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 -c:a libopus tagged.opus",
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 -c:a aac tagged.m4a",
        "ffmpeg -v error -i in.wav -f ffmetadata -i tags.txt -map_metadata 1 -c:a alac -movflags use_metadata_tags+faststart all.m4a",
    ];
    let text = format!(
        ";FFMETADATA1\ntitle={TITLE}\nartist=Ärtist\nalbum=Album\ngenre=Polka\ndate=1998\ntrack=7\n\
         REPLAYGAIN_TRACK_GAIN=-6.50 dB\nREPLAYGAIN_TRACK_PEAK=0.9\nREPLAYGAIN_ALBUM_GAIN=+1.25 dB\nREPLAYGAIN_ALBUM_PEAK=1.1\n"
    );
    files.write("tags.txt", text.as_bytes());
    for line in tagged {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        if name == "all.m4a" {
            continue; // tags in a way of ffmpeg's own
        }
        let coding = Decoder::open(&files.path(name)).expect("opened").coding();
        let codec = match name.rsplit_once('.') {
            Some((_, "mp3")) => "MP3",
            Some((_, "flac")) => "FLAC",
            Some((_, "ogg")) => "Vorbis",
            Some((_, "opus")) => "Opus",
            Some((_, "m4a")) => "AAC",
            _ => "PCM",
        };
        assert_eq!((coding.codec, coding.channels), (codec, Some(2)), "{name}");
        let tags = tags(&files, name);
        assert_eq!(tags.title.as_deref(), Some(TITLE), "{name}");
        assert_eq!(tags.artist.as_deref(), Some("Ärtist"), "{name}");
        assert_eq!(tags.album.as_deref(), Some("Album"), "{name}");
        assert_eq!(tags.genre.as_deref(), Some("Polka"), "{name}");
        assert_eq!((tags.year, tags.track_number), (Some(1998), Some(7)), "{name}");
        if !["tagged.m4a", "tagged.wav"].contains(&name) {
            // Into these ffmpeg writes no others.
            let gain = tags.replay_gain;
            assert_eq!((gain.track_db, gain.track_peak), (Some(-6.5), Some(0.9)), "{name}");
            assert_eq!((gain.album_db, gain.album_peak), (Some(1.25), Some(1.1)), "{name}");
        }
    }
}

#[test]
fn utf_16_and_tempo_and_r128_are_understood() {
    let files = Files::new();
    files.wav("in.wav", 48_000, 2, 48_000);
    files.run("lame --quiet in.wav plain.mp3");
    let sound = std::fs::read(files.path("plain.mp3")).expect("a file");
    let frames = [
        frame(b"TIT2", TITLE),
        frame(b"TBPM", "128"),
        frame(b"TYER", "2001"),
        frame(b"TCON", "(17)"),
    ];
    files.write("tagged.mp3", &with_id3(&frames, &sound));
    let found = tags(&files, "tagged.mp3");
    assert_eq!(found.title.as_deref(), Some(TITLE));
    assert_eq!(
        (found.bpm, found.year, found.genre.as_deref()),
        (Some(128.0), Some(2001), Some("Rock"))
    );
    files.run("opusenc --quiet --comment R128_TRACK_GAIN=-2560 --comment R128_ALBUM_GAIN=256 --comment BPM=93.5 in.wav r128.opus");
    let found = tags(&files, "r128.opus");
    // -10 dB against -23 LUFS is -5 dB against ReplayGain's -18.
    assert_eq!(
        (found.replay_gain.track_db, found.replay_gain.album_db),
        (Some(-5.0), Some(6.0))
    );
    assert_eq!(found.bpm, Some(93.5));
}

#[test]
fn the_front_cover_is_found_and_one_that_is_too_large_is_left_out() {
    let files = Files::new();
    files.wav("in.wav", 48_000, 2, 48_000);
    files.run("ffmpeg -v error -f lavfi -i testsrc=size=64x64 -frames:v 1 cover.png");
    files.run("ffmpeg -v error -f lavfi -i testsrc=size=32x32 -frames:v 1 back.jpg");
    files.run("flac --silent --picture 4|image/jpeg|||back.jpg --picture 3|image/png|||cover.png in.wav -o cover.flac");
    files.run("ffmpeg -v error -i in.wav -i cover.png -map 0 -map 1 -c:a libmp3lame -c:v copy -disposition:v attached_pic cover.mp3");
    files.run(
        "ffmpeg -v error -i in.wav -i cover.png -map 0 -map 1 -c:a aac -c:v copy -disposition:v attached_pic cover.m4a",
    );
    files.run("opusenc --quiet --picture 3|image/png|||cover.png in.wav cover.opus");
    let picture = std::fs::read(files.path("cover.png")).expect("a picture");
    for name in ["cover.flac", "cover.mp3", "cover.m4a", "cover.opus"] {
        let mut decoder = Decoder::open(&files.path(name)).expect("a sound file");
        let cover = decoder.cover().unwrap_or_else(|| panic!("{name} has a cover"));
        assert_eq!(
            (cover.media_type, cover.bytes == picture),
            ("image/png", true),
            "{name}"
        );
        assert_eq!(decoder.cover(), None);
    }
    let mut large = picture;
    large.resize(5 << 20, 0);
    files.write("large.png", &large);
    files.run("flac --silent --picture 3|image/png||64x64x24|large.png in.wav -o large.flac");
    let mut decoder = Decoder::open(&files.path("large.flac")).expect("a sound file");
    assert_eq!(decoder.cover(), None);
}
