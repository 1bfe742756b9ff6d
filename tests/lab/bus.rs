//! A private session bus, as a desktop has one for its programs to talk to each other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Priority, Process};
use crate::sound_server::Environment;
use crate::wait::{self, seconds};

/// A running bus.
pub struct Bus {
    _daemon: Process,
}

impl Bus {
    /// Starts the bus of [`environment`] in the same folder.
    pub fn start(folder: &Path, environment: &Environment) -> Self {
        let socket = folder.join("run/bus");
        let configuration = folder.join("bus.conf");
        fs::write(&configuration, with_nobody_else(&socket)).expect("the folder is fresh");
        let mut daemon = Command::new("dbus-daemon");
        daemon
            .args(["--nofork", "--nopidfile", "--config-file"])
            .arg(&configuration)
            .envs(environment);
        let daemon = Process::start(&mut daemon, &folder.join("dbus.log"), Priority::Ordinary);
        wait::until("the session bus", seconds(5), || socket.exists().then_some(()));
        Self { _daemon: daemon }
    }
}

/// The environment of programs that keep what they keep in `folder`, and find a bus there.
pub fn environment(folder: &Path) -> Environment {
    let bus = format!("unix:path={}", place(folder, "run").join("bus").display());
    [
        ("XDG_RUNTIME_DIR", place(folder, "run").into_os_string()),
        ("XDG_CONFIG_HOME", place(folder, "config").into_os_string()),
        ("XDG_STATE_HOME", place(folder, "state").into_os_string()),
        ("DBUS_SESSION_BUS_ADDRESS", bus.into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A bus that starts no program of this machine when one is asked for, such as a key store that asks its user.
fn with_nobody_else(socket: &Path) -> String {
    format!(
        "<busconfig><type>session</type><listen>unix:path={}</listen><policy context=\"default\">\
         <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
         </policy></busconfig>",
        socket.display()
    )
}

fn place(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(&path).expect("the folder is fresh");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("the folder is ours");
    path
}
