//! A desk with one strip that plays an address in real time, and a server that says what it is told to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;
use airdesk_engine::input::{BlockTime, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixReader, mix_queue};
use airdesk_engine::transport::transport;
use airdesk_engine::{BUSES, Console, EngineCommand, PanLaw, SCOPES, Strip, StripControls, StripId};
use airdesk_sources::stream::drive::ring_frames;
use airdesk_sources::tuner::{Address, Limits, Raw, Reach, Tuner, TunerPhase, TunerSettings, TunerStatus};

/// Seconds that are taken at once at most: less than a strip has ahead.
const MOST_AT_ONCE: f64 = 0.01;

/// What one strip gives, taken as a device would.
pub(crate) struct Desk {
    console: Console,
    programme: MixReader,
    due: f64,
    began: Instant,
    /// From the beginning to the first frame that is no silence, seconds.
    pub(crate) first_sound: Option<f64>,
    started: Instant,
    pub(crate) tuner: Tuner,
    /// All that was heard of its left side.
    pub(crate) heard: Vec<f32>,
}

pub(crate) fn settings(url: &str) -> TunerSettings {
    TunerSettings {
        address: Address::parse(url).expect("an address"),
        raw: None,
        reach: Reach::default(),
        limits: Limits {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_secs(2),
            stall: Duration::from_secs(1),
        },
        agent: "Airdesk/test".into(),
    }
}

impl Desk {
    pub(crate) fn tune(url: &str) -> Self {
        Self::with(settings(url))
    }

    pub(crate) fn raw(url: &str, raw: Raw) -> Self {
        Self::with(TunerSettings {
            raw: Some(raw),
            ..settings(url)
        })
    }

    pub(crate) fn with(settings: TunerSettings) -> Self {
        let rate = SampleRate::DESK;
        let (queues, taps): (Vec<_>, Vec<_>) = (0..BUSES).map(|_| mix_queue(16)).unzip();
        let mut console = Console::new(rate, queues).with_scopes((0..SCOPES).map(|_| mix_queue(16).0));
        let (transport, staged) = transport(48_000.0, ring_frames(rate));
        let controls = StripControls {
            pan_law: PanLaw::Balance,
            ..StripControls::default()
        };
        let strip = Strip::new(StripId::new(0, 1), rate, StripInput::Staged(staged), controls);
        assert!(console.obey(EngineCommand::AddStrip(Box::new(strip))).is_none());
        Self {
            console,
            programme: taps[0].reader(),
            due: 0.0,
            began: Instant::now(),
            first_sound: None,
            started: Instant::now(),
            tuner: Tuner::start(settings, rate, transport).expect("a tuner"),
            heard: Vec::new(),
        }
    }

    /// Hears all that is due by now. A machine that did not let it run for a while is later: a device would have been in time.
    pub(crate) fn hear(&mut self) {
        let late = self.began.elapsed().as_secs_f64() - self.due;
        self.began += Duration::from_secs_f64((late - MOST_AT_ONCE).max(0.0));
        while self.due < self.began.elapsed().as_secs_f64() {
            self.console.process(&BlockTime {
                due: self.due,
                speed: 1.0,
            });
            self.due += 64.0 / 48_000.0;
            let mut block = MixBlock::default();
            self.programme.read(&mut block);
            self.heard.extend(block.frames.map(|frame| frame[0]));
            if self.first_sound.is_none() && block.frames.iter().any(|frame| frame[0].abs() > 1e-4) {
                self.first_sound = Some(self.started.elapsed().as_secs_f64());
            }
        }
        thread::sleep(Duration::from_millis(2));
    }

    /// Takes the strip away, and all that plays on it.
    pub(crate) fn remove(&mut self) {
        assert!(
            self.console
                .obey(EngineCommand::RemoveStrip(StripId::new(0, 1)))
                .is_none()
        );
        // It fades first.
        self.listen(0.5);
        assert!(self.console.retire().is_some(), "the strip has not left");
    }

    pub(crate) fn listen(&mut self, seconds: f64) {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < until {
            self.hear();
        }
    }

    /// Hears until something is so.
    pub(crate) fn until(&mut self, what: &str, is: impl Fn(&TunerStatus) -> bool) -> TunerStatus {
        let began = Instant::now();
        loop {
            self.hear();
            let status = self.tuner.status();
            if is(&status) {
                return status;
            }
            assert!(
                began.elapsed() < Duration::from_secs(40),
                "waited in vain for {what}: {status:?}"
            );
        }
    }

    /// Why it is not heard, once that is final.
    pub(crate) fn failure(&mut self) -> String {
        let status = self.until("a failure", |status| status.phase == TunerPhase::Failed);
        status.reason.expect("it says why")
    }

    /// Why it is looked for again.
    pub(crate) fn break_off(&mut self) -> String {
        let status = self.until("a break", |status| status.phase == TunerPhase::Reconnecting);
        status.reason.expect("it says why")
    }

    /// The last second that was heard is a tone of this pitch and hardly anything else.
    pub(crate) fn must_be_tone(&self, hz: f64) {
        let last = &self.heard[self.heard.len() - 48_000..];
        // A tenth of a second at a time: a relay's clock is followed, by half a hertz at most.
        let (tone, all) = last.chunks_exact(4_800).fold((0.0, 0.0), |sum, part| {
            let (tone, all) = tone(part, hz);
            (sum.0 + tone, sum.1 + all)
        });
        assert!(all > 1e-4, "nothing is heard");
        assert!(
            tone / all > 0.98,
            "{hz} Hz is {:.1} % of what is heard",
            100.0 * tone / all
        );
    }
}

/// The power of a tone in what was heard, and of all of it.
fn tone(heard: &[f32], hz: f64) -> (f64, f64) {
    let (mut sine, mut cosine, mut all) = (0.0, 0.0, 0.0);
    for (n, sample) in heard.iter().enumerate() {
        let phase = std::f64::consts::TAU * hz * n as f64 / 48_000.0;
        let sample = f64::from(*sample);
        sine += sample * phase.sin();
        cosine += sample * phase.cos();
        all += sample * sample;
    }
    let length = heard.len() as f64;
    (2.0 * (sine * sine + cosine * cosine) / (length * length), all / length)
}

/// A server on this machine that does with its n-th visitor what it is told. Returns its address, without a slash.
pub(crate) fn server(answer: impl Fn(usize, &str, &mut TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for (n, visitor) in listener.incoming().enumerate() {
            let (Ok(mut visitor), answer) = (visitor, answer.clone()) else {
                continue;
            };
            thread::spawn(move || {
                let mut head = Vec::new();
                let mut bytes = [0; 1_024];
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match visitor.read(&mut bytes) {
                        Ok(count @ 1..) => head.extend_from_slice(&bytes[..count]),
                        _ => return,
                    }
                }
                answer(n, &String::from_utf8_lossy(&head), &mut visitor);
            });
        }
    });
    format!("http://127.0.0.1:{port}")
}

/// Says something; who has gone need not hear it.
pub(crate) fn say(visitor: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    let _ = visitor.write_all(bytes.as_ref());
}

/// The beginning of an answer.
pub(crate) fn ok(kind: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n")
}

/// Seconds of a tone as ffmpeg encodes it.
pub(crate) fn encoded(hz: u32, seconds: u32, options: &[&str]) -> Vec<u8> {
    let source = format!("sine=frequency={hz}:sample_rate=48000:duration={seconds}");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &source])
        .args(options)
        .arg("-")
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

pub(crate) const MP3: &[&str] = &["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"];
