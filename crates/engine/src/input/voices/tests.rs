//! A wall that is heard frame by frame: the frames say which they are.

use std::sync::Arc;

use airdesk_dsp::Gain;
use assert_no_alloc::assert_no_alloc;

use super::*;
use crate::wall::{Sound, Wall, wall};

/// Frames that say where they are from: the left channel counts, the right one is half of it.
fn counted(from: usize, count: usize) -> Sound {
    (from..from + count).map(|n| [n as f32, n as f32 / 2.0]).collect()
}

fn once(pad: u16, sound: &Sound) -> Start {
    Start {
        sound: sound.clone(),
        gain: Gain::UNITY,
        pad,
        kind: VoiceKind::Once,
        group: 0,
        ducks: false,
    }
}

fn looped(pad: u16, sound: &Sound) -> Start {
    Start {
        kind: VoiceKind::Looped,
        ..once(pad, sound)
    }
}

fn fire(wall: &mut Wall, start: Start) {
    wall.start(start).expect("there is room for an order");
}

/// The left channel of so many blocks. None of them touches the allocator.
fn hear(voices: &mut Voices, blocks: usize) -> Vec<f32> {
    let hear = |_| {
        let mut block = SILENCE;
        assert_no_alloc(|| voices.read(&mut block));
        assert!(block.iter().all(|frame| (frame[1] - frame[0] / 2.0).abs() < 0.01));
        block.map(|frame| frame[0])
    };
    (0..blocks).flat_map(hear).collect()
}

fn numbers(from: usize, count: usize) -> Vec<f32> {
    (from..from + count).map(|n| n as f32).collect()
}

fn pads(wall: &mut Wall) -> Vec<u16> {
    wall.playing().voices().map(|voice| voice.pad).collect()
}

#[test]
fn the_first_frame_is_the_first_of_the_next_block_and_the_last_one_ends_it() {
    let (mut wall, mut voices) = wall();
    let sound = counted(1, 100);
    assert_eq!(hear(&mut voices, 2), [0.0; 128]);
    fire(&mut wall, once(7, &sound));
    assert_eq!(hear(&mut voices, 1), numbers(1, 64));
    assert_eq!(voices.phase(), InputPhase::Running);
    let playing: Vec<_> = wall.playing().voices().collect();
    assert_eq!(playing, [VoiceState { pad: 7, left: 36 }]);
    let heard = hear(&mut voices, 2);
    assert_eq!(heard[..36], numbers(65, 36));
    assert_eq!(heard[36..], [0.0; 92]);
    assert_eq!(voices.phase(), InputPhase::Paused);
    assert_eq!(pads(&mut wall), []);
    assert_eq!(Arc::strong_count(&sound), 1, "it has come home, and was freed there");
}

#[test]
fn a_loop_goes_on_with_its_first_frame_behind_its_last_also_when_it_is_shorter_than_a_block() {
    for length in [1, 7, 63, 64, 65, 100, 128, 1_000] {
        let (mut wall, mut voices) = wall();
        fire(&mut wall, looped(1, &counted(1, length)));
        let expected: Vec<f32> = (0..64 * 40).map(|n| (n % length + 1) as f32).collect();
        assert!(hear(&mut voices, 40) == expected, "{length} frames");
    }
}

#[test]
fn what_is_stopped_fades_out_within_a_block() {
    let (mut wall, mut voices) = wall();
    let ones: Sound = vec![[1.0, 0.5]; 10_000].into();
    fire(&mut wall, once(1, &ones));
    hear(&mut voices, 1);
    wall.stop(1).expect("taken");
    let heard = hear(&mut voices, 2);
    assert!(heard[0] > 0.98 && heard[63] == 0.0, "{heard:?}");
    assert!(heard[..64].is_sorted_by(|one, next| one >= next), "never a step");
    assert_eq!(heard[64..], [0.0; 64]);
    assert_eq!(pads(&mut wall), []);
    assert_eq!(Arc::strong_count(&ones), 1);
}

#[test]
fn a_pad_that_is_started_again_begins_at_once_while_what_it_sounded_fades_out() {
    let (mut wall, mut voices) = wall();
    let ones: Sound = vec![[1.0, 0.5]; 10_000].into();
    fire(&mut wall, once(1, &ones));
    hear(&mut voices, 3);
    fire(&mut wall, once(1, &ones));
    let heard = hear(&mut voices, 2);
    assert!(heard[0] > 1.98 && (heard[63] - 1.0).abs() < 1e-6, "both in one block");
    assert_eq!(heard[64..], [1.0; 64]);
    assert_eq!(
        wall.playing().voices().next().map(|voice| voice.left),
        Some(10_000 - 128)
    );
}

#[test]
fn a_start_stops_the_others_of_its_group_and_no_more() {
    let (mut wall, mut voices) = wall();
    let sound = counted(1, 10_000);
    for (pad, group) in [(1, 0), (2, 1), (3, 2)] {
        fire(
            &mut wall,
            Start {
                group,
                ..looped(pad, &sound)
            },
        );
    }
    hear(&mut voices, 2);
    fire(
        &mut wall,
        Start {
            group: 1,
            ..once(4, &sound)
        },
    );
    hear(&mut voices, 1);
    let mut sounding = pads(&mut wall);
    sounding.sort_unstable();
    assert_eq!(sounding, [1, 3, 4]);
    wall.stop_all().expect("taken");
    hear(&mut voices, 1);
    assert_eq!(hear(&mut voices, 1), [0.0; 64]);
}

