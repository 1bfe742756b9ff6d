//! What goes into the inputs, and what came of it.

use std::f64::consts::TAU;
use std::path::Path;

use lab::listen;
use lab::sound_server::write;
use lab::tone::{RATE, amplitude};

/// Frames from the beginning of one burst to that of the next, 1.3 s: many, as Icecast passes MP3 on in pieces of 87 ms, and
/// in no step with those.
const EVERY: u64 = 62_417;
/// How long a burst is, seconds.
const BURST: f64 = 0.1;
/// How loud it is at its peaks, dBFS.
const LOUD: f64 = -6.0;

/// Writes silence with a burst of 1 kHz now and then, from which one can tell when it was heard.
pub(super) fn bursts(path: &Path, length: u64) {
    let burst = (BURST * f64::from(RATE)) as u64;
    write(path, length, |frame| {
        let place = frame % EVERY;
        let sine = (TAU * 1000.0 * place as f64 / f64::from(RATE)).sin();
        let level = if place < burst { amplitude(LOUD) } else { 0.0 };
        [(level * sine) as f32; 2]
    });
}

/// Writes something for encoders to work on, faint enough for the bursts to stand out: a chord that swells under noise.
pub(super) fn music(path: &Path, length: u64) {
    let (level, mut noise) = (amplitude(-32.0), 0x2545_f491_u32);
    write(path, length, |frame| {
        let seconds = frame as f64 / f64::from(RATE);
        let swell = 0.6 + 0.4 * (TAU * 0.37 * seconds).sin();
        let chord: f64 = [220.0, 277.2, 329.6, 659.3, 1318.5]
            .iter()
            .map(|hz| (TAU * hz * seconds).sin() * 0.25)
            .sum();
        let mut side = || {
            // Marsaglia's xorshift: cheap, and the same in every run.
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            f64::from(noise) / f64::from(u32::MAX) - 0.5
        };
        [(); 2].map(|()| (level * (swell * chord + 0.4 * side())) as f32)
    });
}

/// The length of a recording in seconds, and its loudest sample in dBFS.
pub(super) fn recorded(file: &Path) -> Result<(f64, f64), String> {
    if !file.is_file() {
        return Err(format!("it has recorded nothing to {}", file.display()));
    }
    let heard = listen::file(file);
    Ok((heard.seconds(), heard.peak()))
}
