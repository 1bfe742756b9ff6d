//! The delay in virtual time, on frames that say which they are.

use super::*;

const RATE: SampleRate = SampleRate::DESK;

/// A frame that says which it is: its number, and the number's complement.
fn numbered(frame: u64) -> Frame {
    let left = (frame % (1 << 22)) as f32 / (1 << 22) as f32;
    [left, 1.0 - left]
}

struct Bench {
    delay: AirDelay,
    taken: u64,
    air: Vec<Frame>,
    joins: Vec<Join>,
}

impl Bench {
    fn new(seconds: f32) -> Self {
        let mut bench = Self {
            delay: AirDelay::new(RATE),
            taken: 0,
            air: Vec::new(),
            joins: Vec::new(),
        };
        bench.set(seconds);
        bench
    }

    fn set(&mut self, seconds: f32) {
        let settings = AirDelaySettings {
            seconds,
            stretch_percent: 10.0,
        };
        self.delay.make_room(seconds);
        self.delay.set(&settings);
    }

    /// Takes so many seconds of what `signal` says about each frame.
    fn play(&mut self, seconds: f64, signal: impl Fn(u64) -> Frame) {
        let mut air = SILENCE;
        for _ in 0..(seconds * 750.0).round() as u64 {
            let block = std::array::from_fn(|n| signal(self.taken + n as u64));
            self.taken += BLOCK_FRAMES as u64;
            self.delay.process(&block, &mut air);
            self.air.extend(air);
            self.joins.extend(self.delay.take_join());
            let tally = self.delay.tally();
            assert_eq!(tally.held(), self.delay.held() as i64, "{tally:?}");
            assert_eq!((tally.taken, tally.aired), (self.taken, self.air.len() as u64));
        }
    }
}

/// A run of noise that says which frame it is: nothing is like it, and a join in it is seen.
fn noise(frame: u64) -> Frame {
    let mixed = frame.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let sample = ((mixed >> 40) as f32 / (1 << 23) as f32 - 1.0) * 0.25;
    [sample, -sample]
}

#[test]
fn without_a_delay_every_frame_is_aired_at_once_bit_for_bit() {
    let mut bench = Bench::new(0.0);
    bench.play(3.0, numbered);
    assert!(
        bench
            .air
            .iter()
            .enumerate()
            .all(|(n, frame)| *frame == numbered(n as u64))
    );
    assert_eq!(bench.delay.phase(), Phase::Through);
    assert_eq!(bench.delay.dump(None), None, "there is nothing to drop");
}

#[test]
fn a_delay_is_built_within_the_time_that_its_rate_takes_and_stays_to_the_frame() {
    let mut bench = Bench::new(2.0);
    let tone = |n: u64| [(std::f64::consts::TAU * 1_000.0 * n as f64 / 48_000.0).sin() as f32 * 0.5; 2];
    bench.play(10.0, tone);
    assert_eq!(bench.delay.phase(), Phase::Building);
    assert!(
        (bench.delay.held() as f64 / 48_000.0 - 1.0).abs() < 0.05,
        "{}",
        bench.delay.held()
    );
    bench.play(11.0, tone);
    assert_eq!(bench.delay.phase(), Phase::Held);
    let held = bench.delay.held();
    assert!((96_000..96_000 + 1_440).contains(&held), "{held}");
    bench.play(60.0, noise);
    assert_eq!(bench.delay.held(), held, "whatever comes");
    // Frames are aired as they are.
    let (last, first) = (bench.taken - 1 - held, bench.taken - held - 40_000);
    for (air, n) in bench.air.iter().rev().zip((first..=last).rev()) {
        assert_eq!(*air, noise(n));
    }
}

#[test]
fn a_delay_that_is_taken_back_ends_with_the_programme_as_it_is() {
    let mut bench = Bench::new(0.5);
    bench.play(12.0, noise);
    assert_eq!(bench.delay.phase(), Phase::Held);
    bench.set(0.0);
    bench.play(0.1, noise);
    assert_eq!(bench.delay.phase(), Phase::Returning);
    bench.play(16.0, noise);
    assert_eq!((bench.delay.phase(), bench.delay.held()), (Phase::Through, 0));
    let from = bench.air.len();
    bench.play(0.5, noise);
    assert!(
        bench
            .air
            .iter()
            .enumerate()
            .skip(from)
            .all(|(n, frame)| *frame == noise(n as u64))
    );
    bench.delay.make_room(0.0);
    bench.play(0.5, noise);
    assert!(
        bench
            .air
            .iter()
            .enumerate()
            .skip(from)
            .all(|(n, frame)| *frame == noise(n as u64))
    );
}

/// The programme with `marked` frames loud on the left alone: heard anywhere, however fast it is faded, they show.
fn marked(marked: std::ops::Range<u64>) -> impl Fn(u64) -> Frame {
    move |n| {
        let speech = noise(n)[0];
        if marked.contains(&n) {
            [0.9, 0.0]
        } else {
            [speech, speech]
        }
    }
}

