//! What the station notes in its timeline, and where: every place in the station that notes something calls one of these.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::{Note, Place, Timeline};
use crate::api::{AirState, AudioCommand, CommandError, ErrorCode, Happening, Reply, Severity, TargetState};
use crate::broadcast::HearingTurn;
use crate::losses::{Fresh, Spot};
use crate::recording::Answer;
use crate::station::Core;
use crate::timeline::{Order, Question, ScribeNews};

/// An answer holds so many entries at the most.
const PAGE_MAX: u32 = 500;
/// How long the end of a desk waits for its timeline.
const END_LIMIT: Duration = Duration::from_secs(1);

/// What was noted of a stream last.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum AirLog {
    #[default]
    Off,
    /// And how often it had come back.
    OnAir(u32),
    /// And why.
    Reconnecting(String),
    /// And why.
    Failed(String),
}

impl AirLog {
    /// What is to be noted of a stream that is in this state now: each outage once, however often it is tried again.
    fn follow(&mut self, now: &AirState) -> Option<(Happening, Option<String>)> {
        let (next, happened) = match now {
            AirState::Connecting => return None,
            AirState::Live { reconnects, .. } => (
                Self::OnAir(*reconnects),
                Happening::OnAir {
                    reconnects: *reconnects,
                },
            ),
            AirState::Retrying { reason, .. } => (Self::Reconnecting(reason.clone()), Happening::Reconnecting),
            AirState::Failed { reason, .. } => (Self::Failed(reason.clone()), Happening::OffAir),
            AirState::Off => (Self::Off, Happening::OffAir),
        };
        let before = std::mem::replace(self, next);
        if before == *self {
            return None;
        }
        match (&before, &*self) {
            // It was off already, and has been noted.
            (Self::Failed(_), Self::Off) => None,
            (_, Self::Reconnecting(reason) | Self::Failed(reason)) => Some((happened, Some(reason.clone()))),
            _ => Some((happened, None)),
        }
    }
}

impl Core {
    /// Notes that something has happened now. Never waits.
    pub(crate) fn log(&mut self, note: Note) {
        let frame = self.desk.health().frames;
        self.timeline.note(note, frame);
    }

    /// The desk has been started.
    pub(crate) fn log_start(&mut self) {
        let started = Happening::DeskStarted {
            version: env!("CARGO_PKG_VERSION").into(),
            session: self.file.path().to_string_lossy().into_owned(),
        };
        self.log(Note::new("desk", started));
    }

    /// Notes what has become of the stream to one server.
    pub(crate) fn log_target(&mut self, target: &TargetState) {
        let settings = target.running.as_deref().unwrap_or(&target.settings);
        let subject = format!("{}:{}{}", settings.host, settings.port, settings.mount);
        self.log_stream(&target.id.to_string(), &subject, &target.air);
        self.log_hearing(target, &subject);
    }

    /// Notes what listeners of one stream hear, and says so when it is not what is sent.
    fn log_hearing(&mut self, target: &TargetState, subject: &str) {
        let is_under_way = !matches!(target.air, AirState::Off | AirState::Failed { .. });
        let log = self.timeline.hearing.entry(target.id.to_string()).or_default();
        let called = target.running.as_deref().unwrap_or(&target.settings).called();
        match log.follow(target.listen_back.as_ref(), is_under_way) {
            None => {}
            Some(HearingTurn::Wrong(what, why)) => {
                let because = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
                self.notice(
                    Severity::Warning,
                    format!("listeners of {called} {what}{because}; look at the server, or connect anew"),
                );
                let note = Note::new(subject, Happening::NotHeard { what });
                self.log(match why {
                    Some(why) => note.because(why),
                    None => note,
                });
            }
            Some(HearingTurn::Right) => {
                self.notice(Severity::Info, format!("listeners of {called} hear the stream again"));
                self.log(Note::new(subject, Happening::HeardAgain));
            }
        }
    }

    /// Looks at every stream, and notes what has become of it.
    pub(crate) fn log_air(&mut self) {
        for target in self.air.states() {
            self.log_target(&target);
        }
    }

