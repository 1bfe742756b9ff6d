use super::*;
use crate::api::{
    BroadcastSettings, BusName, ChannelPick, DeviceChoice, OutputSettings, PadMode, PadSettings, Resampling,
    StreamCodec, StripSource,
};
use crate::session::{SessionBus, SessionStrip};
use airdesk_dsp::Decibels;

fn busy() -> Session {
    let mut session = Session::demo();
    session.strips[0].controls.fader = Decibels::SILENCE;
    session.strips.push(SessionStrip::new(
        "Mic \"1\" ☃",
        StripSource::Device {
            device: "alsa:hw:0,0".parse().expect("an id"),
            channels: ChannelPick::Pair { left: 0, right: 1 },
            resampling: Resampling::Best,
            buffer: None,
        },
    ));
    session.buses.push(SessionBus {
        output: Some(DeviceChoice::Device {
            device: "pipewire:phones".parse().expect("an id"),
        }),
        playback: OutputSettings {
            resampling: Resampling::LowLatency,
            exclusive: true,
        },
        ..SessionBus::new(BusName::Cue)
    });
    session
}

#[test]
fn what_is_saved_is_what_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("deep/session.toml"));
    file.save(&busy()).expect("saved");
    assert_eq!(file.open().expect("read").session, busy());
}

#[test]
fn a_file_torn_at_any_byte_starts_with_the_last_good_copy_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("session.toml"));
    file.save(&Session::demo()).expect("saved");
    file.save(&busy()).expect("saved");
    let whole = fs::read(file.path()).expect("bytes");
    // Without its last line break it is still whole.
    for length in 0..whole.len() - 1 {
        fs::write(file.path(), &whole[..length]).expect("torn");
        let opened = file.open().expect("something to run with");
        let warning = opened
            .warning
            .unwrap_or_else(|| panic!("torn at {length} and nobody noticed"));
        assert_eq!(opened.session, Session::demo(), "torn at {length}");
        assert!(
            warning.contains("session.toml") && warning.contains("set aside"),
            "{warning}"
        );
        let aside = folder.path().join("session.broken-1.toml");
        assert_eq!(fs::read(&aside).expect("kept"), whole[..length]);
        fs::remove_file(aside).expect("removed");
    }
}

#[test]
fn a_session_written_by_hand_needs_no_last_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    fs::write(
        &path,
        "[[strips]]\nname = \"A\"\nsource = { type = \"material\", material = \"pad\" }\n",
    )
    .expect("written");
    assert_eq!(read(&path).expect("read").strips.len(), 1);
}

#[test]
fn a_first_run_finds_three_strips_to_play_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let opened = SessionFile::new(folder.path().join("none.toml"))
        .open()
        .expect("the demo");
    assert!(opened.first_run);
    assert_eq!(opened.session.strips.len(), 3);
}

#[test]
fn an_impossible_rate_is_refused_with_what_to_do() {
    let session = Session {
        rate: 47_999,
        ..Session::default()
    };
    let message = session.sample_rate().expect_err("refused").to_string();
    assert!(message.contains("47999") && message.contains("48000"), "{message}");
}

