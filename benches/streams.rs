//! How soon a stream from the network is heard: from the connection to the first sound at the device, beside players that
//! people have, from the same server through the same door into the same sink; and what streams cost a desk.
//!
//! Nobody wins by being started already: the clock starts when the server's door is opened, which a player does long after
//! its own start.

mod door;
mod ear;
mod players;

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use lab::desk::Desk;
use lab::icecast::{Habits, Icecast, PASSWORD};
use lab::process::{Priority, Process};
use lab::sound_server::{Cycles, PipeWire};
use lab::wait::{self, seconds};
use serde_json::{Value, json};

use self::door::Door;
use self::ear::Ear;
use self::players::PLAYERS;
use crate::median;

/// Where everybody plays, the desk because it is the default, and where is listened.
const SINK: &str = "out1";
/// How long a player may take.
const LIMIT: Duration = Duration::from_secs(15);
/// How long processor time is counted, seconds.
const WATCH: u64 = 20;
/// Streams at once.
const MANY: usize = 50;

/// A stream, as it is sent and as players must be told.
pub(super) struct Format {
    pub(super) name: &'static str,
    mount: &'static str,
    /// What ffmpeg sends.
    encoder: &'static [&'static str],
    /// What a desk is told beside the address.
    raw: bool,
}

pub(super) const FORMATS: [Format; 3] = [
    Format {
        name: "MP3 128k",
        mount: "/live.mp3",
        encoder: &[
            "-c:a",
            "libmp3lame",
            "-b:a",
            "128k",
            "-content_type",
            "audio/mpeg",
            "-f",
            "mp3",
        ],
        raw: false,
    },
    Format {
        name: "Opus 128k",
        mount: "/live.opus",
        encoder: &[
            "-c:a",
            "libopus",
            "-b:a",
            "128k",
            // As libogg makes pages by itself.
            "-page_duration",
            "250000",
            "-content_type",
            "application/ogg",
            "-f",
            "ogg",
        ],
        raw: false,
    },
    Format {
        name: "PCM",
        mount: "/live.pcm",
        encoder: &["-c:a", "pcm_s16le", "-content_type", "audio/x-raw", "-f", "s16le"],
        raw: true,
    },
];

/// Prints a table: milliseconds to the first sound, median and 95th percentile of `runs`, for each format and player; then
/// what one stream and fifty cost.
pub(crate) fn heard(runs: usize) {
    let pipewire = PipeWire::start_with(0, Cycles::AsAsked);
    let _pulse = pipewire.speak_pulse();
    // As Icecast is installed.
    let habits = Habits {
        burst: 65_535,
        ..Habits::default()
    };
    let icecast = Icecast::start_with(habits);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let _sources: Vec<Process> = FORMATS
        .iter()
        .map(|format| send(&icecast, format, folder.path()))
        .collect();
    println!("from the connection to the first sound at the sink, ms, {runs} times each, median and 95th percentile:");
    println!("{:>12} {:>10} {:>8} {:>8} {:>8}", "", "", "median", "p95", "heard");
    for format in &FORMATS {
        let ear = Ear::open(pipewire.environment(), SINK);
        // A new one each time: players make the server's cycles shorter and longer, and a desk that has met that is later.
        let (mut desk, strip) = desk(&pipewire);
        let mut on_the_desk = || {
            let door = Door::open(icecast.port);
            let source = source(&door.url(format.mount), format);
            desk.say(json!({ "type": "setSource", "strip": strip, "source": source }));
            let heard = ear.first_sound(LIMIT);
            desk.say(json!({ "type": "setSource", "strip": strip, "source": { "type": "silent" } }));
            door.until(heard?)
        };
        row("Airdesk", format, runs, &ear, &mut on_the_desk);
        drop(desk);
        for player in &PLAYERS {
            if !player.is_there() {
                println!("{:>12} left out: it is not installed", player.name);
                continue;
            }
            let log = folder.path().join("player.log");
            let mut by_a_player = || {
                let door = Door::open(icecast.port);
                let command = player.command(&door.url(format.mount), format, SINK, pipewire.environment());
                let process = Process::start(&mut { command }, &log, Priority::Ordinary);
                let heard = ear.first_sound(LIMIT);
                drop(process);
                door.until(heard?)
            };
            row(player.name, format, runs, &ear, &mut by_a_player);
        }
    }
    costs(&pipewire, &icecast);
}

