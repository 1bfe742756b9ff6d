//! How utterances become streams of the strip's source: what is to be fed next, and what has become of what was fed.

use std::collections::VecDeque;

use airdesk_station::programs::State;
use bytes::Bytes;

use super::{Client, Session};
use crate::daemon::figures::Figures;
use crate::daemon::pcm::Pcm;
use crate::daemon::room::Kept;

/// Too little to begin with, and nothing more for so long: it is heard as it is, seconds.
const PATIENCE: f64 = 2.0;
/// Audio that is handed on at once, bytes.
const PIECE: usize = 16 * 1024;

/// What is to be done next with the strip's source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::daemon) enum Step {
    /// Nothing, until somebody says something or something was heard.
    Nothing,
    /// Begin a stream with a buffer of so many seconds.
    Begin(f64),
    /// Say what the next bytes are.
    Declare(Pcm),
    /// Hand on [`Session::piece`].
    Feed,
    /// All of the stream was handed on.
    End,
}

/// What is known of the strip's source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::daemon) struct View {
    /// Which stream it is about.
    pub(in crate::daemon) stream: u64,
    pub(in crate::daemon) state: State,
    /// Some of it is still to be heard.
    pub(in crate::daemon) sounds: bool,
    /// Given to be heard since the stream began, seconds.
    pub(in crate::daemon) given: f64,
    /// It has begun to sound.
    pub(in crate::daemon) began: bool,
    pub(in crate::daemon) underruns: u64,
}

/// What came in one message and was not handed on yet.
pub(super) struct Audio {
    pub(super) bytes: Bytes,
    pub(super) pcm: Pcm,
    pub(super) kept: Kept,
}

/// Where an utterance stands with the strip's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No stream of the source is its own.
    New,
    /// This one is, and takes more.
    Feeding(u64),
    /// This one was told its end.
    Closing(u64),
}

/// From the first chunk, or `play`, to the end.
pub(super) struct Utterance {
    pub(super) audio: VecDeque<Audio>,
    stage: Stage,
    /// Nothing more belongs to it.
    pub(super) ended: bool,
    /// What came is too little to begin with, and is to be heard nevertheless.
    flushed: bool,
    /// What the source was told that the bytes are.
    declared: Option<Pcm>,
    /// What a program was told that it is not what was expected.
    pub(super) warned: Option<Pcm>,
    pub(super) figures: Figures,
    /// Figures of streams that were over before this one.
    before: (f64, u64),
    pub(super) owner: Client,
}

impl Utterance {
    pub(super) fn of(owner: Client) -> Self {
        Self {
            audio: VecDeque::new(),
            stage: Stage::New,
            ended: false,
            flushed: false,
            declared: None,
            warned: None,
            figures: Figures::default(),
            before: (0.0, 0),
            owner,
        }
    }
}

impl Session {
    /// What is to be done next.
    pub(in crate::daemon) fn step(&self) -> Step {
        let Some(utterance) = self.utterances.front() else {
            return Step::Nothing;
        };
        let audio = utterance.audio.front();
        match (utterance.stage, audio) {
            (Stage::New, Some(_)) => Step::Begin(self.capacity),
            (Stage::Feeding(_), Some(audio)) if utterance.declared != Some(audio.pcm) => Step::Declare(audio.pcm),
            (Stage::Feeding(_), Some(_)) => Step::Feed,
            (Stage::Feeding(_), None) if utterance.ended || utterance.flushed => Step::End,
            (Stage::New | Stage::Feeding(_), None) | (Stage::Closing(_), _) => Step::Nothing,
        }
    }

    /// The source has begun this stream.
    pub(in crate::daemon) fn begun(&mut self, stream: u64) {
        if let Some(utterance) = self.utterances.front_mut() {
            (utterance.stage, utterance.declared) = (Stage::Feeding(stream), None);
        }
    }

    /// The source was told what comes.
    pub(in crate::daemon) fn declared(&mut self, pcm: Pcm) {
        if let Some(utterance) = self.utterances.front_mut() {
            utterance.declared = Some(pcm);
        }
    }

    /// The next bytes, of what was declared.
    pub(in crate::daemon) fn piece(&mut self) -> Vec<u8> {
        let Some(utterance) = self.utterances.front_mut() else {
            return Vec::new();
        };
        let Some(audio) = utterance.audio.front_mut() else {
            return Vec::new();
        };
        let piece = audio.bytes.split_to(PIECE.min(audio.bytes.len()));
        audio.kept.used(piece.len());
        if audio.bytes.is_empty() {
            utterance.audio.pop_front();
        }
        piece.into()
    }

    /// The source was told the end of its stream.
    pub(in crate::daemon) fn end_told(&mut self) {
        if let Some(utterance) = self.utterances.front_mut()
            && let Stage::Feeding(stream) = utterance.stage
        {
            utterance.stage = Stage::Closing(stream);
        }
    }

    /// Looks what has become of it. `view` is the source's own, where there is one.
    pub(in crate::daemon) fn look(&mut self, view: Option<&View>) {
        while self.look_once(view) {}
    }

    /// Whether an utterance is over by it.
    fn look_once(&mut self, view: Option<&View>) -> bool {
        let is_last = self.utterances.len() == 1;
        let Some(utterance) = self.utterances.front_mut() else {
            return false;
        };
        let (stream, is_closing) = match utterance.stage {
            Stage::New => {
                let is_over = utterance.audio.is_empty() && (utterance.ended || (is_last && self.silent));
                if is_over {
                    self.complete();
                }
                return is_over;
            }
            Stage::Feeding(stream) => (stream, false),
            Stage::Closing(stream) => (stream, true),
        };
        let Some(view) = view.filter(|view| view.stream == stream) else {
            return false;
        };
        let figures = &mut utterance.figures;
        let (given, underruns) = utterance.before;
        figures.given = given + view.given;
        figures.underruns = underruns + view.underruns;
        if view.began {
            figures.began.get_or_insert(self.now);
        }
        if is_closing {
            let is_heard = view.state.is_terminal() && !view.sounds;
            if is_heard {
                utterance.before = (figures.given, figures.underruns);
                (utterance.stage, utterance.flushed) = (Stage::New, false);
            }
            return is_heard;
        }
        let starves = utterance.audio.is_empty() && matches!(view.state, State::Buffering | State::Rebuffering);
        if starves && !self.paused && is_last {
            let since = figures.last_chunk.map_or(0.0, |last| self.now - last);
            // Whoever has gone without a word has said its last.
            utterance.ended |= self.silent;
            utterance.flushed |= since >= PATIENCE && figures.waits() > 0.0;
        }
        false
    }
}
