//! One utterance, from its turn at the strip to its last frame: fetched on one thread, decoded there, and passed on by another, which
//! is told meanwhile to pause, to go back or to stop. What is fetched ahead is bounded.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use airdesk_sources::stream::jitter::Pace;
use airdesk_sources::stream::machine::{State, Thresholds};
use airdesk_sources::stream::metrics::Metrics;
use airdesk_sources::stream::player::Told;
use airdesk_sources::tuner::speech::{SpeechError, SpeechRequest, Spoken, ask};
use airdesk_sources::tuner::{Address, Patience};
use tokio::sync::{broadcast, mpsc, watch};

use super::take::Take;
use crate::api::{SpeechAttempt, SpeechOutcome, UtteranceId};
use crate::programs::{ProgramInlet, ProgramTurn};
use crate::station::Internal;

/// Pieces that are fetched ahead of what the strip takes, and frames in each: 87 s of 24 kHz at most.
const PIECES_AHEAD: usize = 512;
const PIECE_FRAMES: usize = 4_096;
/// How often it looks whether the strip is still there.
const LOOK: Duration = Duration::from_millis(200);

/// Where the voice comes from.
pub(super) enum Source {
    Http {
        request: Box<SpeechRequest>,
        bases: Vec<Address>,
    },
    #[cfg(unix)]
    Spkr { path: PathBuf, line: String },
    /// It was said before.
    Take(Arc<Take>),
}

/// What an utterance is told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Control {
    pub(super) paused: bool,
    pub(super) cut: Option<Cut>,
    /// How often it was sent back to its beginning.
    pub(super) backs: u32,
}

/// Why it is said no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Cancel,
    Skip,
}

/// One utterance.
pub(super) struct Job {
    pub(super) id: UtteranceId,
    pub(super) source: Source,
    pub(super) inlet: ProgramInlet,
    pub(super) thresholds: Thresholds,
    /// Silence behind it, seconds.
    pub(super) trailing: f32,
    pub(super) control: watch::Receiver<Control>,
    /// Its beginning is not kept any more: it cannot go back.
    pub(super) forgotten: Arc<AtomicBool>,
    pub(super) station: mpsc::UnboundedSender<Internal>,
}

/// What the station hears of it.
pub(crate) enum AnnouncerNews {
    /// A server speaks.
    Speaks { id: UtteranceId, endpoint: String },
    /// It is over.
    Over(Box<Over>),
    /// Its key was looked up or kept.
    Key(super::KeyFound),
}

/// How it went.
pub(crate) struct Over {
    pub(super) id: UtteranceId,
    pub(super) outcome: SpeechOutcome,
    pub(super) attempts: Vec<SpeechAttempt>,
    pub(super) take: Take,
    pub(super) seconds: f64,
    pub(super) bytes: u64,
    pub(super) metrics: Option<Metrics>,
}

/// What comes from the thread that fetches.
enum Fetched {
    Piece(Spoken),
    Over(Vec<SpeechAttempt>, Result<(), String>),
}

/// Says it, on a thread of its own, and tells the station.
pub(super) fn start(job: Job) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    thread::Builder::new().name("announcer".into()).spawn(move || {
        let (station, id) = (job.station.clone(), job.id);
        let mut saying = Saying::new(&job);
        let outcome = runtime.block_on(saying.say(job));
        let over = Over {
            id,
            outcome,
            attempts: saying.attempts,
            take: saying.take,
            seconds: saying.seconds,
            bytes: saying.bytes,
            metrics: saying.metrics,
        };
        // A station that has ended does not want to know.
        let _ = station.send(Internal::Announcer(AnnouncerNews::Over(Box::new(over))));
    })?;
    Ok(())
}

