//! Any number of channels and any rate.

use airdesk_dsp::{Frame, SampleRate};
use airdesk_sources::decode::{Decoder, at_desk_rate};

use crate::files::{Files, decoded};

/// How loud a tone is in one side of some frames, linear.
fn level(frames: &[Frame], side: usize, hz: f64, rate: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, frame) in frames.iter().enumerate() {
        let (sin, cos) = (std::f64::consts::TAU * hz * n as f64 / rate).sin_cos();
        re += f64::from(frame[side]) * cos;
        im += f64::from(frame[side]) * sin;
    }
    2.0 * re.hypot(im) / frames.len() as f64
}

#[test]
fn six_channels_are_mixed_down_as_the_standard_says_in_every_format() {
    let files = Files::new();
    // A tone for each channel of 5.1, at a tenth of full scale: left, right, centre, low frequencies, surround.
    let tones = [500.0, 700.0, 1100.0, 1300.0, 1700.0, 1900.0];
    let spec = hound::WavSpec {
        channels: 6,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(files.path("in.wav"), spec).expect("room on the disk");
    for n in 0..96_000 {
        for hz in tones {
            let sample = 0.1 * (std::f64::consts::TAU * hz * f64::from(n) / 48_000.0).sin();
            writer
                .write_sample((sample * 32_767.0) as i16)
                .expect("room on the disk");
        }
    }
    writer.finalize().expect("room on the disk");
    let made = [
        "cp in.wav plain.wav",
        "ffmpeg -v error -i in.wav -c:a flac six.flac",
        "ffmpeg -v error -i in.wav -c:a libvorbis -q:a 8 six.ogg",
        "ffmpeg -v error -i in.wav -c:a libopus -b:a 512k -mapping_family 1 six.opus",
        "ffmpeg -v error -i in.wav -c:a alac six_alac.m4a",
    ];
    let third = f64::sqrt(0.5);
    let expected = [
        [1.0, 0.0],
        [0.0, 1.0],
        [third, third],
        [0.0, 0.0],
        [third, 0.0],
        [0.0, third],
    ];
    for line in made {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        let heard = decoded(&files.path(name));
        for (hz, sides) in tones.iter().zip(expected) {
            for (side, right) in sides.into_iter().enumerate() {
                let level = level(&heard[9_600..86_400], side, *hz, 48_000.0) * 10.0;
                assert!(
                    (level - right).abs() < 0.03,
                    "{name}: {hz} Hz at {level:.3} instead of {right:.3}, side {side}"
                );
            }
        }
    }
}

#[test]
fn one_channel_is_heard_on_both_sides_in_every_format() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 1, 44_100);
    let made = [
        "flac --silent in.wav -o one.flac",
        "lame --quiet in.wav one.mp3",
        "oggenc --quiet in.wav -o one.ogg",
        "opusenc --quiet in.wav one.opus",
        "ffmpeg -v error -i in.wav -c:a aac one.m4a",
        "ffmpeg -v error -i in.wav -c:a alac one_alac.m4a",
    ];
    for line in made {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        let heard = decoded(&files.path(name));
        assert!(heard.iter().all(|[left, right]| left == right), "{name}");
        let loudest = heard.iter().fold(0.0_f32, |peak, [left, _]| peak.max(left.abs()));
        assert!((0.4..0.8).contains(&loudest), "{name}: {loudest}");
    }
}

#[test]
fn a_tone_keeps_its_pitch_at_the_desks_rate() {
    let files = Files::new();
    for rate in [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
        files.run(&format!("sox -n -r {rate} -c 2 tone.flac synth 2 sine 997 gain -6"));
        let decoder = Decoder::open(&files.path("tone.flac")).expect("a sound file");
        let mut converted = at_desk_rate(decoder, SampleRate::DESK);
        assert_eq!(converted.frames(), Some(96_000), "{rate} Hz");
        let mut heard = vec![[0.0; 2]; 100_000];
        let count = converted.read(&mut heard).expect("it plays");
        assert_eq!(count, 96_000, "{rate} Hz");
        let level = level(&heard[9_600..86_400], 0, 997.0, 48_000.0);
        assert!((level - 0.5).abs() < 0.005, "{rate} Hz: {level}");
    }
}
