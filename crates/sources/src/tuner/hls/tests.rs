//! Streams in pieces as ffmpeg cuts them, from a real server, compared to the frame.

use super::*;
use crate::decode::bare::Kind;
use crate::tuner::tune::{Tuning, tune};

mod rig;

use rig::*;

#[test]
fn a_recording_is_heard_to_the_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = cut(folder.path(), 5, FLAC);
    let pieces = files.keys().filter(|name| name.ends_with(".m4s")).count();
    assert!(pieces >= 4, "{pieces} pieces");
    let url = server(move |path, head| file(&files, path, head));
    let heard = heard(&format!("{url}/list.m3u8"));
    assert_eq!((heard.codec, heard.frames.len()), (Some("FLAC"), 240_000));
    assert!(heard.frames == frames(&noise(5)), "every frame is what it was");
}

#[test]
fn no_wrapping_loses_or_doubles_a_frame_where_pieces_meet() {
    let aac: &[&str] = &["-c:a", "aac", "-b:a", "128k"];
    let mp3: &[&str] = &["-c:a", "libmp3lame", "-b:a", "128k"];
    let opus: &[&str] = &["-c:a", "libopus", "-b:a", "128k", "-strict", "-2"];
    let hls: &[&str] = &[
        "-f",
        "hls",
        "-hls_time",
        "1",
        "-hls_list_size",
        "0",
        "-hls_playlist_type",
        "vod",
    ];
    let fmp4: &[&str] = &["-hls_segment_type", "fmp4", "list.m3u8"];
    let bare: &[&str] = &[
        "-f",
        "segment",
        "-segment_time",
        "1",
        "-segment_list",
        "list.m3u8",
        "-segment_list_type",
        "m3u8",
    ];
    let adts = Sort::Frames(Kind::Adts);
    for (name, codec, options, copy, sort, before) in [
        ("TS", aac, &[hls, &["list.m3u8"]].concat(), "adts", adts, 0),
        (
            "TS with MP3",
            mp3,
            &[hls, &["list.m3u8"]].concat(),
            "mp3",
            Sort::Frames(Kind::Mp3),
            0,
        ),
        (
            "one file",
            aac,
            &[hls, &["-hls_flags", "single_file", "list.m3u8"]].concat(),
            "adts",
            adts,
            0,
        ),
        ("fMP4", aac, &[hls, fmp4].concat(), "adts", adts, 0),
        // What comes before the sound is not heard of an Ogg stream; here nothing says so.
        ("fMP4 with Opus", opus, &[hls, fmp4].concat(), "ogg", Sort::Ogg, 312),
        (
            "AAC",
            aac,
            &[bare, &["-segment_format", "adts", "p%d.aac"]].concat(),
            "adts",
            adts,
            0,
        ),
        (
            "MP3",
            mp3,
            &[
                bare,
                &[
                    "-segment_format",
                    "mp3",
                    "-segment_format_options",
                    "write_xing=0",
                    "p%d.mp3",
                ],
            ]
            .concat(),
            "mp3",
            Sort::Frames(Kind::Mp3),
            0,
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let files = cut(folder.path(), 5, &[codec, options].concat());
        // The packets themselves, in one.
        let whole = if name == "AAC" || name == "MP3" {
            let named = |n: u32| files.get(&format!("p{n}.{}", name.to_lowercase())).cloned();
            let (mut all, mut untagged) = (Vec::new(), Untagged::default());
            for piece in (0..9).filter_map(named) {
                untagged.take(&piece, &mut all);
                untagged = Untagged::default();
            }
            all
        } else {
            let no_tags = ["-write_xing", "0", "-id3v2_version", "0"];
            let rest: &[&str] = if copy == "mp3" { &no_tags } else { &[] };
            ffmpeg(
                folder.path(),
                &[
                    &["-allowed_extensions", "ALL", "-i", "list.m3u8", "-c", "copy"],
                    rest,
                    &["-f", copy, "-"],
                ]
                .concat(),
            )
        };
        let url = server(move |path, head| file(&files, path, head));
        let heard = heard(&format!("{url}/list.m3u8"));
        let expected = decoded(sort, &whole);
        let frames = &heard.frames[before..];
        assert!(frames.len() > 239_000, "{name}: {} frames", frames.len());
        let both = frames.len().min(expected.len());
        // The last packet may be cut to what was encoded.
        assert!(
            frames.len().abs_diff(expected.len()) <= 1_024,
            "{name}: {} of {}",
            frames.len(),
            expected.len()
        );
        let first = (0..both).find(|n| frames[*n] != expected[*n]);
        assert_eq!(first, None, "{name}: the first frame that is another");
    }
}

#[test]
fn a_live_list_is_followed_without_a_frame_too_many_or_too_few_and_never_hurried() {
    let live = live(9, |_, _, bytes| bytes);
    let began = Instant::now();
    let heard = heard(&format!("{}/live.m3u8", live.url));
    let expected = frames(&noise(9));
    // It was joined three seconds before the end that there was: four pieces, or where pieces are longer three.
    let from = expected.len() - heard.frames.len();
    assert!(
        live.begins[..2].contains(&from),
        "joined at {from} of {:?}",
        live.begins
    );
    assert!(heard.frames == expected[from..], "every frame is what it was");
    assert!(heard.was_told("Title(\"Piece 5\")"), "{:?}", heard.told);
    let mut pieces = live.pieces_asked();
    let count = pieces.len();
    pieces.dedup();
    assert_eq!(pieces.len(), count, "none was asked for twice");
    let lists = live
        .asked
        .lock()
        .expect("no panic")
        .iter()
        .filter(|path| *path == "/live.m3u8")
        .count();
    // One when it began, then one a second at most.
    assert!(
        began.elapsed().as_secs_f64() > (lists - 1) as f64 - 0.5,
        "{lists} lists in {:?}",
        began.elapsed()
    );
}

#[test]
fn a_piece_that_breaks_off_or_is_late_is_gone_on_with_at_its_next_byte() {
    let live = live(7, |times, path, bytes| match (path, times) {
        // Cut in the middle; then refused; then there.
        ("/list2.m4s", 1) => bytes[..bytes.len() / 2].to_vec(),
        ("/list2.m4s", 2) => b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".into(),
        // The list is ahead of its piece.
        ("/list4.m4s", 1) => GONE.into(),
        _ => bytes,
    });
    let heard = heard(&format!("{}/live.m3u8", live.url));
    let expected = frames(&noise(7));
    let from = expected.len() - heard.frames.len();
    assert!(heard.frames == expected[from..], "every frame is what it was");
    for words in ["closed before the end of a piece", "503 Busy", "404", "Again", "Comes"] {
        assert!(heard.was_told(words), "{words}: {:?}", heard.told);
    }
    assert!(!heard.was_told("Lost"), "{:?}", heard.told);
}

#[test]
fn pieces_that_are_gone_are_counted_and_told_and_the_rest_is_heard() {
    let live = live(9, |times, path, bytes| match (path, times) {
        ("/list3.m4s", _) => GONE.into(),
        _ => bytes,
    });
    let heard = heard(&format!("{}/live.m3u8", live.url));
    assert!(heard.was_told("Lost(1, "), "{:?}", heard.told);
    let (all, begins) = (frames(&noise(9)), &live.begins);
    let from = [0, 1].map(|n| [&all[begins[n]..begins[3]], &all[begins[4]..]].concat());
    assert!(from.contains(&heard.frames), "all but one piece");
}

#[test]
fn a_server_that_stands_still_is_told_with_its_cause_and_nothing_is_heard_twice() {
    let live = live(30, |times, path, bytes| match (path, times) {
        ("/live.m3u8", 4..) => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#EXTM3U\n".into(),
        _ => bytes,
    });
    let (heard, over) = heard_until(&format!("{}/live.m3u8", live.url), |all| {
        all.told.iter().filter(|told| told.contains("was cut off")).count() == 2
    });
    assert!(matches!(over, Err(TuneError::Stopped)), "{over:?}");
    let all = frames(&noise(30));
    let is_part = |from: &usize| all[*from..].starts_with(&heard.frames);
    assert!(live.begins[..2].iter().any(is_part), "in order, and each once");
}

#[test]
fn a_station_that_has_ended_is_looked_for_again_and_not_heard_from_its_beginning() {
    let live = live(7, |_, _, bytes| bytes);
    let (settings, patience) = (settings(&format!("{}/live.m3u8", live.url)), Patience::default());
    let mut place = None;
    let mut attempt = || {
        let mut collector = Collector::new(&patience, |_| false);
        let Ok(Tuning::Pieces(text)) = tune(&settings, &patience) else {
            panic!("it is a list");
        };
        let over = play(text, &settings, &patience, &mut place, &mut collector);
        assert!(matches!(over, Err(TuneError::Over { .. })), "{over:?}");
        collector.frames.len()
    };
    assert!(attempt() > 150_000);
    assert_eq!(attempt(), 0, "its list is still there, and all of it was heard");
}

#[test]
fn a_list_without_anything_new_is_said_to_stand_still() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:7\n";
    let url = server(move |_, _| list(text));
    let (heard, over) = heard_until(&format!("{url}/live.m3u8"), |all| all.was_told("broken"));
    assert!(matches!(over, Err(TuneError::Stopped)), "{over:?}");
    assert!(heard.was_told("has sent nothing for"), "{:?}", heard.told);
}

