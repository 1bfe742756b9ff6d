//! What real encoders make, cut anywhere, damaged, and one thing behind the other.

use std::process::Command;

use super::*;
use crate::decode::bare::Kind;
use crate::stream::format::{Encoding, Format};

/// Two seconds of a tone, 1 kHz, as ffmpeg encodes them.
fn encoded(rate: u32, options: &[&str]) -> Vec<u8> {
    let source = format!("sine=frequency=1000:sample_rate={rate}:duration=2");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &source])
        .args(options)
        .arg("-")
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What each kind of stream is, and how ffmpeg makes it.
const KINDS: [(Sort, &[&str], &str); 6] = [
    (
        Sort::Frames(Kind::Mp3),
        &["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"],
        "MP3",
    ),
    (
        Sort::Frames(Kind::Adts),
        &["-c:a", "aac", "-b:a", "96k", "-f", "adts"],
        "AAC",
    ),
    (
        Sort::Ogg,
        &["-c:a", "libvorbis", "-metadata", "title=Tone", "-f", "ogg"],
        "Vorbis",
    ),
    (
        Sort::Ogg,
        &["-c:a", "libopus", "-metadata", "title=Tone", "-f", "ogg"],
        "Opus",
    ),
    (
        Sort::Ogg,
        &["-c:a", "flac", "-metadata", "title=Tone", "-f", "ogg"],
        "FLAC",
    ),
    (Sort::Wave, &["-c:a", "pcm_s24le", "-f", "wav"], "WAV"),
];

/// All frames, their rates, and the last title.
fn decode(decoder: &mut Decoder, bytes: &[u8], piece: usize) -> (Vec<Frame>, Vec<u32>, Option<String>) {
    let (mut frames, mut rates, mut title) = (Vec::new(), Vec::new(), None);
    let mut left = bytes.len();
    for bytes in bytes.chunks(piece) {
        left -= bytes.len();
        let mut bytes = bytes;
        loop {
            let mut heard = Heard::default();
            let more = decoder.feed(bytes, left == 0, &mut heard).expect("it can be decoded");
            title = heard.title.or(title);
            for (rate, mut piece) in heard.pieces {
                rates.push(rate.hz());
                frames.append(&mut piece);
            }
            if !more {
                break;
            }
            bytes = &[];
        }
    }
    rates.dedup();
    (frames, rates, title)
}

/// Crossings of zero upwards that are no noise: of a tone of 1 kHz a thousand a second.
fn crossings(frames: &[Frame]) -> usize {
    let mut is_low = false;
    let crosses = |frame: &&Frame| -> bool {
        let crosses = is_low && frame[0] > 0.01;
        is_low = frame[0] < -0.01 || (is_low && !crosses);
        crosses
    };
    frames.iter().filter(crosses).count()
}

