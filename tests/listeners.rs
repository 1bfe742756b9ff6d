//! The desk's own listener mounts: on air with nothing else installed.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use lab::crowd::Crowd;
use lab::desk::{Desk, Home};
use lab::http;
use lab::listen::{self, Listener};
use lab::players::Player;
use lab::sound_server::{Environment, sines};
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::json;
use socket2::{Domain, Socket, Type};

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };

/// What of it is on air: the pan law takes 3 dB from each side in the centre.
const ON_AIR: Sine = Sine {
    hz: TONE,
    db: -12.0 - 3.0103,
};

fn desk() -> Desk {
    let home = Home::new();
    let file = home.path().join("tone.wav");
    // Whole periods: a loop of it has no seam.
    sines(&file, 10, PLAYED, PLAYED);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Tone", &json!({ "type": "file", "path": file, "looped": true }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
    desk.say(json!({ "type": "setListening", "on": true }));
    desk
}

#[test]
fn listeners_hear_the_programme_in_every_format_and_read_its_title() {
    let mut desk = desk();
    let mounts = [
        ("/live.mp3", "mp3"),
        ("/live.opus", "opus"),
        ("/live.ogg", "vorbis"),
        ("/live.flac", "flac"),
    ];
    let mounts = mounts.map(|(mount, codec)| (format!("http://127.0.0.1:{}{mount}", desk.port), codec));
    let listeners = mounts.each_ref().map(|(url, codec)| {
        let mut listener = Listener::start(url);
        listener.wait(2.0);
        (listener, *codec)
    });
    desk.say(json!({ "type": "setTitle", "title": "Café ☕" }));
    for (url, codec) in &mounts {
        wait::until("the title", seconds(10), || {
            let probed = listen::probe(url);
            assert_eq!(probed["streams"][0]["codec_name"], *codec);
            probed.to_string().contains("Café ☕").then_some(())
        });
    }
    // Who has been listening all the while hears no break, also where the title changes. Only ffmpeg's Vorbis decoder
    // leaves frames out at a new title, which others play.
    for (mut listener, codec) in listeners {
        listener.wait(listener.seconds() + 3.0);
        let heard = listener.stop();
        let begin = if codec == "vorbis" { heard.seconds() - 2.5 } else { 0.5 };
        let heard = heard.span(begin, heard.seconds() - 0.1);
        heard.must_be(ON_AIR, 0);
        heard.must_be(ON_AIR, 1);
    }
}

/// Plays so many seconds of streams of the desk with every player at once. They are the programme without a break.
fn play_all(port: u16, paths: [&str; 4], seconds: f64) {
    thread::scope(|scope| {
        for (path, player) in paths.iter().flat_map(|path| Player::ALL.map(|player| (path, player))) {
            scope.spawn(move || must_be_on_air(player, &format!("http://127.0.0.1:{port}/{path}"), seconds));
        }
    });
}

fn must_be_on_air(player: Player, url: &str, seconds: f64) {
    let heard = player.stream(url, seconds);
    println!("{player:?}: {:.1} s of {url}", heard.seconds());
    let heard = heard.span(0.5, heard.seconds() - 0.2);
    heard.must_be(ON_AIR, 0);
    heard.must_be(ON_AIR, 1);
}

#[test]
fn mpv_and_vlc_play_every_mount() {
    let desk = desk();
    play_all(desk.port, ["live.mp3", "live.opus", "live.ogg", "live.flac"], 5.0);
}

#[test]
fn mpv_and_vlc_play_every_playlist() {
    let mut desk = desk();
    let mut settings = desk.snapshot()["hls"]["settings"].clone();
    settings["on"] = json!(true);
    settings["segmentSeconds"] = json!(2);
    settings["flac"] = json!({ "open": true, "bits": 24 });
    desk.say(json!({ "type": "setHls", "settings": settings }));
    desk.wait("segments", seconds(30), |snapshot| {
        (snapshot["hls"]["writing"]["segments"].as_u64() >= Some(9)).then_some(())
    });
    let playlists = ["mp3", "opus", "flac", "master"].map(|name| format!("hls/{name}.m3u8"));
    play_all(desk.port, playlists.each_ref().map(|path| &**path), 9.0);
}

