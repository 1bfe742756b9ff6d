//! What is kept without loss comes out to the bit.

use airdesk_sources::decode::Decoder;

use crate::files::{Files, decoded, expected, rest};

#[test]
fn every_lossless_format_gives_what_went_in_to_the_bit() {
    let files = Files::new();
    files.wav("in.wav", 44_100, 2, 100_003);
    let made = [
        "ffmpeg -v error -i in.wav -c:a pcm_u8 u8.wav",
        "ffmpeg -v error -i in.wav -c:a pcm_s24le s24.wav",
        "ffmpeg -v error -i in.wav -c:a pcm_s32le s32.wav",
        "ffmpeg -v error -i in.wav -c:a pcm_f32le f32.wav",
        "ffmpeg -v error -i in.wav -c:a pcm_f64le f64.wav",
        "ffmpeg -v error -i in.wav -rf64 always rf64.wav",
        "sox in.wav -b 24 extensible.wav",
        "ffmpeg -v error -i in.wav be.aiff",
        "ffmpeg -v error -i in.wav -c:a pcm_s24be s24.aiff",
        "ffmpeg -v error -i in.wav -c:a pcm_f32be f32.aiff",
        "flac --silent -8 in.wav -o plain.flac",
        "flac --silent --no-seektable in.wav -o unindexed.flac",
        "flac --silent --ogg in.wav -o ogg.oga",
        "ffmpeg -v error -i in.wav -c:a flac lavf.flac",
        "ffmpeg -v error -i in.wav -c:a alac alac.m4a",
    ];
    for line in made {
        files.run(line);
        let name = line.split_whitespace().last().expect("a name");
        let mut decoder = Decoder::open(&files.path(name)).expect("a sound file");
        assert_eq!(
            (decoder.rate().hz(), decoder.frames()),
            (44_100, Some(100_003)),
            "{name}"
        );
        let heard = rest(&mut decoder).expect("it plays");
        assert_eq!(heard.len(), 100_003, "{name}");
        // Eight bits keep eight bits of it, rounded as ffmpeg does.
        let off = if name == "u8.wav" { 1.0 / 128.0 } else { 0.0 };
        for (n, frame) in heard.iter().enumerate() {
            for (channel, sample) in frame.iter().enumerate() {
                let right = expected(44_100, n, channel);
                assert!(
                    (sample - right).abs() <= off,
                    "{name}, frame {n}: {sample} instead of {right}"
                );
            }
        }
    }
}

#[test]
fn samples_of_24_bits_and_floats_over_full_scale_are_kept() {
    let files = Files::new();
    let wide: Vec<i32> = (0..9_002).map(|n| (n * 77_773) % 8_388_608 - 4_194_304).collect();
    let spec = |bits_per_sample, sample_format| hound::WavSpec {
        channels: 2,
        sample_rate: 96_000,
        bits_per_sample,
        sample_format,
    };
    let path = files.path("wide.wav");
    let mut writer = hound::WavWriter::create(&path, spec(24, hound::SampleFormat::Int)).expect("room on the disk");
    wide.iter()
        .for_each(|sample| writer.write_sample(*sample).expect("room on the disk"));
    writer.finalize().expect("room on the disk");
    files.run("flac --silent wide.wav -o wide.flac");
    files.run("ffmpeg -v error -i wide.wav -c:a alac -sample_fmt s32p wide.m4a");
    for name in ["wide.wav", "wide.flac", "wide.m4a"] {
        let heard = decoded(&files.path(name));
        assert_eq!(heard.len() * 2, wide.len(), "{name}");
        for (sample, right) in heard.as_flattened().iter().zip(&wide) {
            assert_eq!(*sample, *right as f32 / 8_388_608.0, "{name}");
        }
    }
    let path = files.path("loud.wav");
    let mut writer = hound::WavWriter::create(&path, spec(32, hound::SampleFormat::Float)).expect("room on the disk");
    (0..1_000).for_each(|n| writer.write_sample(n as f32 / 100.0).expect("room on the disk"));
    writer.finalize().expect("room on the disk");
    let heard = decoded(&path);
    assert!(
        heard
            .as_flattened()
            .iter()
            .enumerate()
            .all(|(n, sample)| *sample == n as f32 / 100.0)
    );
}
