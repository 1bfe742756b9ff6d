//! What ffprobe, SoX and libsndfile find in a recording, and what is in it to the byte.

use std::path::Path;
use std::process::Command;

/// A WAV file as it is.
pub(crate) struct Wave {
    pub(crate) bits: u16,
    pub(crate) frames: Vec<[f32; 2]>,
}

/// Reads the header by the standard's rules and the audio from frame `from` on.
pub(crate) fn wave(path: &Path, from: u64) -> Wave {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::open(path).expect("the recording is there");
    let length = file.metadata().expect("it has a size").len();
    let mut head = [0; 128];
    let count = file.read_at(&mut head, 0).expect("it has a header");
    let rf64 = &head[..4] == b"RF64";
    assert!(rf64 || &head[..4] == b"RIFF");
    let u32_at = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
    let u64_at = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let (mut at, mut bits) = (12, 0);
    while &head[at..at + 4] != b"data" {
        if &head[at..at + 4] == b"fmt " {
            bits = u16::from_le_bytes([head[at + 22], head[at + 23]]);
        }
        at += 8 + u32_at(at + 4) as usize;
        assert!(at + 8 <= count, "no data chunk");
    }
    let begin = at as u64 + 8;
    let data_bytes = if rf64 { u64_at(28) } else { u64::from(u32_at(at + 4)) };
    let riff_bytes = if rf64 { u64_at(20) } else { u64::from(u32_at(4)) };
    assert_eq!(riff_bytes, begin - 8 + data_bytes);
    assert!(begin + data_bytes <= length, "the header promises more than there is");
    let frame_bytes = u64::from(bits) / 4;
    let mut bytes = vec![0; (data_bytes - from * frame_bytes) as usize];
    file.read_exact_at(&mut bytes, begin + from * frame_bytes)
        .expect("the audio is there");
    let sample = |b: &[u8]| match *b {
        [a, b] => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
        [a, b, c] => (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0,
        [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
        _ => unreachable!("two to four bytes a sample"),
    };
    let samples: Vec<f32> = bytes.chunks_exact(usize::from(bits / 8)).map(sample).collect();
    let frames = samples.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    Wave { bits, frames }
}

/// What a program says; it must neither fail nor complain.
fn says(program: &str, arguments: &[&str], path: &Path) -> String {
    let out = Command::new(program)
        .args(arguments)
        .arg(path)
        .output()
        .expect("the reader is installed");
    let complaint = String::from_utf8_lossy(&out.stderr);
    assert!(
        out.status.success() && complaint.trim().is_empty(),
        "{program} {}: {complaint}",
        path.display()
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Frames that ffprobe finds.
pub(crate) fn ffprobe_frames(path: &Path, rate: f64) -> u64 {
    let arguments = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
    let seconds: f64 = says("ffprobe", &arguments, path).trim().parse().expect("a duration");
    (seconds * rate).round() as u64
}

/// Frames that libsndfile finds.
pub(crate) fn sndfile_frames(path: &Path) -> u64 {
    let said = says("sndfile-info", &[], path);
    let line = said
        .lines()
        .find(|line| line.starts_with("Frames"))
        .expect("a count of frames");
    line.split(':')
        .nth(1)
        .expect("a number")
        .trim()
        .parse()
        .expect("a number")
}

/// Frames that SoX finds.
pub(crate) fn sox_frames(path: &Path) -> u64 {
    says("soxi", &["-s"], path).trim().parse().expect("a number")
}

/// The lines of the gap log: position, frames, cause.
pub(crate) fn gaps(recording: &Path) -> Vec<(u64, u64, String)> {
    let log = recording.with_extension("wav.gaps.tsv");
    let text = std::fs::read_to_string(log).expect("there is a gap log");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("frame\tframes\tcause"));
    let gap = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [position, frames, cause] = fields[..] else {
            panic!("{line:?} is no gap")
        };
        (
            position.parse().expect("a frame"),
            frames.parse().expect("a count"),
            cause.to_owned(),
        )
    };
    lines.map(gap).collect()
}
