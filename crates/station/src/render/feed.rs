//! What plays into the strips of a rendering. Each source is read once, however many consoles hear it.

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use airdesk_engine::inlet::{InletWriter, inlet};
use airdesk_engine::input::{Direct, StripInput};
use airdesk_sources::Player;

use super::RenderError;
use crate::api::StripSource;
use crate::material::{Pieces, explain};
use crate::session::{Session, SessionStrip};

/// Frames read at a time: enough to make a read worth its while, few enough for the cache of 256 strips.
const STEP: usize = 4 * BLOCK_FRAMES;
/// The engine looks one block past the one it plays.
const AHEAD: usize = 2 * BLOCK_FRAMES;

/// The sources of a session, in the order of its strips.
pub(super) struct Feeds(Vec<Feed>);

struct Feed {
    strip: String,
    source: StripSource,
    /// `None`: silent, or played to its end.
    player: Option<Box<dyn Player>>,
    writers: Vec<InletWriter>,
}

impl Feeds {
    /// Opens all sources.
    pub(super) fn open(session: &Session, rate: SampleRate) -> Result<Self, RenderError> {
        let mut pieces = Pieces::default();
        let feed = |strip: &SessionStrip| {
            let refused = |reason| RenderError::Source {
                strip: strip.name.clone(),
                reason,
            };
            let opener = pieces.opener(&strip.source, rate).map_err(refused)?;
            let player = opener.map(|open| open()).transpose();
            Ok(Feed {
                strip: strip.name.clone(),
                source: strip.source.clone(),
                player: player.map_err(|error| refused(explain(&strip.source, &error)))?,
                writers: Vec::new(),
            })
        };
        session.strips.iter().map(feed).collect::<Result<_, _>>().map(Self)
    }

    /// The input of one more strip that the source at `index` feeds.
    pub(super) fn input(&mut self, index: usize, rate: SampleRate) -> StripInput {
        let Some(feed) = self.0.get_mut(index).filter(|feed| feed.player.is_some()) else {
            return StripInput::Silent;
        };
        let (writer, inlet) = inlet(f64::from(rate.hz()), STEP + AHEAD);
        feed.writers.push(writer);
        StripInput::Direct(Direct::new(inlet))
    }

    /// Makes sure that every strip has what it plays in the coming block.
    pub(super) fn fill(&mut self) -> Result<(), RenderError> {
        self.0.iter_mut().try_for_each(Feed::fill)
    }
}

impl Feed {
    fn fill(&mut self) -> Result<(), RenderError> {
        // All consoles have played the same number of blocks: what one has room for, all have.
        while let Some(player) = &mut self.player
            && self.writers.first().is_some_and(|writer| writer.room() >= STEP)
        {
            let mut frames = [[0.0; 2]; STEP];
            let count = player.render(&mut frames).map_err(|error| RenderError::Source {
                strip: self.strip.clone(),
                reason: explain(&self.source, &error),
            })?;
            for writer in &mut self.writers {
                writer.write(&frames[..count]);
            }
            if count < STEP {
                self.player = None;
                self.writers.clear(); // the end: the strips play what is left
            }
        }
        Ok(())
    }
}
