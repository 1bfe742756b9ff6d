//! Players that people have, and how each is told to play a stream as soon as it can, by PulseAudio's interface.

use std::process::Command;

use lab::sound_server::Environment;

use super::Format;

/// A player that others wrote.
pub(super) struct Player {
    pub(super) name: &'static str,
    program: &'static str,
    arguments: fn(&str, bool) -> Vec<String>,
}

pub(super) const PLAYERS: [Player; 3] = [
    Player {
        name: "ffplay",
        program: "ffplay",
        arguments: ffplay,
    },
    Player {
        name: "mpv",
        program: "mpv",
        arguments: mpv,
    },
    Player {
        name: "GStreamer",
        program: "gst-launch-1.0",
        arguments: gstreamer,
    },
];

impl Player {
    pub(super) fn is_there(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(self.program).is_file())
    }

    /// What plays an address into a sink.
    pub(super) fn command(&self, url: &str, format: &Format, sink: &str, environment: &Environment) -> Command {
        let mut command = Command::new(self.program);
        command
            .args((self.arguments)(url, format.raw))
            .envs(environment)
            .env("SDL_AUDIODRIVER", "pulseaudio")
            .env("PULSE_SINK", sink);
        command
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn ffplay(url: &str, raw: bool) -> Vec<String> {
    let mut words = words("-nodisp -loglevel error -fflags nobuffer");
    if raw {
        words.extend(self::words("-f s16le -ar 48000 -ch_layout stereo"));
    }
    words.push(url.into());
    words
}

fn mpv(url: &str, raw: bool) -> Vec<String> {
    let mut words = words("--no-config --no-video --really-quiet --ao=pulse --profile=low-latency --cache=no");
    if raw {
        words.extend(self::words(
            "--demuxer=rawaudio --demuxer-rawaudio-format=s16le --demuxer-rawaudio-rate=48000 --demuxer-rawaudio-channels=stereo",
        ));
    }
    words.push(url.into());
    words
}

fn gstreamer(url: &str, raw: bool) -> Vec<String> {
    if raw {
        let mut words = words("-q souphttpsrc iradio-mode=false");
        words.push(format!("location={url}"));
        words.extend(self::words(
            "! rawaudioparse format=pcm pcm-format=s16le sample-rate=48000 num-channels=2 ! audioconvert ! audioresample ! pulsesink",
        ));
        return words;
    }
    let mut words = words("-q playbin");
    words.push(format!("uri={url}"));
    words.push("audio-sink=pulsesink".into());
    words
}