#[test]
fn behind_a_discontinuity_another_decoder_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = tempfile::tempdir().expect("a folder");
    let mut files = cut(folder.path(), 2, FLAC);
    let ts = [
        "-c:a",
        "aac",
        "-ar",
        "44100",
        "-f",
        "hls",
        "-hls_time",
        "1",
        "-hls_list_size",
        "0",
        "o.m3u8",
    ];
    files.extend(cut(other.path(), 2, &ts));
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:1,\nlist0.m4s\n\
                #EXT-X-DISCONTINUITY\n#EXTINF:1,\no0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\nlist0.m4s\n#EXT-X-ENDLIST\n";
    files.insert("mixed.m3u8".into(), text.into());
    let url = server(move |path, head| file(&files, path, head));
    let heard = heard(&format!("{url}/mixed.m3u8"));
    let all = frames(&noise(2));
    let first = heard
        .frames
        .iter()
        .zip(&all)
        .take_while(|(heard, expected)| heard == expected)
        .count();
    assert!(first > 40_000, "{first} frames of the first piece");
    assert!(heard.frames.ends_with(&all[..first]), "the last is whole again");
    assert!(
        (35_000..60_000).contains(&(heard.frames.len() - 2 * first)),
        "and one between: {}",
        heard.frames.len()
    );
}

