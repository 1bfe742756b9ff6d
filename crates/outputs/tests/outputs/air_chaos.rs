//! A bad way between the desk and a real Icecast: what is lost, what is told, and what listeners hear afterwards.

use std::fs;
use std::time::{Duration, Instant};

use airdesk_outputs::broadcast::{Broadcast, BroadcastState};
use airdesk_outputs::encode::Codec;
use airdesk_outputs::icecast::{Patience, Secret, Source, SourceError, SourceSettings};
use airdesk_outputs::sound_file::SampleFormat;
use lab::chaos::{Chaos, Fault};
use lab::http::free_port;
use lab::icecast::{Habits, Icecast, PASSWORD};

use crate::rig::air::{air, await_failed, await_live, await_retrying, on_air, source};
use crate::rig::dated::{self, Clocked, pass};
use crate::rig::desk::Desk;
use crate::rig::listener::{decode, hear};
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

/// A stream that was cut must be live again within 2 s; the desk waits no longer than one. The rest is room for a busy machine.
const AGAIN_WITHIN: Duration = Duration::from_millis(2_000 + 500);

/// An Icecast, and a bad way to it.
fn server() -> (Icecast, Chaos) {
    let server = Icecast::start();
    let way = Chaos::before(server.port);
    (server, way)
}

fn over(way: &Chaos, codec: Codec) -> SourceSettings {
    source("127.0.0.1", way.port, codec, "/live")
}

#[test]
fn a_cut_and_a_reset_cost_one_attempt_and_the_new_stream_decodes_from_its_first_byte() {
    let desk = Desk::tone(1_000.0, 0.25);
    for codec in [Codec::Mp3, Codec::Opus] {
        for end in [Chaos::cut, Chaos::reset] {
            let (_server, way) = server();
            let broadcast = air(over(&way, codec), PASSWORD, &desk);
            await_live(&broadcast);
            pass(1.0);
            end(&way);
            let began = Instant::now();
            await_retrying(&broadcast);
            await_live(&broadcast);
            let again = began.elapsed();
            println!("{codec:?}: live again after {:.1} s", again.as_secs_f64());
            assert!(again < AGAIN_WITHIN, "{again:?}");
            pass(2.0);
            let state = broadcast.state();
            assert!(matches!(state, BroadcastState::Live { reconnects: 1, .. }), "{state:?}");
            let streams = way.carried("PUT");
            assert_eq!(streams.len(), 2, "one attempt was enough");
            for stream in streams {
                let end = stream.windows(4).position(|end| end == b"\r\n\r\n").expect("a head");
                let body = &stream[end + 4..];
                assert!(body.starts_with(if codec == Codec::Opus { b"OggS" } else { b"\xff\xfb" }));
                let [left, _] = decode(body);
                let steady = &left[2_400..left.len() - 2_400];
                assert_tone(&steady[..24_000], 1_000.0, 0.25);
            }
        }
    }
}

#[test]
fn what_no_retry_mends_is_not_retried_and_what_one_may_is() {
    let desk = Desk::tone(1_000.0, 0.25);
    let (_server, way) = server();
    for (answer, words) in [
        (
            "HTTP/1.0 401 Authentication Required\r\n\r\nYou need to authenticate\r\n",
            "password",
        ),
        ("HTTP/1.0 404 Not Found\r\n\r\n", "knows no mount /live"),
    ] {
        way.set(Fault::Answer(answer));
        let reason = await_failed(&air(over(&way, Codec::Mp3), PASSWORD, &desk));
        assert!(reason.contains(words), "{reason}");
    }
    way.set(Fault::Answer("HTTP/1.0 403 Forbidden\r\n\r\nMountpoint in use"));
    let broadcast = air(over(&way, Codec::Mp3), PASSWORD, &desk);
    let reason = await_retrying(&broadcast);
    assert!(reason.contains("already on air"), "{reason}");
    way.set(Fault::None);
    await_live(&broadcast);
}

#[test]
fn an_answer_that_drips_or_comes_late_is_waited_for_and_a_stream_that_is_cut_short_comes_back() {
    let desk = Desk::tone(1_000.0, 0.25);
    for fault in [Fault::Drip(100), Fault::Delay(Duration::from_millis(300))] {
        let (_server, way) = server();
        way.set(fault.clone());
        let broadcast = air(over(&way, Codec::Mp3), PASSWORD, &desk);
        await_live(&broadcast);
        pass(6.0);
        let state = broadcast.state();
        assert!(
            matches!(
                state,
                BroadcastState::Live {
                    reconnects: 0,
                    seconds_dropped: 0.0,
                    ..
                }
            ),
            "{fault:?}: {state:?}"
        );
    }
    let (server, way) = server();
    way.set(Fault::Truncate(40_000)); // 2.5 s of audio
    let broadcast = air(over(&way, Codec::Mp3), PASSWORD, &desk);
    await_live(&broadcast);
    await_retrying(&broadcast);
    way.set(Fault::None);
    await_live(&broadcast);
    let [left, _] = hear(&format!("http://127.0.0.1:{}/live", server.port), 2.0);
    assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
}

