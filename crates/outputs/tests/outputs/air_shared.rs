//! Several broadcasts at once: they share encoders, and none of them hears of another's trouble.

use std::time::{Duration, Instant};

use airdesk_dsp::Decibels;
use airdesk_outputs::broadcast::{Broadcast, BroadcastSettings, BroadcastState, Feed, TitlePlan, TransportKind};
use airdesk_outputs::encode::{Codec, EncodedPacket, Encoders, StreamLevel, Wanted};
use airdesk_outputs::icecast::{Secret, SourceSettings};
use airdesk_outputs::title::{Title, TitleWords};
use lab::http::free_port;
use lab::icecast::{Icecast, PASSWORD};

use crate::rig::air::{await_failed, await_live, await_retrying, source, to};
use crate::rig::desk::{Desk, sine};
use crate::rig::listener::{complaints, decode, hear};
use crate::rig::tone::{assert_tone, measure};
use crate::rig::{seconds, wait_for};

/// Of the steady tone. One of 1 kHz makes every MP3 frame the same, and a listener who begins inside of one may
/// take for its beginning, again and again, what is none.
const TONE: f64 = 997.0;

fn feed(desk: &Desk, encoders: &Encoders) -> Feed {
    Feed {
        encoders: encoders.clone(),
        ..Feed::from(desk.tap.clone())
    }
}

fn start(source: SourceSettings, password: &str, feed: Feed) -> Broadcast {
    let settings = BroadcastSettings {
        source,
        transport: TransportKind::Native,
    };
    Broadcast::start(&settings, Secret::new(password), feed).expect("the settings are possible")
}

fn url(server: &Icecast, mount: &str) -> String {
    format!("http://127.0.0.1:{}{mount}", server.port)
}

#[test]
fn five_targets_of_two_kinds_take_two_encoders_and_each_is_heard() {
    let server = Icecast::start();
    let desk = Desk::tone(TONE, 0.25);
    let encoders = Encoders::default();
    let mounts = [
        (Codec::Mp3, "/a.mp3"),
        (Codec::Mp3, "/b.mp3"),
        (Codec::Mp3, "/c.mp3"),
        (Codec::Opus, "/a.opus"),
        (Codec::Opus, "/b.opus"),
    ];
    let mut broadcasts = Vec::new();
    for (codec, mount) in mounts {
        let broadcast = start(to(&server, codec, mount), PASSWORD, feed(&desk, &encoders));
        broadcast.set_title("the same for all");
        await_live(&broadcast); // one after the other: the later ones join what runs
        broadcasts.push(broadcast);
    }
    assert_eq!(encoders.count(), 2);
    for (_, mount) in mounts {
        let [left, _] = hear(&url(&server, mount), 2.0);
        assert_tone(&left[left.len() / 3..], TONE, 0.25);
    }
    let last = broadcasts.pop();
    drop(broadcasts);
    wait_for("the MP3 encoder's end", seconds(10), || {
        (encoders.count() == 1).then_some(())
    });
    let [left, _] = hear(&url(&server, "/b.opus"), 2.0);
    assert_tone(&left[left.len() / 3..], TONE, 0.25);
    last.expect("five").stop();
    assert_eq!(encoders.count(), 0);
}

