//! Who listens to what.

use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;

use super::ListenerFeed;
use crate::Recovery;
use crate::encode::{Codec, EncodedStream, EncoderError, EncoderSettings, Subscription};
use crate::title::{Title, one_line};

/// The mounts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// MP3, with ICY titles for whoever asks.
    Mp3,
    /// Ogg Opus, with titles in the stream.
    Opus,
}

impl Mount {
    /// Every mount.
    pub const ALL: [Self; 2] = [Self::Mp3, Self::Opus];

    /// Its path on the HTTP server.
    pub fn path(self) -> &'static str {
        match self {
            Self::Mp3 => "/live.mp3",
            Self::Opus => "/live.opus",
        }
    }

    fn codec(self) -> Codec {
        match self {
            Self::Mp3 => Codec::Mp3,
            Self::Opus => Codec::Opus,
        }
    }
}

/// How the mounts introduce themselves to a listener who joins. What is empty is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Introduction {
    /// Station name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Genre.
    pub genre: String,
    /// Home page.
    pub url: String,
}

impl Introduction {
    fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            ("icy-name", &self.name),
            ("icy-description", &self.description),
            ("icy-genre", &self.genre),
            ("icy-url", &self.url),
        ]
        .into_iter()
        .map(|(name, text)| (name, one_line(text)))
        .filter(|(_, line)| !line.is_empty())
    }
}

/// How the mounts sound, and how many they serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenSettings {
    /// The desk's rate.
    pub rate: SampleRate,
    /// Bit rate of the MP3 mount, kbit/s.
    pub mp3_bit_rate: u16,
    /// Bit rate of the Opus mount, kbit/s.
    pub opus_bit_rate: u16,
    /// Listeners at the same time, over all mounts.
    pub listeners_max: u32,
    /// How long a mount goes on encoding after its last listener has left, who may come back.
    pub rest_after: Duration,
}

impl Default for ListenSettings {
    fn default() -> Self {
        Self {
            rate: SampleRate::DESK,
            mp3_bit_rate: 128,
            opus_bit_rate: 96,
            listeners_max: 200,
            rest_after: Duration::from_secs(60),
        }
    }
}

/// Why a listener gets nothing.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The operator has closed the mounts.
    #[error("the mount is closed")]
    Closed,
    /// There are enough listeners.
    #[error("the mount is full: {listeners_max} are listening")]
    Full {
        /// The limit.
        listeners_max: u32,
    },
    /// There is nothing to hear.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
}

impl JoinError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Closed => Recovery::AskOperator,
            Self::Full { .. } => Recovery::Retry,
            Self::Encoder(error) => error.recovery(),
        }
    }
}

/// The mounts of one desk. Clones are the same hub.
#[derive(Clone)]
pub struct ListenerHub(Arc<Shared>);

struct Shared {
    settings: ListenSettings,
    stage: Mutex<Stage>,
}

struct Stage {
    tap: MixTap,
    open: bool,
    title: Title,
    introduction: Introduction,
    places: [Place; Mount::ALL.len()],
}

/// A mount, and how many listen to it.
#[derive(Default)]
struct Place {
    stream: Option<EncodedStream>,
    seats: u32,
    /// What encoders lost that have ended.
    lost_before: u64,
    /// When the last listener left; `None` while there are any, and before the first.
    empty_since: Option<Instant>,
    /// A thread waits to let it rest.
    watched: bool,
}

impl ListenerHub {
    /// A hub that is closed. Nothing is encoded yet.
    pub fn new(tap: MixTap, settings: ListenSettings) -> Self {
        let stage = Mutex::new(Stage {
            tap,
            open: false,
            title: Title::default(),
            introduction: Introduction::default(),
            places: Default::default(),
        });
        Self(Arc::new(Shared { settings, stage }))
    }

    /// Lets listeners in.
    pub fn open(&self) {
        self.stage().open = true;
    }

    /// Ends every stream and lets nobody in.
    pub fn close(&self) {
        let streams = {
            let mut stage = self.stage();
            stage.open = false;
            stage.take_streams()
        };
        drop(streams); // outside the lock: an encoder takes a moment to end
    }

    /// Goes on with another bus. Streams of the one before end: their players ask again, and hear this one.
    pub fn follow(&self, tap: MixTap) {
        let streams = {
            let mut stage = self.stage();
            stage.tap = tap;
            stage.take_streams()
        };
        drop(streams); // outside the lock: an encoder takes a moment to end
    }

    /// Listeners are let in.
    pub fn is_open(&self) -> bool {
        self.stage().open
    }

    /// Sets what listeners read.
    pub fn set_title(&self, title: &str) {
        let mut stage = self.stage();
        stage.title = Title::new(title);
        for stream in stage.streams() {
            stream.set_title(&stage.title);
        }
    }

    /// Sets what those who join from now on are told about the station.
    pub fn introduce(&self, introduction: Introduction) {
        self.stage().introduction = introduction;
    }

    /// Listeners now, over all mounts.
    pub fn listeners(&self) -> u32 {
        self.stage().listeners()
    }

    /// Frames that the mounts' encoders came too late for: heard as silence.
    pub fn frames_lost(&self) -> u64 {
        self.stage().places.iter().map(Place::frames_lost).sum()
    }

