//! A show on air, beside other programs that put one on air: two captured inputs, mixed, to Icecast in MP3 and into a FLAC
//! file. Each by itself, on the same servers, with the same sound, in the same run.
//!
//! Nobody wins by doing nothing: what each streams is listened to, and so is what it records.

mod butt;
mod encoders;
mod listener;
mod peers;
mod sound;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lab::desk::{Desk, Unattended, pair};
use lab::icecast::{Habits, Icecast, PASSWORD};
use lab::sound_server::{Cycles, PipeWire};
use lab::wait::{self, seconds};
use serde_json::{Value, json};

use self::listener::Arrivals;
use self::peers::{PEERS, Peer};
use crate::whole::{cpu_seconds, memory};

/// The bit rate of every MP3 stream, kbit/s.
pub(crate) const BIT_RATE: u32 = 128;
/// Frames that the desk asks its inputs for at a time, 11 ms: half of what the server has by itself. The others have been told
/// to take 10 to 50 ms.
const BUFFER: u32 = 512;
/// Until a program has settled.
const SETTLE: Duration = Duration::from_secs(5);

/// What a show cost, and how late it was heard.
struct Show {
    /// Percent of a core.
    cpu: f64,
    /// MB.
    memory: f64,
    arrivals: Arrivals,
    /// Of the recording: its length in seconds and its loudest sample, dBFS.
    recorded: (f64, f64),
}

/// Prints a table of the desk and of those who can put a show on air here, all or those that `beside` names, each watched for
/// `watch` seconds.
pub(crate) fn compare(watch: u64, beside: Option<&str>) {
    let asked = |peer: &&Peer| beside.is_none_or(|names| names.split(',').any(|name| name == peer.name));
    println!(
        "two captured inputs, mixed, MP3 {BIT_RATE} kbit/s to Icecast, FLAC recording; {watch} s each, one after the other:"
    );
    println!(
        "{:>12} {:>8} {:>8} {:>9} {:>9} {:>9} {:>7} {:>11}",
        "", "CPU, %", "MB", "late, ms", "least", "most", "bursts", "recorded, s"
    );
    row("Airdesk", on_a_desk(watch, Extras::Off));
    row("all it has", on_a_desk(watch, Extras::On));
    for peer in PEERS.iter().filter(asked) {
        match peer.is_missing() {
            Some(program) => println!("{:>12} left out: {program} is not installed", peer.name),
            None => row(peer.name, by_a_peer(peer, watch)),
        }
    }
    encoders_alone();
}

/// What the encoders cost as programs that read a file, percent of a core each.
fn encoders_alone() -> Vec<(&'static str, f64)> {
    let bare = encoders::costs();
    for (name, cost) in &bare {
        println!("{name:>12} {cost:>8.2}   the encoder alone, as a program, reading a file");
    }
    bare
}

fn row(name: &str, show: Result<Show, String>) {
    let show = match show {
        Ok(show) => show,
        Err(reason) => return println!("{name:>12} left out: {reason}"),
    };
    let late = show.arrivals.late_ms();
    println!(
        "{name:>12} {:>8.2} {:>8.0} {:>9.0} {:>9.0} {:>9.0} {:>7} {:>11.0}",
        show.cpu, show.memory, late.median, late.least, late.most, late.count, show.recorded.0,
    );
    if show.recorded.1 < -40.0 {
        println!(
            "{:>12} its recording is silent: {:.0} dBFS at most",
            "", show.recorded.1
        );
    }
}

/// Servers, and the sound that goes into both inputs.
struct Studio {
    icecast: Icecast,
    pipewire: PipeWire,
    _players: Vec<lab::sound_server::Player>,
    _pulse: lab::process::Process,
}

impl Studio {
    fn open(watch: u64, folder: &Path) -> Self {
        let pipewire = PipeWire::start_with(2, Cycles::AsAsked);
        let pulse = pipewire.speak_pulse();
        let habits = Habits {
            burst: 0,
            ..Habits::default()
        };
        let icecast = Icecast::start_with(habits);
        let length = watch + 90;
        let (bursts, noise) = (folder.join("bursts.wav"), folder.join("noise.wav"));
        sound::bursts(&bursts, length);
        sound::music(&noise, length);
        let players = vec![pipewire.play("src1", &bursts), pipewire.play("src2", &noise)];
        Self {
            icecast,
            pipewire,
            _players: players,
            _pulse: pulse,
        }
    }
}

/// What a desk does beside, unless it is told not to, and the others do not: the black box, and listening back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extras {
    Off,
    On,
}

fn on_a_desk(watch: u64, extras: Extras) -> Result<Show, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let studio = Studio::open(watch, folder.path());
    let (desk, file) = on_air(&studio, &[("mp3", "/desk.mp3")], extras);
    let mut show = measured(&studio, desk.process.id(), "/desk.mp3", watch)?;
    drop(desk.process);
    show.recorded = sound::recorded(&file)?;
    Ok(show)
}

