//! Cart walls through the station: what is fired is heard to the frame, stopped, held, makes others step back, and is kept.

use std::path::Path;
use std::time::Duration;

use airdesk_station::api::{
    AudioCommand, BusName, CartCommand, CartsState, ErrorCode, Event, InputState, PadColour, PadMode, PadSettings,
    PadSound, RecordingFormat, RecordingSettings, Snapshot, Stems, StripSource, Talkover,
};
use airdesk_station::session::{Session, SessionBank, SessionCarts, SessionPad, SessionStrip};
use airdesk_station::{HostChoice, StripId};
use tokio::time::{sleep, timeout};

use crate::decks::numbers;
use crate::desk::{self, Desk};

fn settings(path: String) -> PadSettings {
    PadSettings {
        path,
        ..PadSettings::default()
    }
}

/// A strip whose wall has these pads in its first bank, from its first place on.
fn wall_of(pads: Vec<PadSettings>) -> SessionStrip {
    let pad = |(place, settings): (usize, PadSettings)| SessionPad {
        pad: place as u8 + 1,
        settings,
    };
    let bank = SessionBank {
        name: "Jingles".into(),
        pads: pads.into_iter().enumerate().map(pad).collect(),
    };
    let mut strip = SessionStrip::new("Carts", StripSource::Carts);
    strip.carts = Some(SessionCarts { banks: vec![bank] });
    strip
}

/// A desk with such a strip, and these behind it, that records it before its fader. All pads are in memory.
async fn desk_of(pads: impl FnOnce(&Path) -> Vec<PadSettings>, others: Vec<SessionStrip>) -> Desk {
    let folder = desk::folder();
    let wall = wall_of(pads(folder.path()));
    let session = Session {
        strips: [vec![wall], others].concat(),
        recorders: vec![RecordingSettings {
            folder: folder.path().join("takes").to_string_lossy().into_owned(),
            pattern: "{strip} {index}".into(),
            format: RecordingFormat::Pcm24,
            stems: Stems::BeforeFaders,
            ..RecordingSettings::default()
        }],
        ..Session::default()
    };
    let desk = Desk::start(folder, &session, HostChoice::none());
    desk.when("all are read", |now| {
        let pads = carts(now).banks.iter().flat_map(|bank| bank.pads.iter().flatten());
        pads.into_iter().all(|pad| pad.sound != PadSound::Loading)
    })
    .await;
    desk
}

fn carts(now: &Snapshot) -> &CartsState {
    &now.carts[0]
}

/// The pads of the first bank that sound.
fn sounding(now: &Snapshot) -> Vec<u8> {
    carts(now).playing.pads.iter().map(|pad| pad.pad).collect()
}

async fn tell(desk: &Desk, strip: StripId, command: CartCommand) {
    desk.ask(AudioCommand::Carts { strip, command }).await;
}

fn fire(pad: u8) -> CartCommand {
    CartCommand::Fire { bank: 0, pad }
}

/// The frames that the wall's stem has, without the silence around them.
fn heard(desk: &Desk) -> Vec<i32> {
    let takes = std::fs::read_dir(desk.folder.path().join("takes")).expect("recorded");
    let mut takes = takes.map(|take| take.expect("an entry").path());
    let file = takes.find(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("Carts"))
    });
    let mut wave = hound::WavReader::open(file.expect("the stem")).expect("a WAV file");
    let left: Vec<i32> = wave
        .samples::<i32>()
        .step_by(2)
        .map(|sample| sample.expect("a sample"))
        .collect();
    let first = left.iter().position(|sample| *sample != 0).expect("it is heard");
    let last = left.iter().rposition(|sample| *sample != 0).expect("it is heard");
    left[first..=last].to_vec()
}