    /// Seats one more listener; `wants_icy` when its request says `Icy-MetaData: 1`. The first listener of
    /// a mount starts its encoder, which takes some milliseconds.
    ///
    /// # Errors
    /// When the hub is closed or full, or nothing can be encoded.
    pub fn join(&self, mount: Mount, wants_icy: bool) -> Result<ListenerFeed, JoinError> {
        let settings = self.encoder(mount);
        let (subscription, headers) = {
            let mut stage = self.stage();
            let listeners_max = self.0.settings.listeners_max;
            if stage.listeners() >= listeners_max {
                return Err(JoinError::Full { listeners_max });
            }
            if !stage.open {
                return Err(JoinError::Closed);
            }
            (stage.seat(mount, settings)?, headers(settings, &stage.introduction))
        };
        let seat = Seat {
            hub: self.clone(),
            mount,
        };
        let icy = wants_icy && mount == Mount::Mp3;
        Ok(ListenerFeed::new(subscription, icy, headers, seat))
    }

    fn encoder(&self, mount: Mount) -> EncoderSettings {
        let settings = &self.0.settings;
        let bit_rate = match mount {
            Mount::Mp3 => settings.mp3_bit_rate,
            Mount::Opus => settings.opus_bit_rate,
        };
        EncoderSettings {
            codec: mount.codec(),
            bit_rate,
            variable: mount == Mount::Opus,
            rate: settings.rate,
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.stage()
    }
}

impl Shared {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        // Everything on the stage is replaced whole: a panic leaves nothing half done.
        self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Stage {
    fn listeners(&self) -> u32 {
        self.places.iter().map(|place| place.seats).sum()
    }

    fn streams(&self) -> impl Iterator<Item = &EncodedStream> {
        self.places.iter().filter_map(|place| place.stream.as_ref())
    }

    /// Ends what is encoded, once the caller drops it. Its listeners keep their seats until they have left.
    fn take_streams(&mut self) -> Vec<EncodedStream> {
        self.places.iter_mut().filter_map(Place::take_stream).collect()
    }

    /// One more listens to `mount`, whose encoder is started where none runs.
    fn seat(&mut self, mount: Mount, settings: EncoderSettings) -> Result<Subscription, JoinError> {
        let reader = self.tap.reader();
        let place = &mut self.places[mount as usize];
        if place.stream.as_ref().is_none_or(|stream| stream.fault().is_some()) {
            drop(place.take_stream()); // its thread has ended already
            place.stream = Some(EncodedStream::start(settings, &self.title, reader)?);
        }
        let subscription = place
            .stream
            .as_ref()
            .and_then(EncodedStream::subscribe)
            .ok_or(JoinError::Closed)?;
        place.seats += 1;
        place.empty_since = None;
        Ok(subscription)
    }
}

impl Place {
    fn frames_lost(&self) -> u64 {
        self.lost_before + self.stream.as_ref().map_or(0, EncodedStream::frames_lost)
    }

    fn take_stream(&mut self) -> Option<EncodedStream> {
        self.lost_before = self.frames_lost();
        self.stream.take()
    }
}

fn headers(encoder: EncoderSettings, introduction: &Introduction) -> Vec<(&'static str, String)> {
    let content_type = match encoder.codec {
        Codec::Mp3 => "audio/mpeg",
        Codec::Opus => "audio/ogg; codecs=opus",
        Codec::Vorbis => "audio/ogg; codecs=vorbis",
        Codec::Flac(_) => "audio/ogg; codecs=flac",
    };
    let sound = [
        ("content-type", content_type.into()),
        ("cache-control", "no-cache, no-store".into()),
        ("icy-br", encoder.bit_rate.to_string()),
        ("icy-pub", "0".into()),
    ];
    sound.into_iter().chain(introduction.headers()).collect()
}

/// A listener's place; free again when dropped.
pub(super) struct Seat {
    hub: ListenerHub,
    mount: Mount,
}

impl Seat {
    pub(super) fn title(&self) -> Title {
        self.hub.stage().title.clone()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut stage = self.hub.stage();
        let place = &mut stage.places[self.mount as usize];
        place.seats -= 1;
        if place.seats > 0 {
            return;
        }
        place.empty_since = Some(Instant::now());
        if !place.watched {
            let (hub, mount) = (Arc::downgrade(&self.hub.0), self.mount);
            let watch = thread::Builder::new().name("mount rest".into());
            match watch.spawn(move || rest(&hub, mount)) {
                Ok(_) => place.watched = true,
                Err(error) => tracing::warn!(%error, "a mount that nobody hears goes on encoding"),
            }
        }
    }
}

/// Ends a mount's encoder when nobody has listened for a while. One thread a mount, and only while it is empty.
fn rest(hub: &Weak<Shared>, mount: Mount) {
    while let Some(shared) = hub.upgrade() {
        let mut stage = shared.stage();
        let place = &mut stage.places[mount as usize];
        let rest_in = place
            .empty_since
            .map(|since| shared.settings.rest_after.saturating_sub(since.elapsed()));
        match rest_in {
            Some(wait) if !wait.is_zero() => {
                drop(stage);
                drop(shared); // the hub may go meanwhile
                thread::sleep(wait);
            }
            over => {
                place.watched = false;
                let stream = over.and_then(|_| place.take_stream());
                drop(stage);
                drop(stream); // outside the lock: an encoder takes a moment to end
                return;
            }
        }
    }
}