#[test]
fn a_value_that_no_command_could_set_breaks_the_session_and_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("session.toml"));
    let broadcast = |setting: &str, value: &str| {
        let usual = toml::to_string(&BroadcastSettings::default()).expect("settings");
        let kept = usual.lines().filter(|line| !line.starts_with(setting));
        let lines: Vec<_> = kept
            .map(str::to_owned)
            .chain([format!("{setting} = \"{value}\"")])
            .collect();
        format!("[[targets]]\n{}\n", lines.join("\n"))
    };
    let strip =
        |name: &str, more: &str| format!("[[strips]]\nname = \"{name}\"\n{more}\nsource = {{ type = \"silent\" }}\n");
    for (text, said) in [
        (strip("Mic", "fader = 20.0"), ["strip Mic", "20.0 dB", "-90 to +10"]),
        (strip("Mic", "trim = -20.5"), ["strip Mic", "-20.5 dB", "-20 to +40"]),
        (strip("", ""), ["\"\"", "name", "1 to 40"]),
        (strip(&"x".repeat(41), ""), ["xxxx", "name", "1 to 40"]),
        (
            "[[buses]]\nbus = \"cue\"\nfader = 11.0\n".into(),
            ["bus cue", "11.0 dB", "-90 to +10"],
        ),
        (strip("A", "").repeat(257), ["257 strips", "256", "most"]),
        (
            "[recording]\nfolder = \"shows\"\nformat = \"pcm24\"\n".into(),
            ["\"shows\"", "no folder", "whole path"],
        ),
        (
            broadcast("host", "a b"),
            ["target /live.mp3 at a b", "\"a b\"", "write it like"],
        ),
        (
            broadcast("mount", "live"),
            ["target live at localhost", "\"live\"", "with a slash"],
        ),
        (
            broadcast("pinnedCertificate", "xy"),
            ["target /live.mp3", "fingerprint", "64 hexadecimal"],
        ),
        (
            broadcast("titleTemplate", "{titel}"),
            ["target /live.mp3", "no {titel}", "{artist}"],
        ),
        (
            "[broadcast]\nhost = \"a b\"\n".into(),
            ["target /live.mp3 at a b", "\"a b\"", "write it like"],
        ),
        (
            "title = \"A\"\nrate = fast\n".into(),
            ["line 2, column 8", "mend it", "name another session"],
        ),
    ] {
        fs::write(file.path(), &text).expect("written");
        let error = read(file.path()).expect_err("broken");
        assert!(matches!(error, SessionError::Broken { .. }), "{error}");
        let message = error.to_string();
        assert!(said.iter().all(|said| message.contains(said)), "{said:?}: {message}");
        let warning = file.open().expect("something").warning.expect("a warning");
        assert!(warning.contains("set aside"), "{warning}");
    }
    fs::write(file.path(), strip("Mic", "fader = -inf")).expect("written");
    assert_eq!(read(file.path()).expect("off is a place").strips.len(), 1);
}

#[test]
fn values_that_cannot_be_give_way_to_the_usual_ones_and_all_else_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("show.toml"));
    let text = r#"
title = "Tonight"
rate = 47
[[buses]]
bus = "programme"
fader = 12.0
[[buses]]
bus = "cue"
fader = -6.0
[[strips]]
name = "Mic"
trim = 24.0
fader = "loud"
colour = "red"
source = { type = "silent" }
gate = { on = true, thresholdDbfs = 5.0 }
compressor = { on = true, thresholdDbfs = -30.0 }
[[strips]]
name = "Lost"
source = { type = "tape" }
[[scenes]]
name = "Opening"
[[scenes.strips]]
name = "Mic"
fader = 20.0
source = { type = "silent" }
"#;
    fs::write(file.path(), text).expect("written");
    assert!(read(file.path()).is_err(), "as it stands it is no session");
    let opened = file.open().expect("a session");
    let session = opened.session;
    let level = |db| Decibels::new(db).expect("a level");
    assert_eq!((session.title.as_str(), session.rate), ("Tonight", 48_000));
    let faders = [BusName::Programme, BusName::Cue].map(|bus| session.bus(bus).fader);
    assert_eq!(faders, [level(0.0), level(-6.0)]);
    assert_eq!(session.strips.len(), 1, "a strip without a source is none");
    let controls = session.strips[0].controls;
    assert_eq!((controls.trim, controls.fader), (level(24.0), level(0.0)));
    let gate = controls.chain.gate;
    assert_eq!((gate.on, gate.threshold_dbfs), (true, -50.0), "the usual threshold");
    assert_eq!(
        (controls.chain.compressor.on, controls.chain.compressor.threshold_dbfs),
        (true, -30.0)
    );
    assert_eq!(session.scenes[0].strips[0].controls.fader, level(0.0));
    let warning = opened.warning.expect("it is said");
    for said in [
        "show.toml",
        "had values that cannot be",
        "strips[0]",
        "and 4 more",
        "broken-1",
    ] {
        assert!(warning.contains(said), "{said:?}: {warning}");
    }
    let kept = fs::read_to_string(folder.path().join("show.broken-1.toml")).expect("kept");
    assert_eq!(kept, text, "not a byte is lost");
}