/// Fetches it on another thread. Nobody takes what comes once the other end is dropped.
fn fetch(job: &Job, patience: Patience) -> std::io::Result<mpsc::Receiver<Fetched>> {
    let (pieces, fetched) = mpsc::channel(PIECES_AHEAD);
    let (id, station) = (job.id, job.station.clone());
    let source = match &job.source {
        Source::Take(take) => Source::Take(take.clone()),
        Source::Http { request, bases } => Source::Http {
            request: request.clone(),
            bases: bases.clone(),
        },
        #[cfg(unix)]
        Source::Spkr { path, line } => Source::Spkr {
            path: path.clone(),
            line: line.clone(),
        },
    };
    let run = move || {
        let mut hear = |spoken: Spoken| {
            let all = spoken.frames.len().max(1);
            spoken.frames.chunks(PIECE_FRAMES).all(|frames| {
                let piece = Spoken {
                    rate: spoken.rate,
                    frames: frames.to_vec(),
                    bytes: spoken.bytes * frames.len() / all,
                    decoded_in: spoken.decoded_in,
                };
                pieces.blocking_send(Fetched::Piece(piece)).is_ok()
            })
        };
        let mut speaks = |endpoint: &str| {
            // A station that has ended does not want to know.
            let _ = station.send(Internal::Announcer(AnnouncerNews::Speaks {
                id,
                endpoint: endpoint.to_owned(),
            }));
        };
        let (attempts, outcome) = match source {
            Source::Take(take) => {
                for (rate, frames) in take.pieces() {
                    let spoken = Spoken {
                        rate,
                        frames,
                        bytes: 0,
                        decoded_in: 0.0,
                    };
                    if !hear(spoken) {
                        break;
                    }
                }
                (Vec::new(), Ok(()))
            }
            Source::Http { request, bases } => {
                let (attempts, outcome) = ask(&request, &bases, &patience, &mut speaks, &mut hear);
                let attempts = attempts.into_iter().map(|attempt| SpeechAttempt {
                    endpoint: attempt.endpoint,
                    fault: attempt.fault,
                });
                (
                    attempts.collect(),
                    outcome.map_err(|error: SpeechError| error.to_string()),
                )
            }
            #[cfg(unix)]
            Source::Spkr { path, line } => {
                use airdesk_sources::spkr::client::speak;
                let endpoint = path.display().to_string();
                let mut said = || speaks(&endpoint);
                let spoken = speak(&path, &line, Default::default(), &patience, &mut said, &mut hear);
                let outcome = spoken.map_err(|error| error.to_string());
                if let Ok(Some(odd)) = outcome.as_ref().map(airdesk_sources::spkr::Remarks::sentence) {
                    tracing::warn!("the speech program at {endpoint}: {odd}");
                }
                let fault = outcome.as_ref().err().cloned();
                (vec![SpeechAttempt { endpoint, fault }], outcome.map(drop))
            }
        };
        // Nobody may wait for it any more.
        let _ = pieces.blocking_send(Fetched::Over(attempts, outcome));
    };
    thread::Builder::new().name("speech".into()).spawn(run)?;
    Ok(fetched)
}

/// Ends the fetching when nobody passes on what comes.
struct Fetching(Patience);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What is known of an utterance while it is said.
struct Saying {
    attempts: Vec<SpeechAttempt>,
    take: Take,
    forgotten: Arc<AtomicBool>,
    seconds: f64,
    bytes: u64,
    metrics: Option<Metrics>,
    /// It was said before, and is not kept once more.
    again: bool,
    paused: bool,
    backs: u32,
}

/// What is passed on: pieces, then silence.
#[derive(Default)]
struct Passing {
    /// To be said before what comes: what was said already, after going back.
    before: std::collections::VecDeque<Spoken>,
    next: Option<Spoken>,
    /// How fetching ended.
    over: Option<Result<(), String>>,
    /// The silence behind it was.
    silence: bool,
    /// The end was said to the strip.
    ended: bool,
    heard: Heard,
}

/// Whether the strip has played it all: the end of what was before is not ours.
#[derive(Default)]
struct Heard {
    begun: bool,
    over: bool,
    all: bool,
}

impl Heard {
    fn told(&mut self, told: Told) {
        match told {
            Told::Change(change) if change.to == State::Buffering => (self.begun, self.over) = (true, false),
            Told::Change(change) if change.to.is_terminal() => self.over = self.begun,
            Told::Change(_) => {}
            Told::Heard => self.all = self.over,
        }
    }
}

impl Saying {
    fn new(job: &Job) -> Self {
        Self {
            attempts: Vec::new(),
            take: Take::default(),
            forgotten: job.forgotten.clone(),
            seconds: 0.0,
            bytes: 0,
            metrics: None,
            again: matches!(job.source, Source::Take(_)),
            paused: false,
            backs: job.control.borrow().backs,
        }
    }

    async fn say(&mut self, mut job: Job) -> SpeechOutcome {
        let turn = tokio::select! {
            biased;
            cut = cut(&mut job.control) => return cut,
            turn = job.inlet.turn("Announcer") => turn,
        };
        let outcome = self.pass_on(&mut job, &turn).await;
        self.metrics = Some(turn.status().metrics);
        if !matches!(outcome, SpeechOutcome::Spoken | SpeechOutcome::Failed { .. }) {
            turn.cancel();
        }
        outcome
    }

