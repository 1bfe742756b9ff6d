//! A wall clock that can be set, for one program: libfaketime, which asks a file what time it is. The monotonic clock stays
//! what it is, as when an operator or a time server sets the machine's clock.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sound_server::Environment;

/// The clock. It goes on from the true time until it is set.
pub struct WallClock {
    file: PathBuf,
}

impl WallClock {
    /// A clock whose file lies in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        let clock = Self {
            file: folder.join("wall-clock"),
        };
        clock.set("+0");
        clock
    }

    /// Sets it, in libfaketime's words: `+1h` from the true time, `@1970-01-01 00:00:10` from then on, or, without the `@`,
    /// for good.
    pub fn set(&self, time: &str) {
        // Whole or not at all: the program may look at any moment.
        let fresh = self.file.with_extension("new");
        fs::write(&fresh, time).expect("the folder can be written");
        fs::rename(&fresh, &self.file).expect("it takes the old one's place");
    }

    /// What a program goes by this clock with.
    pub fn environment(&self) -> Environment {
        [
            ("LD_PRELOAD", library().into_os_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone().into_os_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("TZ", "UTC".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// The library for programs with threads, in the folder of this machine's kind.
fn library() -> PathBuf {
    let kinds = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut places = kinds.map(|kind| kind.path().join("faketime/libfaketimeMT.so.1"));
    places.find(|place| place.exists()).expect("libfaketime is installed")
}