#[test]
fn one_value_that_cannot_be_takes_nothing_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("show.toml"));
    let bands = |third: &str| {
        format!(
            r#"bands = [
            {{ kind = "lowShelf", on = true, frequency = 100.0, gain = 3.0, q = 0.7 }},
            {{ kind = "bell", on = true, frequency = 500.0, gain = -4.0, q = 1.0 }},
            {third},
            {{ kind = "highShelf", on = true, frequency = 9000.0, gain = 2.0, q = 0.7 }}]"#
        )
    };
    let good = r#"{ kind = "bell", on = true, frequency = 3000.0, gain = 5.0, q = 1.0 }"#;
    let usual = airdesk_dsp::equaliser::EqualiserSettings::default().bands[2];
    let usual_frequency = good.replace("3000.0", &format!("{:?}", usual.frequency()));
    let usual_q = good.replace("q = 1.0", &format!("q = {:?}", usual.q()));
    let strip = |vca: &str, sends: &str, gate: &str, high_pass: &str, band: &str| {
        format!(
            "[[strips]]\nname = \"Mic\"\nfader = -3.0\n{vca}\nsource = {{ type = \"silent\" }}\nsends = [{sends}]\n\
             gate = {{ {gate} }}\nhighPass = {{ on = true, slope = \"steep\", frequency = {high_pass} }}\n\
             equaliser = {{ on = true, {} }}\n",
            bands(band)
        )
    };
    let (one, three) = ("{ to = \"aux1\", level = -6.0 }", "{ to = \"aux3\", level = -9.0 }");
    let sends = format!("{one}, {three}");
    let gate = "on = true, thresholdDbfs = -50.0, holdMs = 250.0";
    let two_wrong = "on = true, thresholdDbfs = 5.0, holdMs = 250.0, ratio = 0.0";
    let whole = strip("vca = 2", &sends, gate, "120.0", good);
    let read_whole = |text: &str| {
        fs::write(file.path(), text).expect("written");
        read(file.path()).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let beside = |bad: &str| format!("{one}, {bad}, {three}");
    for (broken, mended) in [
        (
            strip("vca = 0", &sends, gate, "120.0", good),
            strip("", &sends, gate, "120.0", good),
        ),
        (
            strip("vca = 9", &sends, gate, "120.0", good),
            strip("", &sends, gate, "120.0", good),
        ),
        (
            strip("vca = 2", &beside("{ to = \"cue\", level = 0.0 }"), gate, "120.0", good),
            whole.clone(),
        ),
        (
            strip(
                "vca = 2",
                &beside("{ to = \"aux2\", level = 20.0 }"),
                gate,
                "120.0",
                good,
            ),
            whole.clone(),
        ),
        (
            strip("vca = 2", &sends, two_wrong, "120.0", good),
            strip("vca = 2", &sends, "on = true, holdMs = 250.0", "120.0", good),
        ),
        (
            strip("vca = 2", &sends, gate, "120.0", &good.replace("3000.0", "3.0")),
            strip("vca = 2", &sends, gate, "120.0", &usual_frequency),
        ),
        (
            strip("vca = 2", &sends, gate, "120.0", &good.replace("q = 1.0", "q = 99.0")),
            strip("vca = 2", &sends, gate, "120.0", &usual_q),
        ),
        (
            strip(
                "vca = 2",
                &sends,
                gate,
                "120.0",
                &good.replace("q = 1.0", "q = \"wide\""),
            ),
            strip("vca = 2", &sends, gate, "120.0", &usual_q),
        ),
        (
            strip("vca = 2", &sends, gate, "1.0", good),
            strip("vca = 2", &sends, gate, "80.0", good),
        ),
    ] {
        let wanted = read_whole(&mended);
        fs::write(file.path(), &broken).expect("written");
        let opened = file.open().expect("a session");
        assert!(opened.warning.is_some(), "{broken}");
        assert_eq!(opened.session, wanted, "{broken}");
    }
}

