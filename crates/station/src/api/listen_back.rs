//! What listeners hear of a stream, as the desk hears it where they do: as a host sets and sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the desk does to know what listeners hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ListenBackMode {
    /// Nothing.
    Off,
    /// Listens as one of them, and tells.
    #[default]
    Show,
    /// And connects the stream anew when they do not hear it: at once, and then ever more seldom, never twice within
    /// half a minute.
    Reconnect,
}

/// What listeners hear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ListenBackState {
    /// Not known yet.
    Waiting,
    /// What is sent.
    Heard {
        /// From the bus to the ear of a listener who tuned in when the desk did and plays at once, seconds.
        delay: f32,
        /// The title.
        title: TitleHeard,
        /// Over the last 3 s, LUFS; `null`: silence, or less than that was heard.
        loudness: Option<f32>,
    },
    /// What is sent, under another title than the one that was set, for too long to be on its way.
    OldTitle {
        /// What they read; `null`: none.
        title: Option<String>,
        /// As [`ListenBackState::Heard`] has it.
        delay: f32,
        /// As [`ListenBackState::Heard`] has it.
        loudness: Option<f32>,
    },
    /// Silence, which was not sent.
    Silence,
    /// Something that was not sent in the last two minutes.
    OtherSound,
    /// The programme is silent, and nothing else is heard.
    ProgrammeSilent,
    /// The programme is a steady sound, which cannot be told from another; nothing contradicts it.
    ProgrammeSteady,
    /// Nothing.
    Nothing {
        /// Why.
        reason: String,
    },
    /// The desk is not let in as a listener, or cannot decode what is there: that says nothing of others.
    CannotListen {
        /// Why, and what to do.
        reason: String,
    },
}

/// The title as listeners are told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TitleHeard {
    /// None is set.
    NotSet,
    /// It is on its way.
    Waiting,
    /// It is there.
    AsSet,
    /// It is there, and the mount lacks letters for it: listeners read `&#8211;` instead.
    Garbled,
    /// None is told there, whatever is set.
    CannotBeRead,
}

impl ListenBackState {
    /// What is wrong for listeners, as it follows on "listeners"; `None` where nothing is known to be.
    pub fn alarm(&self) -> Option<String> {
        match self {
            Self::OldTitle { title: None, .. } => Some("read no title".into()),
            Self::OldTitle { title: Some(title), .. } => Some(format!("read an old title, {title:?}")),
            Self::Silence => Some("hear silence".into()),
            Self::OtherSound => Some("hear something else than is sent".into()),
            Self::Nothing { .. } => Some("hear nothing".into()),
            Self::Waiting
            | Self::Heard { .. }
            | Self::ProgrammeSilent
            | Self::ProgrammeSteady
            | Self::CannotListen { .. } => None,
        }
    }
}
