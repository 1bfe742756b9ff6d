mod moved;

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::{Decibels, Frame, Pan};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use super::*;
use crate::api::{Material, Talkover};
use crate::automation::Automation;
use crate::session::SessionStrip;

fn write_wav(path: &Path, rate: u32, frames: impl Iterator<Item = Frame>) {
    let spec = WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let mut writer = WavWriter::create(path, spec).expect("a file");
    frames
        .flatten()
        .for_each(|sample| writer.write_sample(sample).expect("room"));
    writer.finalize().expect("written");
}

fn read_wav(path: &Path) -> Vec<Frame> {
    let samples: Vec<f32> = WavReader::open(path)
        .expect("a WAV file")
        .samples()
        .collect::<Result<_, _>>()
        .expect("samples");
    samples.as_chunks::<2>().0.to_vec()
}

fn request(session: Session, out: PathBuf) -> RenderRequest {
    RenderRequest {
        session,
        session_file: None,
        out,
        duration: None,
        stems: None,
    }
}

#[test]
fn a_file_hard_left_at_unity_comes_out_frame_by_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("in.wav");
    write_wav(&source, 48_000, (0..48_123).map(|n| [n as f32 / 8_388_608.0, 0.5]));
    let mut strip = SessionStrip::new(
        "File",
        StripSource::File {
            path: source.to_string_lossy().into(),
            looped: false,
        },
    );
    strip.controls.pan = Pan::LEFT;
    let out = folder.path().join("out.wav");
    let session = Session {
        strips: vec![strip],
        ..Session::default()
    };
    let summary = render(&request(session, out.clone()), |_, _| {}).expect("rendered");
    assert_eq!(summary.frames, 48_123);
    for (n, frame) in read_wav(&out).iter().enumerate() {
        assert_eq!(*frame, [n as f32 / 8_388_608.0, 0.0], "frame {n}");
    }
}

#[test]
fn the_same_session_gives_the_same_bytes_and_stems_add_up_to_the_mix() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = Session::demo();
    session.buses[0].fader = Decibels::new(-3.0).expect("a level");
    let outs = ["a.wav", "b.wav"].map(|name| folder.path().join(name));
    let stems = folder.path().join("stems");
    for out in &outs {
        let request = RenderRequest {
            duration: Some(6.0),
            stems: Some(stems.clone()),
            ..request(session.clone(), out.clone())
        };
        render(&request, |_, _| {}).expect("rendered");
    }
    assert!(std::fs::read(&outs[0]).expect("bytes") == std::fs::read(&outs[1]).expect("bytes"));
    let mix = read_wav(&outs[0]);
    let parts = ["01 Rhythm.wav", "02 Pad.wav", "03 Voice.wav"].map(|name| read_wav(&stems.join(name)));
    assert!(mix.iter().any(|frame| frame[0].abs() > 0.1), "it can be heard");
    for (n, frame) in mix.iter().enumerate() {
        let sum: f32 = parts.iter().map(|part| part[n][0]).sum();
        // A stem is what a strip adds before the programme's fader, which stands at -3 dB.
        assert!((frame[0] - sum * 0.707_945_8).abs() < 1e-6, "frame {n}");
    }
}

#[test]
fn what_cannot_be_rendered_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let endless = render(&request(Session::demo(), folder.path().join("x.wav")), |_, _| {});
    assert!(endless.expect_err("refused").to_string().contains("--duration"));
    let strip = SessionStrip::new(
        "Jingle",
        StripSource::File {
            path: "/nowhere/j.wav".into(),
            looped: false,
        },
    );
    let missing = render(
        &request(
            Session {
                strips: vec![strip],
                ..Session::default()
            },
            folder.path().join("x.wav"),
        ),
        |_, _| {},
    );
    let message = missing.expect_err("refused").to_string();
    assert!(
        message.contains("Jingle") && message.contains("/nowhere/j.wav"),
        "{message}"
    );
    let long = RenderRequest {
        duration: Some(1e6),
        ..request(Session::demo(), folder.path().join("x.wav"))
    };
    assert!(
        render(&long, |_, _| {})
            .expect_err("refused")
            .to_string()
            .contains("do not fit")
    );
    let mut strip = SessionStrip::new(
        "Loop",
        StripSource::Material {
            material: Material::Pad,
        },
    );
    strip.controls.mute = true;
    let unwritable = RenderRequest {
        duration: Some(1.0),
        ..request(
            Session {
                strips: vec![strip],
                ..Session::default()
            },
            "/nowhere/x.wav".into(),
        )
    };
    assert!(
        render(&unwritable, |_, _| {})
            .expect_err("refused")
            .to_string()
            .contains("/nowhere/x.wav")
    );
}

