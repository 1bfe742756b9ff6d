//! A show that begins later is the same audio later, bit for bit: nothing hangs on where in the file, in what is read at a
//! time or in what is written at a time a sound lies.

use airdesk_dsp::delay::DelaySettings;
use airdesk_dsp::equaliser::{Band, BandKind};
use airdesk_sources::Player;

use super::*;
use crate::session::SessionBus;

/// The length of the show.
const FRAMES: usize = 60_000;
/// Two seconds, after which a gate that began open has closed for good.
const CLOSED: usize = 96_000;

/// Bursts of a hiss over a hum: what every stage has something to do with.
fn show(frames: usize) -> impl Iterator<Item = Frame> {
    let mut seed = 1_u32;
    (0..frames).map(move |n| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = (seed >> 8) as f32 / 8_388_608.0 - 1.0;
        let loud = if n % 15_000 < 6_000 { 0.6 } else { 0.003 };
        let hum = (n as f32 * 0.02).sin() * 0.2;
        [hiss * loud + hum, hiss * loud * 0.5 - hum]
    })
}

/// A file of `rate` in which the show begins `begin` of the desk's frames after nothing.
fn file(folder: &Path, rate: u32, begin: usize) -> StripSource {
    let at_rate = |frames: usize| frames * rate as usize / 48_000;
    let path = folder.join(format!("{rate} at {begin}.wav"));
    let silence = std::iter::repeat_n([0.0; 2], at_rate(begin));
    write_wav(&path, rate, silence.chain(show(at_rate(FRAMES))));
    StripSource::File {
        path: path.to_string_lossy().into(),
        looped: false,
    }
}

/// A voice and music in files of these rates, through every stage, with every kind of automation between blocks and on
/// them. All of it begins after `begin` frames.
fn session(folder: &Path, rates: [u32; 2], begin: usize) -> Session {
    let level = |db| Decibels::new(db).expect("a level");
    let [voice, music] = rates.map(|rate| file(folder, rate, begin));
    let mut voice = SessionStrip::new("Voice", voice);
    let controls = &mut voice.controls;
    controls.talkover = Talkover::Key;
    controls.delay = DelaySettings { delay_ms: 7.3 };
    let chain = &mut controls.chain;
    chain.high_pass = chain.high_pass.switched(true);
    (chain.compressor.on, chain.de_esser.on) = (true, true);
    chain.gate.on = begin >= CLOSED;
    chain.equaliser.bands[1] = Band::new(BandKind::Bell, 1_000.0, 6.0, 1.5).expect("a band");
    let mut music = SessionStrip::new("Music", music);
    (music.controls.talkover, music.controls.vca) = (Talkover::Ducked, Some(0));
    (music.controls.trim, music.controls.pan) = (level(9.0), Pan::LEFT);
    let mut session = Session {
        strips: vec![voice, music],
        vcas: vec![level(-1.0)],
        automation: automation(begin),
        ..Session::default()
    };
    session.talkover.on = true;
    session.buses[0] = SessionBus {
        compressor: CompressorSettings {
            on: true,
            ..CompressorSettings::default()
        },
        ..session.buses[0].clone()
    };
    session
}

fn automation(begin: usize) -> Vec<Automation> {
    let changes = [
        (0, "setTrim\", strip = 1, level = 3"),
        (6_400, "setFader\", strip = \"Music\", level = -inf"),
        (6_900, "setFader\", strip = \"Music\", level = 2.5"),
        (12_345, "setPan\", strip = 1, pan = 0.3"),
        (20_001, "setMute\", strip = 2, on = true"),
        (25_600, "setMute\", strip = 2, on = false"),
        (30_063, "setSolo\", strip = 2, on = true"),
        (30_065, "setSoloSafe\", strip = 1, on = true"),
        (41_111, "setBusFader\", bus = \"programme\", level = -4"),
    ];
    let change = |(frame, command): &(usize, &str)| {
        let at = (begin + frame) as f64 / 48_000.0;
        toml::from_str(&format!("at = {at:?}\ncommand = {{ type = \"{command} }}")).expect("automation")
    };
    changes.iter().map(change).collect()
}

/// The mix and the stems of the show.
fn rendered(folder: &Path, rates: [u32; 2], begin: usize) -> [Vec<Frame>; 3] {
    let (out, stems) = (folder.join("mix.wav"), folder.join("stems"));
    let request = RenderRequest {
        duration: Some((begin + FRAMES) as f64 / 48_000.0),
        stems: Some(stems.clone()),
        ..request(session(folder, rates, begin), out.clone())
    };
    render(&request, |_, _| {}).expect("rendered");
    [out, stems.join("01 Voice.wav"), stems.join("02 Music.wav")].map(|file| read_wav(&file))
}

