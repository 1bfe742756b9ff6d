//! Every state and event against section 4.3 of the protocols, as it is written there.

use super::*;

/// A stream that has come to `state`.
fn machine(state: State, broken: bool) -> Machine {
    Machine {
        state,
        broken,
        ..Machine::new(Thresholds::SPKR)
    }
}

/// Section 4.3, as it is written there, for a buffer of `b` seconds: initial 3, minimum 1, resume 2.
fn described(state: State, event: Event, b: f64, broken: bool) -> State {
    match (state, event) {
        (State::Idle, Event::Start) => State::Buffering,
        (State::Buffering, Event::ChunkReceived) if b >= 3.0 => State::Playing,
        (State::Buffering, Event::GenerationComplete) => State::Draining,
        (State::Buffering, Event::GenerationError) => State::Error,
        (State::Playing, Event::BufferLow) if b < 1.0 => State::Rebuffering,
        (State::Playing | State::Rebuffering, Event::GenerationComplete | Event::GenerationError) => State::Draining,
        (State::Rebuffering, Event::ChunkReceived | Event::BufferOk) if b >= 2.0 => State::Playing,
        // Section 5: drain, then report failure.
        (State::Draining, Event::BufferEmpty) => {
            if broken {
                State::Error
            } else {
                State::Finished
            }
        }
        // Section 5: an outcome of its own; the issue: before it began, too.
        (State::Idle | State::Buffering | State::Playing | State::Rebuffering | State::Draining, Event::Cancel) => {
            State::Cancelled
        }
        _ => state,
    }
}

#[test]
fn every_state_and_event_is_as_the_protocol_describes_it() {
    let buffers = [0.0, 0.999, 1.0, 1.999, 2.0, 2.999, 3.0, 10.0];
    for state in State::ALL {
        for event in Event::ALL {
            for (b, broken) in buffers.into_iter().flat_map(|b| [(b, false), (b, true)]) {
                let mut machine = machine(state, broken);
                let change = machine.on(event, b);
                let expected = described(state, event, b, broken);
                assert_eq!(machine.state(), expected, "{state:?} {event:?} {b} s");
                // Nothing goes from a state to itself.
                let told = (expected != state).then_some(Change {
                    from: state,
                    event,
                    to: expected,
                });
                assert_eq!(change, told);
                assert_eq!(machine.transitions(), u64::from(told.is_some()));
            }
        }
    }
}

#[test]
fn no_two_rules_hold_at_once_and_none_leaves_an_end() {
    for (n, rule) in RULES.iter().enumerate() {
        assert!(!rule.from.is_terminal(), "{rule:?}");
        for other in &RULES[n + 1..] {
            let same = (rule.from, rule.event) == (other.from, other.event);
            let apart = [rule.when, other.when] == [Condition::Sound, Condition::Broken];
            assert!(!same || apart, "{rule:?} and {other:?}");
        }
    }
}

#[test]
fn an_error_while_it_plays_is_reported_after_the_last_frame() {
    let mut machine = machine(State::Playing, false);
    machine.on(Event::GenerationError, 4.0);
    assert_eq!((machine.state(), machine.is_broken()), (State::Draining, true));
    machine.on(Event::GenerationComplete, 2.0);
    machine.on(Event::BufferEmpty, 0.0);
    assert_eq!(machine.state(), State::Error);
}

#[test]
fn what_it_resumes_with_grows_and_never_beyond_the_maximum() {
    let mut machine = machine(State::Rebuffering, false);
    machine.resume_with(5.0);
    assert_eq!(machine.on(Event::BufferOk, 4.9), None);
    assert!(machine.on(Event::BufferOk, 5.0).is_some());
    machine.resume_with(99.0);
    assert_eq!(machine.resume, 10.0);
    machine.resume_with(0.0);
    assert_eq!(machine.resume, 2.0);
    machine.on(Event::BufferLow, 0.5);
    assert_eq!(machine.rebuffers(), 1);
}

#[test]
fn thresholds_that_cannot_be_reached_are_refused_by_name() {
    let told = |result: Result<Thresholds, ThresholdError>| result.expect_err("nonsense").to_string();
    assert_eq!(
        told(Thresholds::new(0.5, 1.0, 2.0, 10.0)),
        "the minimum of 1 s is longer than the initial buffer of 0.5 s; make it shorter"
    );
    assert!(told(Thresholds::new(3.0, 1.0, 0.5, 10.0)).contains("resume threshold"));
    assert!(told(Thresholds::new(3.0, 1.0, 2.0, 2.5)).contains("initial buffer of 3 s"));
    assert!(told(Thresholds::new(1.0, 1.0, 3.0, 2.0)).contains("resume threshold of 3 s"));
    assert!(told(Thresholds::new(f64::NAN, 1.0, 2.0, 10.0)).contains("no length of time"));
    assert!(told(Thresholds::new(1.0, 0.0, 1.0, 10.0)).contains("too short"));
    assert_eq!(Thresholds::new(3.0, 1.0, 2.0, 10.0), Ok(Thresholds::SPKR));
    let speech = Thresholds::SPEECH;
    let again = Thresholds::new(speech.initial, speech.minimum, speech.resume, speech.maximum);
    assert_eq!(again, Ok(speech));
}
