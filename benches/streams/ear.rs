//! Listens to what is played on a sink, as it is played.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use lab::sound_server::Environment;

/// What is sound, linear: 40 dB below the tone.
const SOUND: f32 = 0.003;
/// For so long nothing may be heard before the next run.
const SILENCE: Duration = Duration::from_millis(400);
const RATE: f64 = 48_000.0;

/// An ear at a sink.
pub(super) struct Ear {
    process: Child,
    /// When a piece was heard, when its first loud frame was, if it had one.
    pieces: Receiver<(Instant, Option<Instant>)>,
}

impl Ear {
    pub(super) fn open(environment: &Environment, sink: &str) -> Self {
        let mut process = Command::new("parec")
            .envs(environment)
            .args([
                "--raw",
                "--format=float32le",
                "--rate=48000",
                "--channels=2",
                "--latency-msec=5",
            ])
            .arg(format!("--device={sink}.monitor"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("parec is installed");
        let mut sound = process.stdout.take().expect("it was asked for");
        let (tell, pieces) = channel();
        thread::spawn(move || {
            let (mut bytes, mut kept) = (vec![0_u8; 16_384], 0);
            while let Ok(count) = sound.read(&mut bytes[kept..]) {
                let now = Instant::now();
                if count == 0 {
                    return;
                }
                let whole = (kept + count) / 8 * 8;
                let frames: Vec<bool> = bytes[..whole].chunks_exact(8).map(is_loud).collect();
                let loud = frames.iter().position(|loud| *loud);
                let first = loud.map(|at| now - Duration::from_secs_f64((frames.len() - at) as f64 / RATE));
                bytes.copy_within(whole..kept + count, 0);
                kept = kept + count - whole;
                if tell.send((now, first)).is_err() {
                    return;
                }
            }
        });
        Self { process, pieces }
    }

    /// When the first sound is heard from now on.
    pub(super) fn first_sound(&self, limit: Duration) -> Option<Instant> {
        let until = Instant::now() + limit;
        while let Ok((_, loud)) = self
            .pieces
            .recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            if loud.is_some() {
                return loud;
            }
        }
        None
    }

    /// Waits until nothing was heard for a while.
    pub(super) fn until_silent(&self) {
        let mut since = None;
        while let Ok((now, loud)) = self.pieces.recv() {
            if loud.is_some() {
                since = None;
            } else if now - *since.get_or_insert(now) > SILENCE && now.elapsed() < SILENCE / 4 {
                return;
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_loud(frame: &[u8]) -> bool {
    let (left, _) = frame.split_at(4);
    let left: [u8; 4] = left.try_into().unwrap_or_default();
    f32::from_le_bytes(left).abs() > SOUND
}
