//! The whole program on real servers: start-up, going live, processor time and memory.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::desk::{Desk, Home, pair};
use lab::icecast::{Icecast, PASSWORD};
use lab::locate::Face;
use lab::process::{Priority, Process};
use lab::sound_server::PipeWire;
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use lab::window::{Display, Window};
use serde_json::{Value, json};

use crate::median;

/// How long processor time is counted, seconds.
const WATCH: u64 = 30;
const RUNS: usize = 5;

/// Start-up, going live and the cost of two inputs, a recording and an MP3 stream, headless.
pub(crate) fn headless() {
    let mut starts: Vec<f64> = (0..RUNS).map(|_| start()).collect();
    println!(
        "headless start to an answering console: {:.2} s (median of {RUNS})",
        median(&mut starts)
    );
    let pipewire = PipeWire::start(2);
    let icecast = Icecast::start();
    let tone = Sine { hz: TONE, db: -12.0 };
    let _players = ["src1", "src2"].map(|sink| pipewire.play_sines(sink, 300, tone, tone));
    let mut desk = Desk::start(pipewire.environment());
    prepare(&mut desk, &icecast);
    let (mut bytes, mut sound): (Vec<f64>, Vec<f64>) = (0..RUNS).map(|_| go_live(&mut desk, &icecast)).unzip();
    println!(
        "go live to bytes at a listener: {:.2} s, to sound: {:.2} s (medians of {RUNS})",
        median(&mut bytes),
        median(&mut sound)
    );
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    let _file = desk.record("pcm24");
    let (_, (cpu, memory)) = costs(&[desk.process.id()])[0];
    println!("headless, 2 inputs + output + recording + MP3 128k: {cpu:.1} % of a core, {memory:.0} MB");
    println!("    with a console connected; engine: {}", desk.snapshot()["engine"]);
    more_targets(&mut desk, &icecast, cpu);
}

/// What targets cost that share the encoder of the first one, on the same server.
fn more_targets(desk: &mut Desk, icecast: &Icecast, cpu_of_one: f64) {
    const MORE: usize = 4;
    for number in 1..=MORE {
        let settings = json!({
            "host": "localhost", "port": icecast.port, "mount": format!("/bench{number}.mp3"), "codec": "mp3", "bitRate": 128,
        });
        desk.say(json!({ "type": "addTarget", "settings": settings }));
    }
    desk.say(json!({ "type": "goLive" }));
    for place in 0..=MORE {
        desk.wait_for_target(place, "live", 10);
    }
    let (_, (cpu, memory)) = costs(&[desk.process.id()])[0];
    let each = (cpu - cpu_of_one) / MORE as f64;
    println!(
        "the same with {MORE} more targets that share its encoder: {cpu:.1} % of a core, {memory:.0} MB: {each:.2} % for each"
    );
}

/// The desktop window: when it is drawn, and what it costs with the demo session.
pub(crate) fn window() {
    let pipewire = PipeWire::start(1);
    let home = Home::new();
    let display = Display::start(&home);
    let mut environment = pipewire.environment().clone();
    environment.insert("DISPLAY".into(), display.name.clone().into());
    environment.insert("WEBKIT_DISABLE_DMABUF_RENDERER".into(), "1".into());
    for run in ["first", "second"] {
        let begun = Instant::now();
        let log = home.path().join("window.log");
        let program = Process::start(
            &mut home.program("airdesk-desktop", &environment),
            &log,
            Priority::Ordinary,
        );
        wait::until("a drawn window", seconds(30), || is_drawn(&display.name).then_some(()));
        println!("{run} start to a drawn window: {:.2} s", begun.elapsed().as_secs_f64());
        if run == "second" {
            sleep(seconds(5));
            let family: Vec<u32> = std::iter::once(program.id()).chain(children(program.id())).collect();
            println!("the window with the demo session, four strips, meters at 60 Hz, drawn by software:");
            print_costs(&family);
        }
        drop(program);
        wait::until("an empty display", seconds(10), || {
            (!is_drawn(&display.name)).then_some(())
        });
    }
}

/// What the window costs with two inputs, an output, a recording and an MP3 stream.
pub(crate) fn window_at_work() {
    let pipewire = PipeWire::start(2);
    let icecast = Icecast::start();
    let tone = Sine { hz: TONE, db: -12.0 };
    let _players = ["src1", "src2"].map(|sink| pipewire.play_sines(sink, 300, tone, tone));
    let mut desk = Desk::start(pipewire.environment());
    prepare(&mut desk, &icecast);
    // The window opens the session that the headless desk leaves behind.
    let mut window = Window::open_at(desk.stop(), pipewire.environment());
    window.push(&["button:Record"]);
    window.push(&["button:Go live"]);
    wait::until("the mount", seconds(15), || icecast.mount("/bench.mp3"));
    wait::until("the recording", seconds(10), || {
        window.is_there(&["button:Stop recording"]).then_some(())
    });
    println!("the window with 2 inputs + output + recording + MP3 128k, meters at 60 Hz, drawn by software:");
    print_costs(&children(window.driver()));
}

