//! butt, "broadcast using this tool": a program with a window, told what to do by its own remote commands.
//!
//! It captures through ALSA, whose devices lead to the sound server here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use lab::desk::Home;
use lab::http;
use lab::icecast::PASSWORD;
use lab::process::{Priority, Process};
use lab::sound_server::Environment;
use lab::wait::seconds;
use lab::window::Display;

use super::BIT_RATE;

/// A running butt, and the display that it draws on.
pub(super) struct Butt {
    process: Process,
    _display: Display,
    _home: Home,
    remote: u16,
    environment: Environment,
}

impl Butt {
    /// Starts it, puts it on air and lets it record.
    pub(super) fn start(folder: &Path, port: u16, environment: &Environment) -> Result<Self, String> {
        let home = Home::new();
        let display = Display::start(&home);
        let mut environment = environment.clone();
        let devices = write(folder, "alsa.conf", DEVICES)?;
        let paths = format!("/usr/share/alsa/alsa.conf:{}", devices.display());
        environment.insert("ALSA_CONFIG_PATH".into(), paths.into());
        environment.insert("DISPLAY".into(), display.name.clone().into());
        environment.insert("HOME".into(), home.path().into());
        let settings = write(folder, "buttrc", &settings(folder, port))?;
        let remote = http::free_port();
        let mut butt = Command::new("butt");
        butt.arg("-c").arg(settings).args(["-p", &remote.to_string()]);
        butt.envs(&environment).current_dir(folder);
        let process = Process::start(&mut butt, &folder.join("output.log"), Priority::Ordinary);
        let butt = Self {
            process,
            _display: display,
            _home: home,
            remote,
            environment,
        };
        thread::sleep(seconds(4)); // until it listens for commands
        butt.say(&["-s", "show"])?;
        thread::sleep(seconds(2));
        butt.say(&["-r"])?;
        Ok(butt)
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    /// Stops the recording, then the stream, then the program.
    pub(super) fn end(self) {
        for command in ["-t", "-d", "-q"] {
            // It may have ended already; the recording tells.
            let _ = self.say(&[command]);
            thread::sleep(seconds(1));
        }
    }

    fn say(&self, command: &[&str]) -> Result<(), String> {
        let mut butt = Command::new("butt");
        butt.args(command)
            .args(["-p", &self.remote.to_string()])
            .envs(&self.environment);
        let output = butt.output().map_err(|error| error.to_string())?;
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        let refused = format!("butt {} gave {}: {printed}", command.join(" "), output.status);
        output.status.success().then_some(()).ok_or(refused)
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let path = folder.join(name);
    fs::write(&path, text).map(|()| path).map_err(|error| error.to_string())
}

const DEVICES: &str = "pcm.mic1 { type pulse device src1.monitor hint { show on description \"mic1\" } }\n\
                       pcm.mic2 { type pulse device src2.monitor hint { show on description \"mic2\" } }\n";

fn settings(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "[main]\nserver = show\nsrv_ent = show\nnum_of_srv = 1\nnum_of_icy = 0\nconnect_at_startup = 0\nforce_reconnecting = 1\n\
         gain = 1.0\n\
         [audio]\ndevice = 0\ndevice2 = -1\ndev_remember = 1\nsamplerate = 48000\nbitrate = {BIT_RATE}\nchannel = 2\nleft_ch = 1\n\
         right_ch = 2\nleft_ch2 = 1\nright_ch2 = 2\ncodec = mp3\nresample_mode = 1\nsilence_level = 50.0\nsignal_level = 50.0\n\
         disable_dithering = 0\nbuffer_ms = 50\ndev_name = mic1 (ALSA)\ndev2_name = mic2 (ALSA)\n\
         [record]\nbitrate = 192\ncodec = flac\nstart_rec = 0\nstop_rec = 0\nrec_after_launch = 0\nfilename = recorded.flac\n\
         folder = {folder}/\n\
         [mixer]\nprimary_device_gain = 1.0\nsecondary_device_gain = 1.0\nstreaming_gain = 1.0\nrecording_gain = 1.0\n\
         cross_fader = 0.0\n\
         [show]\naddress = 127.0.0.1\nport = {port}\npassword = {PASSWORD}\ntype = 1\ntls = 0\nmount = butt.mp3\nusr = source\n"
    )
}
