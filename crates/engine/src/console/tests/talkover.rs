//! Talkover: music steps back while a microphone speaks that is heard, and only then.

use airdesk_dsp::Decibels;
use airdesk_dsp::compressor::{CompressorSettings, Ratio};
use airdesk_dsp::ducker::DuckerSettings;

use super::*;
use crate::wall::{Start, VoiceKind, wall};

const SETTINGS: DuckerSettings = DuckerSettings {
    on: true,
    threshold_dbfs: -40.0,
    depth_db: 15.0,
    attack_ms: 20.0,
    hold_ms: 200.0,
    release_ms: 100.0,
};

const SPEECH: usize = 48_000;

/// Music for five seconds on strip 1; a microphone that speaks from half a second to one and a half on strip 0, so
/// that it has no part in the programme's 1 kHz.
fn studio(music: StripControls) -> (Rig, StripId, StripId) {
    let mut rig = Rig::new();
    let mut speech = vec![[0.0; 2]; SPEECH / 2];
    speech.extend(sine(300.0, 0.1, SPEECH));
    speech.resize(5 * 48_000, [0.0; 2]);
    let key = StripControls {
        talkover: Talkover::Key,
        ..plain()
    };
    let microphone = rig.strip(0, &speech, key);
    let ducked = StripControls {
        talkover: Talkover::Ducked,
        ..music
    };
    let music = rig.strip(1, &sine(1000.0, 0.5, 5 * 48_000), ducked);
    rig.obey(EngineCommand::SetDucker(SETTINGS));
    (rig, microphone, music)
}

/// The music's level in the programme at the end of so many seconds.
fn music_after(rig: &mut Rig, seconds: f64) -> f64 {
    // The last 75 blocks are 4800 frames: whole periods of all tones.
    rig.hear((seconds * 750.0).round() as usize - 75);
    tone_db(&rig.hear(75).0, 1000.0)
}

#[test]
fn music_steps_back_by_the_depth_while_somebody_speaks_and_comes_back_after_hold_and_release() {
    let (mut rig, ..) = studio(plain());
    assert!((music_after(&mut rig, 0.5) + 6.02).abs() < 0.01, "before");
    assert_eq!(rig.report().ducking, 0.0);
    assert!((music_after(&mut rig, 1.0) + 21.02).abs() < 0.05, "while");
    assert!((rig.report().ducking + 15.0).abs() < 0.05);
    assert!((music_after(&mut rig, 0.18) + 21.02).abs() < 0.05, "still held");
    let letting_go = music_after(&mut rig, 0.15);
    assert!(
        (-20.5..-6.5).contains(&letting_go),
        "{letting_go:.2} dBFS on its way back"
    );
    assert!((music_after(&mut rig, 1.2) + 6.02).abs() < 0.01, "after");
    assert_eq!(rig.report().ducking, 0.0);
}

#[test]
fn music_steps_back_in_the_same_block_wherever_the_microphone_stands() {
    let heard = |microphone: usize| {
        let mut rig = Rig::new();
        let part = |talkover| StripControls { talkover, ..plain() };
        rig.strip(5, &sine(1000.0, 0.5, SPEECH), part(Talkover::Ducked));
        rig.strip(microphone, &sine(300.0, 0.1, SPEECH), part(Talkover::Key));
        rig.obey(EngineCommand::SetDucker(SETTINGS));
        rig.hear(600).0
    };
    // In a bank before the music's, in the same one, and in one that is mixed after it.
    let [before, beside, after] = [0, 6, 200].map(heard);
    assert!((tone_db(&before[33_600..], 1000.0) + 21.02).abs() < 0.05);
    assert!(before == beside && before == after);
}