#[test]
fn the_seventeenth_takes_the_place_of_the_oldest_that_is_no_loop_and_is_counted() {
    let (mut wall, mut voices) = wall();
    let sound: Sound = vec![[1.0, 0.5]; 100_000].into();
    fire(&mut wall, looped(0, &sound));
    for pad in 1..16 {
        fire(&mut wall, once(pad, &sound));
    }
    assert_eq!(hear(&mut voices, 1), [16.0; 64]);
    fire(&mut wall, once(16, &sound));
    let heard = hear(&mut voices, 2);
    assert!(heard[0] > 16.98 && heard[63] == 16.0 && heard[64..] == [16.0; 64]);
    let sounding = pads(&mut wall);
    assert!(sounding.contains(&0) && !sounding.contains(&1) && sounding.contains(&16));
    assert_eq!(wall.playing().gave_way, 1);
}

#[test]
fn where_all_are_loops_the_oldest_gives_way() {
    let (mut wall, mut voices) = wall();
    let sound = counted(1, 1_000);
    (0..17).for_each(|pad| fire(&mut wall, looped(pad, &sound)));
    hear(&mut voices, 1);
    assert!(!pads(&mut wall).contains(&0));
    assert_eq!(wall.playing().gave_way, 1);
}

#[test]
fn a_level_is_a_gain_and_a_sound_without_frames_is_none() {
    let (mut wall, mut voices) = wall();
    let ones: Sound = vec![[1.0, 0.5]; 64].into();
    let gain = airdesk_dsp::Decibels::new(-6.0).expect("a level").gain();
    fire(&mut wall, Start { gain, ..once(1, &ones) });
    assert_eq!(hear(&mut voices, 1), [gain.linear(); 64]);
    let none: Sound = Vec::new().into();
    fire(&mut wall, looped(1, &none));
    fire(&mut wall, once(2, &none));
    assert_eq!(hear(&mut voices, 2), [0.0; 128]);
    assert_eq!(pads(&mut wall), []);
    assert_eq!(Arc::strong_count(&none), 1);
}

#[test]
fn who_orders_more_than_the_engine_takes_is_told_and_nothing_is_lost() {
    let (mut wall, mut voices) = wall();
    let sound = counted(1, 64);
    while wall.start(once(1, &sound)).is_ok() {}
    hear(&mut voices, 1);
    assert!(wall.start(once(1, &sound)).is_ok(), "it takes orders again");
    hear(&mut voices, 2);
    wall.playing();
    assert_eq!(Arc::strong_count(&sound), 1);
}

#[test]
fn in_any_storm_of_orders_nothing_is_allocated_freed_or_lost() {
    let (mut wall, mut voices) = wall();
    let sounds: Vec<Sound> = [1, 30, 64, 500, 20_000]
        .map(|frames| vec![[0.01, 0.005]; frames].into())
        .into();
    // A plain congruential generator: the same storm every time.
    let mut dice = 1_u32;
    let mut roll = |sides: u32| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 8) % sides
    };
    for block in 0..20_000 {
        for _ in 0..roll(12) {
            let pad = roll(40) as u16;
            // A ring that is full refuses, which is told.
            let _ = match roll(10) {
                0 => wall.stop(pad),
                1 if roll(20) == 0 => wall.stop_all(),
                kind => wall.start(Start {
                    kind: if kind < 5 { VoiceKind::Looped } else { VoiceKind::Once },
                    group: roll(4) as u8,
                    ducks: kind == 7,
                    ..once(pad, &sounds[roll(5) as usize])
                }),
            };
        }
        let heard = hear(&mut voices, 1);
        let most = heard.iter().copied().fold(0.0, f32::max);
        assert!(most < 0.33, "block {block}: {most}, more than 32 at once");
        if roll(30) == 0 {
            wall.playing();
        }
    }
    wall.stop_all().expect("taken");
    hear(&mut voices, 2);
    assert_eq!(wall.playing().voices().count(), 0);
    assert_eq!(voices.held, 0);
    assert!(sounds.iter().all(|sound| Arc::strong_count(sound) == 1));
}

#[test]
fn a_wall_that_nobody_has_any_more_falls_silent_within_a_block() {
    let (mut wall, mut voices) = wall();
    let sound = counted(1, 64);
    fire(&mut wall, looped(1, &sound));
    hear(&mut voices, 2);
    fire(&mut wall, looped(2, &sound));
    drop(wall);
    assert!(hear(&mut voices, 1)[0] > 0.0);
    assert_eq!(hear(&mut voices, 1), [0.0; 64]);
    assert_eq!(voices.phase(), InputPhase::Ended);
    drop(voices);
    assert_eq!(Arc::strong_count(&sound), 1);
}

#[test]
fn a_wall_without_an_engine_takes_no_orders() {
    let (mut wall, voices) = wall();
    drop(voices);
    assert!(wall.start(once(1, &counted(1, 64))).is_err());
    assert!(wall.stop_all().is_err());
}

#[test]
fn a_wall_whose_station_never_looks_still_frees_nothing_here() {
    let (mut wall, mut voices) = wall();
    let sound = counted(1, 64);
    // Order by order, past what the ring of what was played holds; the station's end frees as it orders, so it is bypassed.
    for _ in 0..600 {
        let _ = wall.orders.push(WallOrder::Start(once(1, &sound)));
        hear(&mut voices, 1);
    }
    assert!(Arc::strong_count(&sound) > 256, "all that was played waits to be freed");
    assert_eq!(hear(&mut voices, 1), [0.0; 64], "and no more is begun");
    wall.playing();
    assert_eq!(hear(&mut voices, 1)[..], numbers(1, 64), "until somebody looks");
}