#[test]
fn what_cannot_be_heard_is_said_at_once_and_leads_nowhere() {
    let url = server(move |path, _| {
        let piece = |line: &str| list(&format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n{line}\n#EXT-X-ENDLIST\n"));
        let variant = |about: &str, uri: &str| list(&format!("#EXTM3U\n#EXT-X-STREAM-INF:{about}\n{uri}\n"));
        match path {
            "/locked.m3u8" => piece("#EXT-X-KEY:METHOD=AES-128,URI=\"/key\"\n#EXTINF:1,\nx.ts"),
            "/reach.m3u8" => variant("BANDWIDTH=1,CODECS=\"mp4a.40.2\"", "http://169.254.169.254/latest/"),
            "/piece.m3u8" => piece("#EXTINF:1,\nhttp://169.254.169.254/latest/"),
            "/opening.m3u8" => piece("#EXT-X-MAP:URI=\"http://[fe80::1]/x\"\n#EXTINF:1,\nx.m4s"),
            "/file.m3u8" => piece("#EXTINF:1,\nfile:///etc/passwd"),
            "/dolby.m3u8" => variant("BANDWIDTH=1,CODECS=\"ec-3\"", "list.m3u8"),
            "/itself.m3u8" => variant("BANDWIDTH=1", "itself.m3u8"),
            "/page.m3u8" => variant("BANDWIDTH=1", "page"),
            "/empty.m3u8" => piece(""),
            "/many.m3u8" => piece(&"#EXTINF:1,\nx\n".repeat(10_001)),
            "/large.m3u8" => piece(&"#comment\n".repeat(200_000)),
            "/rubbish.m3u8" => piece("#EXTINF:1,\nrubbish"),
            "/silent.m3u8" => piece(&"#EXTINF:1,\nempty.ts\n".repeat(20)),
            "/nothing.m3u8" => piece(&"#EXTINF:1,\nnothing.ts\n".repeat(20)),
            "/missing.m3u8" => piece(&"#EXTINF:1,\nmissing.ts\n".repeat(20)),
            "/circle.m3u8" => piece("#EXTINF:1,\ncircle"),
            "/part.m3u8" => piece("#EXTINF:1,\n#EXT-X-BYTERANGE:10@10\nrubbish"),
            "/fragment.m3u8" => piece("#EXTINF:1,\nfragment"),
            "/circle" => b"HTTP/1.1 302 Found\r\nLocation: /circle\r\n\r\n".into(),
            "/page" => ok("text/html", b"<html>#EXTM3U is a list</html>"),
            "/rubbish" => ok("video/mp2t", &[b'x'; 1_000]),
            "/fragment" => ok("video/mp4", b"\0\0\0\x10moof\0\0\0\x08traf\0\0"),
            "/empty.ts" => ok(
                "video/mp2t",
                &[[0x47, 0x1f, 0xff, 0x10].as_slice(), &[0xff; 184]].concat().repeat(3),
            ),
            "/nothing.ts" => ok("video/mp2t", &[]),
            _ => GONE.into(),
        }
    });
    for (path, words) in [
        ("locked", "encrypted (AES-128)"),
        ("reach", "169.254.169.254, which a stream may not come from"),
        ("piece", "169.254.169.254, which a stream may not come from"),
        ("opening", "which a stream may not come from"),
        ("file", "http:// or https:// only"),
        ("dolby", "ec-3, which cannot be played"),
        ("itself", "another playlist"),
        ("page", "no list of HLS"),
        ("empty", "no piece in it"),
        ("many", "more than ten thousand pieces"),
        ("large", "larger than any is"),
        ("rubbish", "neither AAC"),
        ("silent", "no sound in it"),
        ("missing", "8 pieces"),
        ("nothing", "8 pieces"),
        ("circle", "in circles"),
        ("part", "does not send parts"),
        ("fragment", "EXT-X-MAP"),
    ] {
        let (heard, over) = heard_until(&format!("{url}/{path}.m3u8"), |_| false);
        let sentence = over.expect_err(path).to_string();
        assert!(sentence.contains(words), "{path}: {sentence}");
        assert!(heard.frames.is_empty());
    }
}
