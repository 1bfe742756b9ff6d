//! One encoder on its own thread with its own place on the bus, for any number of subscribers.
//!
//! Paced by the bus: it looks when the next packet can be complete, and encodes what is there. A subscriber that lags loses
//! packets of its own and never holds the encoder up. Who joins later begins with what its first packet needs
//! to be decoded; an Ogg stream's pages then count on from where they are, as those of any live stream do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use airdesk_dsp::{BLOCK_FRAMES, SILENCE};
use airdesk_engine::mix_queue::MixReader;
use tokio::sync::broadcast;

use super::bell::Bell;
use super::level::Leveller;
use super::past::Past;
use super::{EncodedPacket, EncoderError, EncoderSettings, StreamEncoder, StreamLevel};
use crate::follower::Follower;
use crate::title::Title;

/// Packets a subscriber may lag before it loses the oldest.
///
/// Capacity: 6 s of MP3 (24 ms packets), 25 s of Opus (100 ms pages), 21 s of FLAC (85 ms pages), 2.7 s of Vorbis at worst
/// (10 ms where a sound is all attacks); as packets are shared, a slot is one pointer.
const SUBSCRIBER_PACKETS: usize = 256;
/// Seconds of the past kept for whoever joins.
const RECENT_SECONDS: u32 = 2;
/// Silence stands in for lost blocks up to this long: a stream that slept for an hour must not send one.
const SILENCE_SECONDS_MAX: u64 = 5;

/// The bus publishes some blocks at a time, not each as it becomes due.
const LATE: Duration = Duration::from_millis(1);
/// How long the thread sleeps at least, and at most: it must also hear of titles, and of its end.
const REST_LEAST: Duration = Duration::from_millis(2);
const REST_MOST: Duration = Duration::from_millis(30);

/// A running encoder. Ends when dropped; subscribers then see the end of the stream.
pub struct EncodedStream {
    shared: Arc<Shared>,
    stream_rate: u32,
    thread: Option<JoinHandle<()>>,
}

/// What a subscriber gets: first the past it needs, then packets as they come.
pub struct Subscription {
    /// What comes first, so that the first frame can be decoded: header pages, or silent MP3 frames that hold
    /// what it leans on (see `mp3_primer.rs`).
    pub opening: Vec<Arc<EncodedPacket>>,
    /// The last two seconds, oldest first, in one logical stream with what follows; nothing for who joins live.
    pub recent: Vec<Arc<EncodedPacket>>,
    /// Everything from now on.
    pub packets: broadcast::Receiver<Arc<EncodedPacket>>,
}

struct Shared {
    ended: AtomicBool,
    frames_lost: AtomicU64,
    bell: Bell,
    outlet: Mutex<Outlet>,
    title: Mutex<Option<Title>>,
    fault: Mutex<Option<EncoderError>>,
}

/// What late joiners need, and the way to those who listen. Sending happens under its lock, so that nobody joins between
/// a header page and its place here; the lock is held for microseconds.
struct Outlet {
    past: Past,
    /// Gone when the encoder has ended.
    sender: Option<broadcast::Sender<Arc<EncodedPacket>>>,
}

impl EncodedStream {
    /// Starts to encode what the bus publishes from the reader's place on.
    ///
    /// # Errors
    /// When the settings are impossible, the codec refuses them, or the system has no thread left.
    pub fn start(settings: EncoderSettings, title: &Title, reader: MixReader) -> Result<Self, EncoderError> {
        Self::start_at(StreamLevel::default(), settings, title, reader)
    }

    /// The same of a stream that is not as loud as the bus.
    ///
    /// # Errors
    /// As [`EncodedStream::start`].
    pub fn start_at(
        level: StreamLevel,
        settings: EncoderSettings,
        title: &Title,
        reader: MixReader,
    ) -> Result<Self, EncoderError> {
        let encoder = settings.encoder(title)?;
        let stream_rate = encoder.stream_rate();
        let shared = Arc::new(Shared {
            ended: AtomicBool::new(false),
            frames_lost: AtomicU64::new(0),
            bell: Bell::default(),
            outlet: Mutex::new(Outlet {
                past: Past::new(settings.codec, stream_rate * RECENT_SECONDS),
                sender: Some(broadcast::channel(SUBSCRIBER_PACKETS).0),
            }),
            title: Mutex::new(None),
            fault: Mutex::new(None),
        });
        let worker = EncoderThread {
            shared: shared.clone(),
            encoder,
            leveller: Leveller::new(level, settings.rate),
            follower: Follower::new(reader),
            packets: Vec::new(),
            silence_blocks_max: u64::from(settings.rate.hz()) * SILENCE_SECONDS_MAX / BLOCK_FRAMES as u64,
        };
        let thread = thread::Builder::new()
            .name("encoder".into())
            .spawn(move || worker.run())
            .map_err(|error| EncoderError::Thread(error.to_string()))?;
        Ok(Self {
            shared,
            stream_rate,
            thread: Some(thread),
        })
    }