#[test]
fn half_an_up_link_costs_the_oldest_audio_alone_and_is_over_soon_after_it_is_whole_again() {
    half_an_up_link(20.0);
}

#[test]
#[ignore = "takes six minutes: the test above, with five minutes of half an up-link"]
fn five_minutes_of_half_an_up_link_cost_the_oldest_audio_alone_and_are_over_soon_after() {
    half_an_up_link(300.0);
}

/// Lets half of a stream through for so many seconds.
fn half_an_up_link(narrow_for: f64) {
    const HALF: u32 = 20_000; // of 320 kbit/s
    let (server, way) = server();
    let (mut desk, began) = dated::desk();
    let folder = tempfile::tempdir().expect("a folder");
    let recording = crate::recording::record(
        crate::recording::settings(folder.path(), SampleFormat::Pcm24),
        "show",
        desk.tap.reader(),
    )
    .expect("it starts");
    let mut settings = over(&way, Codec::Mp3);
    settings.encoder.bit_rate = 320;
    let broadcast = air(settings, PASSWORD, &desk);
    await_live(&broadcast);
    let listener = Clocked::start(server.port, "/live");
    pass(3.0);
    way.set(Fault::Throttle(HALF));
    let narrow = Instant::now();
    let mut most = 0.0_f32;
    while narrow.elapsed().as_secs_f64() < narrow_for {
        pass(0.1);
        let BroadcastState::Live { seconds_waiting, .. } = broadcast.state() else {
            panic!("a slow line is no lost line: {:?}", broadcast.state());
        };
        most = most.max(seconds_waiting);
    }
    way.set(Fault::None);
    let wide = Instant::now();
    pass(8.0);
    let BroadcastState::Live {
        seconds_waiting,
        seconds_dropped,
        reconnects,
        ..
    } = broadcast.state()
    else {
        panic!("{:?}", broadcast.state())
    };
    let before = listener.oldest(began, narrow - seconds(1), narrow);
    let during = listener.oldest(began, narrow + seconds(10), wide);
    let after = listener.oldest(began, wide + seconds(5), wide + seconds(7));
    println!(
        "{before:.2} s old before, {during:.2} s meanwhile ({most:.2} s told), {after:.2} s after; {seconds_dropped:.1} s dropped"
    );
    // What the way itself holds comes on top of what the desk does: 1.6 s and more.
    assert!(most > 1.0 && most < 2.1, "{most}");
    assert!(during < 2.0 + 2.7, "{during}");
    assert!(after < before + 0.5, "{after}");
    assert!(seconds_waiting < 0.5 && reconnects == 0);
    // Half of the time got through, but for what waits.
    let dropped = f64::from(seconds_dropped);
    assert!((narrow_for * 0.3..narrow_for * 0.7).contains(&dropped), "{dropped}");
    desk.stop();
    let summary = recording.stop();
    let recorded = summary.frames as f64 / 48_000.0;
    assert!(summary.frames_lost == 0 && recorded > narrow_for + 10.0, "{summary:?}");
}

#[test]
fn silence_keeps_a_stream_up_for_longer_than_a_server_waits_for_audio() {
    silence_keeps_a_stream_up(2, 9.0);
}

#[test]
#[ignore = "takes an hour, or as many minutes as AIRDESK_TEST_MINUTES says: the test above, as long as a pause can be"]
fn an_hour_of_silence_keeps_a_stream_up() {
    silence_keeps_a_stream_up(10, minutes(60.0) * 60.0);
}

/// Minutes that a test lasts, unless it is told otherwise.
fn minutes(as_a_rule: f64) -> f64 {
    let told = std::env::var("AIRDESK_TEST_MINUTES").ok();
    told.and_then(|minutes| minutes.parse().ok()).unwrap_or(as_a_rule)
}

/// Streams silence for so many seconds to a server that closes streams without audio after `source_timeout` of them.
fn silence_keeps_a_stream_up(source_timeout: u32, silent_for: f64) {
    let server = Icecast::start_with(Habits {
        source_timeout,
        ..Habits::default()
    });
    let desk = Desk::play(|_| [0.0; 2]);
    let mp3 = on_air(&server, &desk, Codec::Mp3, "/live.mp3");
    let opus = on_air(&server, &desk, Codec::Opus, "/live.opus");
    pass(silent_for);
    for (broadcast, mount) in [(mp3, "/live.mp3"), (opus, "/live.opus")] {
        let state = broadcast.state();
        assert!(matches!(state, BroadcastState::Live { reconnects: 0, .. }), "{state:?}");
        let [left, right] = hear(&format!("http://127.0.0.1:{}{mount}", server.port), 1.0);
        assert!(left.iter().chain(&right).all(|sample| sample.abs() < 1e-4), "{mount}");
    }
    assert!(!server.log().contains("Disconnecting source"), "{}", server.log());
}

