//! The encoders that run, each given to all who want the same: one bus at one level in one codec.
//!
//! An encoder starts with the first that joins and ends when the last has left. Whoever joins later begins with what is
//! played now, and with what a decoder needs for it. Joining takes milliseconds: never on the audio thread.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use airdesk_engine::mix_queue::{MixReader, MixTap};

use super::{Codec, EncodedStream, EncoderError, EncoderSettings, StreamLevel};
use crate::title::Title;

/// The running encoders. Clones are the same ones.
#[derive(Clone, Default)]
pub struct Encoders(Arc<Mutex<Vec<Running>>>);

/// What is to be encoded.
#[derive(Clone)]
pub struct Wanted {
    /// The bus.
    pub tap: MixTap,
    /// How loud.
    pub level: StreamLevel,
    /// Codec and bit rate.
    pub settings: EncoderSettings,
    /// Whose titles: streams that carry titles in them are shared only by those that say the same here.
    pub titles: Arc<str>,
}

/// A place at a running encoder. The encoder ends when the last one is dropped.
pub struct Shared(Arc<EncodedStream>);

struct Running {
    wanted: Wanted,
    stream: Weak<EncodedStream>,
}

impl Encoders {
    /// A place at the encoder that does this, started if none runs, with the title that it then begins with.
    ///
    /// # Errors
    /// When the settings are impossible, the codec refuses them, or the system has no thread left.
    pub fn join(&self, wanted: &Wanted, title: &Title) -> Result<Shared, EncoderError> {
        self.join_from(wanted, title, || wanted.tap.reader())
    }

    /// The same, where an encoder that has to be started begins with what `begin` reads of the same bus.
    ///
    /// # Errors
    /// As [`Encoders::join`].
    pub fn join_from(
        &self,
        wanted: &Wanted,
        title: &Title,
        begin: impl FnOnce() -> MixReader,
    ) -> Result<Shared, EncoderError> {
        let mut running = self.lock();
        running.retain(|running| running.stream.strong_count() > 0);
        let found = running
            .iter()
            .filter(|running| running.wanted.is_same(wanted))
            .filter_map(|running| running.stream.upgrade())
            .find(|stream| !stream.has_ended());
        if let Some(stream) = found {
            return Ok(Shared(stream));
        }
        let stream = EncodedStream::start_at(wanted.level, wanted.settings, title, begin())?;
        let stream = Arc::new(stream);
        running.push(Running {
            wanted: wanted.clone(),
            stream: Arc::downgrade(&stream),
        });
        Ok(Shared(stream))
    }

    /// How many run.
    pub fn count(&self) -> usize {
        let running = self.lock();
        running
            .iter()
            .filter(|running| running.stream.strong_count() > 0)
            .count()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        // A list of what runs: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Wanted {
    fn is_same(&self, other: &Self) -> bool {
        self.tap.is_same_bus(&other.tap)
            && self.level == other.level
            && self.settings == other.settings
            && (!carries_titles(self.settings.codec) || self.titles == other.titles)
    }
}

/// Titles are in the stream itself. MP3 has none.
fn carries_titles(codec: Codec) -> bool {
    codec != Codec::Mp3
}

impl Shared {
    /// Leaves. The last one ends the stream: its last packets go out before this returns.
    pub fn leave(self) {
        if let Some(stream) = Arc::into_inner(self.0) {
            stream.finish();
        }
    }
}

impl Deref for Shared {
    type Target = EncodedStream;

    fn deref(&self) -> &EncodedStream {
        &self.0
    }
}