    /// A place at the end of the stream. `None` when it has ended.
    pub fn subscribe(&self) -> Option<Subscription> {
        let outlet = lock(&self.shared.outlet);
        let packets = outlet.sender.as_ref()?.subscribe();
        let (opening, recent) = outlet.past.last(u32::MAX);
        Some(Subscription {
            opening,
            recent,
            packets,
        })
    }

    /// The same without the past: what comes next is what the desk plays now. `None` when it has ended.
    pub fn subscribe_live(&self) -> Option<Subscription> {
        let outlet = lock(&self.shared.outlet);
        let packets = outlet.sender.as_ref()?.subscribe();
        let (opening, recent) = outlet.past.last(0);
        Some(Subscription {
            opening,
            recent,
            packets,
        })
    }

    /// Sets the title, where the format carries titles in the stream.
    pub fn set_title(&self, title: &Title) {
        *lock(&self.shared.title) = Some(title.clone());
    }

    /// Frames at the desk's rate that the encoder came too late for: heard as silence.
    pub fn frames_lost(&self) -> u64 {
        // Relaxed: a statistic.
        self.shared.frames_lost.load(Ordering::Relaxed)
    }

    /// Waits until there were more packets, or the stream has ended, since this gave `heard`, or the time is over.
    pub fn wait(&self, heard: u64, at_most: Duration) -> u64 {
        self.shared.bell.wait(heard, at_most)
    }

    /// Frames per second of the packets.
    pub fn stream_rate(&self) -> u32 {
        self.stream_rate
    }

    /// It gives no packets any more.
    pub fn has_ended(&self) -> bool {
        lock(&self.shared.outlet).sender.is_none()
    }

    /// Why it ended by itself, if it did.
    pub fn fault(&self) -> Option<EncoderError> {
        lock(&self.shared.fault).clone()
    }

    /// Ends the stream: its last packets go out before this returns.
    pub fn finish(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Relaxed: the thread only has to see it some time.
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there was reported by its hook
        }
    }
}

impl Drop for EncodedStream {
    fn drop(&mut self) {
        self.end();
    }
}

struct EncoderThread {
    shared: Arc<Shared>,
    encoder: Box<dyn StreamEncoder>,
    leveller: Option<Leveller>,
    follower: Follower,
    packets: Vec<EncodedPacket>,
    silence_blocks_max: u64,
}

impl EncoderThread {
    fn run(mut self) {
        if let Err(fault) = self.encode_until_ended() {
            tracing::error!(%fault, "an encoder stopped");
            *lock(&self.shared.fault) = Some(fault);
        }
        lock(&self.shared.outlet).sender = None;
        self.shared.bell.ring();
    }

    fn encode_until_ended(&mut self) -> Result<(), EncoderError> {
        // Relaxed: see `end`.
        while !self.shared.ended.load(Ordering::Relaxed) {
            if let Some(title) = lock(&self.shared.title).take() {
                self.encoder.set_title(&title);
            }
            self.encode_waiting()?;
            thread::sleep(self.rest());
        }
        self.encode_waiting()?;
        self.encoder.finish(&mut self.packets)?;
        self.send();
        Ok(())
    }

    /// How long nothing can be complete.
    fn rest(&self) -> Duration {
        let wanted = self.encoder.wanted() as f64 / f64::from(self.encoder.stream_rate());
        (Duration::from_secs_f64(wanted) + LATE).clamp(REST_LEAST, REST_MOST)
    }

    fn encode_waiting(&mut self) -> Result<(), EncoderError> {
        while let Some((block, lost)) = self.follower.next() {
            if lost > 0 {
                // Relaxed: a statistic.
                self.shared
                    .frames_lost
                    .fetch_add(lost * BLOCK_FRAMES as u64, Ordering::Relaxed);
                for _ in 0..lost.min(self.silence_blocks_max) {
                    self.encoder.encode(&SILENCE, &mut self.packets)?;
                }
            }
            let mut frames = block.frames;
            if let Some(leveller) = &mut self.leveller {
                leveller.apply(&mut frames);
            }
            self.encoder.encode(&frames, &mut self.packets)?;
            if !self.packets.is_empty() {
                self.send();
            }
        }
        Ok(())
    }

    fn send(&mut self) {
        let mut outlet = lock(&self.shared.outlet);
        for packet in self.packets.drain(..).map(Arc::new) {
            outlet.past.keep(packet.clone());
            if let Some(sender) = &outlet.sender {
                let _ = sender.send(packet); // nobody listens just now
            }
        }
        drop(outlet);
        self.shared.bell.ring();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded here is replaced whole: a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
