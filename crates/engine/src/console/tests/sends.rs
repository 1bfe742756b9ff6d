//! Sends to aux buses: what they follow, what they do not, and that the buses are whole buses.

use airdesk_dsp::equaliser::{Band, BandKind, EqualiserSettings};
use airdesk_dsp::{Decibels, Pan};

use super::*;
use crate::send::{SendSettings, SendTap};

const AUX: u8 = 5;

fn send(tap: SendTap, db: f32) -> SendSettings {
    SendSettings { level: level(db), tap }
}

/// A strip with one send, and a tone on it for four seconds.
fn sending(tap: SendTap) -> (Rig, StripId, Vec<Frame>) {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 48_000 * 4);
    let id = rig.strip(0, &audio, plain());
    rig.obey(EngineCommand::SetSend(id, AUX, send(tap, -6.0)));
    (rig, id, audio)
}

/// Obeys, lets it arrive, and compares the aux with the strip's tone times `gains`.
fn follows(rig: &mut Rig, audio: &[Frame], commands: impl IntoIterator<Item = EngineCommand>, gains: [f64; 2]) {
    for command in commands {
        rig.obey(command);
    }
    rig.hear(40);
    let at = (rig.time * 48_000.0).round() as usize;
    let heard = rig.hear_aux(AUX, 10);
    let null = null_db(&heard, &audio[at..], gains);
    assert!(null < -120.0, "after {} s: {null:.1} dBFS", at as f64 / 48_000.0);
}

#[test]
fn a_send_after_the_fader_follows_fader_pan_mute_and_solo() {
    let (mut rig, id, audio) = sending(SendTap::PostFader);
    let other = rig.strip(1, &[], plain());
    let sent = gain_of(-6.0);
    follows(&mut rig, &audio, [], [sent; 2]);
    let half = gain_of(-16.0);
    follows(&mut rig, &audio, [EngineCommand::SetFader(id, level(-10.0))], [half; 2]);
    follows(&mut rig, &audio, [EngineCommand::SetPan(id, Pan::RIGHT)], [0.0, half]);
    follows(&mut rig, &audio, [EngineCommand::SetSolo(other, true)], [0.0; 2]);
    follows(&mut rig, &audio, [EngineCommand::SetSoloSafe(id, true)], [0.0, half]);
    follows(&mut rig, &audio, [EngineCommand::SetMute(id, true)], [0.0; 2]);
    let back = [EngineCommand::SetMute(id, false), EngineCommand::SetVcaOf(id, Some(3))];
    follows(&mut rig, &audio, back, [0.0, half]);
    follows(
        &mut rig,
        &audio,
        [EngineCommand::SetVca(3, level(-4.0))],
        [0.0, gain_of(-20.0)],
    );
    follows(
        &mut rig,
        &audio,
        [EngineCommand::SetFader(id, Decibels::SILENCE)],
        [0.0; 2],
    );
}

#[test]
fn a_send_before_the_fader_follows_mute_alone() {
    let (mut rig, id, audio) = sending(SendTap::PreFader);
    let other = rig.strip(1, &[], plain());
    let sent = [gain_of(-6.0); 2];
    let elsewhere = [
        EngineCommand::SetFader(id, Decibels::SILENCE),
        EngineCommand::SetPan(id, Pan::LEFT),
        EngineCommand::SetVcaOf(id, Some(0)),
        EngineCommand::SetVca(0, Decibels::SILENCE),
        EngineCommand::SetSolo(other, true),
    ];
    follows(&mut rig, &audio, elsewhere, sent);
    follows(&mut rig, &audio, [EngineCommand::SetMute(id, true)], [0.0; 2]);
    follows(&mut rig, &audio, [EngineCommand::SetMute(id, false)], sent);
    let louder = EngineCommand::SetSend(id, AUX, send(SendTap::PreFader, 6.0));
    follows(&mut rig, &audio, [louder], [gain_of(6.0); 2]);
    let off = EngineCommand::SetSend(id, AUX, SendSettings::default());
    follows(&mut rig, &audio, [off], [0.0; 2]);
}

