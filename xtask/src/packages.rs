//! System packages: which are needed and why, which are missing, and installing them with apt.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::program::{self, program};

/// Packages that are needed for one reason.
pub(crate) struct Group {
    /// Why, as it is printed.
    pub(crate) reason: &'static str,
    /// Their names in Debian and Ubuntu.
    pub(crate) names: &'static [&'static str],
}

/// What building the desk needs.
pub(crate) const BUILD: &[Group] = &[
    Group {
        reason: "compilers for the bundled codecs (LAME, Opus, Vorbis, FLAC)",
        names: &["gcc", "g++", "make", "cmake"],
    },
    Group {
        reason: "finding the system's libraries",
        names: &["pkg-config"],
    },
    Group {
        reason: "the ALSA sound devices",
        names: &["libasound2-dev"],
    },
    Group {
        reason: "the PipeWire sound server (its bindings need libclang)",
        names: &["libpipewire-0.3-dev", "libclang-dev", "clang"],
    },
    Group {
        reason: "the JACK sound server",
        names: &["libjack-jackd2-dev"],
    },
    Group {
        reason: "the desktop window",
        names: &[
            "libwebkit2gtk-4.1-dev",
            "libgtk-3-dev",
            "libsoup-3.0-dev",
            "libdbus-1-dev",
        ],
    },
];

/// What counts the instructions of real-time code.
pub(crate) const COUNTING: Group = Group {
    reason: "counting instructions",
    names: &["valgrind"],
};

/// What the tests need on top. PulseAudio is not among them: its package would remove parts of a
/// PipeWire desktop, and the desk does not use it.
pub(crate) const TEST: &[Group] = &[
    Group {
        reason: "a private PipeWire sound server",
        names: &["pipewire", "pipewire-bin", "wireplumber", "dbus"],
    },
    Group {
        reason: "a private JACK sound server",
        names: &["jackd2"],
    },
    Group {
        reason: "an ALSA device that leads to it",
        names: &["libasound2-plugins"],
    },
    Group {
        reason: "a private Icecast server, also with TLS",
        names: &["icecast2", "openssl"],
    },
    Group {
        reason: "a server that takes Shoutcast sources, and a mixer to compare with",
        names: &["liquidsoap"],
    },
    Group {
        reason: "a private key store for passwords",
        names: &["gnome-keyring"],
    },
    Group {
        reason: "a wall clock that can be set for one program",
        names: &["libfaketime"],
    },
    Group {
        reason: "listening to streams and files",
        names: &["ffmpeg", "sox", "sndfile-programs"],
    },
    Group {
        reason: "the decoders that the makers of the formats wrote, and one that judges MP3",
        names: &["flac", "opus-tools", "vorbis-tools", "mpg123", "mp3val"],
    },
    Group {
        reason: "the players that people have",
        names: &["mpv", "vlc-bin", "vlc-plugin-base"],
    },
    Group {
        reason: "the second way to Icecast, libshout",
        names: &["libshout-dev"],
    },
    Group {
        reason: "the window without a display",
        names: &["xvfb", "webkit2gtk-driver"],
    },
    Group {
        reason: "running ARM's instructions on another processor",
        names: &["qemu-user", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    },
    COUNTING,
];

/// Programs that the tests need and that not every release has in a package of this name.
pub(crate) const WHERE_OFFERED: &[(&str, Group)] = &[
    // Ubuntu has Chromium only as a snap, which cannot be driven from outside.
    (
        "chromium",
        Group {
            reason: "the console in a browser",
            names: &["chromium"],
        },
    ),
];

/// Programs that only benchmarks need, each in a package that not every release has.
pub(crate) const BENCHMARKS: &[(&str, Group)] = &[
    (
        "ecasound",
        Group {
            reason: "a mixer to compare with",
            names: &["ecasound"],
        },
    ),
    (
        "gst-launch-1.0",
        Group {
            reason: "a mixer to compare with",
            names: &[
                "gstreamer1.0-tools",
                "gstreamer1.0-plugins-base",
                "gstreamer1.0-plugins-good",
            ],
        },
    ),
    (
        "darkice",
        Group {
            reason: "a broadcaster to compare with",
            names: &["darkice"],
        },
    ),
    (
        "butt",
        Group {
            reason: "a broadcaster to compare with",
            names: &["butt"],
        },
    ),
    (
        "pipewire-pulse",
        Group {
            reason: "inputs for broadcasters that speak PulseAudio",
            names: &["pipewire-pulse"],
        },
    ),
    (
        "parec",
        Group {
            reason: "when a sound came out of a device",
            names: &["pulseaudio-utils"],
        },
    ),
    (
        "lame",
        Group {
            reason: "an encoder to compare with",
            names: &["lame"],
        },
    ),
];

/// Whether this system is Debian, Ubuntu or made from them.
pub(crate) fn system_has_apt() -> bool {
    program::exists("apt-get") && program::exists("dpkg-query")
}

/// Installs what is missing from the groups, saying what and why. Quick when nothing is.
pub(crate) fn install(groups: &[&Group]) -> Result<()> {
    let installed = installed();
    let mut missing = Vec::new();
    for group in groups {
        let names: Vec<_> = group
            .names
            .iter()
            .copied()
            .filter(|name| !installed.contains(*name))
            .collect();
        if !names.is_empty() {
            println!("Missing for {}: {}", group.reason, names.join(", "));
            missing.extend(names);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!("Installing {} packages with apt.", missing.len());
    let known = offered(&missing)?;
    let unknown: Vec<_> = missing.iter().copied().filter(|name| !known.contains(*name)).collect();
    if !unknown.is_empty() {
        bail!(
            "this system offers no package {}: add the distribution's main and universe archives",
            unknown.join(", ")
        );
    }
    let install = |names: &[&str]| apt(&[&["install", "--yes", "--no-install-recommends"], names].concat());
    if install(&missing).is_err() {
        println!("The list of packages may be old: fetching it again.");
        apt(&["update"])?;
        install(&missing)?;
    }
    if missing.contains(&"icecast2") {
        rest_icecast();
    }
    Ok(())
}

/// Installs the packages of [`WHERE_OFFERED`] whose program is missing and that this release has.
pub(crate) fn install_where_offered() -> Result<()> {
    install_tools(WHERE_OFFERED.iter())
}

/// The same for [`BENCHMARKS`].
pub(crate) fn install_for_benchmarks() -> Result<()> {
    install_tools(BENCHMARKS.iter())
}

fn install_tools(tools: impl Iterator<Item = &'static (&'static str, Group)>) -> Result<()> {
    for (tool, group) in tools {
        if !program::exists(tool) && offered(group.names)?.len() == group.names.len() {
            install(&[group])?;
        }
    }
    Ok(())
}

/// Those of the packages that the archives offer.
fn offered(names: &[&str]) -> Result<HashSet<String>> {
    let known = known_to_apt(names);
    if known.len() == names.len() || lists_were_fetched() {
        return Ok(known);
    }
    apt(&["update"])?;
    Ok(known_to_apt(names))
}

fn known_to_apt(names: &[&str]) -> HashSet<String> {
    let policy = program::read(program("apt-cache").arg("policy").args(names)).unwrap_or_default();
    candidates(&policy)
}

/// The packages that `apt-cache policy` knows a version of.
fn candidates(policy: &str) -> HashSet<String> {
    let mut package = "";
    let mut found = HashSet::new();
    for line in policy.lines() {
        if !line.starts_with(' ') {
            package = line.trim_end_matches(':');
        } else if line.trim().starts_with("Candidate:") && !line.contains("(none)") {
            found.insert(package.to_owned());
        }
    }
    found
}

/// A fresh system, or a container's image, has none.
fn lists_were_fetched() -> bool {
    let lists = Path::new("/var/lib/apt/lists").read_dir();
    lists.is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.path().to_string_lossy().ends_with("Packages")))
    })
}

