//! The other programs, and how each is told to do the same: both monitors in, mixed, to Icecast and into a file.
//!
//! Their settings for latency are those with which they ran without a gap on PipeWire's cycles of 21 ms.

use std::path::{Path, PathBuf};
use std::process::Command;

use lab::icecast::PASSWORD;
use lab::process::{Priority, Process};
use lab::sound_server::Environment;

use super::BIT_RATE;
use super::butt::Butt;

/// A program that puts a show on air.
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// Where it streams to.
    pub(super) mount: &'static str,
    /// What it records to, in its folder.
    pub(super) recording: &'static str,
    program: &'static str,
    kind: Kind,
}

/// How it is told what to do.
enum Kind {
    /// By its arguments, after it was given the files that it reads, and by variables.
    Told {
        arguments: fn(&Path, u16) -> std::io::Result<Vec<String>>,
        variables: &'static [(&'static str, &'static str)],
    },
    /// In its window.
    Butt,
}

/// A peer on its way to air.
pub(super) enum Running {
    Told(Process),
    Butt(Butt),
}

/// Without it these capture in pieces of a second or more.
const IN_SMALL_PIECES: &[(&str, &str)] = &[("PULSE_LATENCY_MSEC", "30")];

/// Who does the same as Airdesk, as far as it can.
pub(super) const PEERS: [Peer; 5] = [
    Peer {
        name: "liquidsoap",
        mount: "/liquidsoap.mp3",
        recording: "recorded.flac",
        program: "liquidsoap",
        kind: Kind::Told {
            arguments: liquidsoap,
            variables: IN_SMALL_PIECES,
        },
    },
    Peer {
        name: "ffmpeg",
        mount: "/ffmpeg.mp3",
        recording: "recorded.flac",
        program: "ffmpeg",
        kind: Kind::Told {
            arguments: ffmpeg,
            variables: &[],
        },
    },
    Peer {
        name: "butt",
        mount: "/butt.mp3",
        recording: "recorded.flac",
        program: "butt",
        kind: Kind::Butt,
    },
    // It has no FLAC in this form that can be cut short: it writes WAV.
    Peer {
        name: "GStreamer",
        mount: "/gstreamer.mp3",
        recording: "recorded.wav",
        program: "gst-launch-1.0",
        kind: Kind::Told {
            arguments: gstreamer,
            variables: &[],
        },
    },
    // One input only, and its recording is the stream.
    Peer {
        name: "darkice",
        mount: "/darkice.mp3",
        recording: "recorded.mp3",
        program: "darkice",
        kind: Kind::Told {
            arguments: darkice,
            variables: IN_SMALL_PIECES,
        },
    },
];

impl Peer {
    /// The program that would have to be installed.
    pub(super) fn is_missing(&self) -> Option<&'static str> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).any(|folder| folder.join(self.program).is_file());
        (!found).then_some(self.program)
    }

    /// Starts it in `folder`.
    pub(super) fn start(&self, folder: &Path, port: u16, environment: &Environment) -> Result<Running, String> {
        let Kind::Told { arguments, variables } = self.kind else {
            return Butt::start(folder, port, environment).map(Running::Butt);
        };
        let arguments = arguments(folder, port).map_err(|error| error.to_string())?;
        let mut command = Command::new(self.program);
        command
            .args(arguments)
            .envs(environment)
            .envs(variables.iter().copied());
        let process = Process::start(command.current_dir(folder), &log(folder), Priority::Ordinary);
        Ok(Running::Told(process))
    }
}

impl Running {
    pub(super) fn process(&self) -> &Process {
        match self {
            Self::Told(process) => process,
            Self::Butt(butt) => butt.process(),
        }
    }

    /// Ends it as its user would, so that it finishes its file.
    pub(super) fn end(self) {
        match self {
            Self::Told(mut process) => process.end(libc::SIGINT),
            Self::Butt(butt) => butt.end(),
        }
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("output.log")
}

fn liquidsoap(folder: &Path, port: u16) -> std::io::Result<Vec<String>> {
    let script = format!(
        r#"settings.init.allow_root.set(true)
settings.log.stdout.set(true)
settings.log.file.set(false)
settings.frame.audio.samplerate.set(48000)
settings.frame.duration.set(0.03)
a = input.pulseaudio(id="a", client="a", device="src1.monitor", fallible=true)
b = input.pulseaudio(id="b", client="b", device="src2.monitor", fallible=true)
s = mksafe(add(normalize=false, [a, b]))
output.icecast(%mp3(bitrate={BIT_RATE}, samplerate=48000, stereo=true), host="127.0.0.1", port={port}, password="{PASSWORD}", mount="/liquidsoap.mp3", s)
output.file(%flac(samplerate=48000), "recorded.flac", s)
"#
    );
    std::fs::write(folder.join("show.liq"), script)?;
    Ok(vec!["show.liq".into()])
}

fn ffmpeg(_folder: &Path, port: u16) -> std::io::Result<Vec<String>> {
    let input =
        |number: u8| format!("-f pulse -sample_rate 48000 -channels 2 -fragment_size 3840 -i src{number}.monitor");
    let line = format!(
        "-v error -nostdin -y {} {} -filter_complex amix=inputs=2:normalize=0,asplit=2[a][b] -map [a] -c:a libmp3lame \
         -b:a {BIT_RATE}k -flush_packets 1 -content_type audio/mpeg -f mp3 \
         icecast://source:{PASSWORD}@127.0.0.1:{port}/ffmpeg.mp3 -map [b] -c:a flac recorded.flac",
        input(1),
        input(2),
    );
    Ok(words(&line))
}

fn gstreamer(_folder: &Path, port: u16) -> std::io::Result<Vec<String>> {
    let input = |number: u8| {
        format!(
            "pulsesrc device=src{number}.monitor buffer-time=40000 latency-time=10000 ! \
             audio/x-raw,rate=48000,channels=2 ! audioconvert ! queue ! m."
        )
    };
    let line = format!(
        "-e -q audiomixer name=m latency=20000000 ! audio/x-raw,rate=48000,channels=2 ! audioconvert ! tee name=t \
         t. ! queue ! lamemp3enc target=bitrate bitrate={BIT_RATE} cbr=true ! \
         shout2send ip=127.0.0.1 port={port} password={PASSWORD} mount=gstreamer.mp3 \
         t. ! queue ! audioconvert ! wavenc ! filesink location=recorded.wav {} {}",
        input(1),
        input(2),
    );
    Ok(words(&line))
}

fn darkice(folder: &Path, port: u16) -> std::io::Result<Vec<String>> {
    let settings = format!(
        "[general]\nduration = 0\nbufferSecs = 1\nreconnect = yes\nrealtime = no\n\
         [input]\ndevice = pulseaudio\npaSourceName = src1.monitor\nsampleRate = 48000\nbitsPerSample = 16\nchannel = 2\n\
         [icecast2-0]\nbitrateMode = cbr\nformat = mp3\nbitrate = {BIT_RATE}\nserver = 127.0.0.1\nport = {port}\n\
         password = {PASSWORD}\nmountPoint = darkice.mp3\nname = show\nlocalDumpFile = recorded.mp3\n"
    );
    std::fs::write(folder.join("darkice.cfg"), settings)?;
    Ok(words("-c darkice.cfg"))
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
