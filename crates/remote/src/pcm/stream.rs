//! One stream: a track from a place to its end. A thread reads and decodes, one chunk ahead; what it makes is sent from
//! here, in order, and held at the end of a chunk while the client has paused or has enough.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use airdesk_station::delivery::{TrackSound, TrackSoundError};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::timeout;

use super::Delivery;
use super::geometry::{CHUNK_SECONDS, Geometry};
use super::outbox::{Gone, Outbox};
use super::tell::{Chunk, End, Teller};

/// How long a stream waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(5);
/// How long a chunk, or a track's beginning, may take.
const CHUNK_WAIT: Duration = Duration::from_secs(30);

/// What holds a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) paused: bool,
    /// The client has enough.
    pub(super) full: bool,
}

/// What is to be streamed.
pub(super) struct Order {
    pub(super) teller: Teller,
    /// Seconds from the track's beginning.
    pub(super) from: f64,
    /// Enhanced also while enhancing is off.
    pub(super) force: bool,
}

/// What the thread has made.
enum Made {
    /// The loudness is not known yet, and is measured now.
    Measuring,
    Opened {
        geometry: Geometry,
        channels: u16,
        from: u64,
    },
    Chunk {
        index: u64,
        samples: Bytes,
    },
    /// A chunk could not be made, from this second on.
    Failed {
        index: u64,
        seconds: f64,
    },
    /// The file has less than it says.
    Short,
    Broken(&'static str),
}

/// Streams, until the end or until this is dropped.
pub(super) async fn run(delivery: Arc<Delivery>, outbox: Arc<Outbox>, order: Order, held: watch::Receiver<Held>) {
    // Gone is an end like any other, that nobody is told of.
    let _ = stream(&delivery, &outbox, &order, held).await;
}

async fn stream(delivery: &Delivery, outbox: &Outbox, order: &Order, held: watch::Receiver<Held>) -> Result<(), Gone> {
    let teller = &order.teller;
    let path = match find(delivery, teller.track).await {
        Ok(path) => path,
        Err(why) => return outbox.push(teller.error(why, None)).await,
    };
    let turn = timeout(TURN_WAIT, delivery.slots.clone().acquire_owned()).await;
    let Ok(Ok(turn)) = turn else {
        let busy = "Server busy - too many active streams";
        return outbox.push(teller.error(busy, None)).await;
    };
    let Some(made) = read(delivery, order, path, turn) else {
        return outbox.push(teller.error("Audio streaming failed", None)).await;
    };
    let mut sender = Sender {
        delivery,
        outbox,
        order,
        held,
        geometry: Geometry {
            rate: 1,
            frames: 0,
            enhanced: false,
        },
        channels: 2,
        sequence: 0,
        sent: 0,
        expected: 0,
        whole: true,
    };
    sender.send(made).await
}

/// Where a track is. What the library knows decides, and nothing else.
async fn find(delivery: &Delivery, track: u64) -> Result<PathBuf, &'static str> {
    match delivery.station.track(track).await {
        Ok(Some(track)) if track.gone => Err("Audio file not found"),
        Ok(Some(track)) => Ok(track.path.into()),
        Ok(None) => Err("Track not found"),
        Err(error) => {
            tracing::warn!("a track is not delivered: {error}");
            Err("Failed to load track")
        }
    }
}

/// Starts the thread. It has the turn for as long as it is there, also where it hangs with its disk.
fn read(delivery: &Delivery, order: &Order, path: PathBuf, turn: OwnedSemaphorePermit) -> Option<mpsc::Receiver<Made>> {
    // One chunk waits, one is being made.
    let (out, made) = mpsc::channel(1);
    let (loudness, teller, from) = (delivery.loudness.clone(), order.teller, order.from);
    let thread = std::thread::Builder::new().name("delivery".into()).spawn(move || {
        let _turn = turn;
        let open = || {
            let mut sound = TrackSound::open(&path)?;
            if let Some((preset, intensity)) = teller.enhanced {
                if !loudness.knows(&path, preset) && out.blocking_send(Made::Measuring).is_err() {
                    return Ok(None);
                }
                sound.enhance(preset, intensity as f32, &loudness)?;
            }
            Ok(Some(sound))
        };
        match open() {
            // Who wanted it has gone, then or now.
            Ok(None) => {}
            Ok(Some(sound)) => drop(make(sound, from, teller.enhanced.is_some(), &out)),
            Err(error) => drop(out.blocking_send(Made::Broken(sentence(&error, &path)))),
        }
    });
    thread.ok().map(|_| made)
}

fn sentence(error: &TrackSoundError, path: &Path) -> &'static str {
    tracing::warn!("{} is not delivered: {error}", path.display());
    match error {
        TrackSoundError::Missing(_) => "Audio file not found",
        _ => "Failed to load track",
    }
}

/// Makes chunk after chunk, until nobody takes them.
fn make(
    mut sound: TrackSound,
    from: f64,
    enhanced: bool,
    out: &mpsc::Sender<Made>,
) -> Result<(), mpsc::error::SendError<Made>> {
    let geometry = Geometry {
        rate: sound.rate().into(),
        frames: sound.frames(),
        enhanced,
    };
    // Beyond all numbers is the end.
    let from = ((from * geometry.rate as f64).round() as u64).min(geometry.frames);
    let channels = sound.channels();
    out.blocking_send(Made::Opened {
        geometry,
        channels,
        from,
    })?;
    let mut lost = from > 0 && sound.seek(from).is_err();
    for index in geometry.chunk_of(from)..geometry.count() {
        let range = geometry.range(index);
        let range = range.start.max(from)..range.end;
        let length = (range.end - range.start) as usize;
        let mut samples = Vec::with_capacity(length * usize::from(channels));
        let read = if lost { sound.reopen_at(range.start) } else { Ok(()) };
        match read.and_then(|()| sound.read(length, &mut samples)) {
            Ok(read) => {
                let samples: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
                let samples = samples.into();
                out.blocking_send(Made::Chunk { index, samples })?;
                if read < length {
                    return out.blocking_send(Made::Short);
                }
                lost = false;
            }
            Err(error) => {
                tracing::warn!("a chunk of a track is not delivered: {error}");
                lost = true;
                let seconds = range.start as f64 / geometry.rate as f64;
                out.blocking_send(Made::Failed { index, seconds })?;
            }
        }
    }
    Ok(())
}