fn marks(air: &[Frame]) -> usize {
    air.iter().filter(|[left, right]| (left - right).abs() > 1e-4).count()
}

#[test]
fn nothing_of_what_was_dumped_is_aired_whenever_it_is_dumped() {
    // All of it, at many moments of building up, joins under way among them.
    for after in 0..40 {
        let mut bench = Bench::new(3.0);
        let begin = 10.0 + f64::from(after) * 0.0133;
        bench.play(begin, noise);
        let held = bench.delay.held();
        let first = bench.taken - held;
        // What is held sounds like nothing else: had it been aired it would be seen.
        let mut bench = Bench::new(3.0);
        bench.play(begin, marked(first..first + held));
        let before = bench.air.len();
        let dump = bench.delay.dump(None).expect("something is held");
        assert_eq!(dump.first + dump.frames, first + held);
        bench.play(2.0, marked(0..0));
        let early = marks(&bench.air[..before]);
        assert!(
            early as u64 <= dump.first.saturating_sub(first) + 800,
            "{early} of {held} were aired before"
        );
        assert_eq!(marks(&bench.air[before + 800..]), 0, "after {begin} s");
        assert_eq!(bench.joins.len(), 1);
    }
}

#[test]
fn the_last_seconds_are_dropped_and_what_came_before_is_still_aired() {
    let mut bench = Bench::new(3.0);
    let signal = marked(34 * 48_000..35 * 48_000);
    bench.play(35.0, &signal);
    let held = bench.delay.held();
    let dump = bench.delay.dump(Some(48_000)).expect("a second of three");
    assert_eq!((dump.first, dump.frames), (34 * 48_000, 48_000));
    assert_eq!(bench.delay.held(), held - 48_000, "that can be dropped still");
    assert_eq!(bench.delay.phase(), Phase::Building);
    bench.play(6.0, &signal);
    assert_eq!(marks(&bench.air), 0);
    assert_eq!(bench.delay.tally().dumped, 48_000);
    // What was aired before the join is what came before the dump, what follows came behind it.
    let [join] = bench.joins[..] else {
        panic!("{:?}", bench.joins)
    };
    let (at, fade) = (join.aired_at as usize, 768);
    let last = bench.air[at - 1];
    assert!(
        (dump.first - fade - 200..dump.first).any(|n| noise(n)[0] == last[0]),
        "{join:?}"
    );
    let first = bench.air[at + fade as usize];
    let end = dump.first + dump.frames;
    assert!(
        (end + fade..end + fade + 800).any(|n| noise(n)[0] == first[0]),
        "{join:?}"
    );
}

#[test]
fn dumps_that_wait_are_told_from_each_other_and_more_than_is_held_drops_all() {
    let mut bench = Bench::new(3.0);
    let second = 48_000;
    // From half a second before 35 s on; from a quarter before 35.5 s on; and the last one reaches back into the first.
    let (first, second_dump, third) = (35 * second - 24_000, 35 * second + 12_000, 35 * second - 36_000);
    let signal = |n: u64| {
        let dumped = (third..35 * second).contains(&n) || (second_dump..35 * second + 24_000).contains(&n);
        marked(if dumped { n..n + 1 } else { 0..0 })(n)
    };
    bench.play(35.0, signal);
    let dump = bench.delay.dump(Some(24_000)).expect("held");
    assert_eq!((dump.first, dump.frames), (first, 24_000));
    bench.play(0.5, signal);
    let dump = bench.delay.dump(Some(12_000)).expect("held");
    assert_eq!((dump.first, dump.frames), (second_dump, 12_000));
    // A quarter of a second lies between the two: it goes, and a quarter before the first.
    let dump = bench.delay.dump(Some(24_000)).expect("held");
    assert_eq!((dump.first, dump.first + dump.frames), (third, 35 * second + 24_000));
    assert_eq!(bench.delay.tally().dumped, 60_000);
    bench.play(6.0, signal);
    assert_eq!((marks(&bench.air), bench.joins.len()), (0, 1));
    let held = bench.delay.held();
    let dump = bench.delay.dump(Some(u64::MAX)).expect("held");
    assert!(dump.frames <= held && dump.frames + 2_000 > held, "{dump:?} of {held}");
    assert_eq!(bench.delay.held(), 0);
}

#[test]
fn hours_go_by_without_a_frame_of_drift() {
    let mut bench = Bench::new(0.5);
    bench.play(30.0, noise);
    let held = bench.delay.held();
    let (mut air, block) = (SILENCE, [[0.25, -0.25]; BLOCK_FRAMES]);
    for _ in 0..8 * 3_600 * 750 {
        bench.delay.process(&block, &mut air);
    }
    assert_eq!(bench.delay.held(), held);
    assert_eq!(bench.delay.tally().held(), held as i64);
}
