//! Passwords go to the system's key store, and come from there.
#![cfg(target_os = "linux")]

use lab::desk::{Desk, Home};
use lab::icecast::{Icecast, PASSWORD};
use lab::key_store::KeyStore;
use lab::wait::seconds;
use serde_json::json;

#[test]
fn a_password_is_kept_in_the_key_store_alone_and_serves_after_a_restart() {
    let icecast = Icecast::start();
    let keys = KeyStore::start();
    let mut desk = Desk::start(keys.environment());
    let settings = json!({ "host": "localhost", "port": icecast.port, "mount": "/live.mp3", "codec": "mp3" });
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    is_in_the_key_store(&mut desk);
    let home = desk.stop();
    assert_eq!(files_with_passwords(&home), Vec::<String>::new());

    let mut desk = Desk::start_at(home, keys.environment(), &[]);
    // Not only its place is known: the server takes it. Nobody has to wait for the key store before going live.
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    is_in_the_key_store(&mut desk);
    let home = desk.stop();
    assert_eq!(files_with_passwords(&home), Vec::<String>::new());
}

#[track_caller]
fn is_in_the_key_store(desk: &mut Desk) {
    desk.wait("the password to be in the key store", seconds(10), |snapshot| {
        (snapshot["targets"][0]["password"] == "keyStore").then_some(())
    });
}

/// Files that are called after passwords, or have this one in them.
fn files_with_passwords(home: &Home) -> Vec<String> {
    let has_it = |content: Vec<u8>| {
        content
            .windows(PASSWORD.len())
            .any(|window| window == PASSWORD.as_bytes())
    };
    home.files()
        .into_iter()
        .filter(|file| file.ends_with("passwords.toml") || std::fs::read(file).is_ok_and(has_it))
        .map(|file| file.display().to_string())
        .collect()
}