/// What has been sent, and how.
struct Sender<'a> {
    delivery: &'a Delivery,
    outbox: &'a Outbox,
    order: &'a Order,
    held: watch::Receiver<Held>,
    geometry: Geometry,
    channels: u16,
    /// Of the next message with samples.
    sequence: u64,
    /// Frames.
    sent: u64,
    /// The chunk that comes next.
    expected: u64,
    /// Nothing is missing.
    whole: bool,
}

impl Sender<'_> {
    async fn send(&mut self, mut made: mpsc::Receiver<Made>) -> Result<(), Gone> {
        let teller = self.order.teller;
        let mut measured = false;
        loop {
            let Some(next) = self.next(&mut made).await? else {
                return self.end(End::Stopped).await;
            };
            match next {
                Some(Made::Measuring) => {
                    measured = true;
                    let part = teller.measuring("analyzing", "Measuring how loud the track is");
                    self.outbox.push(part).await?;
                }
                Some(Made::Broken(why)) => return self.outbox.push(teller.error(why, None)).await,
                Some(Made::Opened {
                    geometry,
                    channels,
                    from,
                }) => {
                    if measured {
                        let part = teller.measuring("complete", "Measured");
                        self.outbox.push(part).await?;
                    }
                    self.start(geometry, channels, from).await?;
                }
                Some(Made::Chunk { index, samples }) => {
                    if !self.may_go_on().await {
                        return self.end(End::Stopped).await;
                    }
                    self.chunk(index, samples).await?;
                }
                Some(Made::Failed { index, seconds }) => {
                    (self.whole, self.expected) = (false, index + 1);
                    let text = format!("Failed to process audio chunk {index}");
                    self.outbox.push(teller.error(&text, Some(seconds))).await?;
                }
                Some(Made::Short) => self.whole = false,
                None if self.expected < self.geometry.count() && self.whole => {
                    // The thread has ended before its work: it has panicked.
                    self.outbox.push(teller.error("Audio streaming failed", None)).await?;
                    return self.end(End::Errored).await;
                }
                None => {
                    let end = if self.whole { End::Completed } else { End::Errored };
                    return self.end(end).await;
                }
            }
        }
    }

    /// What the thread has made next. The outer `None`: it took too long, and the client has been told.
    async fn next(&self, made: &mut mpsc::Receiver<Made>) -> Result<Option<Option<Made>>, Gone> {
        // A file that is only read may be late once: the disk that it is on has to be woken up.
        let patience = if self.order.teller.enhanced.is_some() { 1 } else { 2 };
        for _ in 0..patience {
            if let Ok(next) = timeout(CHUNK_WAIT, made.recv()).await {
                return Ok(Some(next));
            }
        }
        let text = format!("Audio processing timed out on chunk {}; stream stopped", self.expected);
        self.outbox.push(self.order.teller.error(&text, None)).await?;
        Ok(None)
    }

    async fn start(&mut self, geometry: Geometry, channels: u16, from: u64) -> Result<(), Gone> {
        (self.geometry, self.channels) = (geometry, channels);
        let chunk = geometry.chunk_of(from);
        self.expected = chunk;
        let seconds = |frames: u64| frames as f64 / geometry.rate as f64;
        let data = json!({
            "sample_rate": geometry.rate,
            "channels": channels,
            "total_chunks": geometry.count(),
            "chunk_duration": CHUNK_SECONDS as f64,
            "total_duration": seconds(geometry.frames),
        });
        let more = self.order.teller.sought.then(|| {
            json!({
                "is_seek": true,
                "start_chunk": chunk,
                "seek_position": seconds(from),
                "seek_offset": seconds(from - geometry.range(chunk).start),
            })
        });
        self.outbox.push(self.order.teller.start(data, more)).await
    }

    /// Waits while the client has paused or has enough. `false`: enhancing was turned off meanwhile.
    async fn may_go_on(&mut self) -> bool {
        let mut stored = self.delivery.stored.subscribe();
        loop {
            let turned_off =
                self.order.teller.enhanced.is_some() && !self.order.force && !stored.borrow_and_update().enabled;
            if turned_off {
                return false;
            }
            if *self.held.borrow_and_update() == Held::default() {
                return true;
            }
            tokio::select! {
                // Nobody can let go of it any more.
                changed = self.held.changed() => if changed.is_err() { return false },
                _ = stored.changed() => {}
            }
        }
    }

    async fn chunk(&mut self, index: u64, samples: Bytes) -> Result<(), Gone> {
        let frames = samples.len() as u64 / 4 / u64::from(self.channels);
        let chunk = Chunk {
            index,
            count: self.geometry.count(),
            samples,
        };
        for part in self.order.teller.frames(chunk, self.channels.into(), self.sequence) {
            self.outbox.push(part).await?;
            self.sequence += 1;
        }
        self.sent += frames;
        self.expected = index + 1;
        Ok(())
    }

    async fn end(&self, end: End) -> Result<(), Gone> {
        let part = self.order.teller.end(self.sent, self.geometry.rate, end);
        self.outbox.push(part).await
    }
}