/// A desk that plays, with one strip.
fn desk(pipewire: &PipeWire) -> (Desk, u64) {
    let mut desk = Desk::start(pipewire.environment());
    desk.clear();
    let strip = desk.say(json!({ "type": "addStrip", "name": "Stream", "source": { "type": "silent" } }));
    let strip = strip["id"].as_u64().expect("a strip has a number");
    (desk, strip)
}

/// Prints what one player does with one format.
fn row(name: &str, format: &Format, runs: usize, ear: &Ear, play: &mut dyn FnMut() -> Option<Duration>) {
    let mut took = Vec::new();
    for _ in 0..runs {
        ear.until_silent();
        took.extend(play().map(|took| took.as_secs_f64() * 1_000.0));
    }
    let heard = took.len();
    let middle = median(&mut took);
    let late = took.get((heard * 95).div_ceil(100).saturating_sub(1)).copied();
    println!(
        "{:>12} {name:>10} {middle:>8.0} {:>8.0} {heard:>5}/{runs}",
        format.name,
        late.unwrap_or(f64::NAN)
    );
}

fn source(url: &str, format: &Format) -> Value {
    let mut source = json!({ "type": "stream", "url": url });
    if format.raw {
        source["raw"] = json!({ "encoding": "s16", "channels": 2, "rate": 48_000 });
    }
    source
}

/// A tone that never ends, in real time.
fn send(icecast: &Icecast, format: &Format, folder: &std::path::Path) -> Process {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args([
        "-v",
        "warning",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=1000:sample_rate=48000",
    ]);
    ffmpeg.args(["-af", "volume=12dB", "-ac", "2"]).args(format.encoder);
    ffmpeg.args(["-flush_packets", "1"]);
    ffmpeg.arg(format!(
        "icecast://source:{PASSWORD}@127.0.0.1:{}{}",
        icecast.port, format.mount
    ));
    let process = Process::start(&mut ffmpeg, &folder.join("source.log"), Priority::Ordinary);
    wait::until("the mount", seconds(15), || icecast.mount(format.mount).map(drop));
    // What a listener is given first is there.
    sleep(seconds(6));
    process
}

/// Prints what streams cost the desk: a strip that is silent, one stream in each format, and fifty of them in Opus.
fn costs(pipewire: &PipeWire, icecast: &Icecast) {
    let (mut desk, strip) = desk(pipewire);
    println!("what streams cost a desk that plays, {WATCH} s each:");
    println!("{:>16} {:>12} {:>8} {:>12}", "", "% of a core", "MB", "underruns");
    let (idle, memory) = cost(&mut desk);
    println!("{:>16} {idle:>12.2} {memory:>8.1}", "none");
    let direct = |format: &Format| source(&icecast.url(format.mount), format);
    for format in &FORMATS {
        desk.say(json!({ "type": "setSource", "strip": strip, "source": direct(format) }));
        sleep(seconds(5));
        let (busy, memory) = cost(&mut desk);
        println!(
            "{:>16} {:>12.2} {memory:>8.1} {:>12}",
            format.name,
            busy - idle,
            underruns(&mut desk)
        );
    }
    for number in 1..MANY {
        let source = direct(&FORMATS[1]);
        desk.say(json!({ "type": "addStrip", "name": format!("Stream {number}"), "source": source }));
    }
    sleep(seconds(10));
    let (busy, memory) = cost(&mut desk);
    let playing = desk.snapshot()["streams"].as_array().map_or(0, |streams| {
        streams.iter().filter(|stream| stream["phase"] == "playing").count()
    });
    println!(
        "{:>16} {:>12.2} {memory:>8.1} {:>12}",
        format!("{playing} playing"),
        busy - idle,
        underruns(&mut desk)
    );
}

fn cost(desk: &mut Desk) -> (f64, f64) {
    desk.snapshot();
    let before = desk.process.processor_seconds();
    sleep(seconds(WATCH));
    let busy = (desk.process.processor_seconds() - before) / WATCH as f64 * 100.0;
    (busy, desk.process.megabytes())
}

fn underruns(desk: &mut Desk) -> u64 {
    let snapshot = desk.snapshot();
    let streams = snapshot["streams"].as_array().cloned().unwrap_or_default();
    streams.iter().filter_map(|stream| stream["underruns"].as_u64()).sum()
}
