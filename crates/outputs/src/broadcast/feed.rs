//! What a broadcast sends: a bus, at a level, with its titles, through an encoder that others may share.

use std::sync::Arc;
use std::time::Duration;

use airdesk_engine::mix_queue::MixTap;

use crate::encode::{EncoderError, EncoderSettings, Encoders, Shared, StreamLevel, Wanted};
use crate::title::{Title, TitleTemplate, TitleWords};

/// The longest that titles may be held back.
pub const TITLE_DELAY_MAX: Duration = Duration::from_secs(60);

/// A bus on its way to an encoder.
#[derive(Clone)]
pub struct Feed {
    /// The bus.
    pub tap: MixTap,
    /// How loud it is sent.
    pub level: StreamLevel,
    /// How its titles are put together, and when listeners read them.
    pub titles: TitlePlan,
    /// Those who are given the same ones share encoders.
    pub encoders: Encoders,
}

/// What becomes of titles on one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TitlePlan {
    /// How a title is put together.
    pub template: TitleTemplate,
    /// What `{station}` stands for.
    pub station: String,
    /// How long after its time a title appears: as much later as listeners hear the audio. A minute at most.
    pub delay: Duration,
}

impl From<MixTap> for Feed {
    /// The bus as it is, with an encoder of its own.
    fn from(tap: MixTap) -> Self {
        Self {
            tap,
            level: StreamLevel::default(),
            titles: TitlePlan::default(),
            encoders: Encoders::default(),
        }
    }
}

impl Feed {
    /// A place at the encoder.
    pub(super) fn join(&self, settings: EncoderSettings, title: &Title) -> Result<Shared, EncoderError> {
        let wanted = Wanted {
            tap: self.tap.clone(),
            level: self.level,
            settings,
            titles: self.titles.key(),
        };
        self.encoders.join(&wanted, title)
    }
}

impl TitlePlan {
    /// What listeners read.
    pub fn title(&self, words: &TitleWords) -> Title {
        self.template.fill(words, &self.station)
    }

    /// The same for plans whose titles are the same at every moment.
    pub(crate) fn key(&self) -> Arc<str> {
        let Self {
            template,
            station,
            delay,
        } = self;
        format!("{}\n{template}\n{station}", delay.as_millis()).into()
    }
}