#[test]
fn what_the_session_is_made_of_is_never_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let stems = folder.path().join("stems");
    std::fs::create_dir(&stems).expect("a folder");
    let source = stems.join("01 File.wav");
    write_wav(&source, 48_000, (0..4_800).map(|_| [0.5; 2]));
    let session_file = folder.path().join("named as its owner likes.wav");
    std::fs::write(&session_file, "# mine").expect("written");
    let before = std::fs::read(&source).expect("bytes");
    let file = StripSource::File {
        path: source.to_string_lossy().into(),
        looped: false,
    };
    let session = Session {
        strips: vec![SessionStrip::new("File", file)],
        ..Session::default()
    };
    let whole = |out: PathBuf, stems: Option<PathBuf>| RenderRequest {
        session_file: Some(session_file.clone()),
        stems,
        ..request(session.clone(), out)
    };
    for refused in [
        whole(folder.path().join("stems/../stems/01 File.wav"), None),
        whole(folder.path().join("mix.wav"), Some(stems.clone())),
        whole(session_file.clone(), None),
    ] {
        let message = render(&refused, |_, _| {}).expect_err("refused").to_string();
        assert!(message.contains("choose another --out"), "{message}");
    }
    assert!(std::fs::read(&source).expect("bytes") == before);
    assert_eq!(std::fs::read(&session_file).expect("bytes"), b"# mine");
    assert!(!folder.path().join("mix.wav").exists() && !folder.path().join("mix.wav.part").exists());
}

#[test]
fn a_rendering_takes_its_name_when_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("mix.wav");
    std::fs::write(&out, "what was there before").expect("written");
    let source = folder.path().join("in.wav");
    write_wav(&source, 48_000, (0..48_000).map(|_| [0.5; 2]));
    let file = StripSource::File {
        path: source.to_string_lossy().into(),
        looped: false,
    };
    let session = Session {
        strips: vec![SessionStrip::new("File", file)],
        ..Session::default()
    };
    let mut seen = false;
    render(&request(session.clone(), out.clone()), |done, total| {
        if done < total {
            seen = true;
            assert_eq!(std::fs::read(&out).expect("bytes"), b"what was there before");
        }
    })
    .expect("rendered");
    assert!(seen && read_wav(&out).len() == 48_000);
    assert!(!folder.path().join("mix.wav.part").exists());
    let short = RenderRequest {
        duration: Some(1e-6),
        ..request(session, out)
    };
    let message = render(&short, |_, _| {}).expect_err("refused").to_string();
    assert!(
        message.contains("--duration") && message.contains("shorter"),
        "{message}"
    );
}

/// A session of one file that is 0.5 on both sides for a second, panned hard left.
fn a_second_of_half_scale(folder: &Path) -> Session {
    let source = folder.join("in.wav");
    write_wav(&source, 48_000, (0..48_000).map(|_| [0.5; 2]));
    let file = StripSource::File {
        path: source.to_string_lossy().into(),
        looped: false,
    };
    let mut strip = SessionStrip::new("File", file);
    strip.controls.pan = Pan::LEFT;
    Session {
        strips: vec![strip],
        ..Session::default()
    }
}

#[test]
fn automation_is_played_when_it_is_due() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = a_second_of_half_scale(folder.path());
    session.automation = [
        "at = 0.75\ncommand = { type = \"setBusFader\", bus = \"programme\", level = 6.0206 }",
        "at = 0.25\ncommand = { type = \"setMute\", strip = \"File\", on = true }",
        "at = 0.5\ncommand = { type = \"setMute\", strip = 1, on = false }",
    ]
    .map(|text| toml::from_str(text).expect("automation"))
    .to_vec();
    let out = folder.path().join("out.wav");
    // Full scale is over the ceiling: the limiter stays out of this by the level.
    session.strips[0].controls.trim = Decibels::new(-12.0412).expect("a level");
    render(&request(session, out.clone()), |_, _| {}).expect("rendered");
    let heard = read_wav(&out);
    let level = |seconds: f64| heard[(seconds * 48_000.0) as usize][0];
    for (at, expected) in [(0.24, 0.125), (0.3, 0.0), (0.49, 0.0), (0.6, 0.125), (0.9, 0.25)] {
        assert!((level(at) - expected).abs() < 1e-5, "{} at {at} s", level(at));
    }
    // The ramp begins with the block that is due, and not before.
    assert_eq!(heard[11_999][0], heard[0][0]);
    assert!(heard[12_063][0] < heard[0][0]);
}