/// The packages to install by hand where there is no apt.
pub(crate) fn by_hand() -> &'static str {
    match std::env::consts::OS {
        "macos" => {
            "macOS 14.2 or later with the Xcode command line tools (xcode-select --install), and from Homebrew:\n  \
             brew install cmake pkg-config node"
        }
        "windows" => {
            "Visual Studio 2022 Build Tools (workload \"Desktop development with C++\"), CMake, Node.js 20.19 or later \
             and the WebView2 runtime:\n  \
             winget install Microsoft.VisualStudio.2022.BuildTools Kitware.CMake OpenJS.NodeJS.LTS Microsoft.EdgeWebView2Runtime"
        }
        _ => {
            "Fedora:\n  \
             dnf install gcc gcc-c++ make cmake pkgconf-pkg-config alsa-lib-devel pipewire-devel clang clang-devel \
             pipewire-jack-audio-connection-kit-devel webkit2gtk4.1-devel gtk3-devel libsoup3-devel dbus-devel nodejs npm\n\
             Arch:\n  \
             pacman -S --needed base-devel cmake pkgconf alsa-lib pipewire clang pipewire-jack webkit2gtk-4.1 gtk3 libsoup3 dbus nodejs npm"
        }
    }
}

fn installed() -> HashSet<String> {
    let format = "${Package} ${db:Status-Abbrev}\n";
    let list = program::read(program("dpkg-query").args(["--show", "--showformat", format])).unwrap_or_default();
    list.lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, status)| status.starts_with("ii") || status.starts_with("hi"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = if is_root() {
        program("env")
    } else if program::exists("sudo") {
        let mut sudo = program("sudo");
        sudo.arg("env");
        sudo
    } else {
        bail!("not root and no sudo: run as root: apt-get {}", arguments.join(" "));
    };
    // Through `env`, because sudo drops the environment: no package may stop to ask a question.
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(arguments);
    program::run(&mut command).context("the packages could not be installed")
}

fn is_root() -> bool {
    program::read(program("id").arg("-u")).is_some_and(|id| id == "0")
}

/// The package starts a public server with a known password; the tests start their own.
fn rest_icecast() {
    if Path::new("/run/systemd/system").exists() {
        println!("Stopping the Icecast service that came with the package: the tests start a private one.");
        let prefix = if is_root() { "systemctl" } else { "sudo" };
        let mut command = program(prefix);
        if prefix == "sudo" {
            command.arg("systemctl");
        }
        if let Err(error) = program::run(command.args(["disable", "--now", "icecast2"])) {
            println!("note: {error:#}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_package_is_named_twice() {
        let mut names: Vec<_> = BUILD
            .iter()
            .chain(TEST)
            .chain(WHERE_OFFERED.iter().chain(BENCHMARKS).map(|(_, group)| group))
            .flat_map(|group| group.names)
            .collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_package_without_a_version_is_not_offered() {
        let policy =
            "gcc:\n  Installed: (none)\n  Candidate: 4:12.2\nchromium:\n  Installed: (none)\n  Candidate: (none)\n";
        assert_eq!(candidates(policy), HashSet::from(["gcc".to_owned()]));
    }
}
