use super::*;

#[test]
fn a_fade_goes_evenly_in_decibels_and_ends_exactly_where_it_should() {
    let level = |db| Decibels::new(db).expect("a level");
    let bus = |db| BusState {
        fader: level(db),
        ..BusState::new(BusName::Cue)
    };
    let fade = Fade::bus(&bus(-40.0), level(0.0));
    assert_eq!(
        [0.0, 0.5, 0.75, 1.0].map(|part| fade.at(part)),
        [-40.0, -20.0, -10.0, 0.0]
    );
    let out = Fade::bus(&bus(0.0), Decibels::SILENCE);
    assert_eq!(out.level_at(0.5), level(-45.0));
    assert_eq!(out.level_at(1.0), Decibels::SILENCE);
}

#[test]
fn a_trim_fades_as_the_faders_do_until_a_hand_takes_it() {
    let strip = StripId::new(1, 1);
    let to = Control::Trim(Decibels::new(20.0).expect("a level"));
    let fade = Fade::strip(strip, &StripControls::default(), &to).expect("it fades");
    assert_eq!([0.0, 0.5, 1.0].map(|part| fade.at(part)), [0.0, 10.0, 20.0]);
    let mut fades = Fades::default();
    fades.begin(vec![fade], 10.0);
    fades.let_go_of(strip, &Control::Fader(Decibels::UNITY));
    assert_eq!(fades.running.len(), 1, "another control");
    fades.let_go_of(strip, &to);
    assert!(fades.is_empty());
}

#[test]
fn a_control_that_a_hand_takes_fades_no_more() {
    let (one, other) = (StripId::new(1, 1), StripId::new(2, 1));
    let controls = StripControls::default();
    let mut fades = Fades::default();
    let to = Control::Fader(Decibels::SILENCE);
    fades.begin(
        [one, other]
            .iter()
            .filter_map(|id| Fade::strip(*id, &controls, &to))
            .collect(),
        10.0,
    );
    fades.let_go_of(one, &Control::Pan(Pan::LEFT));
    assert_eq!(fades.running.len(), 2, "another control");
    fades.let_go_of(one, &Control::Fader(Decibels::UNITY));
    assert_eq!(fades.running.len(), 1);
    assert_eq!(fades.running[0].fade.what, Faded::Fader(other));
}

#[test]
fn a_step_that_the_engine_does_not_take_is_taken_again_and_a_strip_that_has_gone_ends_its_fade() {
    let refused = |code| CommandError {
        code,
        message: String::new(),
    };
    let [one, other, gone] = [1, 2, 3].map(|slot| StripId::new(slot, 1));
    let to = Control::Fader(Decibels::SILENCE);
    let fade = |id| Fade::strip(id, &StripControls::default(), &to);
    let mut fades = Fades::default();
    // In no time: all of them are at their ends when the first step is taken.
    fades.begin([gone, one, other].into_iter().filter_map(fade).collect(), 0.0);
    let mut tried = Vec::new();
    fades.step(|fade, _, _| {
        tried.push(fade.what);
        Err(refused(match fade.what {
            Faded::Fader(id) if id == gone => ErrorCode::NoSuchStrip,
            _ => ErrorCode::Unavailable,
        }))
    });
    assert_eq!(
        tried,
        [Faded::Fader(gone), Faded::Fader(one)],
        "an engine that takes nothing is not asked for the rest"
    );
    let mut arrived = Vec::new();
    fades.step(|fade, part, told| {
        arrived.push((fade.what, part, told));
        Ok(())
    });
    assert_eq!(
        arrived,
        [(Faded::Fader(one), 1.0, true), (Faded::Fader(other), 1.0, true)]
    );
    assert!(fades.is_empty());
}
