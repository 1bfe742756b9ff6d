//! When listeners outgrow one machine: one upload to a master, and relays that fan out.
#![cfg(target_os = "linux")]

use std::time::Instant;

use lab::crowd::Crowd;
use lab::desk::{Desk, Home};
use lab::icecast::{Habits, Icecast, PASSWORD};
use lab::listen;
use lab::sound_server::{Environment, sines};
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::json;

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };
/// What of it is on air: the pan law takes 3 dB from each side in the centre.
const ON_AIR: Sine = Sine {
    hz: TONE,
    db: -12.0 - 3.0103,
};
const MOUNT: &str = "/live.mp3";
/// Listeners of both relays together.
const LISTENERS: usize = 1_000;
/// For how long the desk's cost is looked at.
const WATCH: u64 = 5;

fn desk(master: &Icecast) -> Desk {
    let home = Home::new();
    let file = home.path().join("tone.wav");
    sines(&file, 10, PLAYED, PLAYED);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Tone", &json!({ "type": "file", "path": file, "looped": true }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
    // Nobody listens to the master but its relays.
    let settings = json!({
        "host": "localhost", "port": master.port, "mount": MOUNT, "codec": "mp3", "bitRate": 128, "listenBack": "off",
    });
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    desk
}

/// Bytes that the desk has sent, and what it has cost, in [`WATCH`] seconds.
fn cost(desk: &mut Desk) -> (u64, f64) {
    let sent = |desk: &mut Desk| {
        desk.snapshot()["targets"][0]["air"]["bytesSent"]
            .as_u64()
            .expect("it is live")
    };
    let (bytes, busy, began) = (sent(desk), desk.process.processor_seconds(), Instant::now());
    std::thread::sleep(seconds(WATCH));
    let elapsed = began.elapsed().as_secs_f64();
    let rate = (sent(desk) - bytes) as f64 / elapsed;
    (rate as u64, (desk.process.processor_seconds() - busy) / elapsed * 100.0)
}

#[test]
fn two_relays_fan_one_upload_out_and_one_that_dies_takes_only_its_own_listeners() {
    let habits = Habits {
        clients: LISTENERS as u32 + 100,
        ..Habits::default()
    };
    let master = Icecast::start_with(habits);
    let relay = || {
        Icecast::start_with(Habits {
            master: Some(master.port),
            ..habits
        })
    };
    let mut relays = [relay(), relay()];
    let mut desk = desk(&master);
    for relay in &relays {
        wait::until("the relay to have the mount", seconds(20), || relay.mount(MOUNT));
    }
    let (bytes_alone, busy_alone) = cost(&mut desk);

    let crowd = Crowd::join(&relays.each_ref().map(|relay| relay.port), MOUNT, LISTENERS);
    crowd.wait("an answer", seconds(30), |ear| ear.status == 200);
    crowd.wait_for_seconds(2, |_| true);
    let (bytes, busy) = cost(&mut desk);
    println!(
        "the desk sends {bytes_alone} bytes/s and takes {busy_alone:.1} % of a core without listeners, {bytes} bytes/s and \
         {busy:.1} % with {LISTENERS} on two relays"
    );
    // 128 kbit/s, once: 16000 bytes a second, of figures that are told once a second.
    for rate in [bytes_alone, bytes] {
        assert!((11_000..22_000).contains(&rate), "{rate} bytes/s were sent");
    }
    let status = master.mount(MOUNT).expect("it is on air");
    assert_eq!(status["listeners"], 2, "only the relays listen to the master: {status}");

    let title = "Bjørk – Jóga ☕";
    desk.say(json!({ "type": "setTitle", "title": title }));
    crowd.wait("the title", seconds(30), |ear| ear.title == title);

    let before = crowd.ears();
    let damaged = before.iter().filter(|ear| ear.damaged > 0).count();
    // Icecast has begun six of a thousand listeners, all at one moment, with a frame that was not whole.
    assert!(
        damaged < LISTENERS / 20,
        "{damaged} listeners were given what is no MP3"
    );

    let [dies, lives] = &mut relays;
    dies.kill();
    crowd.wait("the end of what died", seconds(20), |ear| {
        ear.ended == (ear.port == dies.port)
    });
    crowd.wait_for_seconds(5, |ear| ear.port == lives.port);
    let ears = crowd.ears();
    let left = ears.iter().filter(|ear| ear.port == lives.port);
    assert_eq!(left.clone().count(), LISTENERS / 2);
    // In the order in which they joined.
    let with_before = ears.iter().zip(&before).filter(|(ear, _)| ear.port == lives.port);
    let hurt = with_before.filter(|(ear, before)| ear.damaged > before.damaged || ear.ended);
    let hurt: Vec<_> = hurt.map(|(ear, _)| (ear.frames, ear.damaged, ear.ended)).collect();
    assert_eq!(hurt, [], "frames, damage and end of those who should hear no gap");
    for ear in left.filter(|ear| !ear.audio.is_empty()) {
        let file = desk.home().join("heard.mp3");
        std::fs::write(&file, &ear.audio).expect("written");
        let heard = listen::file(&file);
        let heard = heard.span(heard.seconds() - 4.0, heard.seconds() - 0.5); // since the other one died
        heard.must_be(ON_AIR, 0);
        heard.must_be(ON_AIR, 1);
    }
    let air = desk.snapshot()["targets"][0]["air"].clone();
    assert_eq!((&air["state"], &air["reconnects"]), (&json!("live"), &json!(0)));

    dies.start_again();
    wait::until("the relay to have the mount again", seconds(20), || dies.mount(MOUNT));
}
