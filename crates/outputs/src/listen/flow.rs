//! One mount on its way from its encoder to all who listen to it.
//!
//! A thread of its own takes what the encoder has made, twenty times a second, joins it to one piece, and wakes everybody
//! once with it: all listeners are given the same bytes. It waits for nobody. What an encoder that others share costs
//! does not depend on how many listen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_engine::mix_queue::MixReader;
use bytes::{Bytes, BytesMut};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

use super::mount::BURST_MAX;
use crate::encode::{EncodedPacket, EncoderError, EncoderSettings, Encoders, Past, Shared, Wanted};
use crate::title::Title;

/// How often listeners are woken.
const ROUND: Duration = Duration::from_millis(50);
/// Pieces that wait for the slowest listener.
///
/// Capacity: 12.8 s at one piece a round, more than [`super::feed::LAG_MAX`]; as they are shared, a slot is a pointer.
const PIECES: usize = 256;

/// What all listeners are sent next.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) bytes: Bytes,
    /// What was on when it was made.
    pub(super) title: Arc<Title>,
    pub(super) at: Instant,
}

/// A running mount. Clones are the same one.
#[derive(Clone)]
pub(super) struct Flow(Arc<Inner>);

struct Inner {
    encoder: EncoderSettings,
    outlet: Mutex<Outlet>,
    /// What the encoder had lost before the mount joined it.
    lost_before: u64,
    /// Frames at the desk's rate that the thread came too late for, and in the end the encoder's.
    frames_lost: AtomicU64,
}

struct Outlet {
    past: Past,
    title: Arc<Title>,
    /// Held for as long as there is a place at the encoder.
    place: Option<Shared>,
    /// Gone when the mount has ended.
    sender: Option<Sender<Piece>>,
}

/// What a listener begins with.
pub(super) struct Beginning {
    pub(super) past: Vec<Bytes>,
    pub(super) title: Arc<Title>,
    pub(super) pieces: Receiver<Piece>,
}

impl Flow {
    /// Takes a place at the encoder, which `begin` is for if none runs, and begins to hand out what comes from it, until it is ended or `is_over` says so,
    /// which is asked every round.
    ///
    /// # Errors
    /// When nothing can be encoded, or the system has no thread left.
    pub(super) fn start(
        encoders: &Encoders,
        wanted: &Wanted,
        title: &Title,
        begin: impl FnOnce() -> MixReader,
        is_over: impl Fn(&Self) -> bool + Send + 'static,
    ) -> Result<Self, EncoderError> {
        let place = encoders.join_from(wanted, title, begin)?;
        let subscription = place.subscribe().ok_or(EncoderError::Ended)?;
        let lost_before = place.frames_lost();
        let seconds = BURST_MAX.as_secs() as u32 + 1;
        let mut past = Past::new(wanted.settings.codec, place.stream_rate() * seconds);
        for packet in subscription.opening.into_iter().chain(subscription.recent) {
            past.keep(packet);
        }
        let flow = Self(Arc::new(Inner {
            encoder: wanted.settings,
            outlet: Mutex::new(Outlet {
                past,
                title: Arc::new(title.clone()),
                place: Some(place),
                sender: Some(broadcast::channel(PIECES).0),
            }),
            lost_before,
            frames_lost: AtomicU64::new(0),
        }));
        let (running, packets) = (flow.clone(), subscription.packets);
        let builder = thread::Builder::new().name("listener mount".into());
        builder
            .spawn(move || running.run(packets, is_over))
            .map_err(|error| EncoderError::Thread(error.to_string()))?;
        Ok(flow)
    }

    /// What it is encoded as.
    pub(super) fn encoder(&self) -> EncoderSettings {
        self.0.encoder
    }

    /// Both are the same running mount.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A listener's beginning, with at most `burst` of the past. `None` when it has ended.
    pub(super) fn join(&self, burst: Duration) -> Option<Beginning> {
        let outlet = self.outlet();
        let pieces = outlet.sender.as_ref()?.subscribe();
        let rate = f64::from(outlet.place.as_ref()?.stream_rate());
        let (opening, recent) = outlet.past.last((burst.as_secs_f64() * rate) as u32);
        let past = opening.iter().chain(&recent);
        Some(Beginning {
            past: past.map(|packet| packet.bytes.clone()).collect(),
            title: outlet.title.clone(),
            pieces,
        })
    }

