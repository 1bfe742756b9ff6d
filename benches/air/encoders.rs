//! What encoding costs by itself: the makers' own programs, each reading a file as fast as it goes.

use std::process::Command;

use super::{BIT_RATE, sound};
use crate::mix::cost;

/// How much each encodes, seconds.
const LENGTH: u64 = 120;
const RUNS: usize = 5;

/// Percent of a core that each takes for what is live, the middle of some runs; those that are not installed are left out.
pub(super) fn costs() -> Vec<(&'static str, f64)> {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let (float, file) = (folder.path().join("float.wav"), folder.path().join("music.wav"));
    sound::music(&float, LENGTH);
    // Not every encoder reads floating point.
    let mut sox = Command::new("sox");
    sox.args(["-D", "-G"]).arg(&float).args(["-b", "16"]).arg(&file);
    lab::process::output_of(&mut sox);
    let (rate, vorbis) = (BIT_RATE.to_string(), BIT_RATE.to_string());
    let programs: [(&str, &[&str]); 4] = [
        ("lame", &["--quiet", "--cbr", "-b", &rate, "music.wav", "out.mp3"]),
        ("flac", &["--silent", "--force", "-5", "music.wav", "-o", "out.flac"]),
        ("opusenc", &["--quiet", "--bitrate", &rate, "music.wav", "out.opus"]),
        ("oggenc", &["--quiet", "-b", &vorbis, "music.wav", "-o", "out.ogg"]),
    ];
    let mut costs = Vec::new();
    for (name, arguments) in programs {
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let runs: Result<Vec<f64>, String> = (0..RUNS)
            .map(|_| cost::of(name, &arguments, folder.path()).map(|cost| cost.cpu))
            .collect();
        match runs {
            Ok(mut runs) => costs.push((name, 100.0 * crate::median(&mut runs) / LENGTH as f64)),
            Err(reason) => println!("{name:>12} left out: {reason}"),
        }
    }
    costs
}