/// A desk that nobody looks at, live on these mounts with these codecs, and the recording that it makes.
fn on_air(studio: &Studio, mounts: &[(&str, &str)], extras: Extras) -> (Unattended, PathBuf) {
    let mut desk = prepared(studio, extras);
    for (number, (codec, mount)) in (1..).zip(mounts) {
        target(&mut desk, number, &studio.icecast, (codec, mount), extras);
    }
    desk.say(json!({ "type": "goLive" }));
    for place in 0..mounts.len() {
        desk.wait_for_target(place, "live", 10);
    }
    let file = desk.record("flac16");
    (desk.leave(), file)
}

/// A desk with both inputs, as it starts when its session knows them.
fn prepared(studio: &Studio, extras: Extras) -> Desk {
    let mut desk = Desk::start(studio.pipewire.environment());
    desk.clear();
    let mut black_box = desk.snapshot()["blackBox"]["settings"].clone();
    black_box["on"] = json!(extras == Extras::On);
    desk.say(json!({ "type": "setBlackBox", "settings": black_box }));
    // Nobody else plays what is mixed.
    for output in ["main", "cue"] {
        desk.say(json!({ "type": "setOutput", "output": output, "device": null }));
    }
    for (name, sink) in [("One", "src1"), ("Two", "src2")] {
        let device = desk.device("PipeWire", sink, "input");
        let mut source = pair(&device, 0);
        source["buffer"] = json!(BUFFER);
        let strip = desk.add_strip(name, &source);
        desk.wait_for_input(strip, "running");
    }
    let mut desk = Desk::start_at(desk.stop(), studio.pipewire.environment(), &[]);
    let strips = desk.snapshot()["strips"].as_array().cloned().unwrap_or_default();
    for id in strips.iter().filter_map(|strip| strip["id"].as_u64()) {
        desk.wait_for_input(id as u32, "running");
    }
    desk
}

fn target(desk: &mut Desk, number: usize, icecast: &Icecast, (codec, mount): (&str, &str), extras: Extras) {
    let listen_back = if extras == Extras::On { "show" } else { "off" };
    let settings: Value = json!({
        "host": "127.0.0.1", "port": icecast.port, "mount": mount, "codec": codec, "bitRate": BIT_RATE, "listenBack": listen_back,
    });
    if number == 1 {
        desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
        desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    } else {
        desk.say(json!({ "type": "addTarget", "settings": settings }));
    }
}

fn by_a_peer(peer: &Peer, watch: u64) -> Result<Show, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let studio = Studio::open(watch, folder.path());
    let recording = folder.path().join(peer.recording);
    let running = peer.start(folder.path(), studio.icecast.port, studio.pipewire.environment())?;
    let live = wait::at_most(seconds(20), || studio.icecast.mount(peer.mount));
    if live.is_none() {
        return Err(format!("it does not go on air: {}", running.process().output()));
    }
    let mut show = measured(&studio, running.process().id(), peer.mount, watch)?;
    running.end();
    show.recorded = sound::recorded(&recording)?;
    Ok(show)
}

fn measured(studio: &Studio, process: u32, mount: &str, watch: u64) -> Result<Show, String> {
    std::thread::sleep(SETTLE);
    let before = cpu_seconds(process);
    let arrivals = listener::listen(&studio.pipewire, studio.icecast.port, mount, seconds(watch));
    Ok(Show {
        cpu: 100.0 * (cpu_seconds(process) - before) / watch as f64,
        memory: memory(process),
        arrivals,
        recorded: (f64::NAN, f64::NAN),
    })
}

/// Prints what further codecs and targets cost a desk that records in FLAC.
pub(crate) fn further(watch: u64) {
    let bare = encoders_alone();
    let three = [("mp3", "/a.mp3"), ("opus", "/b.opus"), ("vorbis", "/c.ogg")];
    let shared = ["/a.mp3", "/b.mp3", "/c.mp3", "/d.mp3", "/e.mp3"].map(|mount| ("mp3", mount));
    let one = cost(watch, &shared[..1]);
    let all = cost(watch, &three);
    let five = cost(watch, &shared);
    let sum: f64 = bare.iter().map(|(_, cost)| cost).sum();
    println!(
        "MP3, Opus and Vorbis, and the recording: {:.2} %, {:.0} MB; their encoders alone {sum:.2} %",
        all.0, all.1
    );
    println!(
        "five MP3 targets that share an encoder: {:.2} %, {:.0} MB; one of them {:.2} %: each further one {:.2} %",
        five.0,
        five.1,
        one.0,
        (five.0 - one.0) / (shared.len() - 1) as f64,
    );
}

/// Percent of a core and MB that a desk takes with these targets.
fn cost(watch: u64, mounts: &[(&str, &str)]) -> (f64, f64) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let studio = Studio::open(watch, folder.path());
    let (desk, _) = on_air(&studio, mounts, Extras::Off);
    std::thread::sleep(SETTLE);
    let process = desk.process.id();
    let before = cpu_seconds(process);
    std::thread::sleep(seconds(watch));
    (100.0 * (cpu_seconds(process) - before) / watch as f64, memory(process))
}
