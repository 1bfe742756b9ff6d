//! Every control of a strip changes what is heard, on the main output and on the phones.
#![cfg(target_os = "linux")]

use std::thread::sleep;
use std::time::Duration;

use lab::console::Meters;
use lab::desk::{Desk, pair};
use lab::real_time::{self, measure};
use lab::sound_server::{PipeWire, Player};
use lab::tone::{OTHER_TONE, Sine, TONE, decibels, pan_law};
use lab::wait::seconds;
use serde_json::json;

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
const OTHER: Sine = Sine {
    hz: OTHER_TONE,
    db: -18.0,
};

/// Below this nothing is heard, dB. Lower would measure how well the clock of the other tone is followed.
const SILENT: f64 = -90.0;

/// What the pan law takes from each side in the centre, dB.
const CENTRE: f64 = -3.0103;

/// A desk with two strips, programme on `out1` and cue on `phones1`.
struct Studio {
    pipewire: PipeWire,
    _players: [Player; 2],
    desk: Desk,
    one: u32,
    other: u32,
}

impl Studio {
    fn open() -> Self {
        let pipewire = PipeWire::start(2);
        let players = [
            pipewire.play_sines("src1", 120, ONE, ONE),
            pipewire.play_sines("src2", 120, OTHER, OTHER),
        ];
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        for (output, sink) in [("main", "out1"), ("cue", "phones1")] {
            let device = desk.device("PipeWire", sink, "output");
            desk.play_on(output, &device);
        }
        let [one, other] = [("One", "src1"), ("Other", "src2")].map(|(name, device)| {
            let device = desk.device("PipeWire", device, "input");
            let strip = desk.add_strip(name, &pair(&device, 0));
            desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
            strip
        });
        desk.wait_until_followed();
        Self {
            pipewire,
            _players: players,
            desk,
            one,
            other,
        }
    }

    /// Judges the levels of both tones on the left side.
    fn on(&self, sink: &str, judge: impl Fn([f64; 2])) {
        self.on_both_sides(sink, |[one, other]| judge([one[0], other[0]]));
    }

    /// The same on both sides, of the one tone and of the other.
    fn on_both_sides(&self, sink: &str, judge: impl Fn([[f64; 2]; 2])) {
        let listen = || {
            let recorder = self.pipewire.record(sink);
            sleep(Duration::from_millis(1800));
            let heard = recorder.stop();
            heard.span(heard.seconds() - 1.0, heard.seconds())
        };
        real_time::judge(listen, |heard| {
            let levels = heard.levels(&[TONE, OTHER_TONE]);
            judge([levels[0], levels[1]]);
        });
    }

    fn meters(&mut self, judge: impl Fn(Meters)) {
        real_time::judge(|| self.desk.meters(), judge);
    }
}

#[track_caller]
fn near(level: f64, expected: f64) {
    assert!((level - expected).abs() < 0.1, "{level} dB instead of {expected} dB");
}

#[track_caller]
fn silent(level: f64) {
    assert!(level < SILENT, "{level} dB instead of silence");
}

#[test]
fn the_fader_moves_the_level_and_its_bottom_is_off() {
    measure(|| {
        let mut studio = Studio::open();
        for fader in [0.0, -20.0, 10.0, -60.0] {
            studio.desk.set(studio.one, &json!({ "fader": fader }));
            studio.on("out1", |[one, other]| {
                near(one, ONE.db + CENTRE + fader);
                near(other, OTHER.db + CENTRE);
            });
        }
        studio.desk.set(studio.one, &json!({ "fader": null }));
        studio.on("out1", |[one, other]| {
            silent(one);
            near(other, OTHER.db + CENTRE);
        });
    });
}

#[test]
fn the_programme_fader_moves_the_whole_programme_and_not_cue() {
    measure(|| {
        let mut studio = Studio::open();
        studio.desk.set(studio.one, &json!({ "cue": true }));
        studio
            .desk
            .say(json!({ "type": "setBusFader", "bus": "programme", "level": -10.0 }));
        studio.on("out1", |[one, other]| {
            near(one, ONE.db + CENTRE - 10.0);
            near(other, OTHER.db + CENTRE - 10.0);
        });
        studio.on("phones1", |levels| near(levels[0], ONE.db));
    });
}

#[test]
fn pan_follows_its_law_on_both_sides() {
    measure(|| {
        let mut studio = Studio::open();
        for pan in [-1.0, -0.5, 0.0, 0.25] {
            studio.desk.set(studio.one, &json!({ "pan": pan }));
            studio.on_both_sides("out1", |[one, _]| {
                for (level, law) in one.into_iter().zip(pan_law(pan)) {
                    if law < SILENT {
                        silent(level);
                    } else {
                        near(level, ONE.db + law);
                    }
                }
            });
        }
    });
}

#[test]
fn mute_takes_a_strip_from_the_programme_and_leaves_it_in_cue() {
    measure(|| {
        let mut studio = Studio::open();
        studio.desk.set(studio.one, &json!({ "mute": true, "cue": true }));
        studio.on("out1", |[one, other]| {
            silent(one);
            near(other, OTHER.db + CENTRE);
        });
        studio.on("phones1", |levels| near(levels[0], ONE.db));
        studio.desk.set(studio.one, &json!({ "mute": false }));
        studio.on("out1", |levels| near(levels[0], ONE.db + CENTRE));
    });
}

