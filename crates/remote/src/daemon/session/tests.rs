use airdesk_station::programs::State;

use super::*;

/// A second of audio as it usually is.
const SECOND: usize = 48_000;

/// What happens, one after the other.
enum Do {
    /// A program says it.
    Says(Client, Action),
    /// It sends so many bytes.
    Sends(Client, usize),
    /// So much time passes, seconds.
    Passes(f64),
    /// The source does all it can do at once, and says what it does then.
    Plays(State),
    /// What the source has was heard.
    Heard,
    Leaves(Client),
    IsSilent(Client),
}

use Do::{Heard, IsSilent, Leaves, Passes, Plays, Says, Sends};

/// A session and a source that takes all it is given.
struct Bench {
    session: Session,
    now: f64,
    /// Streams that the source has begun.
    streams: u64,
    view: Option<View>,
    /// What it was fed and told, in words.
    fed: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let mut session = Session::new(Pcm::USUAL);
        session.at(0.0, 0);
        Self {
            session,
            now: 0.0,
            streams: 0,
            view: None,
            fed: Vec::new(),
        }
    }

    fn happens(&mut self, what: Do) {
        match what {
            Says(client, action) => self.session.control(client, action),
            Sends(client, bytes) => self.session.chunk(client, vec![0; bytes], None, Kept::default()),
            Passes(seconds) => {
                self.now += seconds;
                self.session.at(self.now, 0);
            }
            Plays(state) => self.plays(state, true),
            Heard => self.plays(State::Finished, false),
            Leaves(client) => self.session.left(client),
            IsSilent(client) => self.session.silent(client, true),
        }
        for wish in self.session.take_wishes() {
            self.fed.push(format!("{wish:?}").to_lowercase());
        }
        self.session.look(self.view.as_ref());
        for wish in self.session.take_wishes() {
            self.fed.push(format!("{wish:?}").to_lowercase());
        }
    }

    fn plays(&mut self, state: State, sounds: bool) {
        loop {
            match self.session.step() {
                Step::Nothing => break,
                Step::Begin(_) => {
                    self.streams += 1;
                    self.fed.push("begin".into());
                    self.session.begun(self.streams);
                }
                Step::Declare(pcm) => self.session.declared(pcm),
                Step::Feed => {
                    let piece = self.session.piece().len();
                    match self.fed.last_mut().and_then(|last| last.parse::<usize>().ok()) {
                        Some(fed) => *self.fed.last_mut().expect("it is there") = (fed + piece).to_string(),
                        None => self.fed.push(piece.to_string()),
                    }
                }
                Step::End => {
                    self.fed.push("end".into());
                    self.session.end_told();
                }
            }
        }
        self.view = Some(View {
            stream: self.streams,
            state,
            sounds,
            given: if state == State::Buffering { 0.0 } else { 0.25 },
            began: true,
            underruns: 0,
        });
    }

    /// What all programs were told: `status` by its state.
    fn told(&mut self) -> Vec<String> {
        let out = self.session.take_out();
        out.iter()
            .map(|(_, kind, data)| match *kind {
                "status" => data["state"].as_str().expect("a state").to_owned(),
                kind => kind.to_owned(),
            })
            .collect()
    }
}