#[test]
fn listeners_are_counted_and_sent_away_when_the_mounts_close() {
    let mut desk = desk();
    let url = format!("http://127.0.0.1:{}/live.mp3", desk.port);
    let told = desk.snapshot()["listening"].clone();
    assert!(told["urls"].to_string().contains("/live.mp3"), "{told}");
    let listener = thread::spawn(move || listen::url(&url, 60.0));
    desk.wait("the listener to be counted", seconds(5), |snapshot| {
        (snapshot["listening"]["listeners"] == 1).then_some(())
    });
    desk.say(json!({ "type": "setListening", "on": false }));
    wait::until("the listener to be sent away", seconds(10), || {
        listener.is_finished().then_some(())
    });
    assert_eq!(http::get(desk.port, "/live.mp3").expect("the desk answers").status, 404);
}

/// As many as the mounts take unless told otherwise.
const MANY: usize = 1_000;

#[test]
fn a_thousand_listeners_hear_the_programme_and_its_titles_and_nothing_is_lost() {
    let mut desk = desk();
    let late = desk.snapshot()["engine"]["blocksLate"].clone();
    let crowd = Crowd::join(&[desk.port], "/live.mp3", MANY);
    crowd.wait("an answer", seconds(30), |ear| ear.status == 200);
    crowd.wait_for_seconds(2, |_| true);
    assert_eq!(
        http::get(desk.port, "/live.opus").expect("the desk answers").status,
        503
    );
    let busy = desk.process.processor_seconds();
    crowd.wait_for_seconds(5, |_| true);
    let busy = (desk.process.processor_seconds() - busy) / 5.0 * 100.0;
    println!(
        "{MANY} listeners: {busy:.1} % of a core, {:.0} MB",
        desk.process.megabytes()
    );
    let title = "Café ☕";
    desk.say(json!({ "type": "setTitle", "title": title }));
    crowd.wait("the title", seconds(20), |ear| ear.title == title);
    let ears = crowd.ears();
    assert!(ears.iter().all(|ear| ear.damaged == 0 && !ear.ended));
    for ear in ears.iter().filter(|ear| !ear.audio.is_empty()) {
        let file = desk.home().join("heard.mp3");
        std::fs::write(&file, &ear.audio).expect("written");
        let heard = listen::file(&file);
        let heard = heard.span(0.5, heard.seconds() - 0.5);
        heard.must_be(ON_AIR, 0);
        heard.must_be(ON_AIR, 1);
    }
    let told = desk.wait("the mounts' figures", seconds(5), |snapshot| {
        let mount = &snapshot["listening"]["mounts"][0];
        (mount["listeners"] == MANY).then(|| mount.clone())
    });
    assert_eq!(
        (&told["peak"], &told["total"], &told["evicted"]),
        (&json!(MANY), &json!(MANY), &json!(0))
    );
    let snapshot = desk.snapshot();
    assert_eq!(snapshot["listening"]["framesLost"], 0);
    assert_eq!(snapshot["engine"]["blocksLate"], late);
    assert_eq!(snapshot["engine"]["losses"], json!([]));
}

#[test]
fn a_listener_who_takes_nothing_is_sent_away_and_counted() {
    let mut desk = desk();
    let mut settings = desk.snapshot()["listening"]["settings"].clone();
    settings["mp3"]["bitRate"] = json!(320);
    desk.say(json!({ "type": "setMounts", "settings": settings }));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer"); // it is full soon
    let address = SocketAddr::from(([127, 0, 0, 1], desk.port));
    socket.connect(&address.into()).expect("the desk listens");
    let mut stuck = TcpStream::from(socket);
    let request = format!("GET /live.mp3 HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n\r\n", desk.port);
    stuck.write_all(request.as_bytes()).expect("a request fits");
    desk.wait("the listener to be sent away", seconds(120), |snapshot| {
        let mount = &snapshot["listening"]["mounts"][0];
        (mount["evicted"] == 1 && mount["listeners"] == 0).then_some(())
    });
    let metrics = http::get(desk.port, "/metrics").expect("the desk answers");
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(
        metrics.contains("airdesk_mount_evicted_total{mount=\"/live.mp3\"} 1\n"),
        "{metrics}"
    );
    stuck.set_read_timeout(Some(seconds(10))).expect("a limit");
    let mut rest = Vec::new();
    let _ = stuck.read_to_end(&mut rest); // a reset ends it as well
    assert!(!rest.is_empty());
}

