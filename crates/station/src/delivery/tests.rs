use super::*;

const RATE: u32 = 48_000;

/// A stereo WAV file of 24 bits in which every sample has its own value.
fn music(path: &Path, seconds: u32) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wave = hound::WavWriter::create(path, spec).expect("made");
    let mut seed = 1_u32;
    for n in 0..seconds * RATE {
        let at = f64::from(n) / f64::from(RATE);
        // Louder and softer, so that the dynamics work all the time.
        let swell = 0.15 + 0.8 * (at * 0.7).sin().powi(2);
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = f64::from(seed >> 8) / f64::from(1 << 24) - 0.5;
        let left = swell * ((at * 440.0 * std::f64::consts::TAU).sin() * 0.7 + 0.2 * noise);
        let right = swell * ((at * 97.0 * std::f64::consts::TAU).sin() * 0.6 - 0.3 * noise);
        for sample in [left, right] {
            wave.write_sample((sample * 8_388_607.0) as i32).expect("written");
        }
    }
    wave.finalize().expect("whole");
}

/// A track read in pieces of so many frames, from a frame on.
fn read(path: &Path, known: Option<(&Loudnesses, Preset, f32)>, from: u64, pieces: &[usize]) -> Vec<f32> {
    let mut sound = TrackSound::open(path).expect("opened");
    if let Some((known, preset, intensity)) = known {
        sound.enhance(preset, intensity, known).expect("enhanced");
    }
    sound.seek(from).expect("there");
    let mut out = Vec::new();
    for piece in pieces.iter().cycle() {
        if sound.read(*piece, &mut out).expect("read") < *piece {
            return out;
        }
    }
    unreachable!("the pieces do not end")
}

/// The difference's peak, dBFS.
fn difference(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let most = one
        .iter()
        .zip(other)
        .fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    20.0 * most.log10()
}

#[test]
fn an_enhanced_track_is_the_same_however_it_is_cut_and_wherever_it_is_begun() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("music.wav");
    music(&path, 34);
    let known = Loudnesses::default();
    for preset in Preset::ALL {
        let made = Some((&known, preset, 0.8));
        let second = RATE as usize;
        let whole = read(&path, made, 0, &[60 * second]);
        assert_eq!(whole.len(), 2 * 34 * second, "as long as the track");
        for pieces in [
            &[10 * second][..],
            &[15 * second, 10 * second],
            &[7_919],
            &[1, 4_097, 63],
        ] {
            assert_eq!(read(&path, made, 0, pieces), whole, "{preset} in pieces of {pieces:?}");
        }
        for from in [12.345, 20.0, 33.9] {
            let from = (from * f64::from(RATE)) as u64;
            let part = read(&path, made, from, &[10 * second]);
            let apart = difference(&part, &whole[2 * from as usize..]);
            assert!(apart < -90.0, "{preset} from {from}: {apart} dB");
        }
    }
}

#[test]
fn a_track_is_brought_to_its_presets_loudness_and_intensity_mixes_it_with_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("music.wav");
    music(&path, 12);
    let known = Loudnesses::default();
    let plain = read(&path, None, 0, &[100_000]);
    let dry = read(&path, Some((&known, Preset::Warm, 0.0)), 0, &[100_000]);
    assert_eq!(plain, dry, "nothing of it is heard at 0");
    let wet = read(&path, Some((&known, Preset::Warm, 1.0)), 0, &[100_000]);
    let half = read(&path, Some((&known, Preset::Warm, 0.5)), 0, &[100_000]);
    let expected: Vec<f32> = plain.iter().zip(&wet).map(|(dry, wet)| 0.5 * dry + 0.5 * wet).collect();
    assert!(difference(&half, &expected) < -120.0);
    // The gentle one limits nothing of this: its target is met.
    let gentle = read(&path, Some((&known, Preset::Gentle, 1.0)), 0, &[100_000]);
    let mut heard = airdesk_outputs::loudness::Measurement::new(SampleRate::DESK);
    for block in gentle.as_chunks::<2>().0.as_chunks::<BLOCK_FRAMES>().0 {
        heard.measure(block);
    }
    let lufs = heard.reading().integrated.expect("not silent").value();
    assert!((lufs - Preset::Gentle.profile().target_lufs).abs() < 0.5, "{lufs}");
    assert!(known.knows(&path, Preset::Gentle) && !known.knows(&path, Preset::Bright));
}

#[test]
fn a_file_that_was_cut_off_ends_where_it_does_plain_or_enhanced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("music.wav");
    music(&path, 3);
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("opened");
    let header = file.metadata().expect("known").len() - 6 * u64::from(3 * RATE);
    file.set_len(header + 6 * 100_000).expect("cut");
    let known = Loudnesses::default();
    for made in [None, Some((&known, Preset::Warm, 1.0))] {
        assert_eq!(read(&path, made, 0, &[30_000]).len(), 200_000, "{}", made.is_some());
    }
}

#[test]
fn a_track_that_is_gone_or_no_sound_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text.wav");
    assert!(matches!(TrackSound::open(&path), Err(TrackSoundError::Missing(_))));
    std::fs::write(&path, "no sound").expect("written");
    assert!(matches!(TrackSound::open(&path), Err(TrackSoundError::Decode(_))));
}