#[test]
fn ducking_does_not_click() {
    let mut rig = Rig::new();
    let ducked = StripControls {
        talkover: Talkover::Ducked,
        ..plain()
    };
    // The key speaks on the cue only as far as these ears go: its own beginning would be a click.
    let mut speech = vec![[0.0; 2]; 9600];
    speech.extend(sine(300.0, 0.1, 9600));
    speech.resize(48_000, [0.0; 2]);
    let key = StripControls {
        talkover: Talkover::Key,
        ..plain()
    };
    rig.strip(0, &speech, key);
    let music = rig.strip(1, &sine(440.0, 0.5, 48_000), ducked);
    rig.obey(EngineCommand::SetDucker(SETTINGS));
    rig.obey(EngineCommand::SetSend(
        music,
        0,
        crate::send::SendSettings {
            level: level(0.0),
            ..Default::default()
        },
    ));
    rig.hear(40);
    let heard = rig.hear_aux(0, 600);
    assert!(tone_db(&heard[14_400..19_200], 440.0) < -20.0, "it steps back");
    let click = click_db(&heard);
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn music_steps_back_behind_its_own_compressor() {
    let mut controls = plain();
    controls.chain.compressor = CompressorSettings {
        on: true,
        threshold_dbfs: -20.0,
        ratio: Ratio::To(4.0),
        knee_db: 0.0,
        ..CompressorSettings::default()
    };
    let (mut rig, ..) = studio(controls);
    let before = music_after(&mut rig, 0.5);
    let reduction = |rig: &mut Rig| rig.report().strips().nth(1).expect("the music").reductions.compressor;
    let taken = reduction(&mut rig);
    assert!(taken < -9.0, "{taken} dB");
    let during = music_after(&mut rig, 1.0);
    assert!(
        (during - (before - 15.0)).abs() < 0.05,
        "{before:.2} dBFS before, {during:.2} while"
    );
    assert!(
        (reduction(&mut rig) - taken).abs() < 0.05,
        "the compressor hears the music as it came"
    );
}

#[test]
fn cue_hears_music_as_it_is_and_strips_without_a_part_stay() {
    let (mut rig, _, music) = studio(StripControls { cue: true, ..plain() });
    let other = sine(2000.0, 0.25, 5 * 48_000);
    rig.strip(2, &other, plain());
    rig.hear(750);
    let (programme, cue) = rig.hear(75);
    assert!((tone_db(&programme, 1000.0) + 21.02).abs() < 0.05);
    assert!((tone_db(&programme, 2000.0) + 12.04).abs() < 0.01);
    assert!((tone_db(&cue, 1000.0) + 6.02).abs() < 0.01);
    rig.obey(EngineCommand::SetTalkover(music, Talkover::Off));
    rig.hear(75);
    assert!((tone_db(&rig.hear(75).0, 1000.0) + 6.02).abs() < 0.01);
}

#[test]
fn a_microphone_that_nobody_hears_moves_no_music() {
    let (_, microphone, music) = studio(plain());
    for close in [
        EngineCommand::SetMute(microphone, true),
        EngineCommand::SetFader(microphone, Decibels::SILENCE),
        EngineCommand::SetSolo(music, true),
        EngineCommand::SetTalkover(microphone, Talkover::Off),
        EngineCommand::RemoveStrip(microphone),
        EngineCommand::SetDucker(DuckerSettings { on: false, ..SETTINGS }),
    ] {
        let (mut rig, ..) = studio(plain());
        rig.obey(close);
        assert!((music_after(&mut rig, 1.0) + 6.02).abs() < 0.01);
        assert_eq!(rig.report().ducking, 0.0);
    }
}

#[test]
fn a_microphone_that_is_removed_in_the_middle_of_a_word_lets_go() {
    let (mut rig, microphone, _) = studio(plain());
    assert!(music_after(&mut rig, 1.0) < -20.0);
    rig.obey(EngineCommand::RemoveStrip(microphone));
    rig.hear(30);
    assert!(matches!(rig.console.retire(), Some(Discard::Strip(_))));
    assert!((music_after(&mut rig, 1.5) + 6.02).abs() < 0.01);
}

#[test]
fn music_that_is_given_a_part_in_the_middle_of_a_word_and_loses_it_again_does_not_click() {
    let (mut rig, _, music) = studio(plain());
    let mut heard = rig.hear(750).0;
    let before = heard.len();
    for part in [Talkover::Off, Talkover::Ducked, Talkover::Key, Talkover::Ducked] {
        rig.obey(EngineCommand::SetTalkover(music, part));
        // Turned back on its way, too.
        heard.extend(rig.hear(if part == Talkover::Key { 9 } else { 40 }).0);
    }
    let click = click_db(&heard[before - 2_000..]);
    assert!(click < -80.0, "{click:.1} dBFS");
    assert!(
        (tone_db(&heard[heard.len() - 960..], 1000.0) + 21.02).abs() < 0.1,
        "it is ducked again"
    );
}

#[test]
fn music_steps_back_for_a_cart_that_asks_for_it_while_it_sounds_also_without_talkover() {
    for (ducks, fader, steps_back) in [(true, 0.0, true), (false, 0.0, false), (true, -200.0, false)] {
        let mut rig = Rig::new();
        let (mut wall, voices) = wall();
        let fader = if fader < -90.0 { Decibels::SILENCE } else { level(fader) };
        let controls = StripControls { fader, ..plain() };
        let strip = Strip::new(
            StripId::new(200, 1),
            SampleRate::DESK,
            StripInput::Carts(voices),
            controls,
        );
        rig.obey(EngineCommand::AddStrip(Box::new(strip)));
        let part = |talkover| StripControls { talkover, ..plain() };
        rig.strip(0, &sine(1000.0, 0.5, 5 * 48_000), part(Talkover::Ducked));
        rig.strip(1, &sine(2000.0, 0.5, 5 * 48_000), plain());
        rig.obey(EngineCommand::SetDucker(DuckerSettings { on: false, ..SETTINGS }));
        assert!((music_after(&mut rig, 0.5) + 6.02).abs() < 0.01, "before");
        let start = Start {
            sound: sine(300.0, 0.001, 48_000).into(),
            gain: Gain::UNITY,
            pad: 1,
            kind: VoiceKind::Once,
            group: 0,
            ducks,
        };
        wall.start(start).expect("taken");
        rig.hear(675);
        let heard = rig.hear(75).0;
        let expected = if steps_back { -21.02 } else { -6.02 };
        assert!((tone_db(&heard, 1000.0) - expected).abs() < 0.05, "while");
        assert!((tone_db(&heard, 2000.0) + 6.02).abs() < 0.01, "no other strip");
        assert!((music_after(&mut rig, 1.5) + 6.02).abs() < 0.01, "after");
        assert_eq!(rig.report().ducking, 0.0);
    }
}
