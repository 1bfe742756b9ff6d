//! What the desk adds: from the frames of an input's callback to the frames of the output's callback.
//!
//! In simulated time, so it is the design's figure, free of this machine's mood: an impulse goes in
//! with a capture callback; its place in the output's frames says how long it took.

use airdesk_dsp::{Frame, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, StripInput};
use airdesk_engine::mix_queue::{MixBlock, Read};
use airdesk_engine::outlet_clock::{OutletStamp, outlet_clock};
use airdesk_engine::time::{Clock, Nanos};
use airdesk_engine::{Engine, EngineCommand, EngineSettings, Strip, StripControls, StripId};

/// Prints a table: the devices' period, what the desk adds, and the sum of both.
pub(crate) fn added() {
    println!("latency, input callback to output callback, both devices at 48 kHz:");
    println!(
        "{:>8} {:>14} {:>12} {:>16}",
        "period", "added frames", "added ms", "with periods ms"
    );
    for period in [64, 128, 256, 512, 1024] {
        let frames = impulse(period);
        let added = frames - 2.0 * f64::from(period);
        println!(
            "{period:>8} {added:>14.0} {:>12.2} {:>16.2}",
            added / 48.0,
            frames / 48.0
        );
    }
}

/// Frames from the moment an impulse was at the microphone to the moment it leaves the speaker: both
/// devices' periods and all that the desk adds.
fn impulse(period: u32) -> f64 {
    let (clock, time) = Clock::simulated();
    let (mut engine, mut link) = Engine::new(EngineSettings::default(), clock);
    let (mut writer, reader) = inlet(48_000.0, 192_000);
    let input = StripInput::Bridged(Bridge::new(reader, SampleRate::DESK));
    let strip = Strip::new(StripId::new(0, 1), SampleRate::DESK, input, StripControls::default());
    assert!(link.commands.push(EngineCommand::AddStrip(Box::new(strip))).is_ok());
    let (mut stamper, outlet) = outlet_clock();
    assert!(
        link.commands
            .push(EngineCommand::FollowOutlet(Box::new(outlet)))
            .is_ok()
    );
    let mut reader = link.programme.reader();
    let mut played: Vec<f32> = Vec::new();
    let mut first = None;
    let impulse_at = 20 * 48_000_u64;
    let mut captured = 0_u64;
    let mut position = None;
    let mut frames: Vec<Frame> = vec![[0.0; 2]; period as usize];
    for callback in 1..=(22 * 48_000 / u64::from(period)) {
        let at = callback as f64 * f64::from(period) / 48_000.0;
        // The engine turns between the callbacks, every millisecond or so.
        let mut now = at - f64::from(period) / 48_000.0;
        while now < at {
            time.set(Nanos::from_seconds(now));
            engine.turn();
            now += 0.001;
        }
        time.set(Nanos::from_seconds(at));
        frames.fill([0.0; 2]);
        if (captured..captured + u64::from(period)).contains(&impulse_at) {
            frames[(impulse_at - captured) as usize] = [1.0; 2];
        }
        writer.write_stamped(&frames, Nanos::from_seconds(at));
        captured += u64::from(period);
        let mut block = MixBlock::default();
        while reader.read(&mut block) != Read::Empty {
            first.get_or_insert((block.sequence - 1) * 64);
            played.extend(block.frames.map(|frame| frame[0]));
        }
        // The output takes its period, a lead behind what was published, as the real one does.
        let published = first.unwrap_or(0) as f64 + played.len() as f64;
        let start = *position.get_or_insert(published - f64::from(stamper.lead()) - f64::from(period));
        let next = start + f64::from(period);
        position = Some(next);
        let seat = stamper.seat();
        stamper.took(OutletStamp {
            position: next,
            at: Nanos::from_seconds(at),
            missing: 0,
            frames: period,
            seat,
        });
        if next > 21.5 * 48_000.0 {
            let peak = (0..played.len())
                .max_by(|a, b| played[*a].abs().total_cmp(&played[*b].abs()))
                .unwrap_or(0);
            let desk_frame = (first.unwrap_or(0) + peak as u64) as f64;
            // The frame `desk_frame` leaves the speaker so much after this callback began.
            let leaves = at + (desk_frame - start) / 48_000.0 + f64::from(period) / 48_000.0;
            let entered = impulse_at as f64 / 48_000.0;
            return (leaves - entered) * 48_000.0;
        }
    }
    f64::NAN
}
