//! When the chunks of a live sender arrive. Made by dice with a fixed seed; each says what it stands for.

use super::Dice;

/// A chunk's length, seconds: what most senders take.
pub(crate) const CHUNK: f64 = 0.020;

/// When each chunk arrives, seconds from when the first was begun. Never before its end was made; in order, as on TCP.
pub(crate) type Trace = Vec<f64>;

/// Puts the arrivals in order: what overtakes waits for what it overtook.
fn in_order(arrivals: impl Iterator<Item = f64>) -> Trace {
    let mut last = 0.0;
    arrivals
        .map(|arrival| {
            last = f64::max(last, arrival);
            last
        })
        .collect()
}

fn made(chunk: usize, ppm: f64) -> f64 {
    (chunk + 1) as f64 * CHUNK / (1.0 + ppm * 1e-6)
}

/// A wire: half a millisecond of jitter, the far clock `ppm` fast.
pub(crate) fn steady(seconds: f64, ppm: f64, seed: u64) -> Trace {
    let mut dice = Dice::new(seed);
    in_order((0..(seconds / CHUNK) as usize).map(|n| made(n, ppm) + 0.010 + 0.000_5 * dice.share()))
}

/// A home's Wi-Fi: 2 to 7 ms on most chunks, and every 2 to 10 s nothing for 60 to 200 ms, then all at once.
pub(crate) fn wifi(seconds: f64, seed: u64) -> Trace {
    let mut dice = Dice::new(seed);
    let (mut stall, mut until) = (2.0, 0.0);
    in_order((0..(seconds / CHUNK) as usize).map(|n| {
        let at = made(n, 0.0);
        if at > stall {
            until = at + 0.060 + 0.140 * dice.share();
            stall = at + 2.0 + 8.0 * dice.share();
        }
        f64::max(until, at + 0.002 + 0.005 * dice.share())
    }))
}

/// A telephone on the road: 40 ms of jitter, and a cell that changes for 1 s every 20 to 60 s.
pub(crate) fn mobile(seconds: f64, seed: u64) -> Trace {
    let mut dice = Dice::new(seed);
    let (mut stall, mut until) = (15.0, 0.0);
    in_order((0..(seconds / CHUNK) as usize).map(|n| {
        let at = made(n, 0.0);
        if at > stall {
            until = at + 1.0;
            stall = at + 20.0 + 40.0 * dice.share();
        }
        f64::max(until, at + 0.020 + 0.040 * dice.share())
    }))
}

/// A sender that makes four seconds in one, and is not told to wait.
pub(crate) fn four_times(seconds: f64) -> Trace {
    (0..(seconds / CHUNK) as usize).map(|n| made(n, 0.0) / 4.0).collect()
}

/// Speech as it is made: 1 s of it in 0.25 s, then nothing for 0.15 to 1.2 s.
pub(crate) fn stalls(seconds: f64, seed: u64) -> Trace {
    let mut dice = Dice::new(seed);
    let mut begin = 0.0;
    (0..(seconds / CHUNK) as usize)
        .map(|n| {
            if n % 50 == 0 && n > 0 {
                begin += 0.40 + 1.05 * dice.share();
            }
            begin + (n % 50 + 1) as f64 * CHUNK / 4.0
        })
        .collect()
}