#[test]
fn of_a_deck_what_no_command_could_have_set_is_mended_and_the_rest_of_its_playlist_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("show.toml"));
    let item = |settings: &str| format!("[[strips.deck.items]]\n{settings}\n");
    let text = [
        "[[strips]]\nname = \"Deck\"\nsource = { type = \"deck\" }\n[strips.deck.settings]\ncrossfade = 1e9\nrepeat = true\n".into(),
        item("path = \"/a.mp3\"\nsettings = { gain = 90.0, stops = true }"),
        item("path = \"no-root.mp3\""),
        item("path = \"/b.mp3\"\nsettings = { cueIn = 3.0, cueOut = 2.0 }"),
    ]
    .concat();
    fs::write(file.path(), text).expect("written");
    let opened = file.open().expect("a session");
    let warning = opened.warning.expect("told");
    assert!(warning.contains("crossfade"), "{warning}");
    let deck = opened.session.strips[0].deck.clone().expect("a deck");
    let paths: Vec<&str> = deck.items.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(paths, ["/a.mp3", "/b.mp3"]);
    assert!((0.0..=20.0).contains(&deck.settings.crossfade));
    let [first, second] = &deck.items[..] else {
        panic!("two items")
    };
    assert_eq!((first.settings.gain, first.settings.stops), (0.0, true));
    assert_eq!((second.settings.cue_in, second.settings.cue_out), (0.0, Some(2.0)));
}

#[test]
fn of_a_cart_wall_one_value_is_mended_and_all_other_pads_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("show.toml"));
    let pad =
        |pad: u8, settings: &str| format!("[[strips.carts.banks.pads]]\npad = {pad}\nsettings = {{ {settings} }}\n");
    let text = [
        "[[strips]]\nname = \"Carts\"\nsource = { type = \"carts\" }\n[[strips.carts.banks]]\nname = \"Jingles\"\n"
            .into(),
        pad(1, "path = \"/a.wav\", level = 99.0, group = 2, hotkey = \"h\""),
        pad(2, "path = \"/b.wav\", hotkey = \"H\", ducks = true"),
        pad(2, "path = \"/twice.wav\""),
        pad(17, "path = \"/beyond.wav\""),
        pad(5, "path = \"no-root.wav\""),
        pad(6, "path = \"/c.wav\", mode = \"loop\", group = 9, colour = \"mauve\""),
    ]
    .concat();
    fs::write(file.path(), text).expect("written");
    let opened = file.open().expect("a session");
    let warning = opened.warning.expect("told");
    assert!(
        warning.contains("bank Jingles: pad 1: a pad's level of 99 dB"),
        "{warning}"
    );
    let carts = opened.session.strips[0].carts.clone().expect("a wall");
    let pads: Vec<_> = carts.banks[0]
        .pads
        .iter()
        .map(|pad| (pad.pad, pad.settings.clone()))
        .collect();
    let settings = |path: &str| PadSettings {
        path: path.into(),
        ..PadSettings::default()
    };
    let expected = [
        (
            1,
            PadSettings {
                group: 2,
                hotkey: Some("h".into()),
                ..settings("/a.wav")
            },
        ),
        (
            2,
            PadSettings {
                ducks: true,
                ..settings("/b.wav")
            },
        ),
        (
            6,
            PadSettings {
                mode: PadMode::Loop,
                ..settings("/c.wav")
            },
        ),
    ];
    assert_eq!(pads, expected, "{warning}");
}

#[test]
fn a_strip_whose_buffer_cannot_be_is_there_with_the_usual_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("show.toml"));
    let mut session = busy();
    let last = session.strips.len() - 1;
    let StripSource::Device { buffer, .. } = &mut session.strips[last].source else {
        panic!("it is a microphone");
    };
    *buffer = Some(512);
    file.save(&session).expect("saved");
    assert_eq!(read(file.path()).expect("read"), session);
    let text = fs::read_to_string(file.path()).expect("text");
    fs::write(file.path(), text.replace("buffer = 512", "buffer = 16")).expect("written");
    let opened = file.open().expect("mended");
    assert!(opened.warning.expect("said").contains("16 frames"));
    assert_eq!(opened.session, busy());
}

