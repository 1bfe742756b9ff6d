//! Tries this machine's sound devices: `devices_probe COMMAND`, one of `list`, `watch SECONDS`, `record ID SECONDS`,
//! `play ID|default SECONDS`, `cue ID SECONDS`.
//!
//! `play` and `cue` play 997 Hz at -6 dBFS, as main and as bridged output; `record` says how loud it is.

use std::time::{Duration, Instant};

use airdesk_devices::{
    CaptureRequest, CaptureStream, ChannelPick, DeviceChoice, HostChoice, PlaybackRequest, PlaybackStream,
    ScanSettings, Scanner, StreamHealth, list,
};
use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::mix_queue::{MixWriter, mix_queue};
use airdesk_engine::outlet_clock::outlet_clock;
use airdesk_engine::time::{Clock, Nanos};

const LIMIT: Duration = Duration::from_secs(5);

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["list"] => print_list(),
        ["watch", seconds] => watch(seconds.parse()?),
        ["record", id, seconds] => record(id, seconds.parse()?),
        ["play", id, seconds] => play(id, seconds.parse()?, true),
        ["cue", id, seconds] => play(id, seconds.parse()?, false),
        _ => Err("expected list, watch SECONDS, record ID SECONDS, play ID|default SECONDS or cue ID SECONDS".into()),
    }
}

fn print_list() -> Outcome {
    let began = Instant::now();
    let found = list(&HostChoice::system(), LIMIT);
    for device in &found.devices {
        println!("{}", serde_json::to_string(device)?);
    }
    for notice in &found.notices {
        println!("{notice}");
    }
    println!("{} devices in {:?}", found.devices.len(), began.elapsed());
    Ok(())
}

fn watch(seconds: u64) -> Outcome {
    let began = Instant::now();
    let _scanner = Scanner::start_with(ScanSettings::default(), move |found| {
        let ids: Vec<_> = found.devices.iter().map(|device| device.id.to_string()).collect();
        println!("{:.1} s: {ids:?} {:?}", began.elapsed().as_secs_f32(), found.notices);
    })?;
    std::thread::sleep(Duration::from_secs(seconds));
    Ok(())
}

fn record(id: &str, seconds: u64) -> Outcome {
    let mut stream = CaptureStream::open(CaptureRequest::new(id.parse()?, Clock::machine()), LIMIT)?;
    println!("{}: {}, {} channels", stream.name(), stream.rate(), stream.channels());
    let (writer, mut feed) = inlet(f64::from(stream.rate().hz()), 1 << 16);
    stream.attach(ChannelPick::default(), writer)?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut power, mut heard) = (0.0, 0_u64);
    let mut last = stream.health();
    while Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
        let mut block = [[0.0; 2]; 4096];
        let frames = feed.read(&mut block);
        power += block[..frames]
            .iter()
            .map(|frame| f64::from(frame[0]).powi(2))
            .sum::<f64>();
        heard += frames as u64;
        while feed.stamp().is_some() {}
        tell_change(&mut last, stream.health());
    }
    println!(
        "{heard} frames, {:.2} dB RMS, {} lost",
        10.0 * (power / heard as f64).log10(),
        feed.frames_lost()
    );
    println!("{:?} {:?}", stream.health(), stream.stats());
    Ok(())
}

/// Says when a stream is no longer what it was.
fn tell_change(last: &mut StreamHealth, now: StreamHealth) {
    if *last != now {
        println!("{now:?}");
        *last = now;
    }
}

/// Publishes a tone up to `wanted` frames.
fn publish(writer: &mut MixWriter, wanted: f64, now: Nanos) {
    while ((writer.published() + 1) * BLOCK_FRAMES as u64) as f64 <= wanted {
        let first = writer.published() * BLOCK_FRAMES as u64;
        let frames = std::array::from_fn(|n| {
            let turns = ((first + n as u64) as f64 * 997.0 / 48_000.0).fract();
            [(0.5 * (std::f64::consts::TAU * turns).sin()) as f32; 2]
        });
        writer.publish(&frames, now);
    }
}

fn play(id: &str, seconds: u64, main: bool) -> Outcome {
    let clock = Clock::machine();
    let choice = if id == "default" {
        DeviceChoice::Default
    } else {
        DeviceChoice::Device(id.parse()?)
    };
    let request = PlaybackRequest::new(choice, clock.clone(), SampleRate::DESK);
    let (mut writer, tap) = mix_queue(1024);
    let (stamper, mut outlet) = outlet_clock();
    let stream = if main {
        PlaybackStream::open_main(request, LIMIT, tap.reader(), stamper)?
    } else {
        PlaybackStream::open_bridged(request, LIMIT, tap.reader())?
    };
    println!(
        "{} ({}): {}, {} channels",
        stream.name(),
        stream.device(),
        stream.rate(),
        stream.channels()
    );
    outlet.set_lead(768);
    let (began, mut wanted) = (clock.now(), 0.0);
    let mut last = stream.health();
    while clock.now().seconds() < began.seconds() + seconds as f64 {
        if main {
            while let Some(stamp) = outlet.stamp() {
                wanted = stamp.position + 768.0;
            }
        } else {
            wanted = (clock.now().seconds() - began.seconds()) * 48_000.0;
        }
        publish(
            &mut writer,
            wanted,
            Nanos::from_seconds(began.seconds() + wanted / 48_000.0),
        );
        tell_change(&mut last, stream.health());
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("{:?} {:?}", stream.health(), stream.stats());
    Ok(())
}