#[test]
fn a_server_that_dies_a_name_that_is_none_and_a_wrong_password_cost_the_others_nothing() {
    let (steady, mut mortal) = (Icecast::start(), Icecast::start());
    let desk = Desk::tone(TONE, 0.25);
    let encoders = Encoders::default();
    let go = |source, password| start(source, password, feed(&desk, &encoders));
    let good = go(to(&steady, Codec::Mp3, "/live.mp3"), PASSWORD);
    let doomed = go(to(&mortal, Codec::Mp3, "/live.mp3"), PASSWORD);
    let nameless = go(source("no-such-host.invalid", 8000, Codec::Mp3, "/live.mp3"), PASSWORD);
    let refused = go(to(&steady, Codec::Mp3, "/other.mp3"), "wrong");
    let nobody = go(source("127.0.0.1", free_port(), Codec::Mp3, "/live.mp3"), PASSWORD);
    await_live(&good);
    await_live(&doomed);
    let listener = {
        let url = url(&steady, "/live.mp3");
        std::thread::spawn(move || hear(&url, 12.0))
    };
    std::thread::sleep(seconds(1));
    mortal.kill();
    assert!(await_failed(&refused).contains("password"));
    assert!(await_retrying(&nameless).contains("no-such-host.invalid"));
    assert!(await_retrying(&nobody).contains("nothing answers"));
    await_retrying(&doomed);
    mortal.start_again();
    await_live(&doomed);
    let [left, _] = hear(&url(&mortal, "/live.mp3"), 2.0);
    assert_tone(&left[left.len() / 3..], TONE, 0.25);
    // Twelve seconds without a break: what is missing would turn the tone's phase.
    let [left, _] = listener.join().expect("heard");
    assert!(left.len() > 11 * 48_000, "{} frames", left.len());
    let (amplitude, rest) = measure(&left[24_000..left.len() - 4_800], TONE, 48_000.0);
    assert!(
        (amplitude / 0.25 - 1.0).abs() < 0.02 && rest < 5e-3,
        "{amplitude}, {rest}"
    );
    assert!(
        matches!(
            good.state(),
            BroadcastState::Live { reconnects: 0, seconds_dropped, .. } if seconds_dropped == 0.0
        ),
        "{:?}",
        good.state()
    );
    assert_eq!(encoders.count(), 1);
}

/// What somebody who joins later decodes: every packet of two seconds from then on.
fn joined_late(codec: Codec, bit_rate: u16) -> Vec<EncodedPacket> {
    let desk = Desk::play(|frame| {
        // A tone below and one that says when: 1 kHz in the first two seconds, 3 kHz then.
        let hz = if frame < 96_000 { 1_000.0 } else { 3_000.0 };
        [sine(frame, hz, 48_000) * 0.25; 2]
    });
    let mut settings = source("127.0.0.1", 1, codec, "/x").encoder;
    settings.bit_rate = bit_rate;
    let wanted = Wanted {
        tap: desk.tap.clone(),
        level: StreamLevel::default(),
        settings,
        titles: "".into(),
    };
    let encoders = Encoders::default();
    let first = encoders.join(&wanted, &Title::new("on")).expect("started");
    wait_for("the second tone", seconds(20), || {
        (desk.published() > 120_000).then_some(())
    });
    let second = encoders.join(&wanted, &Title::new("on")).expect("joined");
    let mut late = second.subscribe_live().expect("it runs");
    assert!(late.recent.is_empty(), "nothing of what was");
    let mut heard: Vec<EncodedPacket> = late.opening.iter().map(|packet| (**packet).clone()).collect();
    wait_for("two seconds", seconds(20), || {
        while let Ok(packet) = late.packets.try_recv() {
            heard.push((*packet).clone());
        }
        (heard.iter().map(|packet| packet.frames).sum::<u32>() > 96_000).then_some(())
    });
    drop(first);
    heard
}

#[test]
fn who_joins_later_decodes_from_the_first_byte_and_hears_nothing_of_before() {
    for (codec, bit_rate) in [
        (Codec::Mp3, 64),
        (Codec::Mp3, 128),
        (Codec::Mp3, 320),
        (Codec::Opus, 96),
    ] {
        let packets = joined_late(codec, bit_rate);
        let bytes: Vec<u8> = packets.iter().flat_map(|packet| packet.bytes.to_vec()).collect();
        assert_eq!(complaints(&bytes), "", "{codec:?} at {bit_rate} kbit/s");
        let [left, _] = decode(&bytes);
        let (old, _) = measure(&left[..48_000], 1_000.0, 48_000.0);
        assert!(
            old < 0.01,
            "{codec:?} at {bit_rate} kbit/s plays {old} of what was before"
        );
        // Whole from at most 100 ms of silence, the decoder's own delay and the first overlap on.
        assert_tone(&left[9_600..left.len() - 4_800], 3_000.0, 0.25);
    }
}

