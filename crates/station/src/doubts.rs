//! What is wrong with a device that runs: a clock far from the rate it claims, or sound that is late. The desk copes
//! with both, and the operator is told once each time the device is opened.

use std::time::{Duration, Instant};

/// A clock further off than this, parts per million, is set wrong: the worst of sound cards is off by 200.
const RATE_PPM: f32 = 1_000.0;
/// Nobody can play or speak with what is later than this, seconds.
const LATE_SECONDS: f32 = 0.100;
/// It must have been so for so long: clocks are being learnt at first, and a machine may have had a bad moment.
const LASTING: Duration = Duration::from_secs(10);

/// What is seen of a device.
pub(crate) struct Seen<'a> {
    /// What the operator calls it.
    pub(crate) name: &'a str,
    /// The rate it claims, Hz.
    pub(crate) rate: u32,
    /// Its clock against the machine's, parts per million; positive is fast.
    pub(crate) ppm: f32,
    /// How late it is, as measured, seconds.
    pub(crate) latency: f32,
}

/// One thing that may be wrong.
#[derive(Debug, Default)]
struct Doubt {
    since: Option<Instant>,
    told: bool,
}

impl Doubt {
    /// Whether to tell of it now.
    fn is_told(&mut self, wrong: bool, now: Instant) -> bool {
        if !wrong {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(now);
        let tell = !self.told && now.duration_since(since) >= LASTING;
        self.told |= tell;
        tell
    }
}

/// What may be wrong with one device, since it was opened.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    rate: Doubt,
    late: Doubt,
}

impl Doubts {
    /// Looks at the device, and says what to tell the operator.
    pub(crate) fn look(&mut self, seen: &Seen<'_>, now: Instant) -> Vec<String> {
        let mut told = Vec::new();
        let Seen {
            name,
            rate,
            ppm,
            latency,
        } = *seen;
        if self.rate.is_told(ppm.abs() > RATE_PPM, now) {
            let way = if ppm > 0.0 { "faster" } else { "slower" };
            told.push(format!(
                "{name} runs {:.0} ppm {way} than the {rate} Hz it claims: the desk follows it, but check where its \
                 clock comes from, or choose another device",
                ppm.abs()
            ));
        }
        if self.late.is_told(latency > LATE_SECONDS, now) {
            told.push(format!(
                "{name} is {:.0} ms late: choose smaller buffers in its or the sound system's settings, or another \
                 device",
                latency * 1e3
            ));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ppm: f32, latency: f32) -> Seen<'static> {
        Seen {
            name: "Mic",
            rate: 48_000,
            ppm,
            latency,
        }
    }

    #[test]
    fn what_stays_wrong_is_told_once_with_what_to_do() {
        let (mut doubts, began) = (Doubts::default(), Instant::now());
        let mut told = Vec::new();
        for second in 0..60 {
            told.extend(doubts.look(&seen(-2_000.0, 0.250), began + Duration::from_secs(second)));
        }
        let [rate, late] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert!(
            rate.starts_with("Mic runs 2000 ppm slower than the 48000 Hz") && rate.contains("choose"),
            "{rate}"
        );
        assert!(
            late.starts_with("Mic is 250 ms late") && late.contains("smaller buffers"),
            "{late}"
        );
    }

    #[test]
    fn what_is_usual_or_soon_over_is_not_told() {
        let (mut doubts, began) = (Doubts::default(), Instant::now());
        for second in 0..60 {
            let wrong = if second % 8 == 0 {
                seen(250.0, 0.050)
            } else {
                seen(4_000.0, 0.300)
            };
            let told = doubts.look(&wrong, began + Duration::from_secs(second));
            assert!(told.is_empty(), "after {second} s: {told:?}");
        }
    }
}