/// What it is about, what happens, what the source is told, and what programs are told.
type Case = (&'static str, Vec<Do>, &'static [&'static str], &'static [&'static str]);

#[test]
fn what_programs_say_becomes_what_is_heard_and_what_they_are_told() {
    let cases: Vec<Case> = vec![
        (
            "a stream with a play, as the TypeScript client sends it",
            vec![
                Says(1, Action::Stop),
                Says(1, Action::Play),
                Sends(1, SECOND),
                Plays(State::Playing),
                Says(1, Action::End),
                Plays(State::Draining),
                Heard,
            ],
            &["begin", "48000", "end"],
            &["idle", "playing", "playing", "playing", "completed", "idle"],
        ),
        (
            "a whole clip without a play",
            vec![
                Says(1, Action::Stop),
                Sends(1, 10 * SECOND),
                Says(1, Action::End),
                Plays(State::Playing),
                Heard,
            ],
            &["begin", "480000", "end"],
            &["idle", "playing", "playing", "completed", "idle"],
        ),
        (
            "an end where nothing was begun is completed at once, every time",
            vec![Says(1, Action::End), Says(1, Action::End)],
            &[],
            &["completed", "idle", "completed", "idle"],
        ),
        (
            "a play without audio is completed by its end",
            vec![Says(1, Action::Play), Says(1, Action::End)],
            &[],
            &["playing", "playing", "completed", "idle"],
        ),
        (
            "a play while it plays changes nothing, nor does a second end",
            vec![
                Sends(1, SECOND),
                Says(1, Action::Play),
                Says(1, Action::End),
                Says(1, Action::Play),
                Says(1, Action::End),
                Plays(State::Playing),
                Heard,
            ],
            &["begin", "48000", "end"],
            &[
                "playing",
                "playing",
                "playing",
                "playing",
                "playing",
                "completed",
                "idle",
            ],
        ),
        (
            "a stop is heard at once, and is no completion",
            vec![
                Sends(1, SECOND),
                Plays(State::Playing),
                Sends(1, SECOND),
                Says(1, Action::Stop),
                Heard,
                Plays(State::Idle),
            ],
            &["begin", "48000", "cancel"],
            &["playing", "idle"],
        ),
        (
            "what is sent behind a stop is another session",
            vec![
                Sends(1, SECOND),
                Plays(State::Playing),
                Says(2, Action::Stop),
                Sends(2, SECOND),
                Says(2, Action::End),
                // The source has not noticed: what it says is still about the first.
                Passes(0.01),
                Plays(State::Playing),
                Heard,
            ],
            &["begin", "48000", "cancel", "begin", "48000", "end"],
            &["playing", "idle", "playing", "completed", "idle"],
        ),
        (
            "a pause keeps what was sent and takes more, and its end waits",
            vec![
                Sends(1, SECOND),
                Plays(State::Playing),
                Says(1, Action::Pause),
                Says(1, Action::Pause),
                Sends(1, SECOND),
                Says(1, Action::End),
                Says(1, Action::Resume),
                Plays(State::Draining),
                Heard,
            ],
            &["begin", "48000", "pause", "resume", "48000", "end"],
            &["playing", "paused", "paused", "paused", "playing", "completed", "idle"],
        ),
        (
            "nothing to pause or to resume is a status",
            vec![
                Says(1, Action::Pause),
                Says(1, Action::Resume),
                Says(1, Action::Unknown),
            ],
            &[],
            &["idle", "idle", "idle"],
        ),
        (
            "utterances are heard one behind the other, each completed when it was heard",
            vec![
                Sends(1, SECOND),
                Says(1, Action::End),
                Sends(1, 2 * SECOND),
                Says(1, Action::End),
                Plays(State::Playing),
                Plays(State::Draining),
                Heard,
                Plays(State::Draining),
                Heard,
            ],
            &["begin", "48000", "end", "begin", "96000", "end"],
            &[
                "playing",
                "playing",
                "playing",
                "completed",
                "playing",
                "completed",
                "idle",
            ],
        ),
        (
            "a program that goes has said its end, unless another goes on",
            vec![
                Sends(1, SECOND),
                Sends(2, SECOND),
                Leaves(1),
                Plays(State::Playing),
                Leaves(2),
                Plays(State::Draining),
                Heard,
            ],
            &["begin", "96000", "end"],
            &["playing", "completed", "idle"],
        ),
        (
            "too little to begin with is heard after two seconds, and what comes later goes on with it",
            vec![
                Sends(1, 4_800),
                Plays(State::Buffering),
                Passes(1.9),
                Plays(State::Buffering),
                Passes(0.2),
                Plays(State::Buffering),
                Plays(State::Draining),
                Heard,
                Sends(1, SECOND),
                Says(1, Action::End),
                Plays(State::Playing),
                Heard,
            ],
            &["begin", "4800", "end", "begin", "48000", "end"],
            &["playing", "playing", "playing", "completed", "idle"],
        ),
        (
            "a program that thinks for a minute keeps its session, one that is dead does not",
            vec![
                Sends(1, SECOND),
                Plays(State::Rebuffering),
                Passes(60.0),
                Plays(State::Rebuffering),
                Heard,
                Sends(1, SECOND),
                Plays(State::Playing),
                IsSilent(2),
                IsSilent(1),
                Plays(State::Rebuffering),
                Passes(0.1),
                Plays(State::Draining),
                Heard,
            ],
            &["begin", "48000", "end", "begin", "48000", "end"],
            &["playing", "playing", "completed", "idle"],
        ),
        (
            "a program that said play and died frees the strip",
            vec![Says(1, Action::Play), IsSilent(1)],
            &[],
            &["playing", "completed", "idle"],
        ),
    ];
    for (name, happens, fed, told) in cases {
        let mut bench = Bench::new();
        for what in happens {
            bench.happens(what);
        }
        assert_eq!(bench.fed, fed, "{name}");
        assert_eq!(bench.told(), told, "{name}");
        assert!(bench.session.is_idle(), "{name}");
    }
}

#[test]
fn status_after_chunks_comes_every_two_seconds_at_most() {
    let mut bench = Bench::new();
    for _ in 0..50 {
        bench.happens(Sends(1, 4_800));
        bench.happens(Passes(0.1));
    }
    assert_eq!(bench.told(), ["playing"; 3]);
}

#[test]
fn chunks_of_another_format_are_declared_and_warned_of_once() {
    let said = |rate| {
        Some(FormatSaid {
            rate: Some(rate),
            ..FormatSaid::default()
        })
    };
    let mut bench = Bench::new();
    for format in [None, said(24_000.0), said(44_100.0), said(44_100.0), said(1.0)] {
        bench.session.chunk(7, vec![0; 48], format, Kept::default());
    }
    let warnings: Vec<Out> = bench.session.take_out();
    let warnings: Vec<&Out> = warnings.iter().filter(|(_, kind, _)| *kind == "warning").collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.iter().all(|(to, _, _)| *to == To::One(7)));
    assert_eq!(
        warnings[0].2["message"],
        "Audio format mismatch: 44100 Hz, 1 channel, 16 bit; expected: 24000 Hz, 1 channel, 16 bit. It is converted"
    );
    assert_eq!(
        warnings[1].2["message"],
        "Unsupported sample rate: 1; the chunk was left out"
    );
    assert_eq!(bench.session.figures().chunks, 4, "three rates that can be played");
    bench.session.begun(1);
    let mut declared = Vec::new();
    loop {
        match bench.session.step() {
            Step::Declare(pcm) => {
                declared.push(pcm.to_string());
                bench.session.declared(pcm);
            }
            Step::Feed => assert_eq!(bench.session.piece().len(), 48),
            _ => break,
        }
    }
    assert_eq!(declared, ["24000 Hz, 1 channel, 16 bit", "44100 Hz, 1 channel, 16 bit"]);
}

#[test]
fn configure_sets_the_format_and_the_buffer_and_says_what_it_did_not() {
    let format = |rate, bits| {
        Some(FormatSaid {
            rate: Some(rate),
            bits: Some(bits),
            channels: None,
        })
    };
    for (params, warning, capacity, rate) in [
        (Params::default(), None, 2.0, 48_000.0),
        (
            Params {
                buffer: Some(144_000.0),
                ..Params::default()
            },
            None,
            3.0,
            48_000.0,
        ),
        (
            Params {
                buffer: Some(4_800.0),
                ..Params::default()
            },
            Some("A buffer of 4800 bytes is 0.10 s; it is 0.5 s"),
            0.5,
            48_000.0,
        ),
        (
            Params {
                buffer: Some(f64::NAN),
                ..Params::default()
            },
            Some("is none"),
            2.0,
            48_000.0,
        ),
        (
            Params {
                format: format(48_000.0, 32.0),
                buffer: Some(192_000.0),
                ..Params::default()
            },
            None,
            1.0,
            192_000.0,
        ),
        (
            Params {
                format: format(11_025.0, 16.0),
                ..Params::default()
            },
            Some("Unusual sample rate: 11025 Hz"),
            2.0,
            22_050.0,
        ),
        (
            Params {
                format: format(48_000.0, 12.0),
                ..Params::default()
            },
            Some("Unsupported bit depth: 12; audio is still expected as 24000 Hz"),
            2.0,
            48_000.0,
        ),
    ] {
        let mut session = Session::new(Pcm::USUAL);
        session.control(1, Action::Configure(params));
        let out = session.take_out();
        let said = out
            .iter()
            .find(|(_, kind, _)| *kind == "warning")
            .map(|(_, _, data)| data["message"].as_str().expect("a sentence").to_owned());
        assert_eq!(said.is_some(), warning.is_some(), "{said:?}");
        assert!(
            said.iter().all(|said| said.contains(warning.unwrap_or_default())),
            "{said:?}"
        );
        assert_eq!(out.last().map(|(_, kind, _)| *kind), Some("status"));
        assert_eq!((session.capacity, session.pcm.bytes_per_second()), (capacity, rate));
    }
}

#[test]
fn a_way_that_is_gone_is_an_error_and_the_next_audio_tries_again() {
    let mut bench = Bench::new();
    bench.happens(Sends(1, SECOND));
    bench.happens(Plays(State::Playing));
    bench.session.failed("the strip is gone");
    assert!(bench.session.is_idle());
    assert_eq!(bench.told(), ["playing", "error", "idle"]);
    bench.happens(Sends(1, SECOND));
    assert_eq!(bench.session.step(), Step::Begin(2.0));
}