/// A show that begins after `begin` frames and one that begins `later` ones later differ by no sample by more than this.
fn assert_moved(rates: [u32; 2], begin: usize, later: usize, most: f32) {
    let folder = tempfile::tempdir().expect("a folder");
    let now = rendered(folder.path(), rates, begin);
    let moved = rendered(folder.path(), rates, begin + later);
    for (file, (now, moved)) in ["mix", "voice", "music"].iter().zip(now.iter().zip(&moved)) {
        let loud = now.iter().filter(|frame| frame[0].abs() > 0.05).count();
        assert!(loud > FRAMES / 20, "{file} is heard");
        let (before, moved) = moved.split_at(later);
        assert!(before.iter().all(|frame| *frame == [0.0; 2]), "{file} begins later");
        assert_eq!(moved.len(), now.len());
        let samples = now.as_flattened().iter().zip(moved.as_flattened());
        let difference = samples.fold(0.0_f32, |most, (now, moved)| most.max((now - moved).abs()));
        assert!(difference <= most, "{file}, {later} frames later: {difference}");
    }
}

#[test]
fn a_show_moved_by_whole_blocks_is_the_same_audio_later_and_so_are_its_stems() {
    assert_moved([48_000; 2], CLOSED, 64, 0.0);
    assert_moved([48_000; 2], CLOSED, 640, 0.0);
}

#[test]
fn a_show_without_gates_may_begin_with_the_first_frame_to_be_the_same_when_it_is_moved() {
    assert_moved([48_000; 2], 0, 64, 0.0);
    assert_moved([48_000; 2], 0, 640, 0.0);
}

#[test]
fn a_show_of_files_at_other_rates_moved_by_whole_blocks_is_the_same_audio_later() {
    assert_moved([48_000, 96_000], CLOSED, 64, 0.0);
    // 640 frames are 588 of the file, but its place between two of them is rounded.
    assert_moved([44_100, 48_000], CLOSED, 640, 1e-6);
}

#[test]
fn a_file_gives_the_same_frames_however_many_are_read_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    for rate in [44_100, 48_000, 96_000] {
        let StripSource::File { path, .. } = file(folder.path(), rate, 0) else {
            panic!("a file")
        };
        for looped in [false, true] {
            // Two rounds and a half, where it goes round.
            let all = FRAMES * 5 / 2;
            let read = |at_a_time: usize| {
                let opened = airdesk_sources::wav::open(Path::new(&path), SampleRate::DESK, looped);
                let mut player = opened.expect("a WAV file");
                let mut frames = vec![[0.0; 2]; all];
                let parts = frames.chunks_mut(at_a_time);
                let count: usize = parts.map(|part| player.render(part).expect("frames")).sum();
                (count, frames)
            };
            let whole = read(all);
            assert_eq!(whole.0, if looped { all } else { FRAMES });
            for at_a_time in [1, 63, 64, 256, 1_000] {
                assert!(
                    read(at_a_time) == whole,
                    "{rate} Hz, looped {looped}, {at_a_time} at a time"
                );
            }
        }
    }
}

#[test]
fn a_file_holds_the_same_bytes_however_many_frames_are_written_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let frames: Vec<Frame> = show(FRAMES).collect();
    for kind in [FileKind::Wav, FileKind::Flac] {
        let written = |at_a_time: usize| {
            let path = folder.path().join("out");
            let mut file = SoundFile::create(&path, kind, SampleRate::DESK, FRAMES as u64).expect("a file");
            for part in frames.chunks(at_a_time) {
                file.write(part).expect("room");
            }
            file.finish().expect("room");
            std::fs::read(&path).expect("bytes")
        };
        let whole = written(FRAMES);
        for at_a_time in [1, 63, 64, 1_000] {
            assert!(written(at_a_time) == whole, "{kind:?}, {at_a_time} at a time");
        }
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn what_the_desk_on_air_counts_as_zero_is_zero_in_a_rendering() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("in.wav");
    // Half of the first is a denormal number, and the second is one.
    let faint = [1.2 * f32::MIN_POSITIVE, 0.5 * f32::MIN_POSITIVE];
    write_wav(&source, 48_000, (0..1_000).map(|_| faint));
    let path = source.to_string_lossy().into();
    let mut strip = SessionStrip::new("Faint", StripSource::File { path, looped: false });
    strip.controls.fader = Decibels::new(-6.0).expect("a level");
    let session = Session {
        strips: vec![strip],
        ..Session::default()
    };
    let out = folder.path().join("out.wav");
    render(&request(session, out.clone()), |_, _| {}).expect("rendered");
    assert!(read_wav(&out).iter().all(|frame| *frame == [0.0; 2]));
}