#[test]
fn the_first_frame_of_a_late_mp3_is_heard_and_without_what_it_leans_on_it_is_not() {
    let packets = joined_late(Codec::Mp3, 128);
    let bytes =
        |packets: &[EncodedPacket]| -> Vec<u8> { packets.iter().flat_map(|packet| packet.bytes.to_vec()).collect() };
    // Frame by frame: a decoder gives the first half of what overlaps with nothing, and a whole frame then.
    let first_heard = |bytes: &[u8]| {
        let [left, _] = decode(bytes);
        left.iter().position(|sample| sample.abs() > 0.1).expect("a tone") / 1_152
    };
    let silent_frames = packets[0].bytes.len() / 384;
    println!(
        "{} {}",
        first_heard(&bytes(&packets)),
        first_heard(&bytes(&packets[1..]))
    );
    assert_eq!(first_heard(&bytes(&packets)), silent_frames);
    assert!(first_heard(&bytes(&packets[1..])) > 0, "the primer is not needed");
}

#[test]
fn each_stream_has_its_own_level_and_each_bus_its_own_stream() {
    let server = Icecast::start();
    let (programme, other) = (Desk::tone(TONE, 0.25), Desk::tone(2_003.0, 0.25));
    let encoders = Encoders::default();
    let quieter = Feed {
        level: StreamLevel {
            gain: Decibels::new(-6.0).expect("a level"),
            loudness: None,
        },
        ..feed(&programme, &encoders)
    };
    let one = start(
        to(&server, Codec::Mp3, "/one.mp3"),
        PASSWORD,
        feed(&programme, &encoders),
    );
    let two = start(to(&server, Codec::Mp3, "/two.mp3"), PASSWORD, quieter);
    let three = start(to(&server, Codec::Mp3, "/three.mp3"), PASSWORD, feed(&other, &encoders));
    for broadcast in [&one, &two, &three] {
        await_live(broadcast);
    }
    assert_eq!(encoders.count(), 3);
    for (mount, hz, amplitude) in [
        ("/one.mp3", TONE, 0.25),
        ("/two.mp3", TONE, 0.1253),
        ("/three.mp3", 2_003.0, 0.25),
    ] {
        let [left, _] = hear(&url(&server, mount), 2.0);
        assert_tone(&left[left.len() / 3..], hz, amplitude);
    }
}

#[test]
fn titles_are_put_together_for_each_stream_and_appear_when_they_are_due() {
    let server = Icecast::start();
    let desk = Desk::tone(TONE, 0.25);
    let encoders = Encoders::default();
    let with = |template: &str, delay| Feed {
        titles: TitlePlan {
            template: template.parse().expect("a template"),
            station: "Radio X".into(),
            delay,
        },
        ..feed(&desk, &encoders)
    };
    let delay = Duration::from_secs(3);
    let now = start(
        to(&server, Codec::Mp3, "/now.mp3"),
        PASSWORD,
        with("{artist} - {title}", Duration::ZERO),
    );
    let later = start(
        to(&server, Codec::Mp3, "/later.mp3"),
        PASSWORD,
        with("{title} | {station}", delay),
    );
    for broadcast in [&now, &later] {
        broadcast.set_title("before");
        await_live(broadcast);
    }
    let title = |mount: &str| server.mount(mount)?["title"].as_str().map(str::to_owned);
    for mount in ["/now.mp3", "/later.mp3"] {
        wait_for("the first title", seconds(20), || {
            (title(mount)? == "before").then_some(())
        });
    }
    let words = TitleWords {
        title: "Jóga".into(),
        artist: "Björk".into(),
        show: String::new(),
    };
    let said = Instant::now();
    now.announce(&words, said);
    later.announce(&words, said);
    wait_for("the title", seconds(20), || {
        (title("/now.mp3")? == "Björk - Jóga").then_some(())
    });
    wait_for("the later title", seconds(20), || {
        let shown = title("/later.mp3")? == "Jóga | Radio X";
        assert!(
            !shown || said.elapsed() >= delay,
            "it was there {:?} after it was said",
            said.elapsed()
        );
        shown.then_some(())
    });
    assert_eq!(encoders.count(), 1, "MP3 carries no titles: one encoder for both");
}