/// Prints what each of these processes costs.
fn print_costs(family: &[u32]) {
    for (process, (cpu, memory)) in costs(family) {
        let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        println!("    {:<20} {cpu:>6.1} % of a core, {memory:>5.0} MB", name.trim());
    }
}

/// The console is on the display: its text is brighter than an empty window.
fn is_drawn(display: &str) -> bool {
    let picture = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "x11grab", "-video_size", "1400x900", "-i", display])
        .args(["-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-"])
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    picture.iter().filter(|pixel| **pixel > 180).count() > 2000
}

fn start() -> f64 {
    let home = Home::new();
    let begun = Instant::now();
    let desk = Desk::start_at(home, &lab::sound_server::Environment::new(), &[]);
    let seconds = begun.elapsed().as_secs_f64();
    desk.stop();
    seconds
}

fn prepare(desk: &mut Desk, icecast: &Icecast) {
    desk.clear();
    for (name, sink) in [("One", "src1"), ("Two", "src2")] {
        let device = desk.device("PipeWire", sink, "input");
        let strip = desk.add_strip(name, &pair(&device, 0));
        desk.wait_for_input(strip, "running");
    }
    let out = desk.device("PipeWire", "out1", "output");
    desk.play_on("main", &out);
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    let settings: Value = json!({
        "host": "localhost", "port": icecast.port, "mount": "/bench.mp3", "codec": "mp3", "bitRate": 128,
    });
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
}

/// Seconds from the command to the first bytes that a listener gets, and to the first sound that a listener's player
/// makes of them.
fn go_live(desk: &mut Desk, icecast: &Icecast) -> (f64, f64) {
    let begun = Instant::now();
    desk.say(json!({ "type": "goLive" }));
    let port = icecast.port;
    let player = std::thread::spawn(move || {
        wait::until("sound at a listener", seconds(20), || first_sound(port, "/bench.mp3"));
        begun.elapsed().as_secs_f64()
    });
    wait::until("audio at a listener", seconds(20), || first_bytes(port, "/bench.mp3"));
    let bytes = begun.elapsed().as_secs_f64();
    let sound = player.join().expect("it hears something");
    desk.say(json!({ "type": "goOffAir" }));
    desk.wait_for_air("off", 10);
    sleep(Duration::from_millis(500));
    (bytes, sound)
}

/// A player that asks for the mount and makes sound of it; it is started anew until the mount is there.
fn first_sound(port: u16, mount: &str) -> Option<()> {
    let mut player = Command::new("ffmpeg")
        .args([
            "-v",
            "quiet",
            "-fflags",
            "nobuffer",
            "-probesize",
            "2048",
            "-analyzeduration",
            "0",
        ])
        .args(["-f", "mp3", "-i", &format!("http://127.0.0.1:{port}{mount}")])
        .args(["-f", "s16le", "-ac", "1", "-flush_packets", "1", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut out = player.stdout.take()?;
    let (mut part, mut sounds) = ([0; 512], false);
    while !sounds && out.read_exact(&mut part).is_ok() {
        let mut samples = part.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        // -60 dBFS: no codec makes that of silence.
        sounds = samples.any(|sample| sample.unsigned_abs() > 33);
    }
    // It ends by itself when there is no mount, and has done its work otherwise.
    let _ = player.kill();
    player.wait().ok()?;
    sounds.then_some(())
}

/// A listener that gets audio.
fn first_bytes(port: u16, mount: &str) -> Option<()> {
    let mut listener = TcpStream::connect(("127.0.0.1", port)).ok()?;
    listener.set_read_timeout(Some(seconds(2))).ok()?;
    write!(listener, "GET {mount} HTTP/1.0\r\n\r\n").ok()?;
    let (mut answer, mut part) = (Vec::new(), [0; 1024]);
    loop {
        let count = listener.read(&mut part).ok().filter(|count| *count > 0)?;
        answer.extend(&part[..count]);
        if !answer.starts_with(b"HTTP/1.0 200") && answer.len() > 16 {
            return None;
        }
        let head = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|place| place + 4);
        if head.is_some_and(|head| answer.len() > head + 256) {
            return Some(());
        }
    }
}

/// Processor time as a percentage of one core over [`WATCH`] seconds, and memory in MB afterwards.
fn costs(family: &[u32]) -> Vec<(u32, (f64, f64))> {
    let before: Vec<f64> = family.iter().map(|process| cpu_seconds(*process)).collect();
    sleep(seconds(WATCH));
    let cost = |(process, before): (&u32, f64)| {
        let share = (cpu_seconds(*process) - before) / WATCH as f64;
        (*process, (100.0 * share, memory(*process)))
    };
    family.iter().zip(before).map(cost).collect()
}

/// Memory that a program has now, MB.
pub(crate) fn memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse().ok());
    resident.unwrap_or(f64::NAN) / 1024.0
}

/// Processor time so far, seconds.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |n: usize| fields.get(n).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    // A hundred ticks are a second.
    (field(11) + field(12)) / 100.0
}

fn children(process: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let direct: Vec<u32> = list.split_whitespace().filter_map(|child| child.parse().ok()).collect();
    direct
        .iter()
        .flat_map(|child| std::iter::once(*child).chain(children(*child)))
        .collect()
}
