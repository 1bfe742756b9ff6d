//! Files of codecs that add frames at both ends are as long as what went in, and no frame is off its place.

use airdesk_sources::decode::Decoder;

use crate::files::{Files, apart, rest};

#[test]
fn what_an_encoder_has_added_at_both_ends_is_not_heard() {
    let files = Files::new();
    for (rate, frames) in [(44_100, 100_003), (48_000, 48_000), (48_000, 30_011)] {
        files.wav("in.wav", rate, 2, frames);
        let made = [
            "lame --quiet -b 128 in.wav cbr.mp3",
            "lame --quiet -V 2 in.wav vbr.mp3",
            "ffmpeg -y -v error -i in.wav -c:a libmp3lame -b:a 192k lavf.mp3",
            "oggenc --quiet in.wav -o xiph.ogg",
            "opusenc --quiet in.wav xiph.opus",
            "ffmpeg -y -v error -i in.wav -c:a libopus lavf.opus",
            "ffmpeg -y -v error -i in.wav -c:a aac -aac_pns 0 -b:a 192k lavf.m4a",
        ];
        for line in made {
            files.run(line);
            let name = line.split_whitespace().last().expect("a name");
            let mut decoder = Decoder::open(&files.path(name)).expect("a sound file");
            // Opus is always at its own rate.
            let expected = frames as u64 * u64::from(decoder.rate().hz()) / u64::from(rate);
            let length = decoder.frames().expect("known");
            assert!(length.abs_diff(expected) <= 1, "{name}: {length} instead of {expected}");
            let heard = rest(&mut decoder).expect("it plays");
            assert_eq!(heard.len() as u64, length, "{name}");
            let theirs = files.by_ffmpeg(name);
            let shorter = heard.len().min(theirs.len());
            // What was added at the end of an M4A, ffmpeg 5 plays.
            let is_as_long =
                theirs.len().abs_diff(heard.len()) <= 1 || name.ends_with("m4a") && theirs.len() > heard.len();
            assert!(is_as_long, "{name}: {} and ffmpeg's {}", heard.len(), theirs.len());
            let apart = apart(&heard[..shorter], &theirs[..shorter]);
            assert!(apart < -70.0, "{name}, {rate} Hz: {apart:.1} dB from what ffmpeg hears");
        }
    }
}

#[test]
fn a_file_that_does_not_say_how_long_it_is_is_counted() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 200_000);
    files.run("lame --quiet -t -V 5 in.wav untagged.mp3");
    files.run("ffmpeg -v error -i in.wav -c:a aac -b:a 128k bare.aac");
    for name in ["untagged.mp3", "bare.aac"] {
        let mut decoder = Decoder::open(&files.path(name)).expect("a sound file");
        let length = decoder.frames().expect("counted");
        let heard = rest(&mut decoder).expect("it plays");
        assert_eq!(heard.len() as u64, length, "{name}");
        let theirs = files.by_ffmpeg(name).len() as u64;
        assert!(
            length.abs_diff(theirs) <= 1152 + 1105,
            "{name}: {length}, ffmpeg {theirs}"
        );
    }
}

#[test]
fn of_files_that_were_put_one_behind_the_other_all_is_played() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 200_000);
    for (name, line) in [
        ("cbr.mp3", "lame --quiet in.wav cbr.mp3"),
        ("vbr.mp3", "lame --quiet -V 3 in.wav vbr.mp3"),
    ] {
        files.run(line);
        let one = std::fs::read(files.path(name)).expect("a file");
        let path = files.write("both.mp3", &[one.clone(), one].concat());
        let mut decoder = Decoder::open(&path).expect("a sound file");
        let length = decoder.frames().expect("counted");
        let heard = rest(&mut decoder).expect("it plays");
        assert_eq!(heard.len() as u64, length, "{name}");
        assert!((400_000..405_000).contains(&heard.len()), "{name}: {}", heard.len());
    }
}