#[test]
fn a_server_that_was_away_for_long_gets_live_audio_and_none_of_what_was_played_meanwhile() {
    let (server, way) = server();
    let (desk, began) = dated::desk();
    let broadcast = air(over(&way, Codec::Mp3), PASSWORD, &desk);
    await_live(&broadcast);
    way.set(Fault::Closed);
    way.cut();
    let gone = Instant::now();
    await_retrying(&broadcast);
    let mut attempts = 0;
    wait_for("a fifth attempt", seconds(60), || match broadcast.state() {
        BroadcastState::Retrying { attempt, .. } => {
            attempts = attempt;
            (attempt >= 5).then_some(())
        }
        state => panic!("nobody is there: {state:?}"),
    });
    println!("attempt {attempts} comes after {:.1} s", gone.elapsed().as_secs_f64());
    is_heard_live_again(&server, &way, &broadcast, began);
}

#[test]
#[ignore = "takes twelve hours, or as many minutes as AIRDESK_TEST_MINUTES says: the server is away all the time"]
fn a_server_that_is_away_for_twelve_hours_is_tried_all_the_time_at_no_cost_and_gets_live_audio() {
    let (server, way) = server();
    let (desk, began) = dated::desk();
    let broadcast = air(over(&way, Codec::Mp3), PASSWORD, &desk);
    await_live(&broadcast);
    way.set(Fault::Closed);
    way.cut();
    await_retrying(&broadcast);
    let attempt = || match broadcast.state() {
        BroadcastState::Retrying { attempt, .. } => attempt,
        state => panic!("nobody is there: {state:?}"),
    };
    // What is asked for once has been asked for by then.
    pass(120.0);
    let before = (memory(), attempt());
    let (mut last, mut tried, mut longest) = (before.1, Instant::now(), Duration::ZERO);
    let away = Duration::from_secs_f64(minutes(720.0) * 60.0);
    let gone = Instant::now();
    while gone.elapsed() < away {
        pass(0.1);
        if attempt() != last {
            longest = longest.max(tried.elapsed());
            (last, tried) = (attempt(), Instant::now());
        }
        assert!(tried.elapsed() < LONGEST, "no attempt since {tried:?}");
    }
    let after = memory();
    println!(
        "{} attempts, {:.1} s apart at most; {} bytes of memory before and {after} after",
        last - before.1,
        longest.as_secs_f64(),
        before.0,
    );
    assert!(after < before.0 + (1 << 20), "{before:?} {after}");
    is_heard_live_again(&server, &way, &broadcast, began);
}

/// The longest that an attempt is waited for, and what a busy machine adds.
const LONGEST: Duration = Duration::from_secs(30 + 5);

/// Lets the server be reached again, for a desk that began at `began`.
fn is_heard_live_again(server: &Icecast, way: &Chaos, broadcast: &Broadcast, began: Instant) {
    way.set(Fault::None);
    wait_for("it to be on air again", LONGEST, || {
        matches!(broadcast.state(), BroadcastState::Live { .. }).then_some(())
    });
    let back = Instant::now();
    let listener = Clocked::start(server.port, "/live");
    pass(3.0);
    let oldest = listener.oldest(began, back, back + seconds(3));
    println!("what is heard then is {oldest:.2} s old");
    // A second of it is what Icecast gives to whoever comes.
    assert!(oldest < 3.0, "{oldest}");
}

/// As many attempts as there are in twelve hours, half a minute apart.
const ATTEMPTS: usize = 1_600;

#[test]
fn twelve_hours_of_attempts_cost_no_memory_no_thread_and_no_descriptor() {
    let settings = source("127.0.0.1", free_port(), Codec::Mp3, "/live");
    let (secret, patience) = (Secret::new(PASSWORD), Patience::default());
    let attempt = || {
        let error = Source::connect(&settings, &secret, &patience)
            .err()
            .expect("nobody is there");
        assert!(matches!(error, SourceError::Refused { .. }), "{error}");
    };
    (0..100).for_each(|_| attempt());
    let before = (memory(), count("fd"), count("task"));
    (0..ATTEMPTS).for_each(|_| attempt());
    let after = (memory(), count("fd"), count("task"));
    println!("bytes, descriptors, threads: {before:?} before, {after:?} after");
    assert_eq!((before.1, before.2), (after.1, after.2));
    assert!(after.0 < before.0 + (1 << 20), "{before:?} {after:?}");
}

/// Bytes of memory that this process has.
fn memory() -> usize {
    let told = fs::read_to_string("/proc/self/statm").expect("Linux tells");
    let pages: usize = told
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    pages * 4096
}

fn count(what: &str) -> usize {
    fs::read_dir(format!("/proc/self/{what}")).expect("Linux tells").count()
}