#[test]
fn a_rendering_begins_with_the_programmes_stages_and_ceiling_where_they_are_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let usual = a_second_of_half_scale(folder.path());
    let heard = |session: Session| {
        let out = folder.path().join("out.wav");
        render(&request(session, out.clone()), |_, _| {}).expect("rendered");
        read_wav(&out)
    };
    let mut turned_down = usual.clone();
    turned_down.buses[0].compressor = CompressorSettings {
        on: true,
        make_up_db: -6.0206,
        threshold_dbfs: 0.0,
        ..CompressorSettings::default()
    };
    let heard_first = heard(turned_down)[0][0];
    assert!((heard_first - 0.25).abs() < 2e-3, "{heard_first}");
    let mut limited = usual.clone();
    limited.limiter.ceiling_dbtp = -12.0;
    let highest = |heard: &[[f32; 2]]| {
        heard
            .as_flattened()
            .iter()
            .fold(0.0_f32, |most, sample| most.max(sample.abs()))
    };
    let start = highest(&heard(limited)[..2000]);
    assert!(start < 10.0_f32.powf(-11.9 / 20.0), "{start}");
    let mut open = usual;
    open.limiter.on = false;
    open.strips[0].controls.trim = Decibels::new(12.0412).expect("a level");
    let first = heard(open)[0][0];
    assert!((first - 2.0).abs() < 1e-4, "{first}: it does not limit for a moment");
}

#[test]
fn a_rendering_has_the_stages_groups_buses_and_talkover_of_the_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let usual = a_second_of_half_scale(folder.path());
    let level = |db| Decibels::new(db).expect("a level");
    let heard = |session: Session| {
        let out = folder.path().join("out.wav");
        render(&request(session, out.clone()), |_, _| {}).expect("rendered");
        read_wav(&out)[40_000][0]
    };
    // A compressor that lets a dB above -26 dBFS out as a third of one: 20 dB of half scale become 6.66.
    let mut compressed = usual.clone();
    let compressor = &mut compressed.strips[0].controls.chain.compressor;
    (compressor.on, compressor.threshold_dbfs, compressor.knee_db) = (true, -26.0206, 0.0);
    assert!((heard(compressed) - 0.05 * 10.0_f32.powf(20.0 / 3.0 / 20.0)).abs() < 1e-3);
    let mut grouped = usual.clone();
    grouped.strips[0].controls.vca = Some(2);
    grouped.vcas = vec![level(0.0), level(0.0), level(-6.0206)];
    assert!((heard(grouped) - 0.25).abs() < 1e-4);
    let mut summed = usual.clone();
    summed.buses[0].compressor = CompressorSettings {
        on: true,
        make_up_db: -6.0206,
        threshold_dbfs: 0.0,
        ..CompressorSettings::default()
    };
    assert!((heard(summed) - 0.25).abs() < 2e-3);
    let mut ducked = usual.clone();
    ducked.talkover.on = true;
    ducked.talkover.depth_db = 40.0;
    ducked.strips[0].controls.talkover = Talkover::Ducked;
    let mut voice = usual.strips[0].clone();
    (voice.name, voice.controls.talkover, voice.controls.pan) = ("Voice".into(), Talkover::Key, Pan::RIGHT);
    ducked.strips.push(voice);
    assert!((heard(ducked) - 0.005).abs() < 1e-4);
}

#[test]
fn a_flac_file_holds_what_the_wav_file_holds_to_24_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    let outs = ["mix.wav", "mix.flac"].map(|name| folder.path().join(name));
    for out in &outs {
        let request = RenderRequest {
            duration: Some(2.0),
            ..request(Session::demo(), out.clone())
        };
        let summary = render(&request, |_, _| {}).expect("rendered");
        assert_eq!((summary.frames, summary.clipped), (96_000, 0));
    }
    let wav = read_wav(&outs[0]);
    let mut flac = flac_codec::decode::FlacSampleReader::open(&outs[1]).expect("a FLAC file");
    let mut samples = Vec::new();
    flac.read_to_end(&mut samples).expect("samples");
    assert_eq!(samples.len(), 2 * wav.len());
    for (wav, flac) in wav.as_flattened().iter().zip(&samples) {
        assert!((wav * 8_388_608.0 - *flac as f32).abs() <= 0.5, "{wav} {flac}");
    }
}
