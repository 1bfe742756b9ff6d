use std::path::Path;
use std::process::Command;

use airdesk_dsp::SampleRate;

use super::*;

fn file() -> (tempfile::TempDir, std::path::PathBuf, File) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.wav");
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .expect("made");
    (folder, path, file)
}

/// What a program says about a file it has opened without complaint.
fn says(program: &str, arguments: &[&str], path: &Path) -> String {
    let out = Command::new(program)
        .args(arguments)
        .arg(path)
        .output()
        .expect("the reader is installed");
    assert!(
        out.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn opening() -> Opening {
    Opening::new(SampleRate::DESK)
}

fn header(format: SampleFormat, frames: u64) -> Vec<u8> {
    Header::new(format, &opening()).bytes(frames, 0, None)
}

#[test]
fn a_header_keeps_its_length_when_the_file_outgrows_4_gib() {
    for format in [SampleFormat::Pcm16, SampleFormat::Pcm24, SampleFormat::Float32] {
        let small = header(format, 0);
        let large = header(format, 5_000_000_000);
        assert_eq!(small.len(), large.len());
        assert_eq!((&small[..4], &large[..4]), (&b"RIFF"[..], &b"RF64"[..]));
        assert_eq!((&small[12..16], &large[12..16]), (&b"JUNK"[..], &b"ds64"[..]));
    }
}

#[test]
fn the_last_frame_that_riff_holds_is_still_riff() {
    let header_bytes = header(SampleFormat::Pcm16, 0).len() as u64;
    let last = (u64::from(u32::MAX) - (header_bytes - 8)) / 4;
    assert_eq!(&header(SampleFormat::Pcm16, last)[..4], b"RIFF");
    assert_eq!(&header(SampleFormat::Pcm16, last + 1)[..4], b"RF64");
}

#[test]
fn a_file_that_crosses_4_gib_becomes_rf64_without_losing_a_frame() {
    for format in [SampleFormat::Pcm16, SampleFormat::Pcm24, SampleFormat::Float32] {
        let (_folder, path, file) = file();
        let mut wave = WaveFile::create(file, format, &opening()).expect("made");
        let before = ((1 << 32) - (1 << 20)) / format.frame_bytes();
        wave.pretend(before).expect("sparse");
        let frames: Vec<Frame> = (0..4096_u32)
            .map(|n| [n as f32 / 4096.0, -(n as f32) / 4096.0])
            .collect();
        let rounds = 2 * (1 << 20) / format.frame_bytes() / 4096;
        let mut begins = Vec::new();
        for _ in 0..rounds {
            wave.push(&frames).expect("taken");
            wave.commit().expect("written");
            let mut head = [0; 4];
            File::open(&path)
                .and_then(|mut file| io::Read::read_exact(&mut file, &mut head))
                .expect("read");
            begins.push(head);
        }
        assert_eq!((begins.first(), begins.last()), (Some(b"RIFF"), Some(b"RF64")));
        let count = before + rounds * 4096;
        assert_eq!(wave.frames(), count);

        let found = says(
            "ffprobe",
            &["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"],
            &path,
        );
        let found: f64 = found.trim().parse().expect("a duration");
        assert!((found - count as f64 / 48_000.0).abs() < 1e-3, "ffprobe: {found} s");
        let said = says("sndfile-info", &[], &path);
        let line = said
            .lines()
            .find(|line| line.starts_with("Frames"))
            .expect("a count of frames");
        assert_eq!(
            line.split(':').nth(1).map(str::trim),
            Some(&*count.to_string()),
            "{said}"
        );

        // SoX opens it as well, but reads its way through 4 GiB to do so: not for a test.

        // Across the seam, as ffmpeg hears it.
        let from = format!("{:.9}", before as f64 / 48_000.0);
        let heard = Command::new("ffmpeg")
            .args(["-v", "error", "-ss", &from, "-i"])
            .arg(&path)
            .args(["-f", "f32le", "pipe:1"])
            .output()
            .expect("ffmpeg is installed");
        assert_eq!(
            heard.stdout.len() as u64,
            rounds * 4096 * 8,
            "{}",
            String::from_utf8_lossy(&heard.stderr)
        );
        for (n, frame) in heard.stdout.chunks_exact(8).enumerate() {
            let left = f32::from_le_bytes(frame[..4].try_into().expect("four bytes"));
            let bit = if format == SampleFormat::Pcm16 {
                1.6 / 32_768.0
            } else {
                1e-6
            };
            assert!(
                (left - frames[n % 4096][0]).abs() <= bit,
                "frame {n} after the seam's megabyte"
            );
        }
    }
}

#[test]
fn a_write_that_failed_in_the_middle_of_a_frame_is_taken_up_again_at_that_frame() {
    let (_folder, path, file) = file();
    let mut wave = WaveFile::create(file, SampleFormat::Pcm24, &opening()).expect("made");
    wave.push(&[[0.25, -0.25]; 10]).expect("taken");
    wave.commit().expect("written");
    wave.push(&[[0.5, -0.5]; 10]).expect("taken");
    wave.trim().expect("cut");
    assert_eq!(path.metadata().expect("there").len(), wave.bytes_on_disk());
    assert_eq!(wave.frames(), 10);
}