    async fn pass_on(&mut self, job: &mut Job, turn: &ProgramTurn) -> SpeechOutcome {
        let failed = |reason: String| SpeechOutcome::Failed { reason };
        let patience = Patience::default();
        let mut told = turn.told();
        if let Err(gone) = turn.start(job.thresholds, Pace::Ahead) {
            return failed(gone.to_string());
        }
        let mut fetched = match fetch(job, patience.clone()) {
            Ok(fetched) => fetched,
            Err(error) => {
                return failed(format!(
                    "the system gives no thread for it: {error}; end other programs"
                ));
            }
        };
        let _fetching = Fetching(patience);
        let mut passing = Passing::default();
        loop {
            let control = *job.control.borrow_and_update();
            match control.cut {
                Some(Cut::Cancel) => return SpeechOutcome::Cancelled,
                Some(Cut::Skip) => return SpeechOutcome::Skipped,
                None => {}
            }
            self.obey(control, turn, job, &mut passing);
            if passing.heard.all && passing.ended {
                return match passing.over {
                    Some(Err(reason)) => failed(reason),
                    _ => SpeechOutcome::Spoken,
                };
            }
            if job.inlet.is_gone() {
                return failed(format!(
                    "the strip it is spoken into is gone: {}",
                    crate::programs::Gone
                ));
            }
            if passing.next.is_none() {
                passing.next = passing.before.pop_front();
            }
            let is_empty = passing.next.is_none() && passing.before.is_empty();
            if is_empty && !passing.ended && passing.over.is_some() {
                if let Err(outcome) = self.end(job, turn, &mut passing) {
                    return outcome;
                }
                continue;
            }
            tokio::select! {
                biased;
                changed = job.control.changed() => if changed.is_err() {
                    return SpeechOutcome::Cancelled;
                },
                said = told.recv() => match said {
                    Ok(said) => passing.heard.told(said),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return SpeechOutcome::Cancelled,
                },
                has_room = turn.room(), if passing.next.is_some() => {
                    if let (Ok(()), Some(piece)) = (has_room, passing.next.take())
                        && let Err(gone) = turn.give(piece.rate, piece.frames, piece.bytes)
                    {
                        return failed(gone.to_string());
                    }
                }
                piece = fetched.recv(), if is_empty && passing.over.is_none() => match piece {
                    Some(Fetched::Piece(piece)) => {
                        self.keep(&piece);
                        // Nothing may play it any more, which the next round sees.
                        let _ = turn.decoded_in(piece.decoded_in);
                        passing.next = Some(piece);
                    }
                    Some(Fetched::Over(attempts, outcome)) => {
                        self.attempts = attempts;
                        passing.over = Some(outcome);
                    }
                    None => passing.over = Some(Err("fetching it broke".into())),
                },
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    fn keep(&mut self, piece: &Spoken) {
        self.seconds += piece.frames.len() as f64 / f64::from(piece.rate.hz());
        self.bytes += piece.bytes as u64;
        if !self.again {
            self.take.keep(piece.rate, &piece.frames);
            // Relaxed: a flag by itself.
            self.forgotten.store(!self.take.is_whole(), Ordering::Relaxed);
        }
    }

    /// All has come: the silence behind it, and the end. Where nothing has come it is over.
    fn end(&mut self, job: &Job, turn: &ProgramTurn, passing: &mut Passing) -> Result<(), SpeechOutcome> {
        if self.seconds == 0.0 {
            turn.cancel();
            return Err(match passing.over.take() {
                Some(Err(reason)) => SpeechOutcome::Failed { reason },
                _ => SpeechOutcome::Spoken,
            });
        }
        let silence = (job.trailing * job.inlet.rate().hz() as f32) as usize;
        if !std::mem::replace(&mut passing.silence, true) && silence > 0 {
            passing.next = Some(Spoken {
                rate: job.inlet.rate(),
                frames: vec![[0.0; 2]; silence],
                bytes: 0,
                decoded_in: 0.0,
            });
            return Ok(());
        }
        passing.ended = true;
        turn.end().map_err(|gone| SpeechOutcome::Failed {
            reason: gone.to_string(),
        })
    }

    /// Pauses, goes on, and goes back to the beginning.
    fn obey(&mut self, control: Control, turn: &ProgramTurn, job: &Job, passing: &mut Passing) {
        if control.backs != self.backs {
            self.backs = control.backs;
            let pieces = match &job.source {
                Source::Take(take) => take.pieces(),
                _ if self.take.is_whole() => self.take.pieces(),
                // Its beginning is not all there any more: it goes on.
                _ => return,
            };
            turn.cancel();
            // Nothing may play it any more, which the next round sees.
            let _ = turn.start(job.thresholds, Pace::Ahead);
            passing.before = pieces
                .into_iter()
                .map(|(rate, frames)| Spoken {
                    rate,
                    frames,
                    bytes: 0,
                    decoded_in: 0.0,
                })
                .collect();
            // What waited is among what is said again.
            passing.next = None;
            if matches!(job.source, Source::Take(_)) {
                passing.over = Some(Ok(()));
            }
            (passing.silence, passing.ended, passing.heard, self.paused) = (false, false, Heard::default(), false);
        }
        if control.paused != self.paused {
            self.paused = control.paused;
            if control.paused {
                turn.pause();
            } else {
                turn.resume();
            }
        }
    }
}

/// Waits until it is cut.
async fn cut(control: &mut watch::Receiver<Control>) -> SpeechOutcome {
    match control
        .wait_for(|control| control.cut.is_some())
        .await
        .map(|control| control.cut)
    {
        Ok(Some(Cut::Skip)) => SpeechOutcome::Skipped,
        Ok(_) | Err(_) => SpeechOutcome::Cancelled,
    }
}
