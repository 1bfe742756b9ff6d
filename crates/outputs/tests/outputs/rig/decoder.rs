//! What decoders that others wrote make of a file, at the file's own rate. None of them may complain.

use std::path::Path;
use std::process::Command;

/// Samples of both channels, frame by frame, as ffmpeg decodes them.
pub(crate) fn ffmpeg(path: &Path) -> Vec<[f32; 2]> {
    floats(&run("ffmpeg", &["-v", "error", "-i"], path, &["-f", "f32le", "pipe:1"]))
}

/// The same of a stream with new titles, at each of which ffmpeg complains that time begins anew.
pub(crate) fn ffmpeg_chain(path: &Path) -> Vec<[f32; 2]> {
    floats(&run("ffmpeg", &["-v", "quiet", "-i"], path, &["-f", "f32le", "pipe:1"]))
}

fn floats(raw: &[u8]) -> Vec<[f32; 2]> {
    let sample = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
    raw.chunks_exact(8)
        .map(|frame| [sample(&frame[..4]), sample(&frame[4..])])
        .collect()
}

/// The same as integers of 24 bits.
pub(crate) fn ffmpeg_integers(path: &Path) -> Vec<[i32; 2]> {
    let raw = run("ffmpeg", &["-v", "error", "-i"], path, &["-f", "s32le", "pipe:1"]);
    let sample = |bytes: &[u8]| i32::from_le_bytes(bytes.try_into().expect("four bytes")) >> 8;
    raw.chunks_exact(8)
        .map(|frame| [sample(&frame[..4]), sample(&frame[4..])])
        .collect()
}

/// Frames that opusdec finds.
pub(crate) fn opusdec(path: &Path) -> u64 {
    let raw = run("opusdec", &["--quiet", "--rate", "48000"], path, &["-"]);
    wave_or_raw(&raw)
}

/// Frames as oggdec decodes them, 16 bits.
pub(crate) fn oggdec(path: &Path) -> Vec<[f32; 2]> {
    let raw = run("oggdec", &["--quiet", "--raw", "--output", "-"], path, &[]);
    let sample = |bytes: &[u8]| f32::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_768.0;
    raw.chunks_exact(4)
        .map(|frame| [sample(&frame[..2]), sample(&frame[2..])])
        .collect()
}

/// Frames that flac finds. Every check that it makes passed, but for a sum that a growing file has not got yet.
pub(crate) fn flac(path: &Path, bits: u16, more: &[&str]) -> u64 {
    let begin = ["--decode", "--silent", "--stdout", "--force-raw-format"];
    let format = ["--endian=little", "--sign=signed"];
    let raw = run("flac", &[&begin[..], &format, more].concat(), path, &[]);
    raw.len() as u64 / u64::from(bits / 4)
}

/// Frames that mpg123 finds, gapless.
pub(crate) fn mpg123(path: &Path) -> u64 {
    let raw = run("mpg123", &["--quiet", "--stdout", "--encoding", "s16"], path, &[]);
    raw.len() as u64 / 4
}

/// What `program` says on its standard output; it must neither fail nor complain.
pub(crate) fn says(program: &str, arguments: &[&str], path: &Path) -> String {
    String::from_utf8_lossy(&run(program, arguments, path, &[])).into_owned()
}

fn run(program: &str, before: &[&str], path: &Path, after: &[&str]) -> Vec<u8> {
    let out = Command::new(program)
        .args(before)
        .arg(path)
        .args(after)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let complaint = String::from_utf8_lossy(&out.stderr);
    let complained = complaint
        .lines()
        .any(|line| !line.trim().is_empty() && !line.contains("MD5 signature since it was unset"));
    assert!(
        out.status.success() && !complained,
        "{program} {}: {}: {complaint}",
        path.display(),
        out.status
    );
    out.stdout
}

/// opusdec writes a WAV header where the output is a pipe.
fn wave_or_raw(bytes: &[u8]) -> u64 {
    let header = if bytes.starts_with(b"RIFF") { 44 } else { 0 };
    (bytes.len() - header) as u64 / 4
}
