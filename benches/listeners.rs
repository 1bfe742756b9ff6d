//! What listeners of the desk's own mounts cost it: processor time and memory with none, with a hundred, with a thousand.

use std::thread::sleep;

use lab::crowd::Crowd;
use lab::desk::{Desk, Home};
use lab::sound_server::{Environment, sines};
use lab::tone::{Sine, TONE};
use lab::wait::seconds;
use serde_json::json;

/// How long processor time is counted, seconds.
const WATCH: u64 = 20;
const MOUNT: &str = "/live.mp3";

/// Prints a table. Everybody listens to the MP3 mount, 128 kbit/s, with titles, over real sockets.
pub(crate) fn cost() {
    let home = Home::new();
    let file = home.path().join("tone.wav");
    let tone = Sine { hz: TONE, db: -12.0 };
    sines(&file, 10, tone, tone);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    desk.add_strip("Tone", &json!({ "type": "file", "path": file, "looped": true }));
    desk.say(json!({ "type": "setListening", "on": true }));
    println!("listeners of {MOUNT}, 128 kbit/s, one file on one strip, {WATCH} s each:");
    println!(
        "{:>10} {:>14} {:>10} {:>12}",
        "listeners", "% of a core", "MB", "blocks late"
    );
    for listeners in [0, 1, 100, 1_000] {
        let crowd = (listeners > 0).then(|| Crowd::join(&[desk.port], MOUNT, listeners));
        if let Some(crowd) = &crowd {
            crowd.wait("an answer", seconds(30), |ear| ear.status == 200);
            crowd.wait_for_seconds(3, |_| true);
        }
        let before = desk.process.processor_seconds();
        sleep(seconds(WATCH));
        let busy = (desk.process.processor_seconds() - before) / WATCH as f64 * 100.0;
        println!(
            "{listeners:>10} {busy:>14.1} {:>10.0} {:>12}",
            desk.process.megabytes(),
            desk.snapshot()["engine"]["blocksLate"]
        );
    }
}
