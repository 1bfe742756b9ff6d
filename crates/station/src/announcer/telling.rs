//! The station's side of the announcer: what it is told, what it says next, and what hosts hear of it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use airdesk_outputs::icecast::Secret;
use jiff::Zoned;
use tokio::sync::watch;

use super::settings::check;
use super::take::Take;
use super::worker::{self, AnnouncerNews, Control, Cut, Job, Over};
use super::{HISTORY_MAX, Now, Past, Waiting};
use crate::api::{
    AnnouncerCommand, CommandError, ErrorCode, Event, PastUtterance, Reply, Severity, SpeechOutcome, StripSource,
    Talkover, Utterance,
};
use crate::programs::ProgramInlet;
use crate::recording::Answer;
use crate::session::SessionStrip;
use crate::station::Core;

impl Core {
    /// Obeys what the announcer is told; setting a key answers later.
    pub(crate) fn announce(&mut self, command: AnnouncerCommand, answer: Answer) {
        if let AnnouncerCommand::SetKey { key } = command {
            let key = key.into_inner();
            if key.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
                let message = "a key is one word; copy it anew".into();
                let code = ErrorCode::Invalid;
                // A host that has gone does not want the answer.
                let _ = answer.send(Err(CommandError { code, message }));
                return;
            }
            self.announcer.ask_key(Some(Secret::new(key)), Some(answer));
            return;
        }
        let result = self.told_announcer(command);
        if result.is_ok() {
            self.say_next();
            self.tell_announcer();
        }
        // A host that has gone does not want the answer.
        let _ = answer.send(result);
    }

    fn told_announcer(&mut self, command: AnnouncerCommand) -> Result<Reply, CommandError> {
        let announcer = &mut self.announcer;
        match command {
            AnnouncerCommand::Say { text, voice } => {
                return announcer.say(&text, voice).map(|id| Reply::Utterance { id });
            }
            AnnouncerCommand::Cancel { utterance } => announcer.cancel(utterance)?,
            AnnouncerCommand::CancelAll => {
                announcer.queue.clear();
                (announcer.paused, announcer.stopped) = (false, true);
                if announcer.now.is_some() {
                    announcer.control(|control| control.cut = Some(Cut::Cancel))?;
                }
            }
            AnnouncerCommand::Skip => announcer.control(|control| control.cut = control.cut.or(Some(Cut::Skip)))?,
            AnnouncerCommand::Back => announcer.back()?,
            AnnouncerCommand::Replay { utterance, last } => announcer.replay(utterance, last)?,
            AnnouncerCommand::Pause => announcer.pause(true),
            AnnouncerCommand::Resume => announcer.pause(false),
            AnnouncerCommand::Set { settings } => {
                announcer.settings = check(*settings)?;
                announcer.is_set = true;
                self.touch();
            }
            AnnouncerCommand::SetKey { .. } => {}
        }
        Ok(Reply::Done)
    }

    /// Says the next text, if it can be said now.
    fn say_next(&mut self) {
        while self.announcer.now.is_none() && !self.announcer.paused {
            let Some(waiting) = self.announcer.queue.front() else {
                return;
            };
            if waiting.take.is_none() && self.announcer.wants_key() && self.announcer.key.is_none() {
                if !self.announcer.key_asked {
                    self.announcer.ask_key(None, None);
                }
                if self.announcer.key.is_none() {
                    return;
                }
            }
            let Some(waiting) = self.announcer.queue.pop_front() else {
                return;
            };
            if let Err(reason) = self.begin_to_say(&waiting) {
                let over = Over {
                    id: waiting.utterance.id,
                    outcome: SpeechOutcome::Failed { reason },
                    attempts: Vec::new(),
                    take: Take::default(),
                    seconds: 0.0,
                    bytes: 0,
                    metrics: None,
                };
                self.said(waiting.utterance, over);
            }
        }
    }

    fn begin_to_say(&mut self, waiting: &Waiting) -> Result<(), String> {
        let inlet = self.announcers_strip().map_err(|error| error.message)?;
        let announcer = &mut self.announcer;
        let (control, controlled) = watch::channel(Control::default());
        let forgotten = Arc::<AtomicBool>::default();
        let job = Job {
            id: waiting.utterance.id,
            source: announcer.source(waiting),
            inlet: inlet.clone(),
            thresholds: announcer.thresholds(),
            trailing: announcer.settings.trailing_silence,
            control: controlled,
            forgotten: forgotten.clone(),
            station: announcer.internal.clone(),
        };
        worker::start(job)
            .map_err(|error| format!("the system gives no thread for it: {error}; end other programs"))?;
        announcer.now = Some(Now {
            utterance: waiting.utterance.clone(),
            strip: announcer.settings.strip.clone(),
            inlet,
            endpoint: None,
            control,
            forgotten,
        });
        Ok(())
    }

    /// The strip that is spoken into. It is put on the desk when it is first wanted: music steps back for it.
    fn announcers_strip(&mut self) -> Result<ProgramInlet, CommandError> {
        let name = self.announcer.settings.strip.clone();
        let is_there = self.strips.states().any(|strip| strip.name == name);
        if !is_there {
            let mut strip = SessionStrip::new(&name, StripSource::Programs);
            strip.controls.talkover = Talkover::Key;
            self.add_strip(&strip)?;
            if !self.talkover.on {
                let mut talkover = self.talkover;
                talkover.on = true;
                self.set_talkover(talkover)?;
            }
            self.touch();
        }
        self.way_in(Some(&name))
    }

    /// Takes in what a worker says.
    pub(crate) fn hear_announcer(&mut self, news: AnnouncerNews) {
        match news {
            AnnouncerNews::Speaks { id, endpoint } => {
                if let Some(now) = self.announcer.now.as_mut().filter(|now| now.utterance.id == id) {
                    now.endpoint = Some(endpoint);
                }
            }
            AnnouncerNews::Over(over) => {
                let is_now = self
                    .announcer
                    .now
                    .as_ref()
                    .is_some_and(|now| now.utterance.id == over.id);
                if is_now && let Some(now) = self.announcer.now.take() {
                    self.said(now.utterance, *over);
                    self.say_next();
                }
            }
            AnnouncerNews::Key(found) => {
                self.announcer.key = Some((found.key, found.state));
                if let Some(answer) = found.answer {
                    // A host that has gone does not want the answer.
                    let _ = answer.send(found.fault.map_or(Ok(Reply::Done), Err));
                }
                self.say_next();
            }
        }
        self.tell_announcer();
    }

    /// What was said is kept, and what could not be said is put before the operator.
    fn said(&mut self, utterance: Utterance, over: Over) {
        if let SpeechOutcome::Failed { reason } = &over.outcome {
            let begin: String = utterance.text.chars().take(40).collect();
            self.notice(
                Severity::Warning,
                format!("\"{begin}\" was not said to its end: {reason}"),
            );
        }
        if utterance.again {
            return;
        }
        let metrics = over.metrics.as_ref();
        let milliseconds = |seconds: Option<f64>| seconds.map(|seconds| (seconds * 1_000.0) as f32);
        let has_come = over.seconds > 0.0;
        self.announcer.history.push_front(Past {
            told: PastUtterance {
                utterance,
                outcome: over.outcome,
                time: Zoned::now().strftime("%H:%M:%S").to_string(),
                attempts: over.attempts,
                seconds: over.seconds as f32,
                kept: over.take.seconds() as f32,
                time_to_first_byte: milliseconds(metrics.filter(|_| has_come).and_then(|figures| figures.first_byte)),
                time_to_first_audio: milliseconds(metrics.filter(|_| has_come).and_then(|figures| figures.first_audio)),
                underruns: metrics.map_or(0, |figures| u32::try_from(figures.underruns).unwrap_or(u32::MAX)),
                bytes: over.bytes,
            },
            take: Arc::new(over.take),
        });
        self.announcer.history.truncate(HISTORY_MAX);
    }

    /// Tells how far it is, while something is said.
    pub(crate) fn look_after_announcer(&mut self) {
        if self.announcer.now.is_some() {
            self.tell_announcer();
        }
    }

    fn tell_announcer(&self) {
        self.tell(Event::Announcer(Box::new(self.announcer.state())));
    }

    /// The end of a desk waits for nobody who speaks.
    pub(crate) fn end_announcer(&mut self) {
        self.announcer.queue.clear();
        // Nothing may be said.
        let _ = self.announcer.control(|control| control.cut = Some(Cut::Cancel));
    }
}
