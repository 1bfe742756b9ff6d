//! Audio that carries its date: each quarter of a second is a tone of its own, so that what is heard tells when it was
//! played, and so how old it is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::Frame;

use super::desk::{Desk, sine};
use super::listener::decode_mp3;

/// Frames of one date at 48 kHz: a quarter of a second.
const DATE_FRAMES: u64 = 12_000;
/// Dates until they begin anew: a minute.
const DATES: u64 = 240;
/// Hertz of the first date, and from one to the next.
const FIRST_HZ: f64 = 400.0;
const STEP_HZ: f64 = 25.0;

/// Samples in which a date is looked for: 50 ms.
const WINDOW: usize = 2_400;
/// Bytes of a stream that are decoded to find out how old their end is.
const SLICE_BYTES: usize = 24_000;

/// A desk that plays dates from now on, and when it began.
pub(crate) fn desk() -> (Desk, Instant) {
    (Desk::play(frame), Instant::now())
}

fn frame(frame: u64) -> Frame {
    let date = frame / DATE_FRAMES % DATES;
    [sine(frame, FIRST_HZ + STEP_HZ * date as f64, 48_000) * 0.25; 2]
}

/// The date in a window of audio, seconds since the desk began; `None` where it has none.
fn date(samples: &[f32]) -> Option<f64> {
    let zeros: Vec<usize> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] <= 0.0 && pair[1] > 0.0)
        .map(|(n, _)| n)
        .collect();
    let (first, last) = (zeros.first()?, zeros.last()?);
    let hz = (zeros.len() - 1) as f64 * 48_000.0 / (last - first) as f64;
    let date = ((hz - FIRST_HZ) / STEP_HZ).round();
    let is_one = (0.0..DATES as f64).contains(&date) && (hz - FIRST_HZ - date * STEP_HZ).abs() < STEP_HZ / 4.0;
    is_one.then_some(date * DATE_FRAMES as f64 / 48_000.0)
}

fn middle(three: &[f64]) -> f64 {
    let mut three = three.to_vec();
    three.sort_by(f64::total_cmp);
    three[1]
}

/// A listener who notes when each byte came.
pub(crate) struct Clocked {
    heard: Arc<Mutex<Received>>,
}

#[derive(Default)]
struct Received {
    bytes: Vec<u8>,
    /// How many there were when.
    marks: Vec<(Instant, usize)>,
}

impl Clocked {
    /// Listens to a mount of constant bit rate from now on.
    pub(crate) fn start(port: u16, mount: &str) -> Self {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("the server is there");
        write!(socket, "GET {mount} HTTP/1.0\r\n\r\n").expect("asked");
        let heard = Arc::new(Mutex::new(Received::default()));
        let own = heard.clone();
        thread::spawn(move || {
            let (mut bytes, mut head, mut is_body) = ([0; 4096], Vec::new(), false);
            while let Ok(count @ 1..) = socket.read(&mut bytes) {
                let mut received = own.lock().expect("nobody panics here");
                if is_body {
                    received.bytes.extend(&bytes[..count]);
                } else {
                    head.extend(&bytes[..count]);
                    if let Some(end) = head.windows(4).position(|end| end == b"\r\n\r\n") {
                        received.bytes.extend(&head[end + 4..]);
                        is_body = true;
                    }
                }
                let total = received.bytes.len();
                received.marks.push((Instant::now(), total));
            }
        });
        Self { heard }
    }

    /// How old the newest audio was that had come by `at`, seconds; for a desk that began at `began`. `None` where it
    /// has no date that can be read.
    fn age(&self, at: Instant, began: Instant) -> Option<f64> {
        let received = self.heard.lock().expect("nobody panics here");
        let mark = received.marks.partition_point(|(when, _)| *when <= at);
        let total = received.marks[..mark].last()?.1;
        let newest = received.bytes[total.saturating_sub(SLICE_BYTES)..total].to_vec();
        drop(received);
        // It begins with a whole frame.
        let first = newest.windows(2).position(|bytes| bytes == b"\xff\xfb")?;
        let [left, _] = decode_mp3(&newest[first..])?;
        let last = &left[left.len().saturating_sub(6 * WINDOW)..];
        let mut dates: Vec<f64> = last.chunks_exact(WINDOW).filter_map(date).collect();
        dates.sort_by(f64::total_cmp);
        let date = dates.get(dates.len() / 2)?;
        let minute = (DATES * DATE_FRAMES) as f64 / 48_000.0;
        let age = at.saturating_duration_since(began).as_secs_f64() - date;
        Some(age - minute * (age / minute).round())
    }

    /// How old what was heard between two moments was, at most, by looking four times a second.
    pub(crate) fn oldest(&self, began: Instant, from: Instant, to: Instant) -> f64 {
        let looks = (0..)
            .map(|n| from + n * Duration::from_millis(250))
            .take_while(|at| *at < to);
        let ages: Vec<f64> = looks.filter_map(|at| self.age(at, began)).collect();
        assert!(ages.len() > 2, "only {} dates were heard", ages.len());
        // Nothing gets older faster than time goes by. The one look in hundreds that says so met a seam, where frames that
        // were dropped leave no date: of three looks the middle one counts.
        let ages: Vec<f64> = ages.windows(3).map(middle).collect();
        assert!(
            ages.iter().all(|age| *age > -0.3),
            "nothing is heard before it is played: {ages:?}"
        );
        ages.into_iter().fold(0.0, f64::max)
    }
}

/// Waits.
pub(crate) fn pass(seconds: f64) {
    thread::sleep(Duration::from_secs_f64(seconds));
}
