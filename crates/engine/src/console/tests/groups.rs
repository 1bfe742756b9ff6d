//! VCA groups, and aux buses that carry the programme without a strip.

use airdesk_dsp::Decibels;

use super::*;

#[test]
fn a_vca_moves_the_faders_of_its_strips_by_its_level_and_no_others() {
    let mut rig = Rig::new();
    let audio = [300.0, 700.0].map(|hz| sine(hz, 0.2, 64 * 400));
    let member = rig.strip(0, &audio[0], plain());
    rig.strip(1, &audio[1], plain());
    rig.obey(EngineCommand::SetFader(member, level(-3.0)));
    rig.obey(EngineCommand::SetVcaOf(member, Some(7)));
    let mut heard = Vec::new();
    for (vca, gain) in [
        (level(-9.0), gain_of(-12.0)),
        (level(10.0), gain_of(7.0)),
        (Decibels::SILENCE, 0.0),
        (level(0.0), gain_of(-3.0)),
    ] {
        rig.obey(EngineCommand::SetVca(7, vca));
        heard.extend(rig.hear(40).0);
        let at = (rig.time * 48_000.0).round() as usize;
        let (programme, _) = rig.hear(5);
        let scaled: Vec<Frame> = audio[0]
            .iter()
            .map(|frame| frame.map(|s| (f64::from(s) * gain) as f32))
            .collect();
        let null = null_db(&programme, &sum_of(&[&scaled[at..], &audio[1][at..]]), [1.0; 2]);
        assert!(null < -120.0, "{vca}: {null:.1} dBFS");
        heard.extend(programme);
    }
    let click = click_db(&heard);
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn a_strip_that_joins_a_group_stands_where_the_group_stands_from_its_first_frame() {
    let mut rig = Rig::new();
    rig.obey(EngineCommand::SetVca(2, level(-20.0)));
    rig.obey(EngineCommand::SetVca(8, level(-20.0)));
    let audio = sine(440.0, 0.5, 64 * 200);
    let controls = StripControls {
        vca: Some(2),
        ..plain()
    };
    let id = rig.strip(0, &audio, controls);
    assert!(null_db(&rig.hear(20).0, &audio, [0.1; 2]) < -120.0);
    // A group that is not there moves nothing.
    rig.obey(EngineCommand::SetVcaOf(id, Some(8)));
    rig.hear(40);
    assert!(null_db(&rig.hear(5).0, &audio[60 * 64..], [1.0; 2]) < -120.0);
    rig.obey(EngineCommand::SetVcaOf(id, Some(2)));
    rig.obey(EngineCommand::SetVcaOf(id, None));
    rig.hear(40);
    assert!(null_db(&rig.hear(5).0, &audio[105 * 64..], [1.0; 2]) < -120.0);
}

#[test]
fn mix_minus_carries_the_programme_without_a_strip() {
    let mut rig = Rig::new();
    let audio = [300.0, 700.0, 1100.0].map(|hz| sine(hz, 0.3, 64 * 300));
    let ids: Vec<StripId> = (0..3).map(|n| rig.strip(n, &audio[n], plain())).collect();
    rig.obey(EngineCommand::SetMixMinus(0, Some(ids[1])));
    rig.obey(EngineCommand::SetMixMinus(6, Some(ids[2])));
    // Who is in the programme more softly is missing just as well.
    rig.obey(EngineCommand::SetFader(ids[1], level(-20.0)));
    rig.hear(100);
    let buses = rig.hear_all(20);
    let soft: Vec<Frame> = audio[1][6400..].iter().map(|frame| frame.map(|s| s * 0.1)).collect();
    let (first, third) = (&audio[0][6400..], &audio[2][6400..]);
    let null = |bus: BusId, others: &[&[Frame]]| null_db(&buses[bus.place()], &sum_of(others), [1.0; 2]);
    assert!(null(BusId::Aux(0), &[first, third]) < -120.0);
    assert!(null(BusId::Aux(6), &[first, &soft]) < -120.0);
    assert!(null(BusId::Programme, &[first, &soft, third]) < -120.0);
    assert!(is_silent(&buses[BusId::Aux(1).place()]));
}

#[test]
fn a_mix_minus_set_before_the_first_block_is_there_from_the_first_frame() {
    let mut rig = Rig::new();
    let audio = [300.0, 700.0].map(|hz| sine(hz, 0.3, 64 * 30));
    let id = rig.strip(0, &audio[0], plain());
    rig.strip(1, &audio[1], plain());
    rig.obey(EngineCommand::SetMixMinus(3, Some(id)));
    rig.console.settle();
    assert!(null_db(&rig.hear_aux(3, 20), &audio[1], [1.0; 2]) < -120.0);
}

#[test]
fn a_mix_minus_comes_changes_and_goes_without_a_click() {
    let mut rig = Rig::new();
    let audio = [300.0, 440.0].map(|hz| sine(hz, 0.3, 64 * 500));
    let ids: Vec<StripId> = (0..2).map(|n| rig.strip(n, &audio[n], plain())).collect();
    let mut heard = rig.hear_aux(2, 13);
    for minus in [Some(ids[0]), Some(ids[1]), None, Some(ids[0])] {
        rig.obey(EngineCommand::SetMixMinus(2, minus));
        heard.extend(rig.hear_aux(2, 77));
    }
    // Asked twice before the first wish is done: the last one counts.
    rig.obey(EngineCommand::SetMixMinus(2, None));
    heard.extend(rig.hear_aux(2, 3));
    rig.obey(EngineCommand::SetMixMinus(2, Some(ids[1])));
    heard.extend(rig.hear_aux(2, 97));
    let click = click_db(&heard);
    assert!(click < -80.0, "{click:.1} dBFS");
    let at = heard.len() - 640;
    assert!(null_db(&heard[at..], &audio[0][at..], [1.0; 2]) < -120.0);
}

#[test]
fn when_a_strip_leaves_its_mix_minus_becomes_the_programme_and_nothing_clicks() {
    let mut rig = Rig::new();
    let audio = [300.0, 440.0].map(|hz| sine(hz, 0.3, 64 * 500));
    let controls = StripControls {
        vca: Some(1),
        talkover: Talkover::Key,
        ..plain()
    };
    let caller = rig.strip(0, &audio[0], controls);
    rig.strip(1, &audio[1], plain());
    rig.obey(EngineCommand::SetMixMinus(4, Some(caller)));
    let mut heard = rig.hear_aux(4, 60);
    rig.obey(EngineCommand::RemoveStrip(caller));
    heard.extend(rig.hear_aux(4, 60));
    assert!(matches!(rig.console.retire(), Some(Discard::Strip(strip)) if strip.id() == caller));
    rig.obey(EngineCommand::SetVca(1, level(-10.0)));
    rig.obey(EngineCommand::SetVcaOf(caller, None));
    rig.obey(EngineCommand::SetTalkover(caller, Talkover::Ducked));
    let buses = rig.hear_all(60);
    assert_eq!(difference_at(&buses[BusId::Aux(4).place()], &buses[0]), None);
    assert!(null_db(&buses[0], &audio[1][120 * 64..], [1.0; 2]) < -120.0);
    heard.extend(&buses[BusId::Aux(4).place()]);
    assert!(click_db(&heard[64 * 45..]) < -80.0);
}

#[test]
fn a_strip_that_is_replaced_in_the_middle_of_a_word_is_missing_from_no_mix_minus() {
    let mut rig = Rig::new();
    let caller = rig.strip(0, &[[0.5; 2]; 64 * 100], plain());
    rig.strip(1, &sine(440.0, 0.3, 64 * 200), plain());
    rig.obey(EngineCommand::SetMixMinus(4, Some(caller)));
    rig.hear(80);
    let next = Strip::new(StripId::new(0, 2), SampleRate::DESK, StripInput::Silent, plain());
    let before = rig.obey(EngineCommand::AddStrip(Box::new(next)));
    assert!(matches!(before, Some(Discard::Strip(strip)) if strip.id() == caller));
    let buses = rig.hear_all(20);
    assert_eq!(difference_at(&buses[BusId::Aux(4).place()], &buses[0]), None);
}

#[test]
fn a_mix_minus_that_comes_again_leaves_nothing_out_of_the_time_before() {
    let mut rig = Rig::new();
    let caller = rig.strip(0, &sine(300.0, 0.3, 64 * 400), plain());
    rig.strip(1, &sine(440.0, 0.3, 64 * 400), plain());
    for minus in [Some(caller), None] {
        rig.obey(EngineCommand::SetMixMinus(4, minus));
        rig.hear(80);
    }
    rig.obey(EngineCommand::RemoveStrip(caller));
    rig.hear(40);
    assert!(rig.console.retire().is_some());
    rig.obey(EngineCommand::SetMixMinus(4, Some(caller)));
    rig.hear(40);
    let buses = rig.hear_all(20);
    assert_eq!(difference_at(&buses[BusId::Aux(4).place()], &buses[0]), None);
}

#[test]
fn a_solo_that_comes_too_late_for_a_leaving_strip_silences_nobody() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 200);
    let leaving = rig.strip(0, &[], plain());
    rig.strip(1, &audio, plain());
    rig.hear(10);
    rig.obey(EngineCommand::RemoveStrip(leaving));
    rig.obey(EngineCommand::SetSolo(leaving, true));
    rig.hear(40);
    while rig.console.retire().is_some() {}
    rig.hear(40);
    assert!(null_db(&rig.hear(10).0, &audio[90 * 64..], [1.0; 2]) < -120.0);
}
