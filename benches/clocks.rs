//! Ten minutes on real sound servers: how well the clocks of its devices are followed, and what is heard of it.

use std::time::{Duration, Instant};

use lab::desk::{Desk, pair, strip};
use lab::listen::Heard;
use lab::real_time::Watch;
use lab::sound_server::{Jack, Lateness, PipeWire};
use lab::tone::{OTHER_TONE, Sine, TONE, pan_law};
use lab::wait::seconds;
use serde_json::Value;

/// How long it is listened to.
const MINUTES: u64 = 10;
/// What there may be beside the tones, dB: a click is louder.
const NOISE: f64 = -70.0;
/// A device is looked at this often.
const LOOK: Duration = Duration::from_millis(250);

/// What was seen of one device.
#[derive(Default)]
struct Followed {
    ppm: Vec<f64>,
    /// By how much its delay was off, microseconds.
    error: Vec<f64>,
    locked: usize,
    lost: u64,
}

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
const OTHER: Sine = Sine {
    hz: OTHER_TONE,
    db: -20.0,
};

/// The headphones and the main output.
const OUTPUTS: [&str; 2] = ["cue", "main"];

/// How long the tones are to last, seconds.
const LENGTH: u64 = MINUTES * 60 + 120;

/// Ends a recording and listens.
type Stop<'a> = Box<dyn FnOnce() -> Heard + 'a>;

/// On each sound server in turn. False when something was lost or broken that neither a stop of the machine nor the
/// server's own lateness explains.
pub(crate) fn followed() -> bool {
    let pipewire = on_pipewire();
    on_jack() && pipewire
}

/// Two inputs, the main output and headphones, with a tone on each input.
fn on_pipewire() -> bool {
    let pipewire = PipeWire::start(2);
    let _players = [("src1", ONE), ("src2", OTHER)].map(|(sink, tone)| pipewire.play_sines(sink, LENGTH, tone, tone));
    let mut desk = Desk::start(pipewire.environment());
    desk.clear();
    for (output, sink) in [("main", "out1"), ("cue", "phones1")] {
        let device = desk.device("PipeWire", sink, "output");
        desk.play_on(output, &device);
    }
    let strips = [("One", "src1"), ("Other", "src2")].map(|(name, sink)| {
        let device = desk.device("PipeWire", sink, "input");
        desk.add_strip(name, &pair(&device, 0))
    });
    let record = || -> Stop<'_> {
        let recorder = pipewire.record("out1");
        Box::new(|| recorder.stop())
    };
    follow("PipeWire", desk, strips, || pipewire.lateness(), record)
}

/// Two pairs of ports and the main output: JACK has one clock, and the desk follows it by the times of its callbacks all
/// the same.
fn on_jack() -> bool {
    let jack = Jack::start();
    let mut desk = Desk::start(jack.environment());
    desk.clear();
    let main = desk.device("JACK", "", "output");
    desk.play_on("main", &main);
    let device = desk.device("JACK", "", "input");
    let strips = [("One", 0), ("Other", 2)].map(|(name, left)| desk.add_strip(name, &pair(&device, left)));
    let inputs = jack.inputs(4);
    let _one = jack.play_sines([&inputs[0], &inputs[1]], ONE, ONE);
    let _other = jack.play_sines([&inputs[2], &inputs[3]], OTHER, OTHER);
    let record = || -> Stop<'_> {
        let outputs = jack.outputs();
        let recorder = jack.record([&outputs[0], &outputs[1]], LENGTH);
        Box::new(|| recorder.stop())
    };
    follow("JACK", desk, strips, || jack.lateness(), record)
}