    /// Sets what listeners read.
    pub(super) fn set_title(&self, title: &Title) {
        let mut outlet = self.outlet();
        outlet.title = Arc::new(title.clone());
        if let Some(place) = &outlet.place {
            place.set_title(title);
        }
    }

    /// Frames at the desk's rate that listeners have not heard because the desk was late.
    pub(super) fn frames_lost(&self) -> u64 {
        let outlet = self.outlet();
        let encoder = outlet.place.as_ref().map_or(0, |place| self.lost_by(place));
        // Relaxed: a statistic.
        self.0.frames_lost.load(Ordering::Relaxed) + encoder
    }

    /// It gives nothing any more: it was ended, or its encoder broke.
    pub(super) fn has_ended(&self) -> bool {
        self.outlet().sender.is_none()
    }

    /// Ends it for everybody. The encoder ends within a round, where nobody else shares it.
    pub(super) fn end(&self) {
        self.outlet().sender = None;
    }

    fn run(&self, mut packets: Receiver<Arc<EncodedPacket>>, is_over: impl Fn(&Self) -> bool) {
        let mut batch = Vec::new();
        let mut goes_on = true;
        while goes_on && !self.has_ended() && !is_over(self) {
            thread::sleep(ROUND);
            goes_on = self.gather(&mut packets, &mut batch);
            self.publish(&mut batch);
        }
        let place = {
            let mut outlet = self.outlet();
            outlet.sender = None;
            outlet.place.take()
        };
        if let Some(place) = place {
            // Outside the lock: an encoder takes a moment to end.
            self.add_lost(self.lost_by(&place));
            place.leave();
        }
    }

    /// Takes what the encoder has made. False when it makes nothing more.
    fn gather(&self, packets: &mut Receiver<Arc<EncodedPacket>>, batch: &mut Vec<Arc<EncodedPacket>>) -> bool {
        loop {
            match packets.try_recv() {
                Ok(packet) => batch.push(packet),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Closed) => return false,
                Err(TryRecvError::Lagged(lost)) => {
                    // The machine gave this thread no time for seconds. All packets are about as long as the next.
                    let frames = packets.try_recv().map(|packet| {
                        let frames = u64::from(packet.frames);
                        batch.push(packet);
                        frames
                    });
                    self.add_lost(lost * frames.unwrap_or_default());
                }
            }
        }
    }

    fn publish(&self, batch: &mut Vec<Arc<EncodedPacket>>) {
        let bytes = match batch.as_slice() {
            [] => return,
            [one] => one.bytes.clone(),
            several => {
                let length = several.iter().map(|packet| packet.bytes.len()).sum();
                let mut joined = BytesMut::with_capacity(length);
                for packet in several {
                    joined.extend_from_slice(&packet.bytes);
                }
                joined.freeze()
            }
        };
        // Kept and sent under one lock: nobody joins in between.
        let mut outlet = self.outlet();
        for packet in batch.drain(..) {
            outlet.past.keep(packet);
        }
        let title = outlet.title.clone();
        if let Some(sender) = &outlet.sender {
            let at = Instant::now();
            let _ = sender.send(Piece { bytes, title, at }); // nobody listens just now
        }
    }

    /// What an encoder has lost since the mount joined it.
    fn lost_by(&self, encoder: &Shared) -> u64 {
        encoder.frames_lost() - self.0.lost_before
    }

    fn add_lost(&self, frames: u64) {
        // Relaxed: a statistic.
        self.0.frames_lost.fetch_add(frames, Ordering::Relaxed);
    }

    fn outlet(&self) -> MutexGuard<'_, Outlet> {
        // Everything in it is replaced whole: a panic elsewhere leaves nothing half done.
        self.0.outlet.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
