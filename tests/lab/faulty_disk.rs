//! A disk that stands still, fails, is full or read-only, for one program and one folder: between the program and the system's
//! library, as it goes by `faulty_disk.c`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::output_of;
use crate::sound_server::Environment;

/// What the disk does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It answers nothing until it is well again.
    Stall,
    /// Every operation is an error of the disk.
    Error,
    /// One write is an error of the disk; then it is well again.
    ErrorOnce,
    /// There is no room.
    Full,
    /// As after a file system has found itself damaged.
    ReadOnly,
}

/// A disk for programs that are started with its environment.
pub struct FaultyDisk {
    library: PathBuf,
    control: PathBuf,
}

impl FaultyDisk {
    /// One that is well, with its own files in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        let library = folder.join("faulty-disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/faulty_disk.c");
        let mut compile = Command::new("cc");
        compile
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .arg(&library)
            .arg(source);
        output_of(compile.args(["-ldl", "-lpthread"]));
        Self {
            library,
            control: folder.join("faulty-disk"),
        }
    }

    /// What a program uses it with.
    pub fn environment(&self) -> Environment {
        [
            ("LD_PRELOAD", self.library.clone().into_os_string()),
            ("AIRDESK_DISK_FAULT", self.control.clone().into_os_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The same, and every operation below `folder` is noted.
    pub fn journaled(&self, folder: &Path) -> Environment {
        let mut environment = self.environment();
        environment.insert("AIRDESK_DISK_JOURNAL".into(), self.journal().into_os_string());
        environment.insert("AIRDESK_DISK_JOURNAL_OF".into(), folder.into());
        environment
    }

    /// The file of the notes.
    pub fn journal(&self) -> PathBuf {
        self.control.with_extension("journal")
    }

    /// From now on everything below a path goes wrong.
    pub fn fail(&self, fault: Fault, below: &Path) {
        let word = match fault {
            Fault::Stall => "stall",
            Fault::Error => "eio",
            Fault::ErrorOnce => "eio-once",
            Fault::Full => "full",
            Fault::ReadOnly => "read-only",
        };
        // Whole or not at all: the program may look at any moment.
        let fresh = self.control.with_extension("new");
        fs::write(&fresh, format!("{word} {}", below.display())).expect("the folder can be written");
        fs::rename(&fresh, &self.control).expect("it takes the old one's place");
    }

    /// It is well again.
    pub fn heal(&self) {
        fs::remove_file(&self.control).expect("something was wrong with it");
    }

    /// Nothing is wrong with it, or not any more.
    pub fn is_well(&self) -> bool {
        !self.control.exists()
    }
}