#[test]
fn mounts_are_as_they_were_set_also_after_a_restart_and_everyone_may_know() {
    let mut desk = desk();
    let mut settings = desk.snapshot()["listening"]["settings"].clone();
    settings["mp3"]["bitRate"] = json!(96);
    settings["vorbis"]["open"] = json!(false);
    desk.say(json!({ "type": "setMounts", "settings": settings }));
    for (key, value, word) in [
        ("listenersMax", json!(0), "choose 1 to 10000"),
        ("burstSeconds", json!(-1.0), "choose 0 to 20 s"),
        ("flac", json!({ "open": true, "bits": 20 }), "choose 16 or 24"),
        ("mp3", json!({ "open": true, "bitRate": 97 }), "97 kbit/s"),
    ] {
        let mut wrong = settings.clone();
        wrong[key] = value;
        let refusal = desk
            .ask(json!({ "type": "setMounts", "settings": wrong }))
            .expect_err("refused");
        assert!(
            refusal["message"].as_str().is_some_and(|text| text.contains(word)),
            "{refusal}"
        );
    }
    desk.say(json!({ "type": "setTitle", "title": "Jóga", "artist": "Bjørk" }));
    let home = desk.stop();
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    let told = desk.snapshot()["listening"].clone();
    assert_eq!((&told["on"], &told["settings"]), (&json!(true), &settings));
    assert_eq!(http::get(desk.port, "/live.ogg").expect("the desk answers").status, 404);
    let page = http::get(desk.port, "/status-json.xsl").expect("the desk answers");
    let page: serde_json::Value = serde_json::from_slice(&page.body).expect("JSON");
    let sources = page["icestats"]["source"].as_array().expect("mounts");
    assert_eq!(sources.len(), 3);
    let mp3 = &sources[0];
    assert_eq!((&mp3["bitrate"], &mp3["title"]), (&json!(96), &json!("Bjørk - Jóga")));
}

#[test]
fn hls_is_served_by_the_desk_and_its_faults_are_told() {
    let mut desk = desk();
    let hls = |desk: &mut Desk, changes: serde_json::Value| {
        let mut settings = desk.snapshot()["hls"]["settings"].clone();
        for (key, value) in changes.as_object().expect("settings by name") {
            settings[key] = value.clone();
        }
        desk.ask(json!({ "type": "setHls", "settings": settings }))
    };
    let refusal = hls(&mut desk, json!({ "on": true, "segmentSeconds": 1 })).expect_err("refused");
    assert!(
        refusal["message"]
            .as_str()
            .is_some_and(|text| text.contains("choose 2 to 20 s")),
        "{refusal}"
    );
    let refusal = hls(&mut desk, json!({ "on": true, "folder": "on-the-web" })).expect_err("refused");
    assert!(
        refusal["message"]
            .as_str()
            .is_some_and(|text| text.contains("from the root")),
        "{refusal}"
    );
    assert_eq!(
        http::get(desk.port, "/hls/master.m3u8")
            .expect("the desk answers")
            .status,
        404
    );
    let folder = desk.home().join("on-the-web");
    let flac = json!({ "open": true, "bits": 24 });
    let changes = json!({ "on": true, "folder": folder, "segmentSeconds": 2, "flac": flac });
    hls(&mut desk, changes).expect("turned on");
    let is_on = |desk: &mut Desk, segments: u64| {
        desk.wait("segments", seconds(30), |snapshot| {
            let writing = &snapshot["hls"]["writing"];
            (writing["state"] == "on" && writing["segments"].as_u64() >= Some(segments)).then_some(())
        });
    };
    is_on(&mut desk, 9);
    for codec in ["mp3", "opus", "flac"] {
        let heard = listen::url(&format!("http://127.0.0.1:{}/hls/{codec}.m3u8", desk.port), 6.0);
        let heard = heard.span(0.5, heard.seconds() - 0.2);
        assert!(heard.seconds() > 5.0, "{codec}");
        heard.must_be(ON_AIR, 0);
        heard.must_be(ON_AIR, 1);
    }
    std::fs::remove_dir_all(&folder).expect("removed");
    desk.wait("the fault", seconds(5), |snapshot| {
        (snapshot["hls"]["writing"]["state"] == "fault").then_some(())
    });
    is_on(&mut desk, 12);
    hls(&mut desk, json!({ "on": false })).expect("turned off");
    let wanted = ["hlsOff", "hlsOn", "hlsFault", "hlsOn"];
    wait::until("the timeline", seconds(10), || {
        let kinds = json!(["hlsOn", "hlsOff", "hlsFault"]);
        let asked = json!({ "type": "readTimeline", "before": null, "limit": 10, "kinds": kinds, "words": "" });
        let read = desk.say(asked);
        let kinds: Vec<_> = read["entries"]
            .as_array()?
            .iter()
            .map(|entry| entry["kind"].clone())
            .collect();
        (kinds == wanted).then_some(())
    });
}