    /// Notes what has become of one stream. `key` is what it is called for as long as it is followed.
    pub(crate) fn log_stream(&mut self, key: &str, subject: &str, air: &AirState) {
        let (log, known) = self.timeline.air.entry(key.to_owned()).or_default();
        if *air != AirState::Off {
            // Once it is off, the settings may lead elsewhere.
            subject.clone_into(known);
        }
        if let Some((happening, cause)) = log.follow(air) {
            let note = Note::new(known.clone(), happening);
            self.log(match cause {
                Some(cause) => note.because(cause),
                None => note,
            });
        }
    }

    /// Another title is aired.
    pub(crate) fn log_title(&mut self) {
        let title = self.air.title_line().as_str().to_owned();
        if title != self.timeline.title {
            self.timeline.title.clone_from(&title);
            self.log(Note::new("programme", Happening::Title { title }));
        }
    }

    /// A device that was in use is gone.
    pub(crate) fn log_lost(&mut self, place: Place, name: &str, cause: &str) {
        if self.timeline.away.iter().all(|(away, _)| *away != place) {
            self.timeline.away.push((place, Instant::now()));
        }
        self.log(Note::new(name, Happening::DeviceLost).because(cause));
    }

    /// A device is open; if it was lost before, it is back.
    pub(crate) fn log_back(&mut self, place: &Place, name: &str) {
        let away = &mut self.timeline.away;
        if let Some(at) = away.iter().position(|(away, _)| away == place) {
            let (_, since) = away.remove(at);
            let away = since.elapsed().as_secs_f64();
            self.log(Note::new(name, Happening::DeviceBack { away }));
        }
    }

    /// Who is not wanted any more does not come back.
    pub(crate) fn log_wanted(&mut self, wanted: impl Fn(&Place) -> bool) {
        self.timeline.away.retain(|(place, _)| wanted(place));
    }

    /// Notes what was lost since this was called last.
    pub(crate) fn log_losses(&mut self) {
        let rate = f64::from(self.desk.rate.hz());
        let frame = self.desk.health().frames;
        for Fresh { place, seconds, spot } in self.losses.take_fresh() {
            let note = || (loss_of(&place, spot), frame);
            self.timeline.lose(&place, seconds, rate, note);
        }
        self.timeline.grow(rate);
        if let Some(text) = self.timeline.look() {
            self.notice(Severity::Error, text);
        }
    }

    /// What the scribe has to say.
    pub(crate) fn hear_scribe(&mut self, news: ScribeNews) {
        match news {
            ScribeNews::Stuck(why) => {
                self.timeline.told_late = true;
                self.notice(
                    Severity::Error,
                    format!("the timeline is not written: {why}. Everything else goes on; it is tried every second"),
                );
            }
            ScribeNews::Again => {
                self.timeline.told_late = false;
                self.notice(Severity::Info, "the timeline is written again".into());
            }
            ScribeNews::SetAside(warning) => self.notice(Severity::Warning, warning),
        }
    }

    /// Answers what a host wants to read, from another thread.
    pub(crate) fn read_timeline(&self, command: AudioCommand, answer: Answer) {
        let AudioCommand::ReadTimeline {
            before,
            limit,
            kinds,
            words,
        } = command
        else {
            return;
        };
        let question = Question {
            before,
            kinds,
            words,
            limit: limit.clamp(1, PAGE_MAX) as usize,
            order: Order::NewestFirst,
            ..Question::default()
        };
        let Ok(turn) = self.timeline.readings.clone().try_acquire_owned() else {
            let refused =
                storage("the timeline is being read by others, or its disk hangs; try again in a moment".into());
            // A host that has gone does not want the answer.
            let _ = answer.send(Err(refused));
            return;
        };
        let file = self.timeline.file().clone();
        tokio::task::spawn_blocking(move || {
            let page = file.open().and_then(|reader| reader.read(&question));
            let answered = page
                .map(|page| Reply::Timeline {
                    entries: page.entries,
                    older: page.next,
                })
                .map_err(|error| storage(error.to_string()));
            drop(turn);
            // A host that has gone does not want the answer.
            let _ = answer.send(answered);
        });
    }