#[tokio::test]
async fn a_pad_is_heard_to_the_frame_and_a_loop_without_a_seam_until_it_is_stopped() {
    let pads = |folder: &Path| {
        let looped = settings(numbers(folder, "bed.wav", 2_000_000, 10_000));
        vec![
            settings(numbers(folder, "Horn.wav", 1_000, 30_000)),
            PadSettings {
                mode: PadMode::Loop,
                ..looped
            },
        ]
    };
    let mut desk = desk_of(pads, vec![]).await;
    let strip = desk.first_strip().await;
    let now = desk.now().await;
    assert_eq!(now.strips[0].input, InputState::Ready);
    let horn = carts(&now).banks[0].pads[0].as_ref().expect("set");
    assert_eq!(horn.sound, PadSound::Ready { seconds: 0.625 });
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    tell(&desk, strip, fire(0)).await;
    let now = desk.when("it sounds", |now| sounding(now) == [0]).await;
    assert!((0.0..=0.625).contains(&carts(&now).playing.pads[0].left));
    desk.when("it has ended", |now| sounding(now).is_empty()).await;
    tell(&desk, strip, fire(1)).await;
    desk.when("the loop", |now| sounding(now) == [1]).await;
    sleep(Duration::from_millis(700)).await;
    assert_eq!(sounding(&desk.now().await), [1], "a loop goes on");
    tell(&desk, strip, CartCommand::Stop { bank: 0, pad: 1 }).await;
    desk.when("it is stopped", |now| sounding(now).is_empty()).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let heard = heard(&desk);
    let once: Vec<i32> = (1_000..31_000).collect();
    assert!(heard[..30_000] == once[..], "every frame of it");
    let begun = heard
        .iter()
        .position(|frame| *frame == 2_000_000)
        .expect("the loop is heard");
    assert!(heard[30_000..begun].iter().all(|frame| *frame == 0), "nothing between");
    let rounds = &heard[begun..];
    assert!(rounds.len() > 30_000, "{} frames", rounds.len());
    let sounding = rounds.len() - 64;
    let expected = |n: usize| 2_000_000 + (n % 10_000) as i32;
    assert!((0..sounding).all(|n| rounds[n] == expected(n)), "round and round");
    assert!(
        rounds[sounding..].is_sorted_by(|one, next| one >= next),
        "it fades out within a block"
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_pad_stops_the_others_of_its_group_and_what_is_held_ends_when_it_is_let_go() {
    let pads = |folder: &Path| {
        let long = settings(numbers(folder, "long.wav", 1_000, 480_000));
        let with = |group, mode| PadSettings {
            group,
            mode,
            ..long.clone()
        };
        vec![
            with(1, PadMode::OneShot),
            with(1, PadMode::OneShot),
            with(2, PadMode::Loop),
            with(0, PadMode::Hold),
        ]
    };
    let mut desk = desk_of(pads, vec![]).await;
    let strip = desk.first_strip().await;
    for pad in [0, 2] {
        tell(&desk, strip, fire(pad)).await;
    }
    desk.when("both sound", |now| sounding(now) == [0, 2]).await;
    tell(&desk, strip, fire(1)).await;
    desk.when("the first has stopped", |now| sounding(now) == [1, 2]).await;
    tell(&desk, strip, fire(3)).await;
    desk.when("it is held", |now| sounding(now) == [1, 2, 3]).await;
    for pad in [1, 3] {
        tell(&desk, strip, CartCommand::Release { bank: 0, pad }).await;
    }
    desk.when("only what was held ends", |now| sounding(now) == [1, 2])
        .await;
    tell(&desk, strip, CartCommand::StopAll).await;
    desk.when("all have stopped", |now| sounding(now).is_empty()).await;
    desk.stop().await;
}

/// A WAV file of a second at a quarter of full scale, which any meter reads alike.
fn steady(folder: &Path) -> String {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let path = folder.join("steady.wav");
    let mut wave = hound::WavWriter::create(&path, spec).expect("made");
    (0..96_000).for_each(|_| wave.write_sample(1 << 21).expect("written"));
    wave.finalize().expect("whole");
    path.to_string_lossy().into_owned()
}

#[tokio::test]
async fn while_a_pad_ducks_the_strips_that_step_back_do_so_and_come_back() {
    let pads = |folder: &Path| {
        // So soft that the programme's level is the music's.
        let long = settings(numbers(folder, "long.wav", 1, 960_000));
        vec![
            PadSettings {
                ducks: true,
                level: -60.0,
                ..long.clone()
            },
            PadSettings { level: -60.0, ..long },
        ]
    };
    let folder = desk::folder();
    let path = steady(folder.path());
    let mut music = SessionStrip::new("Music", StripSource::File { path, looped: true });
    music.controls.talkover = Talkover::Ducked;
    let mut desk = desk_of(pads, vec![music]).await;
    let strip = desk.first_strip().await;
    desk.when("music", |now| matches!(now.strips[1].input, InputState::Running { .. }))
        .await;
    assert!(!desk.now().await.talkover.on);
    let mut levels = Vec::new();
    // Before; while one that does not duck sounds; while one that does; and after hold and release.
    let steps = [
        (None, 1_000),
        (Some(fire(1)), 500),
        (Some(fire(0)), 1_000),
        (Some(CartCommand::StopAll), 6_000),
    ];
    for (command, milliseconds) in steps {
        if let Some(command) = command {
            tell(&desk, strip, command).await;
        }
        sleep(Duration::from_millis(milliseconds)).await;
        levels.push(20.0 * desk.peak(BusName::Programme).await.log10());
    }
    // A quarter of full scale, in the centre.
    let expected = [-15.05, -15.05, -27.05, -15.05];
    let is_near = levels
        .iter()
        .zip(expected)
        .all(|(level, expected)| (level - expected).abs() < 0.2_f32);
    assert!(is_near, "{levels:?} dBFS");
    desk.stop().await;
}

#[tokio::test]
async fn pads_and_banks_outlast_the_desk_and_an_undone_removal() {
    let desk = desk_of(|folder| vec![settings(numbers(folder, "a.wav", 1, 10_000))], vec![]).await;
    let strip = desk.first_strip().await;
    let special = PadSettings {
        name: "Applause".into(),
        colour: PadColour::Orange,
        mode: PadMode::Hold,
        level: -6.5,
        group: 3,
        ducks: true,
        hotkey: Some("f5".into()),
        ..settings(numbers(desk.folder.path(), "b.wav", 1, 20_000))
    };
    let names = vec!["Show".into(), "Beds".into()];
    tell(&desk, strip, CartCommand::SetBanks { names }).await;
    let set = CartCommand::SetPad {
        bank: 1,
        pad: 15,
        settings: special.clone(),
    };
    tell(&desk, strip, set).await;
    let is_as_set = |now: &Snapshot| {
        let banks = &carts(now).banks;
        let names: Vec<_> = banks.iter().map(|bank| bank.name.as_str()).collect();
        let pad = banks[1].pads[15].as_ref();
        let kept = PadSettings {
            hotkey: Some("F5".into()),
            ..special.clone()
        };
        names == ["Show", "Beds"]
            && banks[0].pads[0].is_some()
            && pad.is_some_and(|pad| pad.settings == kept && matches!(pad.sound, PadSound::Ready { .. }))
    };
    desk.when("it is set", is_as_set).await;
    let mut desk = desk.restart().await;
    desk.when("the same wall", is_as_set).await;
    let strip = desk.first_strip().await;
    desk.ask(AudioCommand::RemoveStrip { strip }).await;
    assert_eq!(desk.now().await.carts, []);
    desk.ask(AudioCommand::Undo).await;
    desk.when("the same wall, in memory", is_as_set).await;
    let strip = desk.first_strip().await;
    tell(&desk, strip, CartCommand::Fire { bank: 1, pad: 15 }).await;
    tell(&desk, strip, CartCommand::ClearPad { bank: 1, pad: 15 }).await;
    assert_eq!(carts(&desk.now().await).banks[1].pads[15], None);
    desk.stop().await;
}

#[tokio::test]
async fn what_sounds_is_told_as_it_goes_on() {
    let mut desk = desk_of(|folder| vec![settings(numbers(folder, "a.wav", 1, 96_000))], vec![]).await;
    let strip = desk.first_strip().await;
    let mut events = desk.handle.events();
    tell(&desk, strip, fire(0)).await;
    let mut left = Vec::new();
    while left.last().is_none_or(|pads: &Vec<f64>| !pads.is_empty()) {
        let event = timeout(Duration::from_secs(10), events.recv()).await;
        if let Event::CartsPlaying(playing) = event.expect("told").expect("a station") {
            left.push(playing.pads.iter().map(|pad| pad.left).collect());
        }
    }
    let told: Vec<f64> = left.concat();
    assert!((7..=13).contains(&told.len()), "five times a second: {told:?}");
    assert!(told.is_sorted_by(|one, next| one > next), "{told:?}");
    desk.stop().await;
}

#[tokio::test]
async fn a_wall_goes_on_with_the_next_engine_and_sounds_nothing_without_one() {
    let pads = |folder: &Path| {
        let bed = settings(numbers(folder, "bed.wav", 1_000, 48_000));
        vec![PadSettings {
            mode: PadMode::Loop,
            ..bed
        }]
    };
    let mut desk = desk_of(pads, vec![]).await;
    let strip = desk.first_strip().await;
    tell(&desk, strip, fire(0)).await;
    desk.when("it sounds", |now| sounding(now) == [0]).await;
    desk.handle.break_engine().await.expect("a station");
    desk.when("it went with its engine", |now| sounding(now).is_empty())
        .await;
    desk.when("the next engine", |now| {
        now.notices.iter().any(|notice| notice.text.contains("engine"))
    })
    .await;
    tell(&desk, strip, fire(0)).await;
    desk.when("it sounds again", |now| sounding(now) == [0]).await;
    desk.handle.break_engine().await.expect("a station");
    let is_missing = |now: &Snapshot| matches!(now.strips[0].input, InputState::Missing { .. });
    let now = desk.when("the engine is gone", is_missing).await;
    assert!(sounding(&now).is_empty());
    let (code, told) = desk
        .refused(AudioCommand::Carts {
            strip,
            command: fire(0),
        })
        .await;
    assert_eq!(code, ErrorCode::Unavailable, "{told}");
    desk.stop().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_played_is_said_on_its_pad() {
    let pads = |folder: &Path| {
        let broken = folder.join("notes.mp3");
        std::fs::write(&broken, "no music at all\n".repeat(100)).expect("written");
        vec![
            settings(broken.to_string_lossy().into_owned()),
            settings("/gone.wav".into()),
        ]
    };
    let mut desk = desk_of(pads, vec![]).await;
    let strip = desk.first_strip().await;
    for (pad, wanted) in [(0, "notes.mp3"), (1, "gone.wav")] {
        let now = desk.now().await;
        let state = carts(&now).banks[0].pads[usize::from(pad)].clone().expect("set");
        let PadSound::Faulty { reason } = state.sound else {
            panic!("{state:?}");
        };
        assert!(reason.contains(wanted), "{reason}");
        let (code, told) = desk
            .refused(AudioCommand::Carts {
                strip,
                command: fire(pad),
            })
            .await;
        assert_eq!((code, told), (ErrorCode::Invalid, reason));
    }
    desk.stop().await;
}

#[tokio::test]
async fn what_no_wall_can_do_is_refused_with_what_to_do() {
    let pads = |folder: &Path| {
        let horn = settings(numbers(folder, "Horn.wav", 1, 1_000));
        vec![PadSettings {
            hotkey: Some("H".into()),
            ..horn
        }]
    };
    let mut desk = desk_of(pads, vec![]).await;
    let strip = desk.first_strip().await;
    let fine = || settings("/a.wav".into());
    let set = |settings| CartCommand::SetPad {
        bank: 0,
        pad: 1,
        settings,
    };
    let hotkey = |key: &str| PadSettings {
        hotkey: Some(key.into()),
        ..fine()
    };
    let cases = [
        (fire(1), ErrorCode::Invalid, "is not set"),
        (fire(16), ErrorCode::Invalid, "there is no pad 16"),
        (CartCommand::Fire { bank: 1, pad: 0 }, ErrorCode::Invalid, "in a bank 1"),
        (set(settings("a.wav".into())), ErrorCode::Invalid, "from the root"),
        (
            set(PadSettings { level: 10.5, ..fine() }),
            ErrorCode::OutOfRange,
            "-60 to 10",
        ),
        (
            set(PadSettings {
                level: f32::NAN,
                ..fine()
            }),
            ErrorCode::OutOfRange,
            "-60 to 10",
        ),
        (set(PadSettings { group: 9, ..fine() }), ErrorCode::OutOfRange, "1 to 8"),
        (
            set(PadSettings {
                name: "n".repeat(41),
                ..fine()
            }),
            ErrorCode::Invalid,
            "40 characters",
        ),
        (set(hotkey("h")), ErrorCode::Invalid, "fires \"Horn\" already"),
        (set(hotkey("F13")), ErrorCode::Invalid, "F1 to F12"),
        (set(hotkey("ß")), ErrorCode::Invalid, "no key for a pad"),
        (
            CartCommand::SetBanks { names: vec![] },
            ErrorCode::Invalid,
            "1 to 8 banks",
        ),
        (
            CartCommand::SetBanks {
                names: vec![" ".into()],
            },
            ErrorCode::Invalid,
            "needs a name",
        ),
    ];
    for (command, code, wanted) in cases {
        let said = format!("{command:?}");
        let (told_code, told) = desk.refused(AudioCommand::Carts { strip, command }).await;
        assert_eq!(told_code, code, "{said}: {told}");
        assert!(told.contains(wanted), "{said}: {told}");
    }
    let names = |names: &[&str]| CartCommand::SetBanks {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    tell(&desk, strip, names(&["A", "B"])).await;
    let moved = CartCommand::SetPad {
        bank: 1,
        pad: 0,
        settings: fine(),
    };
    tell(&desk, strip, moved).await;
    let command = names(&["A"]);
    let (_, told) = desk.refused(AudioCommand::Carts { strip, command }).await;
    assert!(told.contains("bank \"B\" has pads"), "{told}");
    desk.ask(AudioCommand::SetSource {
        strip,
        source: StripSource::Silent,
    })
    .await;
    let (_, told) = desk
        .refused(AudioCommand::Carts {
            strip,
            command: fire(0),
        })
        .await;
    assert!(told.contains("is no cart wall"), "{told}");
    desk.stop().await;
}
