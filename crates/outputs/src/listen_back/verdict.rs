//! What listeners hear, as one of the things that can be said about it.

use std::time::Duration;

use crate::loudness::Lufs;

/// What listeners hear of a stream, as the desk hears it where they do.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Not known yet.
    Waiting,
    /// What is sent.
    Heard(Hearing),
    /// What is sent, under another title than the one that was set, for too long to be on its way.
    OldTitle {
        /// What they read; `None`: nothing.
        title: Option<String>,
        /// The rest is as it should be.
        hearing: Hearing,
    },
    /// Silence, and that was not sent.
    Silence,
    /// Something that was not sent in the last two minutes: another source, or a server's own fallback.
    OtherSound,
    /// What is sent gives nothing to know it by, and what they hear does not contradict it. Nothing is wrong.
    CannotCompare(Featureless),
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

/// What is heard when it is what was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Hearing {
    /// From the bus to the ear of a listener who tuned in when the desk did and plays at once: the server's burst is in it.
    pub delay: Duration,
    /// The title.
    pub title: TitleHeard,
    /// How loud it is, over the last 3 s.
    pub loudness: Option<Lufs>,
}

/// The title as it is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TitleHeard {
    /// None is set.
    NotSet,
    /// It is on its way.
    Waiting,
    /// It is there.
    AsSet,
    /// It is there, and the mount lacks letters for it: listeners read `&#8211;` instead.
    Garbled,
    /// Listeners are told none there: the relay does not hand titles on.
    CannotBeRead,
}

/// Why a programme cannot be known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Featureless {
    /// It is silent.
    Silent,
    /// It is a steady sound, like a tone.
    Steady,
}

impl Verdict {
    /// Something is wrong for listeners.
    pub fn is_alarm(&self) -> bool {
        match self {
            Self::OldTitle { .. } | Self::Silence | Self::OtherSound | Self::Nothing { .. } => true,
            Self::Waiting | Self::Heard(_) | Self::CannotCompare(_) | Self::CannotListen { .. } => false,
        }
    }

    /// What listeners hear instead of the programme, where a new connection may help.
    pub fn reason_to_reconnect(&self) -> Option<String> {
        match self {
            Self::Silence => Some("listeners hear silence".into()),
            Self::OtherSound => Some("listeners hear something else".into()),
            Self::Nothing { reason } => Some(format!("listeners hear nothing ({reason})")),
            // A title is delivered again without a new connection.
            Self::OldTitle { .. }
            | Self::Waiting
            | Self::Heard(_)
            | Self::CannotCompare(_)
            | Self::CannotListen { .. } => None,
        }
    }
}