/// Looks at the devices and listens to the main output. True when nothing is unexplained.
fn follow<'a>(
    server: &str,
    mut desk: Desk,
    strips: [u32; 2],
    lateness: impl Fn() -> Lateness,
    record: impl FnOnce() -> Stop<'a>,
) -> bool {
    desk.wait_until_followed();
    std::thread::sleep(seconds(30));
    let watch = Watch::begin();
    let stop = record();
    let before = lost(desk.snapshot(), strips);
    let playing = OUTPUTS.map(|name| playback(desk.snapshot(), name).is_some());
    let mut devices = ["input One", "input Other", "headphones", "main output"].map(|name| (name, Followed::default()));
    let (mut seen, mut late) = (before, lateness());
    let (mut unexplained, mut silent) = (0, 0);
    let (begun, mut looked) = (Instant::now(), Instant::now());
    while begun.elapsed() < seconds(MINUTES * 60) {
        std::thread::sleep(LOOK);
        let now_late = lateness();
        if now_late.is_its_own_since(late) {
            watch.count_as_stop(looked);
        }
        (late, looked) = (now_late, Instant::now());
        let snapshot = desk.snapshot();
        let now = lost(snapshot, strips);
        unexplained += u32::from(now != seen && !watch.explains_now());
        seen = now;
        let outputs = OUTPUTS.map(|name| playback(snapshot, name));
        silent += u32::from(outputs.map(|output| output.is_some()) != playing);
        let inputs = strips.map(|id| strip(snapshot, id).map(|strip| &strip["input"]));
        for ((_, followed), state) in devices.iter_mut().zip(inputs.into_iter().chain(outputs)) {
            followed.look(state);
        }
    }
    let ended = Instant::now();
    let heard = stop();
    let after = lost(desk.snapshot(), strips);
    for (n, (_, followed)) in devices.iter_mut().enumerate() {
        followed.lost = after[n].saturating_sub(before[n]);
    }
    println!(
        "\nClocks on {server}, {MINUTES} min ({} stops of the machine)\n",
        watch.count()
    );
    println!("| device | ppm, lowest to highest | error, us rms | peak | locked | frames lost |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (name, followed) in devices.iter().filter(|(_, followed)| !followed.ppm.is_empty()) {
        followed.print(name);
    }
    let heard = heard.span(1.0, heard.seconds());
    let breaks = [0, 1]
        .map(|side| heard.breaks(side, &[TONE, OTHER_TONE], NOISE))
        .concat();
    let at = |broken: f64| ended - Duration::from_secs_f64(heard.seconds() - broken);
    let broken = breaks
        .iter()
        .filter(|broken| !watch.may_be_a_stop(at(broken.at)))
        .count();
    println!(
        "\nheard on both sides of the main output for {:.0} s: {} runs of 10 ms broken, {broken} of them not near a stop of the \
         machine; {unexplained} of the losses that the desk told were not near one either; {silent} times an output did not \
         play",
        heard.seconds(),
        breaks.len(),
    );
    broken == 0 && unexplained == 0 && silent == 0 && is_whole(&heard)
}

/// Both tones were heard all the time, as loud as a pan in the middle makes them.
fn is_whole(heard: &Heard) -> bool {
    let levels = heard.levels(&[TONE, OTHER_TONE]);
    let whole = heard.seconds() > (MINUTES * 60) as f64 - 5.0;
    let as_loud = |(tone, level): (&Sine, &[f64; 2])| {
        let sides = level.iter().zip(pan_law(0.0));
        sides
            .into_iter()
            .all(|(level, pan)| (level - tone.db - pan).abs() < 0.1)
    };
    println!("{:.0} s, levels {levels:.2?} dBFS", heard.seconds());
    whole && [ONE, OTHER].iter().zip(&levels).all(as_loud)
}

/// How an output plays, if it does.
fn playback<'s>(snapshot: &'s Value, name: &str) -> Option<&'s Value> {
    let found = snapshot["outputs"]
        .as_array()?
        .iter()
        .find(|output| output["output"] == name)?;
    Some(&found["playback"]).filter(|playback| playback["state"] == "playing")
}

impl Followed {
    fn look(&mut self, state: Option<&Value>) {
        let Some(state) = state else { return };
        self.ppm.extend(state["ppm"].as_f64());
        self.error.extend(state["error"].as_f64().map(|error| error * 1e6));
        self.locked += usize::from(state["locked"] == true);
    }

    fn print(&self, name: &str) {
        let least = self.ppm.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.ppm.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let count = self.error.len().max(1) as f64;
        let rms = (self.error.iter().map(|error| error * error).sum::<f64>() / count).sqrt();
        let peak = self.error.iter().fold(0.0_f64, |peak, error| peak.max(error.abs()));
        let locked = 100.0 * self.locked as f64 / count;
        let lost = self.lost;
        println!("| {name} | {least:.0} to {most:.0} | {rms:.0} | {peak:.0} | {locked:.0} % | {lost} |");
    }
}

/// Frames that the two inputs, the headphones and the main output have lost or missed.
fn lost(snapshot: &Value, strips: [u32; 2]) -> [u64; 4] {
    let of = |state: &Value| {
        let counts = ["framesLost", "framesMissing"].iter();
        counts.filter_map(|key| state[key].as_u64()).sum()
    };
    let [one, other] = strips.map(|id| of(&strip(snapshot, id).expect("it is there")["input"]));
    let [phones, main] = OUTPUTS.map(|name| playback(snapshot, name).map_or(0, of));
    [one, other, phones, main]
}