#[test]
fn solo_leaves_only_the_soloed_and_the_safe() {
    measure(|| {
        let mut studio = Studio::open();
        studio.desk.set(studio.one, &json!({ "solo": true }));
        studio.on("out1", |[one, other]| {
            near(one, ONE.db + CENTRE);
            silent(other);
        });
        studio.desk.set(studio.other, &json!({ "soloSafe": true }));
        studio.on("out1", |levels| near(levels[1], OTHER.db + CENTRE));
        studio.desk.set(studio.other, &json!({ "soloSafe": false }));
        studio.desk.set(studio.one, &json!({ "solo": false }));
        studio.on("out1", |levels| near(levels[1], OTHER.db + CENTRE));
    });
}

#[test]
fn cue_is_heard_before_the_fader_and_after_the_trim() {
    measure(|| {
        let mut studio = Studio::open();
        studio
            .desk
            .set(studio.one, &json!({ "fader": null, "trim": 6.0, "cue": true }));
        studio.on("phones1", |[one, other]| {
            near(one, ONE.db + 6.0);
            silent(other);
        });
        studio.on("out1", |[one, other]| {
            silent(one);
            near(other, OTHER.db + CENTRE);
        });
        studio.desk.set(studio.one, &json!({ "cue": false }));
        studio.desk.set(studio.other, &json!({ "cue": true }));
        studio.on("phones1", |[one, other]| {
            silent(one);
            near(other, OTHER.db);
        });
    });
}

#[test]
fn meters_show_what_is_heard() {
    measure(|| {
        let mut studio = Studio::open();
        studio.desk.set(studio.other, &json!({ "mute": true }));
        studio.desk.set(studio.one, &json!({ "fader": -6.0 }));
        sleep(seconds(1));
        let (one, other) = (studio.one, studio.other);
        studio.meters(|meters| {
            // A strip is metered before its fader, a bus as it leaves the desk.
            near(decibels(f64::from(meters.strip(one)[0])), ONE.db);
            near(decibels(f64::from(meters.strip(other)[0])), OTHER.db);
            near(decibels(f64::from(meters.buses[0][0])), ONE.db + CENTRE - 6.0);
        });
        studio.desk.set(studio.one, &json!({ "fader": null }));
        sleep(seconds(1));
        studio.meters(|meters| silent(decibels(f64::from(meters.buses[0][0]))));
    });
}

#[test]
fn an_aux_bus_plays_what_is_sent_to_it_and_the_programme_without_a_guest() {
    measure(|| {
        let mut studio = Studio::open();
        studio
            .desk
            .say(json!({ "type": "setOutput", "output": "cue", "device": null }));
        let phones = studio.desk.device("PipeWire", "phones1", "output");
        studio.desk.play_on("aux1", &phones);
        studio.desk.set(studio.one, &json!({ "fader": null }));
        let send = json!({ "type": "setSend", "strip": studio.one, "to": "aux1", "level": -6.0, "tap": "preFader" });
        studio.desk.say(send);
        studio.desk.wait_until_followed();
        studio.on("phones1", |[one, other]| {
            near(one, ONE.db - 6.0);
            silent(other);
        });
        studio.on("out1", |[one, other]| {
            silent(one);
            near(other, OTHER.db + CENTRE);
        });
        // What the guest on the other strip hears: everything but the guest.
        studio.desk.set(studio.one, &json!({ "fader": 0.0 }));
        let send = json!({ "type": "setSend", "strip": studio.one, "to": "aux1", "level": null, "tap": "preFader" });
        studio.desk.say(send);
        let minus = json!({ "type": "setMixMinus", "bus": "aux1", "without": studio.other });
        studio.desk.say(minus);
        studio.on("phones1", |[one, other]| {
            near(one, ONE.db + CENTRE);
            silent(other);
        });
        studio.on("out1", |levels| near(levels[1], OTHER.db + CENTRE));
    });
}

#[test]
fn a_programme_that_is_too_hot_stays_under_the_ceiling_and_the_clip_light_counts() {
    measure(|| {
        let mut studio = Studio::open();
        studio.desk.set(studio.other, &json!({ "mute": true }));
        studio.meters(|meters| assert_eq!((meters.clips, meters.limiter), ([0, 0], 0.0)));
        studio.desk.set(studio.one, &json!({ "trim": 20.0 }));
        let hot = ONE.db + 20.0 + CENTRE;
        sleep(seconds(1));
        studio.on("out1", |levels| near(levels[0], -1.0));
        studio.meters(|meters| {
            assert!(meters.clips[0] > 0, "the sum was over full scale");
            near(f64::from(meters.limiter), -1.0 - hot);
        });
        let settings = json!({ "on": true, "ceilingDbtp": -6.0, "releaseMs": 50.0 });
        studio.desk.say(json!({ "type": "setLimiter", "settings": settings }));
        studio.on("out1", |levels| near(levels[0], -6.0));
        let settings = json!({ "on": false, "ceilingDbtp": -6.0, "releaseMs": 50.0 });
        studio.desk.say(json!({ "type": "setLimiter", "settings": settings }));
        assert_eq!(studio.desk.snapshot()["limiter"], settings);
        studio.on("out1", |levels| near(levels[0], hot));
        studio.desk.set(studio.one, &json!({ "trim": 0.0 }));
        sleep(seconds(1));
        studio.desk.say(json!({ "type": "clearClips" }));
        sleep(seconds(1));
        studio.meters(|meters| assert_eq!(meters.clips, [0, 0]));
    });
}