#[test]
fn every_kind_is_the_same_wherever_its_bytes_are_cut() {
    for (sort, options, name) in KINDS {
        let bytes = encoded(48_000, options);
        let mut decoder = Decoder::new(sort);
        let (whole, rates, title) = decode(&mut decoder, &bytes, bytes.len());
        assert_eq!((decoder.codec(), rates.as_slice()), (Some(name), &[48_000][..]));
        let seconds = whole.len() as f64 / 48_000.0;
        assert!((1.99..2.1).contains(&seconds), "{name}: {seconds} s");
        assert!(
            (1_990..=2_010).contains(&crossings(&whole)),
            "{name}: {}",
            crossings(&whole)
        );
        if sort == Sort::Ogg {
            assert_eq!(title.as_deref(), Some("Tone"), "{name}");
            // Of Vorbis a block is heard before the first frame, which a listener of a station never has.
            let more = if name == "Vorbis" { 128 } else { 0 };
            assert_eq!(whole.len(), 96_000 + more, "{name}: to the frame");
        }
        for piece in [1, 2, 3, 7, 100, 1_001, 4_096] {
            let (cut, ..) = decode(&mut Decoder::new(sort), &bytes, piece);
            assert!(cut == whole, "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn who_comes_into_the_middle_hears_the_rest() {
    for (sort, options, name) in &KINDS[..2] {
        let bytes = encoded(44_100, options);
        let (frames, rates, _) = decode(&mut Decoder::new(*sort), &bytes[bytes.len() / 2 + 13..], 500);
        let seconds = frames.len() as f64 / 44_100.0;
        assert_eq!(rates, [44_100]);
        assert!((0.8..1.1).contains(&seconds), "{name}: {seconds} s");
    }
}

#[test]
fn another_format_in_the_middle_is_heard_at_its_own_speed() {
    for (sort, options, name) in &KINDS[..5] {
        let mono = encoded(44_100, options);
        let stereo = encoded(48_000, &[&["-ac", "2"], *options].concat());
        let (frames, rates, _) = decode(&mut Decoder::new(*sort), &[mono, stereo].concat(), 777);
        // Opus has one rate.
        let expected: &[u32] = if *name == "Opus" { &[48_000] } else { &[44_100, 48_000] };
        assert_eq!(rates, expected, "{name}");
        assert!(
            (3_950..=4_050).contains(&crossings(&frames)),
            "{name}: {}",
            crossings(&frames)
        );
    }
}

#[test]
fn damage_costs_what_is_damaged_and_rubbish_is_given_up() {
    for (sort, options, name) in &KINDS[..5] {
        let mut bytes = encoded(48_000, options);
        let middle = bytes.len() / 2;
        for byte in &mut bytes[middle..middle + 200] {
            *byte ^= 0x5a;
        }
        let mut decoder = Decoder::new(*sort);
        let mut frames = 0;
        for piece in bytes.chunks(512) {
            let mut heard = Heard::default();
            decoder.feed(piece, false, &mut heard).expect("it goes on");
            frames += heard.pieces.iter().map(|(_, frames)| frames.len()).sum::<usize>();
        }
        assert!(frames > 48_000, "{name}: {frames} frames");
        let mut rubbish = Decoder::new(*sort);
        let fed = (0..2_000).try_for_each(|n| {
            let rubbish = rubbish.feed(&[n as u8; 1_024], false, &mut Heard::default());
            rubbish.map(drop)
        });
        assert!(fed.is_err(), "{name}");
    }
}

#[test]
fn a_tag_before_the_first_frame_is_left_out_however_long_it_is() {
    let music = encoded(48_000, KINDS[0].1);
    let (expected, ..) = decode(&mut Decoder::new(KINDS[0].0), &music[..], 4_096);
    // Whatever ffmpeg has put before it, and a picture of a megabyte that is full of what looks like frames.
    let mut tagged = b"ID3\x03\0\0\0\x40\0\0".to_vec();
    tagged.extend([0xff, 0xfb, 0x94, 0x00].repeat(1 << 18));
    tagged.extend(&music);
    let (frames, ..) = decode(&mut Decoder::new(KINDS[0].0), &tagged, 8_192);
    assert!(frames == expected);
}

/// A tag with so many bytes of a picture that is full of what looks like frames.
fn tag(bytes: usize) -> Vec<u8> {
    let mut tag = b"ID3\x03\0\0".to_vec();
    tag.extend([21, 14, 7, 0].map(|shift| (bytes >> shift) as u8 & 0x7f));
    tag.extend([0xff, 0xfb, 0x94, 0x00].into_iter().cycle().take(bytes));
    tag
}

#[test]
fn tags_are_left_out_before_and_between_frames_and_their_pictures_end_nothing() {
    for (sort, options, name) in &KINDS[..2] {
        let music = encoded(48_000, options);
        let (expected, ..) = decode(&mut Decoder::new(*sort), &music, 4_096);
        let tagged = [tag(3_000_000), tag(100), music.clone(), tag(2_500_000), music].concat();
        // Nobody says what follows a tag.
        let mut decoder = Decoder::new(Sort::Frames(Kind::Mp3));
        let (frames, ..) = decode(&mut decoder, &tagged, 8_192);
        assert_eq!(decoder.codec(), Some(*name));
        assert!(frames[..expected.len()] == expected, "{name}");
        assert!(
            (3_950..=4_050).contains(&crossings(&frames)),
            "{name}: {}",
            crossings(&frames)
        );
    }
    let mut endless = Decoder::new(Sort::Frames(Kind::Mp3));
    let tags = tag(200 << 20);
    let fed = tags
        .chunks(1 << 16)
        .try_for_each(|piece| endless.feed(piece, false, &mut Heard::default()).map(drop));
    assert_eq!(fed, Err(NO_SOUND));
}

/// A page of an Ogg stream without sound.
fn silent_page(serial: &[u8], flags: u8, body: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend([0; 8]);
    page.extend(serial);
    page.extend([0; 8]);
    page.push(body.len().div_ceil(255) as u8);
    page.resize(page.len() + body.len().div_ceil(255), 255);
    page.extend(body);
    page
}

#[test]
fn a_picture_in_the_comments_of_ogg_ends_nothing() {
    for (sort, options, name) in &KINDS[3..5] {
        let music = encoded(48_000, options);
        let (expected, ..) = decode(&mut Decoder::new(*sort), &music, 4_096);
        let second = music
            .windows(4)
            .skip(1)
            .position(|bytes| bytes == b"OggS")
            .expect("pages")
            + 1;
        let mut pictured = music[..second].to_vec();
        for n in 0..50_u8 {
            let flags = u8::from(n > 0);
            pictured.extend(silent_page(&music[14..18], flags, &[0xff; 255 * 255]));
        }
        pictured.extend(&music[second..]);
        let (frames, ..) = decode(&mut Decoder::new(*sort), &pictured, 8_192);
        assert!(frames == expected, "{name}");
    }
}

#[test]
fn a_few_bytes_that_stand_for_minutes_are_decoded_in_parts() {
    let output = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "anullsrc=r=48000:cl=stereo",
            "-t",
            "300",
        ])
        .args(["-c:a", "flac", "-frame_size", "65535", "-f", "ogg", "-"])
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = output.stdout;
    assert!(bytes.len() < 16_384, "{} bytes", bytes.len());
    let mut decoder = Decoder::new(Sort::Ogg);
    let (mut rest, mut all) = (bytes.as_slice(), 0);
    loop {
        let mut heard = Heard::default();
        let more = decoder.feed(rest, true, &mut heard).expect("FLAC");
        rest = &[];
        assert!(heard.frames() < FRAMES_AT_ONCE + 65_536, "{} at once", heard.frames());
        all += heard.frames();
        if !more {
            break;
        }
    }
    assert_eq!(all, 300 * 48_000);
}

#[test]
fn samples_whose_high_byte_comes_first_are_put_right_wherever_they_are_cut() {
    for (encoding, sample) in [(Encoding::S16, &[0x40, 0x00][..]), (Encoding::S24, &[0x40, 0x00, 0x00])] {
        let format = Format::new(encoding, 2, 48_000).expect("a format");
        let bytes = sample.repeat(200);
        for piece in 1..11 {
            let mut decoder = Decoder::new(Sort::Raw(Raw {
                format,
                big_endian: true,
            }));
            let (frames, ..) = decode(&mut decoder, &bytes, piece);
            assert_eq!(frames, [[0.5; 2]; 100], "{encoding:?} in pieces of {piece}");
        }
    }
}
