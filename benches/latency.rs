//! What the desk adds: an impulse from a card that records to a card that plays, found to a part of a frame.
//!
//! In the simulated host's time, so it is free of this machine's mood; the engine, the devices' callbacks and all that
//! lies between are the product's own. Beside it stands what the desk tells.

use airdesk_devices::simulated::loop_back::LoopBack;
use airdesk_dsp::resample::Quality;

/// Prints a table: the devices' period, what the desk adds, what it tells of that, and all with both periods.
pub(crate) fn added() {
    println!("latency, measured with an impulse, all devices at 48 kHz, on the main output and on a bridged one:");
    println!(
        "{:>8} {:>10} {:>12} {:>10} {:>10} {:>16} {:>14} {:>12}",
        "period", "resampling", "added frames", "told", "added ms", "with periods ms", "bridged frames", "told"
    );
    let balanced = [64, 128, 256, 512, 1024].map(|period| (period, Quality::Balanced));
    for (period, quality) in balanced
        .into_iter()
        .chain([(256, Quality::LowLatency), (256, Quality::Best)])
    {
        let [main, bridged] = [false, true].map(|bridged| {
            let way = LoopBack {
                period,
                rate: 48_000,
                quality,
                bridged,
            };
            way.measure(|turn| turn())
        });
        let (Ok(main), Ok(bridged)) = (main, bridged) else {
            println!("{period:>8} could not be measured: a simulated card did not open");
            continue;
        };
        // What is measured holds one period, the microphone's.
        let period_frames = f64::from(period);
        println!(
            "{period:>8} {:>10} {:>12.1} {:>10.1} {:>10.1} {:>16.1} {:>14.1} {:>12.1}",
            format!("{quality:?}"),
            main.measured - period_frames,
            main.told - period_frames,
            (main.measured - period_frames) / 48.0,
            (main.measured + period_frames) / 48.0,
            bridged.measured - period_frames,
            bridged.told - period_frames,
        );
    }
}
