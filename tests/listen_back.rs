//! The desk hears what its listeners hear, through a real Icecast, and says so.
#![cfg(target_os = "linux")]

use lab::desk::Desk;
use lab::http;
use lab::icecast::{Icecast, PASSWORD};
use lab::sound_server::Environment;
use lab::wait::seconds;
use serde_json::{Value, json};

/// A desk without any device that plays what comes with it, on air.
fn on_air(icecast: &Icecast, listen_back: &Value) -> Desk {
    let mut desk = Desk::start(&Environment::new());
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Voice", &json!({ "type": "material", "material": "voice" }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
    let mut settings = json!({ "host": "localhost", "port": icecast.port, "mount": "/live.mp3", "codec": "mp3" });
    settings["listenBackUrl"] = listen_back.clone();
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    desk
}

#[test]
fn a_desk_on_air_knows_that_it_is_heard_with_its_title_and_is_no_listener_itself() {
    let icecast = Icecast::start();
    let mut desk = on_air(&icecast, &Value::Null);
    desk.say(json!({ "type": "setTitle", "title": "Jóga" }));
    let heard = desk.wait("being heard", seconds(30), |snapshot| {
        let heard = &snapshot["targets"][0]["listenBack"];
        let is_whole = heard["state"] == "heard" && heard["title"] == "asSet" && heard["loudness"].is_number();
        is_whole.then(|| heard.clone())
    });
    let delay = heard["delay"].as_f64().expect("it is known");
    assert!((0.02..6.0).contains(&delay), "{heard}");
    let metrics = http::get(desk.port, "/metrics").expect("the desk is there").body;
    let metrics = String::from_utf8_lossy(&metrics);
    assert!(
        metrics.contains("airdesk_listeners_hear_stream{target=\"1\""),
        "{metrics}"
    );
    assert!(
        metrics.contains("airdesk_listeners_delay_seconds{target=\"1\""),
        "{metrics}"
    );
    // The server counts the desk's ear, and the desk does not.
    desk.wait("the count", seconds(30), |snapshot| {
        let counted = icecast.mount("/live.mp3")?["listeners"] == 1;
        let told = &snapshot["targets"][0]["air"]["statistics"]["listeners"];
        (counted && *told == 0).then_some(())
    });
}

#[test]
fn a_relay_where_nothing_is_heard_is_told_noted_and_forgotten_when_it_has_the_stream() {
    let icecast = Icecast::start();
    let nowhere = json!(icecast.url("/nowhere.mp3"));
    let mut desk = on_air(&icecast, &nowhere);
    let reason = desk.wait("the alarm", seconds(30), |snapshot| {
        let heard = &snapshot["targets"][0]["listenBack"];
        (heard["state"] == "nothing").then(|| heard["reason"].as_str().map(str::to_owned))
    });
    assert!(reason.is_some_and(|reason| reason.contains("404")));
    desk.wait("a notice", seconds(10), |snapshot| {
        let notices = snapshot["notices"].as_array()?;
        let says = |notice: &Value| {
            notice["text"]
                .as_str()
                .is_some_and(|text| text.contains("hear nothing"))
        };
        notices.iter().any(says).then_some(())
    });
    let ask =
        json!({ "type": "readTimeline", "before": null, "limit": 9, "kinds": ["onAir", "notHeard"], "words": "" });
    let noted = lab::wait::until("an entry", seconds(10), || {
        let answer = desk.say(ask.clone());
        let entries = answer["entries"].as_array()?.clone();
        (entries.len() > 1).then_some(entries)
    });
    assert_eq!(noted.len(), 2, "once, for as long as it lasts: {noted:?}");
    let [told, on_air] = [0, 1].map(|place| noted[place]["seconds"].as_f64().expect("seconds"));
    println!("{:.1} s after it went on air", told - on_air);
    assert!(told - on_air <= 10.0, "by the desk's own clock: {noted:?}");
    // The same stream comes there, too.
    let relay = json!({ "host": "localhost", "port": icecast.port, "mount": "/nowhere.mp3", "codec": "mp3" });
    let answer = desk.say(json!({ "type": "addTarget", "settings": relay }));
    desk.say(json!({ "type": "goLive", "target": answer["id"] }));
    desk.wait("being heard", seconds(40), |snapshot| {
        (snapshot["targets"][0]["listenBack"]["state"] == "heard").then_some(())
    });
}
