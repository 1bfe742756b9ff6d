//! Ceiling, release and switch of the limiter, thrown while it holds a tone down, again before the last has arrived.

use super::*;

/// Frames before a throw that its window takes in: the filter that listens is so long.
const BEFORE: usize = 450;

/// What the limiter bends the tone all the time when it is set so: the gain that comes back between two waves is treble too.
fn bends(tone: &[Frame], settings: LimiterSettings) -> f64 {
    let mut rig = Rig::with_limiter();
    rig.obey(EngineCommand::SetLimiter(settings));
    rig.console.settle();
    rig.strip(0, tone, plain());
    rig.hear(SETTLED);
    click_db(&rig.hear(20).0)
}

#[test]
fn no_throw_of_the_limiter_is_heard_beside_what_it_does_all_the_time() {
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let hz = dice.of(&[110.0, 150.0, 220.0]);
        // From below all ceilings to far above them.
        let amplitude = 10_f64.powf(f64::from(dice.within((-26.0, 12.0))) / 20.0);
        let tone = sine(hz, amplitude, BLOCK_FRAMES * 1200);
        let mut rig = Rig::with_limiter();
        rig.strip(0, &tone, plain());
        let mut heard = rig.hear(SETTLED).0;
        let mut before = bends(&tone, LimiterSettings::default());
        for number in 0..10 {
            let start = heard.len() - BEFORE;
            let mut most = before;
            // All but the last are overtaken half-way.
            for blocks in [3, 11, 60] {
                let on = dice.roll(3) > 0;
                let settings = LimiterSettings { on, ..dice.limiter() };
                rig.obey(EngineCommand::SetLimiter(settings));
                heard.extend(rig.hear(blocks).0);
                before = bends(&tone, settings);
                most = most.max(before);
            }
            let step = click_db(&heard[start..]);
            assert!(
                step < most.max(-80.0),
                "seed {seed}, throw {number}: {step:.1} dBFS, and {most:.1} all the time"
            );
        }
    }
}
