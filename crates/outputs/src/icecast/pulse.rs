//! Whether the server behind a connection lives. A server that hangs, or is stopped, has its bytes
//! acknowledged by its machine for as long as buffers last, which is a quarter of a minute of MP3. So it is
//! asked something every few seconds, beside the stream; any answer is a good one. Two questions in a row without
//! an answer end the stream, if the server has answered before: some never do. Each question is a connection, so
//! a server that answers promptly is asked as seldom as the 5 s allow in which one that hangs must be noticed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::connect::connect_to;
use super::patience::Patience;
use super::request::status_head;
use super::{SourceError, SourceSettings};

/// How a server is asked. An interval and two limits are less than 5 s.
#[derive(Clone, Copy)]
struct Rhythm {
    interval: Duration,
    answer_limit: Duration,
}

/// For a server that answers within [`PROMPT`].
const EASY: Rhythm = Rhythm {
    interval: Duration::from_millis(2500),
    answer_limit: Duration::from_secs(1),
};
/// For one that takes longer, or has not answered yet: its limit must leave it room.
const SLOW: Rhythm = Rhythm {
    interval: Duration::from_millis(1500),
    answer_limit: Duration::from_millis(1500),
};
const PROMPT: Duration = Duration::from_millis(500);
/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// Asks until it is dropped.
pub(super) struct Pulse {
    gone: Arc<AtomicBool>,
    patience: Patience,
}

impl Pulse {
    /// Begins to ask the server at `peer`, where the stream goes. Without a thread for it there is no pulse, and nothing is concluded from that.
    pub(super) fn feel(settings: &SourceSettings, peer: Option<SocketAddr>) -> Self {
        let (gone, patience) = (Arc::new(AtomicBool::new(false)), Patience::default());
        let (told, asked, settings) = (gone.clone(), patience.clone(), settings.clone());
        let spawned = thread::Builder::new().name("icecast pulse".into()).spawn(move || {
            if let Some(peer) = peer {
                ask(peer, &settings, &asked, &told);
            }
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "no thread to watch the server with");
        }
        Self { gone, patience }
    }

    /// The server has stopped answering, for now.
    pub(super) fn is_gone(&self) -> bool {
        // Relaxed: see above.
        self.gone.load(Ordering::Relaxed)
    }

    pub(super) fn stalled(&self) -> SourceError {
        SourceError::Stalled {
            seconds: (2 * EASY.answer_limit).as_secs(), // at least
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.patience.end();
    }
}

/// Asks until nobody wants to know any more.
fn ask(peer: SocketAddr, settings: &SourceSettings, patience: &Patience, gone: &AtomicBool) {
    let (mut answered_before, mut silent, mut rhythm) = (false, 0_u32, SLOW);
    while !patience.has_ended() {
        let asked = Instant::now();
        match answers(peer, settings, patience, rhythm.answer_limit) {
            Ok(()) => {
                (answered_before, silent) = (true, 0);
                rhythm = if asked.elapsed() < PROMPT { EASY } else { SLOW };
            }
            Err(SourceError::TimedOut { .. }) => silent += 1,
            Err(_) => silent = 0, // a refusal is an answer too, and a stream may outlive its server's door
        }
        // Relaxed: a flag that stands for itself.
        gone.store(silent >= 2 && answered_before, Ordering::Relaxed);
        let next = Instant::now() + if silent == 0 { rhythm.interval } else { Duration::ZERO };
        while Instant::now() < next && !patience.has_ended() {
            thread::sleep(LOOK);
        }
    }
}

fn answers(
    peer: SocketAddr,
    settings: &SourceSettings,
    patience: &Patience,
    limit: Duration,
) -> Result<(), SourceError> {
    let patience = patience.within(limit);
    let mut line = connect_to(&[peer], settings, &patience)?;
    let step = patience.step(&settings.host, "answer", limit);
    line.write_all(status_head(settings).as_bytes(), &step)?;
    // The first bytes, or the end: either was made by the server and not by its machine.
    step.repeat(|| line.read_some(&mut [0; 256]))??;
    Ok(())
}
