//! What listeners of a target hear: the listen-back that goes with a stream, and what is noted of it. On the station's
//! thread; waits for nothing.

use airdesk_outputs::broadcast::{Feed, OnAir};
use airdesk_outputs::icecast::SourceSettings;
use airdesk_outputs::listen_back::{
    Featureless, Hearing as Heard, ListenBack, ListenBackSettings, TitleHeard as Title, Verdict,
};

use super::target::invalid;
use crate::api::{BroadcastSettings, CommandError, ListenBackMode, ListenBackState, ServerStatistics, TitleHeard};

/// Whoever listens to one stream.
pub(super) struct Hearing(Result<ListenBack, String>);

/// Refuses an address that is none.
pub(super) fn check(settings: &BroadcastSettings) -> Result<(), CommandError> {
    outward(settings).check().map_err(|error| invalid(&error))
}

fn outward(settings: &BroadcastSettings) -> ListenBackSettings {
    let url = settings.listen_back_url.as_deref().map(str::trim);
    ListenBackSettings {
        url: url.filter(|url| !url.is_empty()).map(str::to_owned),
        reconnects: settings.listen_back == ListenBackMode::Reconnect,
    }
}

impl Hearing {
    /// Listens, if it is to. That it cannot keeps no stream off air.
    pub(super) fn start(
        settings: &BroadcastSettings,
        source: &SourceSettings,
        feed: &Feed,
        on_air: OnAir,
    ) -> Option<Self> {
        if settings.listen_back == ListenBackMode::Off {
            return None;
        }
        let listens = ListenBack::start(&outward(settings), source, feed, on_air);
        Some(Self(listens.map_err(|error| error.to_string())))
    }

    pub(super) fn state(&self) -> ListenBackState {
        match &self.0 {
            Ok(listens) => listens.verdict().into(),
            Err(reason) => ListenBackState::CannotListen { reason: reason.clone() },
        }
    }

    /// The server's figures without the desk's own ear.
    pub(super) fn without_itself(&self, told: ServerStatistics) -> ServerStatistics {
        let is_counted = self.0.as_ref().is_ok_and(ListenBack::is_counted);
        if is_counted { without_one(told) } else { told }
    }
}

fn without_one(told: ServerStatistics) -> ServerStatistics {
    ServerStatistics {
        listeners: told.listeners.map(|count| count.saturating_sub(1)),
        // The peak may be older than the ear.
        ..told
    }
}

impl From<Verdict> for ListenBackState {
    fn from(verdict: Verdict) -> Self {
        let figures = |heard: &Heard| {
            (
                heard.delay.as_secs_f32(),
                heard.loudness.map(|loudness| loudness.value()),
            )
        };
        match verdict {
            Verdict::Waiting => Self::Waiting,
            Verdict::Heard(heard) => {
                let (delay, loudness) = figures(&heard);
                let title = match heard.title {
                    Title::NotSet => TitleHeard::NotSet,
                    Title::Waiting => TitleHeard::Waiting,
                    Title::AsSet => TitleHeard::AsSet,
                    Title::Garbled => TitleHeard::Garbled,
                    Title::CannotBeRead => TitleHeard::CannotBeRead,
                };
                Self::Heard { delay, title, loudness }
            }
            Verdict::OldTitle { title, hearing } => {
                let (delay, loudness) = figures(&hearing);
                Self::OldTitle { title, delay, loudness }
            }
            Verdict::Silence => Self::Silence,
            Verdict::OtherSound => Self::OtherSound,
            Verdict::CannotCompare(Featureless::Silent) => Self::ProgrammeSilent,
            Verdict::CannotCompare(Featureless::Steady) => Self::ProgrammeSteady,
            Verdict::Nothing { reason } => Self::Nothing { reason },
            Verdict::CannotListen { reason } => Self::CannotListen { reason },
        }
    }
}

/// What was noted of a stream's listeners last: nothing, or what is wrong for them.
#[derive(Debug, Default)]
pub(crate) struct HearingLog(Option<String>);

/// What has become of a stream for its listeners.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// They hear or read this, as it follows on "listeners", and why, where that is known.
    Wrong(String, Option<String>),
    /// They hear the stream.
    Right,
}

impl HearingLog {
    /// What is to be noted: each thing that is wrong once, for as long as it lasts. `heard` is `None` while the stream
    /// is not on air; one that tries to come back still has to be heard again.
    pub(crate) fn follow(&mut self, heard: Option<&ListenBackState>, is_under_way: bool) -> Option<Turn> {
        if !is_under_way {
            self.0 = None;
            return None;
        }
        let heard = heard?;
        if let Some(alarm) = heard.alarm() {
            if self.0.as_ref() == Some(&alarm) {
                return None;
            }
            self.0 = Some(alarm.clone());
            let why = match heard {
                ListenBackState::Nothing { reason } => Some(reason.clone()),
                _ => None,
            };
            return Some(Turn::Wrong(alarm, why));
        }
        let is_heard = matches!(heard, ListenBackState::Heard { .. });
        (is_heard && self.0.take().is_some()).then_some(Turn::Right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard() -> ListenBackState {
        ListenBackState::Heard {
            delay: 1.0,
            title: TitleHeard::AsSet,
            loudness: None,
        }
    }

    #[test]
    fn what_is_wrong_is_noted_once_and_so_is_that_it_is_over() {
        let mut log = HearingLog::default();
        let wrong = |alarm: &str| Some(Turn::Wrong(alarm.into(), None));
        let silence = ListenBackState::Silence;
        for (heard, is_under_way, noted) in [
            (Some(ListenBackState::Waiting), true, None),
            (Some(heard()), true, None),
            (Some(silence.clone()), true, wrong("hear silence")),
            (Some(silence.clone()), true, None),
            // It is connected anew.
            (None, true, None),
            (Some(ListenBackState::Waiting), true, None),
            (Some(silence.clone()), true, None),
            (
                Some(ListenBackState::OtherSound),
                true,
                wrong("hear something else than is sent"),
            ),
            (Some(ListenBackState::ProgrammeSilent), true, None),
            (Some(heard()), true, Some(Turn::Right)),
            (Some(heard()), true, None),
            (Some(silence.clone()), true, wrong("hear silence")),
            (None, false, None),
            (Some(heard()), true, None),
        ] {
            assert_eq!(log.follow(heard.as_ref(), is_under_way), noted, "{heard:?}");
        }
        let nothing = ListenBackState::Nothing { reason: "gone".into() };
        let noted = Some(Turn::Wrong("hear nothing".into(), Some("gone".into())));
        assert_eq!(log.follow(Some(&nothing), true), noted);
    }

    #[test]
    fn the_desks_own_ear_is_no_listener_and_the_peak_is_left_as_it_was_told() {
        let told = |listeners, listeners_peak| ServerStatistics {
            listeners,
            listeners_peak,
            server: None,
            bit_rate: None,
        };
        assert_eq!(without_one(told(Some(3), Some(9))), told(Some(2), Some(9)));
        assert_eq!(without_one(told(Some(0), None)), told(Some(0), None));
    }

    #[test]
    fn an_address_to_listen_at_is_checked_and_an_empty_one_is_the_mount() {
        let with = |url: &str| BroadcastSettings {
            listen_back_url: Some(url.into()),
            ..BroadcastSettings::default()
        };
        assert!(check(&with("https://relay.example.org/live")).is_ok());
        assert_eq!(outward(&with("  ")).url, None);
        let error = check(&with("relay")).expect_err("it is none");
        assert!(error.message.contains("write it like"), "{}", error.message);
    }
}
