//! Wrong input: one clear sentence with the name of the thing and the way out, nothing lost, nothing that
//! pretends to run.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::process::Output;

use lab::desk::{Desk, Home};
use lab::sound_server::Environment;
use lab::wait::seconds;
use serde_json::{Value, json};

fn airdesk(home: &Home, arguments: &[&str]) -> Output {
    home.program("airdesk", &Environment::new())
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// A sentence must have the name of the thing and a word of the way out.
#[track_caller]
fn guides(sentence: &str, name: &str, way_out: &str) {
    assert!(sentence.contains(name), "{name} is not named: {sentence}");
    assert!(
        sentence.contains(way_out),
        "no {way_out:?} tells what to do: {sentence}"
    );
}

/// A program that failed must say why in one line.
#[track_caller]
fn says(output: &Output, code: i32, name: &str, way_out: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    guides(&errors, name, way_out);
    assert!(!errors.contains("panicked"), "{errors}");
}

#[track_caller]
fn refuses(desk: &mut Desk, command: Value, code: &str, name: &str, way_out: &str) {
    let refusal = desk.ask(command.clone()).expect_err(&format!("{command} was obeyed"));
    assert_eq!(refusal["code"], code, "{refusal}");
    guides(refusal["message"].as_str().unwrap_or_default(), name, way_out);
}

#[test]
fn every_subcommand_explains_itself() {
    let home = Home::new();
    for subcommand in ["run", "devices", "render"] {
        let output = airdesk(&home, &[subcommand, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{subcommand}");
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("Usage"),
            "{subcommand}"
        );
    }
    says(&airdesk(&home, &["run", "--colour", "mauve"]), 2, "--colour", "--help");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    says(
        &airdesk(&Home::new(), &["run", "--port", &port]),
        1,
        &port,
        "choose one with --port",
    );
}

#[test]
fn a_session_that_is_not_there_to_render_is_named() {
    let home = Home::new();
    let out = home.path().join("out.wav");
    let output = airdesk(&home, &["render", "nowhere.toml", "--out", &out.display().to_string()]);
    says(&output, 1, "nowhere.toml", "name another session");
    assert!(!out.exists());
}

#[test]
fn a_session_that_can_be_neither_read_nor_written_is_named_and_no_desk_starts() {
    let home = Home::new();
    // A file where the folder should be: not even root can read or write in that.
    fs::write(home.path().join("occupied"), "").unwrap();
    let output = airdesk(&home, &["run", "occupied/show.toml", "--port", "0"]);
    says(&output, 1, "occupied/show.toml", "name another session");
}

#[test]
fn a_broken_session_is_set_aside_and_the_desk_says_so() {
    let home = Home::new();
    let session = home.path().join("show.toml");
    fs::write(&session, "strips = [[[ this is no session").unwrap();
    let path = session.display().to_string();
    let mut desk = Desk::start_at(home, &Environment::new(), &[&path]);
    let notice = desk.wait("a notice", seconds(5), |snapshot| {
        let notices = snapshot["notices"].as_array()?.iter();
        notices
            .filter_map(|notice| notice["text"].as_str())
            .find(|text| text.contains("show"))
            .map(str::to_owned)
    });
    guides(&notice, "show.toml", "mend it");
    let home = desk.stop();
    let kept = fs::read_dir(home.path())
        .unwrap()
        .flatten()
        .any(|entry| fs::read_to_string(entry.path()).is_ok_and(|content| content.contains("this is no session")));
    assert!(kept, "the broken session is gone: {notice}");
}

#[test]
fn a_session_with_a_missing_device_waits_for_it_and_names_it() {
    let home = Home::new();
    let session = home.path().join("show.toml");
    let text = "[[strips]]\nname = \"Guest\"\n[strips.source]\ntype = \"device\"\ndevice = \"pipewire:gone\"\n\
                channels = { type = \"mono\", channel = 0 }\n";
    fs::write(&session, text).unwrap();
    let path = session.display().to_string();
    let mut desk = Desk::start_at(home, &Environment::new(), &[&path]);
    desk.wait("the device to be missing", seconds(10), |snapshot| {
        let input = &snapshot["strips"][0]["input"];
        let reason = input["reason"].as_str().filter(|_| input["state"] == "missing")?;
        if reason.contains("is being looked for") {
            return None;
        }
        guides(reason, "pipewire:gone", "start it");
        Some(())
    });
}

#[test]
fn wrong_commands_are_refused_and_change_nothing() {
    let mut desk = Desk::start(&Environment::new());
    let before = desk.snapshot()["strips"].clone();
    let strip = before[0]["id"].clone();
    refuses(
        &mut desk,
        json!({ "type": "setMute", "strip": 9999, "on": true }),
        "noSuchStrip",
        "9999",
        "choose another",
    );
    refuses(
        &mut desk,
        json!({ "type": "setTrim", "strip": strip, "level": -20.5 }),
        "outOfRange",
        "-20.5",
        "it goes from -20",
    );
    refuses(
        &mut desk,
        json!({ "type": "setFader", "strip": strip, "level": 10.5 }),
        "outOfRange",
        "10.5",
        "to +10",
    );
    refuses(
        &mut desk,
        json!({ "type": "setPan", "strip": strip, "pan": 1.5 }),
        "outOfRange",
        "1.5",
        "to +1",
    );
    refuses(
        &mut desk,
        json!({ "type": "renameStrip", "strip": strip, "name": "" }),
        "invalid",
        "name",
        "use 1 to 40",
    );
    refuses(
        &mut desk,
        json!({ "type": "stopRecording" }),
        "notRunning",
        "recorded",
        "start a recording",
    );
    for mount in ["live.mp3", "/"] {
        refuses(
            &mut desk,
            json!({ "type": "setTarget", "target": 1, "settings": { "host": "localhost", "port": 8000, "mount": mount } }),
            "invalid",
            mount,
            "begin it with a slash, like /live",
        );
    }
    let device = json!({ "type": "device", "device": "pipewire:nowhere" });
    let played = desk.ask(json!({ "type": "setOutput", "output": "main", "device": device }));
    // A chosen output that is away is waited for; it must not look as if it played.
    if played.is_ok() {
        desk.wait("the output to be missing", seconds(10), |snapshot| {
            let playback = &snapshot["outputs"][0]["playback"];
            let reason = playback["reason"].as_str().filter(|_| playback["state"] == "missing")?;
            // Not what was chosen before: this machine has no output either.
            if reason.contains("no output device") || reason.contains("is being looked for") {
                return None;
            }
            guides(reason, "pipewire:nowhere", "start it");
            Some(())
        });
    }
    let after = desk.snapshot()["strips"].clone();
    for (before, after) in before.as_array().unwrap().iter().zip(after.as_array().unwrap()) {
        for control in ["name", "trim", "fader", "pan", "mute", "solo", "cue"] {
            assert_eq!(before[control], after[control]);
        }
    }
}

#[test]
fn text_that_is_no_command_is_answered_and_the_connection_stays() {
    let mut desk = Desk::start(&Environment::new());
    let explode = "{\"id\":1,\"command\":{\"type\":\"explode\"}}";
    for (text, name, way_out) in [
        ("", "not JSON", "looks like"),
        ("{", "not JSON", "looks like"),
        ("[]", "not a message", "an id and a command"),
        ("{\"id\":1}", "not a message", "an id and a command"),
        (explode, "explode", "expected one of"),
        ("\u{0}", "not JSON", "looks like"),
    ] {
        desk.send(text);
        let refusal = desk.refusal();
        guides(refusal["error"]["message"].as_str().unwrap_or_default(), name, way_out);
    }
    desk.say(json!({ "type": "clearClips" }));
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_nothing_pretends_to_record() {
    let mut desk = Desk::start(&Environment::new());
    // A file where the folder should be: not even root can write into that.
    let file = desk.home().join("occupied");
    fs::write(&file, "").unwrap();
    let folder = file.join("recordings").display().to_string();
    let settings = json!({ "folder": folder, "format": "pcm24" });
    let refusal = desk
        .ask(json!({ "type": "setRecording", "settings": settings }))
        .and_then(|_| desk.ask(json!({ "type": "startRecording" })));
    if let Err(refusal) = refusal {
        assert_eq!(refusal["code"], "storage", "{refusal}");
        let message = refusal["message"].as_str().unwrap_or_default();
        guides(message, "occupied", "choose another folder");
    } else {
        desk.wait("the recorder to say why", seconds(5), |snapshot| {
            let recording = &snapshot["recorders"][0]["recording"];
            let reason = recording["reason"]
                .as_str()
                .filter(|_| recording["state"] == "failed")?;
            guides(reason, "occupied", "choose another folder");
            Some(())
        });
    }
    assert_ne!(desk.snapshot()["recorders"][0]["recording"]["state"], "recording");
}

#[test]
fn a_file_that_is_no_audio_is_named() {
    let mut desk = Desk::start(&Environment::new());
    let file = desk.home().join("poem.wav");
    fs::write(&file, "roses are red").unwrap();
    let source = json!({ "type": "file", "path": file, "looped": false });
    match desk.ask(json!({ "type": "addStrip", "name": "Poem", "source": source })) {
        Err(refusal) => guides(
            refusal["message"].as_str().unwrap_or_default(),
            "poem.wav",
            "choose another file",
        ),
        Ok(reply) => desk.wait("the strip to say why", seconds(5), |snapshot| {
            let id = reply["id"].as_u64()? as u32;
            let input = &lab::desk::strip(snapshot, id)?["input"];
            let reason = input["reason"].as_str().filter(|_| input["state"] == "missing")?;
            guides(reason, "poem.wav", "choose another file");
            Some(())
        }),
    }
}

#[test]
fn a_key_store_that_hangs_holds_nobody_up_and_the_password_is_kept_in_a_file() {
    let home = Home::new();
    // A session bus that takes connections and never says a word.
    let path = home.path().join("silent-bus");
    let _bus = UnixListener::bind(&path).unwrap();
    let address = format!("unix:path={}", path.display());
    let environment = Environment::from([("DBUS_SESSION_BUS_ADDRESS".to_owned(), address.into())]);
    let mut desk = Desk::start_at(home, &environment, &[]);
    let setting = desk.begin(&json!({ "type": "setPassword", "target": 1, "password": "hackme-42" }));
    let going = desk.begin(&json!({ "type": "goLive" }));
    for level in [-10.0, -20.0, -30.0] {
        desk.say(json!({ "type": "setBusFader", "bus": "cue", "level": level }));
        desk.meters();
    }
    desk.wait_for_air("connecting", 1);
    assert!(!desk.is_answered(setting), "the key store is not asked at all");
    assert!(!desk.is_answered(going), "there is no password yet");
    desk.answer_to(setting).unwrap();
    assert_eq!(desk.snapshot()["targets"][0]["password"], "file");
    // With the password that came meanwhile, and without a second push of the button.
    desk.answer_to(going).unwrap();
    desk.say(json!({ "type": "goOffAir" }));
}
