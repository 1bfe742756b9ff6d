//! Players that people have, mpv and VLC: what they make of a file or a stream. None of them may complain.
//!
//! They play into a file, which tells what a listener hears without a sound card.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::listen::Heard;
use crate::process::{Priority, Process};
use crate::tone::RATE;
use crate::wait;

/// A player that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Player {
    /// mpv, which decodes by ffmpeg's libraries.
    Mpv,
    /// VLC, with decoders of its own choice.
    Vlc,
}

impl Player {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mpv, Self::Vlc];

    /// Plays a file to its end.
    pub fn file(self, path: &Path) -> Heard {
        let room = Room::new();
        // Whoever plays may not be allowed where the file is.
        let name = path.file_name().expect("a file has a name");
        fs::copy(path, room.0.path().join(name)).expect("there is room for a copy");
        let mut process = room.play(self, &room.0.path().join(name).display().to_string());
        let status = process.wait(wait::seconds(60));
        assert!(status.success(), "{self:?}: {status}: {}", process.output());
        room.heard(self, &process)
    }

    /// Plays a stream until this many seconds of it were heard.
    pub fn stream(self, url: &str, seconds: f64) -> Heard {
        let room = Room::new();
        let mut process = room.play(self, url);
        let bytes = (seconds * f64::from(RATE)) as u64 * 8;
        wait::until("the player to play", wait::seconds(60), || {
            assert!(process.is_running(), "{self:?} ended: {}", process.output());
            let heard = room.0.path().join(HEARD).metadata();
            heard.is_ok_and(|file| file.len() >= bytes).then_some(())
        });
        process.end(libc::SIGTERM);
        room.heard(self, &process)
    }

    fn command(self, source: &str, heard: &Path) -> Command {
        match self {
            Self::Mpv => {
                let mut mpv = Command::new("mpv");
                mpv.args([
                    "--no-config",
                    "--input-terminal=no",
                    "--no-video",
                    "--msg-level=all=warn",
                ]);
                mpv.args(["--audio-format=float", "--audio-channels=stereo", "--ao=pcm"]);
                mpv.arg(format!("--audio-samplerate={RATE}"));
                mpv.arg(format!("--ao-pcm-file={}", heard.display()));
                mpv.args(["--ao-pcm-waveheader=no", "--", source]);
                mpv
            }
            Self::Vlc => {
                let mut vlc = as_anybody("vlc");
                vlc.args(["--intf=dummy", "--no-video", "--aout=dummy"]);
                // From a playlist of all codecs it would go to the best, which is heard.
                vlc.args(["--adaptive-logic=lowest", "--sout"]);
                let sound = format!("acodec=f32l,channels=2,samplerate={RATE}");
                let file = format!("access=file,mux=dummy,dst={}", heard.display());
                vlc.arg(format!("#transcode{{{sound}}}:std{{{file}}}"));
                vlc.args([source, "vlc://quit"]);
                vlc
            }
        }
    }
}

/// Where a player writes what it plays.
struct Room(TempDir);

const HEARD: &str = "heard.f32";

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        Self(folder)
    }

    fn play(&self, player: Player, source: &str) -> Process {
        let mut command = player.command(source, &self.0.path().join(HEARD));
        // Neither settings nor a session of whoever runs the test.
        command.env("HOME", self.0.path()).env_remove("DISPLAY");
        command
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("XDG_RUNTIME_DIR");
        Process::start(&mut command, &self.0.path().join("player.log"), Priority::Ordinary)
    }

    fn heard(&self, player: Player, process: &Process) -> Heard {
        let said = process.output();
        let complaints: Vec<&str> = said.lines().filter(|line| player.complains(line)).collect();
        assert!(complaints.is_empty(), "{player:?}: {complaints:#?}");
        Heard::from_bytes(&fs::read(self.0.path().join(HEARD)).expect("it played into a file"))
    }
}

impl Player {
    /// Whether a line of its output is about what is played.
    fn complains(self, line: &str) -> bool {
        match self {
            // It says nothing but warnings. One of them it has for every live playlist of MP4, those that ffmpeg wrote too.
            Self::Mpv => !line.trim().is_empty() && !line.contains("Found duplicated MOOV Atom"),
            // It misses a desktop's session.
            Self::Vlc => (line.contains(" error: ") || line.contains(" warning: ")) && !line.contains("interface"),
        }
    }
}

/// VLC refuses to be started by root, who runs the tests of a container.
fn as_anybody(program: &str) -> Command {
    // SAFETY: it asks the system for a number.
    if unsafe { libc::geteuid() } != 0 {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--pdeathsig=KILL"]);
    command.args(["--", program]);
    command
}