#[test]
fn each_send_reaches_its_own_bus_and_no_other() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 10);
    let mut controls = plain();
    for (aux, settings) in controls.sends.iter_mut().enumerate() {
        *settings = send(SendTap::PreFader, -3.0 * aux as f32);
    }
    rig.strip(0, &audio, controls);
    for (aux, heard) in rig.hear_all(9).iter().skip(2).enumerate() {
        let null = null_db(heard, &audio, [gain_of(-3.0 * aux as f64); 2]);
        assert!(null < -120.0, "aux {aux}, from the first frame: {null:.1} dBFS");
    }
}

#[test]
fn a_send_to_a_bus_that_is_not_there_is_not_sent() {
    let mut rig = Rig::new();
    let id = rig.strip(0, &sine(440.0, 0.5, 64 * 60), plain());
    let nowhere = u8::try_from(AUX_BUSES).expect("few");
    rig.obey(EngineCommand::SetSend(id, nowhere, send(SendTap::PreFader, 0.0)));
    assert!(rig.hear_all(50).iter().skip(2).all(|aux| is_silent(aux)));
}

#[test]
fn what_is_sent_to_a_bus_without_listeners_is_not_kept() {
    let (programme, tap) = mix_queue(16);
    let mut rig = Rig::new();
    rig.console = Console::new(SampleRate::DESK, [programme]);
    rig.readers = vec![tap.reader()];
    let mut controls = StripControls { cue: true, ..plain() };
    controls.sends[0] = send(SendTap::PreFader, 0.0);
    rig.strip(0, &[[1.0; 2]; 64 * 40], controls);
    rig.hear_all(30);
    for sum in rig.console.sums.iter() {
        assert!(is_silent(sum), "it would grow without end");
    }
}

#[test]
fn an_aux_bus_has_a_fader_and_stages_of_its_own() {
    let (mut rig, _, audio) = sending(SendTap::PreFader);
    rig.obey(EngineCommand::SetBusFader(BusId::Aux(AUX), level(-4.0)));
    follows(&mut rig, &audio, [], [gain_of(-10.0); 2]);
    let mut equaliser = EqualiserSettings::default();
    equaliser.bands[2] = Band::new(BandKind::Bell, 440.0, 9.0, 1.0).expect("in range");
    let settings = BusChainSettings {
        equaliser,
        ..BusChainSettings::default()
    };
    rig.set_stages(Stages::Bus(BusId::Aux(AUX), settings));
    rig.hear(SETTLED);
    let at = (rig.time * 48_000.0).round() as usize;
    let buses = rig.hear_all(450);
    let heard = tone_db(&buses[BusId::Aux(AUX).place()], 440.0);
    assert!((heard - (-6.02 - 10.0 + 9.0)).abs() < 0.05, "{heard:.2} dBFS");
    assert_eq!(difference_at(&buses[0], &audio[at..]), None, "the programme");
}

#[test]
fn a_send_that_is_set_otherwise_does_not_click() {
    let (mut rig, id, _) = sending(SendTap::PostFader);
    rig.obey(EngineCommand::SetFader(id, level(-30.0)));
    let mut heard = rig.hear_aux(AUX, 40);
    for settings in [
        send(SendTap::PreFader, -6.0),
        send(SendTap::PostFader, 10.0),
        send(SendTap::PreFader, 0.0),
        SendSettings::default(),
    ] {
        rig.obey(EngineCommand::SetSend(id, AUX, settings));
        heard.extend(rig.hear_aux(AUX, 17));
    }
    rig.obey(EngineCommand::SetSend(id, AUX, send(SendTap::PreFader, 0.0)));
    heard.extend(rig.hear_aux(AUX, 40));
    rig.obey(EngineCommand::RemoveStrip(id));
    heard.extend(rig.hear_aux(AUX, 40));
    let click = click_db(&heard);
    assert!(click < -80.0, "{click:.1} dBFS");
    assert!(is_silent(&heard[heard.len() - 64..]));
    assert!(matches!(rig.console.retire(), Some(Discard::Strip(_))));
}
