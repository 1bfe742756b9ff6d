//! How late a stream is heard: from the moment a burst leaves the input's device, to the arrival of the bytes that hold it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lab::sound_server::PipeWire;
use lab::tone::RATE;

/// A sample of a burst on its way in is louder than this, of 16 bits.
const LOUD_IN: u16 = 6000;
/// And one that was decoded, of full scale.
const LOUD_OUT: f32 = 0.25;
/// So many frames are faint before a burst.
const QUIET: usize = RATE as usize / 2;

/// When bursts went in and came out.
pub(super) struct Arrivals {
    /// How late each burst was that was heard, seconds.
    late: Vec<f64>,
}

/// How late bursts were, milliseconds.
pub(super) struct Late {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) count: usize,
}

impl Arrivals {
    pub(super) fn late_ms(&self) -> Late {
        let mut late = self.late.clone();
        let median = 1000.0 * crate::median(&mut late);
        let end = |place: Option<&f64>| place.map_or(f64::NAN, |seconds| 1000.0 * seconds);
        Late {
            median,
            least: end(late.first()),
            most: end(late.last()),
            count: late.len(),
        }
    }
}

/// Listens to a mount that is live, and to the device that bursts come from, for as long as `watch`.
pub(super) fn listen(pipewire: &PipeWire, port: u16, mount: &str, watch: Duration) -> Arrivals {
    let end = Instant::now() + watch;
    let (sent, (parts, stream)) = thread::scope(|scope| {
        let sent = scope.spawn(|| bursts_in(pipewire, end));
        let received = scope.spawn(|| received(port, mount, end));
        (sent.join().expect("it reads"), received.join().expect("it reads"))
    });
    let decoded = decode(&stream);
    let late = onsets(&decoded, |sample| sample.abs() > LOUD_OUT)
        .into_iter()
        .filter_map(|frame| {
            // The bit rate is constant: a frame's byte is where its share of the stream ends.
            let byte = (frame as f64 + 1.0) / decoded.len() as f64 * stream.len() as f64;
            let (heard, _) = parts.iter().find(|(_, bytes)| *bytes as f64 >= byte)?;
            let sent = sent.iter().rfind(|sent| *sent < heard)?;
            Some((*heard - *sent).as_secs_f64())
        })
        .collect();
    Arrivals { late }
}

/// When each burst came out of the device, as a program that does nothing but capture gets it.
fn bursts_in(pipewire: &PipeWire, end: Instant) -> Vec<Instant> {
    let mut capture = Command::new("parec");
    capture
        .args([
            "--device=src1.monitor",
            "--raw",
            "--format=s16le",
            "--channels=1",
            // It asks for no shorter cycles than the server has by itself.
            "--latency-msec=21",
        ])
        .arg(format!("--rate={RATE}"))
        .envs(pipewire.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut capture = capture.spawn().expect("parec is installed");
    let mut out = capture.stdout.take().expect("it is piped");
    let (mut bytes, mut quiet, mut sent) = ([0; 8192], QUIET, Vec::new());
    while Instant::now() < end {
        // An even count: the server sends whole frames.
        let Some(count) = out.read(&mut bytes).ok().filter(|count| *count > 0) else {
            break;
        };
        let now = Instant::now();
        let samples = bytes[..count]
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        let left = count / 2;
        for (place, sample) in samples.enumerate() {
            if sample.unsigned_abs() <= LOUD_IN {
                quiet += 1;
                continue;
            }
            if quiet >= QUIET {
                sent.push(now - Duration::from_secs_f64((left - place) as f64 / f64::from(RATE)));
            }
            quiet = 0;
        }
    }
    let _ = capture.kill(); // it may have ended by itself
    let _ = capture.wait();
    sent
}

/// What a listener gets, and how much of it was there when.
fn received(port: u16, mount: &str, end: Instant) -> (Vec<(Instant, usize)>, Vec<u8>) {
    let (mut parts, mut stream, mut part) = (Vec::new(), Vec::new(), [0; 16_384]);
    let mut listener = TcpStream::connect(("127.0.0.1", port)).expect("Icecast listens");
    listener
        .set_read_timeout(Some(Duration::from_secs(1)))
        .expect("the limit is not zero");
    write!(listener, "GET {mount} HTTP/1.0\r\n\r\n").expect("Icecast takes a request");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        listener.read_exact(&mut byte).expect("Icecast answers");
        head.push(byte[0]);
    }
    while Instant::now() < end {
        let Ok(count) = listener.read(&mut part) else {
            continue;
        };
        if count == 0 {
            break;
        }
        stream.extend(&part[..count]);
        parts.push((Instant::now(), stream.len()));
    }
    (parts, stream)
}

fn decode(stream: &[u8]) -> Vec<f32> {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("heard.mp3");
    std::fs::write(&file, stream).expect("the disk has room");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "quiet", "-f", "mp3", "-i"]).arg(&file);
    ffmpeg.args(["-f", "f32le", "-ac", "1", "-ar", "48000", "-"]);
    let output = ffmpeg.stdin(Stdio::null()).output().expect("ffmpeg is installed");
    let samples = output.stdout.chunks_exact(4);
    samples
        .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect()
}

/// The first frames of what is loud after it was quiet.
fn onsets<T: Copy>(samples: &[T], is_loud: impl Fn(T) -> bool) -> Vec<usize> {
    // What was going on when the stream was joined is no beginning.
    let (mut quiet, mut found) = (0, Vec::new());
    for (place, sample) in samples.iter().enumerate() {
        if !is_loud(*sample) {
            quiet += 1;
            continue;
        }
        if quiet >= QUIET {
            found.push(place);
        }
        quiet = 0;
    }
    found
}