    /// Notes the end of the desk, and waits a moment until that is on disk.
    pub(crate) async fn finish_timeline(&mut self) {
        self.log(Note::new("desk", Happening::DeskStopped));
        if !self.timeline.finish().await {
            tracing::error!("the disk has not taken the end of the timeline");
        }
    }
}

impl Timeline {
    /// Waits until everything is on disk. False: it is not in time.
    async fn finish(&mut self) -> bool {
        let (answer, ended) = oneshot::channel();
        let mut answer = Some(answer);
        let done = async {
            while !self.scribe.end(&mut answer) {
                sleep(Duration::from_millis(10)).await;
            }
            ended.await.is_ok()
        };
        timeout(END_LIMIT, done).await.unwrap_or(false)
    }
}

/// A loss that begins, and where in a file.
fn loss_of(place: &str, spot: Option<Spot>) -> Note {
    let note = Note::new(
        place,
        Happening::Loss {
            frames: 0,
            seconds: 0.0,
        },
    );
    match spot {
        Some(Spot { file, position }) => note
            .because(format!(
                "it is silence in what goes to {file}, as the gap log beside it says"
            ))
            .at(position),
        None => note,
    }
}

fn storage(message: String) -> CommandError {
    CommandError {
        code: ErrorCode::Storage,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TimelineKind;

    fn live(reconnects: u32) -> AirState {
        AirState::Live {
            seconds: 1.0,
            bytes_sent: 1,
            seconds_dropped: 0.0,
            reconnects,
            title: crate::api::TitleSeen::NotSet,
            statistics: None,
        }
    }

    fn retrying(reason: &str, attempt: u32) -> AirState {
        AirState::Retrying {
            reason: reason.into(),
            attempt,
            seconds: 1.0,
        }
    }

    #[test]
    fn an_outage_is_noted_once_however_often_it_is_tried_again() {
        let failed = AirState::Failed {
            reason: "wrong password".into(),
            certificate: None,
        };
        let mut log = AirLog::default();
        let states = [
            AirState::Off,
            AirState::Connecting,
            live(0),
            live(0),
            retrying("reset", 1),
            AirState::Connecting,
            retrying("reset", 2),
            retrying("refused", 3),
            live(1),
            live(2),
            AirState::Off,
            failed.clone(),
            failed,
            AirState::Off,
        ];
        let noted: Vec<_> = states.iter().filter_map(|state| log.follow(state)).collect();
        let why = |reason: &str| Some(reason.to_owned());
        assert_eq!(
            noted,
            [
                (Happening::OnAir { reconnects: 0 }, None),
                (Happening::Reconnecting, why("reset")),
                (Happening::Reconnecting, why("refused")),
                (Happening::OnAir { reconnects: 1 }, None),
                (Happening::OnAir { reconnects: 2 }, None),
                (Happening::OffAir, None),
                (Happening::OffAir, why("wrong password")),
            ]
        );
    }

    #[test]
    fn a_loss_of_a_recording_says_in_which_file_and_where() {
        let spot = Spot {
            file: "/shows/two.wav".into(),
            position: 96_000,
        };
        let note = loss_of("recording Two", Some(spot));
        assert_eq!(
            (note.subject.as_str(), note.cause.as_deref(), note.position),
            (
                "recording Two",
                Some("it is silence in what goes to /shows/two.wav, as the gap log beside it says"),
                Some(96_000)
            )
        );
        let note = loss_of("main output", None);
        assert_eq!((note.cause, note.position), (None, None));
    }

    #[test]
    fn every_kind_can_be_chosen_by_the_name_that_it_has_on_the_wire() {
        for kind in TimelineKind::ALL {
            assert_eq!(kind.to_string().parse::<TimelineKind>(), Ok(kind));
        }
        let all = "nothing".parse::<TimelineKind>().expect_err("no kind");
        assert!(all.contains("onAir"), "{all}");
        let lost = Happening::Loss {
            frames: 1,
            seconds: 0.1,
        };
        let written = serde_json::to_value(&lost).expect("JSON");
        assert_eq!(written["kind"], lost.kind().to_string());
    }
}
