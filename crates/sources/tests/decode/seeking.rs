//! Wherever one goes, one hears what would have been heard there.

use airdesk_dsp::SampleRate;
use airdesk_sources::decode::{Decoder, at_desk_rate};

use crate::files::{Dice, Files, apart, rest};

/// How each file is made of `in.wav`, and how far off a place may sound.
const MADE: [(&str, f64); 20] = [
    ("ffmpeg -v error -i in.wav -c:a pcm_s24le s24.wav", -200.0),
    ("ffmpeg -v error -i in.wav be.aiff", -200.0),
    ("ffmpeg -v error -i in.wav -rf64 always rf64.wav", -200.0),
    ("flac --silent in.wav -o plain.flac", -200.0),
    ("flac --silent --no-seektable in.wav -o unindexed.flac", -200.0),
    ("flac --silent --ogg in.wav -o ogg.oga", -200.0),
    ("ffmpeg -v error -i in.wav -c:a alac alac.m4a", -200.0),
    ("lame --quiet -b 128 in.wav cbr.mp3", -90.0),
    ("lame --quiet -b 320 in.wav full.mp3", -90.0),
    ("lame --quiet -V 4 in.wav vbr.mp3", -90.0),
    ("lame --quiet -t -V 4 in.wav untagged.mp3", -90.0),
    ("lame --quiet --resample 22.05 -b 8 in.wav low.mp3", -90.0),
    ("oggenc --quiet -q 5 in.wav -o xiph.ogg", -90.0),
    ("ffmpeg -v error -i in.wav -c:a libvorbis lavf.ogg", -90.0),
    ("opusenc --quiet in.wav xiph.opus", -90.0),
    // What is encoded as speech predicts a steady tone from itself, for as long as it sounds.
    ("opusenc --quiet --bitrate 24 --speech in.wav speech.opus", -40.0),
    ("opusenc --quiet --framesize 60 in.wav long.opus", -90.0),
    ("ffmpeg -v error -i in.wav -c:a aac -aac_pns 0 lavf.m4a", -90.0),
    ("ffmpeg -v error -i in.wav -c:a aac -aac_pns 0 bare.aac", -90.0),
    (
        "ffmpeg -v error -i in.wav -c:a aac -aac_pns 0 -movflags frag_keyframe+empty_moov+default_base_moof fragments.m4a",
        -90.0,
    ),
];

#[test]
fn every_format_goes_to_the_very_frame() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 44_100 * 25);
    let mut wrong = Vec::new();
    for (line, most) in MADE {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        let path = files.path(name);
        let straight = rest(&mut Decoder::open(&path).expect("a sound file")).expect("it plays");
        let mut decoder = Decoder::open(&path).expect("a sound file");
        let length = straight.len() as u64;
        let mut dice = Dice(7);
        let edges = [
            0,
            1,
            1151,
            1152,
            length - 1,
            length - 2,
            length - 1000,
            length - 5000,
            length / 2,
        ];
        let places = edges.into_iter().chain((0..60).map(|_| dice.below(length)));
        let (mut worst, mut short) = (f64::MIN, 0);
        for place in places {
            decoder.seek(place).expect("a place");
            let mut heard = [[0.0; 2]; 3000];
            let count = decoder.read(&mut heard).expect("it plays");
            let expected = &straight[place as usize..];
            short += usize::from(count != expected.len().min(heard.len()));
            worst = worst.max(apart(&heard[..count], expected));
        }
        if worst > most || short > 0 {
            wrong.push(format!("{name}: {worst:.1} dB, {short} times of another length"));
        }
        decoder.seek(length + 5).expect("beyond the end");
        assert_eq!(decoder.read(&mut [[0.0; 2]; 10]).expect("nothing"), 0, "{name}");
        decoder.seek(0).expect("back again");
        let again = rest(&mut decoder).expect("it plays");
        assert!(
            again == straight || apart(&again, &straight) < most,
            "{name} from its beginning again"
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn streams_one_behind_the_other_play_on_and_are_found_in() {
    let files = Files::new();
    files.wav("in.wav", 48_000, 2, 48_000 * 2 + 77);
    for (line, name) in [
        ("oggenc --quiet in.wav -o one.ogg", "one.ogg"),
        ("opusenc --quiet in.wav one.opus", "one.opus"),
    ] {
        files.run(line);
        let first = std::fs::read(files.path(name)).expect("a file");
        let one = rest(&mut Decoder::open(&files.path(name)).expect("a sound file")).expect("it plays");
        std::fs::remove_file(files.path(name)).expect("it is ours");
        files.run(line);
        // Each has a serial number of its own.
        let second = std::fs::read(files.path(name)).expect("a file");
        let path = files.write(&format!("both_{name}"), &[first, second].concat());
        let mut decoder = Decoder::open(&path).expect("a sound file");
        assert_eq!(decoder.frames(), None, "{name}: only playing tells");
        let both = rest(&mut decoder).expect("it plays");
        assert_eq!(both.len(), one.len() * 2, "{name}");
        assert!(apart(&both[..one.len()], &one) < -200.0, "{name}: the first");
        assert!(apart(&both[one.len()..], &one) < -200.0, "{name}: the second");
        for place in [100, one.len() + 1000, one.len() - 10, 5] {
            decoder.seek(place as u64).expect("a place");
            let mut heard = [[0.0; 2]; 500];
            assert_eq!(decoder.read(&mut heard).expect("it plays"), 500, "{name} at {place}");
            assert!(apart(&heard, &both[place..]) < -200.0, "{name} at {place}");
        }
    }
}

#[test]
fn at_the_desks_rate_too() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 44_100 * 10 + 17);
    files.run("flac --silent in.wav -o plain.flac");
    files.run("lame --quiet -V 4 in.wav vbr.mp3");
    for name in ["in.wav", "plain.flac", "vbr.mp3"] {
        let open = || {
            at_desk_rate(
                Decoder::open(&files.path(name)).expect("a sound file"),
                SampleRate::DESK,
            )
        };
        let (mut straight, mut all) = (open(), vec![[0.0; 2]; 48_000 * 11]);
        let count = straight.read(&mut all).expect("it plays");
        all.truncate(count);
        let length = (f64::from(44_100 * 10 + 17) * 48_000.0 / 44_100.0).round() as u64;
        assert_eq!((count as u64, straight.frames()), (length, Some(length)), "{name}");
        let (mut converted, mut dice) = (open(), Dice(11));
        for _ in 0..50 {
            let place = dice.below(length);
            converted.seek(place).expect("a place");
            let mut heard = [[0.0; 2]; 2000];
            let count = converted.read(&mut heard).expect("it plays");
            assert_eq!(count, (all.len() - place as usize).min(2000), "{name} at {place}");
            let apart = apart(&heard[..count], &all[place as usize..]);
            assert!(apart < -90.0, "{name} at {place}: {apart:.1} dB");
        }
    }
}