#[test]
fn a_session_that_is_gone_is_named_with_the_copy_that_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("show.toml"));
    file.save(&busy()).expect("saved");
    file.save(&busy()).expect("saved");
    fs::remove_file(file.path()).expect("removed");
    let opened = file.open().expect("the copy");
    assert_eq!(opened.session, busy());
    assert!(opened.warning.expect("a warning").contains("show.toml"));
}

#[test]
fn a_session_that_cannot_be_read_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = read(&folder.path().join("nowhere.toml")).expect_err("it is not there");
    let message = error.to_string();
    assert!(
        message.contains("nowhere.toml") && message.contains("name another session"),
        "{message}"
    );
}

#[test]
fn a_transport_that_this_build_lacks_breaks_no_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("session.toml"));
    let mut session = busy();
    session.targets[0].transport = crate::api::Transport::Libshout;
    file.save(&session).expect("saved");
    assert_eq!(read(file.path()).expect("read"), session);
}

/// A session as Airdesk saved it while it knew one server.
const BEFORE_TARGETS: &str = include_str!("before_targets.toml");

#[test]
fn the_one_server_of_an_older_session_becomes_the_first_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("session.toml"));
    fs::write(file.path(), BEFORE_TARGETS).expect("written");
    let opened = file.open().expect("read");
    assert_eq!(opened.warning, None);
    let carried = BroadcastSettings {
        host: "radio.example.org".into(),
        port: 8443,
        tls: true,
        mount: "/night.opus".into(),
        user: "dj".into(),
        codec: StreamCodec::Opus,
        bit_rate: 96,
        name: "Night Shift".into(),
        public: true,
        ..BroadcastSettings::default()
    };
    assert!(opened.session.targets.iter().eq([&carried]));
    assert_eq!(
        (opened.session.title.as_str(), opened.session.strips.len()),
        ("Jóga", 1)
    );
    file.save(&opened.session).expect("saved");
    let text = fs::read_to_string(file.path()).expect("text");
    assert!(text.contains("[[targets]]") && !text.contains("[broadcast]"), "{text}");
    assert_eq!(file.open().expect("read").session, opened.session);

    let mended = BEFORE_TARGETS.replace("bitRate = 96", "bitRate = 97");
    fs::write(file.path(), mended).expect("written");
    let opened = file.open().expect("mended");
    assert!(opened.warning.expect("said").contains("97 kbit/s"));
    let usual_rate = BroadcastSettings {
        bit_rate: 128,
        ..carried
    };
    assert_eq!(opened.session.targets, [usual_rate]);
}

#[test]
fn of_a_target_one_value_is_mended_and_what_says_where_it_goes_stays_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SessionFile::new(folder.path().join("session.toml"));
    let named = |label: &str, more: &str| format!("[[targets]]\nlabel = \"{label}\"\n{more}\n");
    let text = [
        named("One", "gain = 99.0\ntitleDelay = 12.0"),
        named("Two", "mount = \"two\"\nhost = \"two.example.org\""),
        named("Three", "host = 3"),
        named("Four", "titleTemplate = \"{x}\"\nloudness = -16.0"),
    ]
    .concat();
    fs::write(file.path(), &text).expect("written");
    let opened = file.open().expect("mended");
    let warning = opened.warning.expect("said");
    for said in ["target One: a stream's gain is 99 dB", "target Two", "host", "no {x}"] {
        assert!(warning.contains(said), "{said}: {warning}");
    }
    let called: Vec<_> = opened
        .session
        .targets
        .iter()
        .map(|target| target.label.as_str())
        .collect();
    assert_eq!(called, ["One", "Four"]);
    let [one, four] = &opened.session.targets[..] else {
        panic!("two")
    };
    assert_eq!((one.gain, one.title_delay), (0.0, 12.0));
    assert_eq!(
        (four.title_template.as_str(), four.loudness),
        ("{artist} - {title}", Some(-16.0))
    );
}
