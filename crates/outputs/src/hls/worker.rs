//! HLS's thread.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use airdesk_engine::mix_queue::MixTap;

use super::folder::Folder;
use super::playlist::master;
use super::settings::{HlsError, HlsSettings};
use super::state::HlsState;
use super::variant::Variant;
use crate::encode::Encoders;
use crate::title::Title;

/// How often it looks what encoders have made: what they keep for it lasts for seconds.
const ROUND: Duration = Duration::from_millis(100);
/// How often it looks whether the folder is still there, and tries again after a fault.
const LOOK: Duration = Duration::from_secs(1);
/// What names all playlists.
const MASTER: &str = "master.m3u8";

/// HLS that is being written. Ends by itself when dropped.
pub struct Hls {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What players are told in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing comes after this.
    ForGood,
    /// It goes on when the desk is back: players wait.
    Pause,
}

struct Shared {
    ending: Mutex<Option<Ending>>,
    ended: AtomicBool,
    title: Mutex<Title>,
    /// What its thread said last: nothing new while a disk holds that up.
    state: Mutex<HlsState>,
    folder: Folder,
}

impl Hls {
    /// Begins to write what the bus publishes, once `before`, which wrote until now, has ended; where that is held up by the
    /// disk of another folder, at once. A folder that takes nothing is said in its state, and tried again.
    ///
    /// # Errors
    /// When the settings cannot be, or the system has no thread left.
    pub fn start(
        tap: MixTap,
        encoders: Encoders,
        settings: HlsSettings,
        before: Option<Self>,
    ) -> Result<Self, HlsError> {
        settings.check()?;
        let mut folder = Folder::new(settings.folder.clone());
        if let Some(before) = &before
            && before.shared.folder.is_at_the_same_path(&folder)
        {
            // What holds that one up holds this one up, and is said of this one.
            folder = before.shared.folder.clone();
        }
        let shared = Arc::new(Shared {
            ending: Mutex::new(None),
            ended: AtomicBool::new(false),
            title: Mutex::default(),
            state: Mutex::new(HlsState::Starting),
            folder: folder.clone(),
        });
        let worker = Worker {
            shared: shared.clone(),
            tap,
            encoders,
            folder,
            settings,
            variants: Vec::new(),
            opened: false,
            fault: None,
            written: (0, 0),
        };
        let begin = move || {
            if let Some(before) = before {
                before.make_way(&worker.folder);
            }
            worker.run();
        };
        let thread = thread::Builder::new().name("hls".into());
        let thread = thread.spawn(begin).map_err(HlsError::Thread)?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// What it is doing. Does not wait, whatever the disk does.
    pub fn state(&self) -> HlsState {
        self.shared.state_now()
    }

    /// Something else is on: the playlists name it with segments that begin from now on.
    pub fn set_title(&self, title: &Title) {
        lock(&self.shared.title).clone_from(title);
    }

    /// Asks it to write what has been encoded, and to end. Does not wait: a disk may take its time.
    pub fn let_go(&self, ending: Ending) {
        lock(&self.shared.ending).get_or_insert(ending);
        // Relaxed: the thread only has to see it some time.
        self.shared.ended.store(true, Ordering::Relaxed);
    }

    /// Nothing is written any more.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Writes what has been encoded, and waits until it is there.
    pub fn finish(mut self, ending: Ending) {
        self.let_go(ending);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there was reported by its hook
        }
    }

    /// Ends for one that will write to `next`. Waits, but not for a disk that the next one does not need: then the thread
    /// ends by itself when that disk answers.
    fn make_way(self, next: &Folder) {
        self.let_go(Ending::Pause);
        let elsewhere = !self.shared.folder.is_at_the_same_path(next);
        while !self.has_ended() {
            if elsewhere && self.shared.folder.unanswered().is_some() {
                return;
            }
            thread::sleep(ROUND);
        }
    }
}

impl Drop for Hls {
    fn drop(&mut self) {
        self.let_go(Ending::Pause);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, HlsState> {
        lock(&self.state)
    }

    /// What its thread said last, unless the disk keeps that from saying more.
    fn state_now(&self) -> HlsState {
        let said = self.state().clone();
        let Some(reason) = self.folder.unanswered() else {
            return said;
        };
        let seconds_lost = match said {
            HlsState::Starting => 0.0,
            HlsState::On { seconds_lost, .. } | HlsState::Fault { seconds_lost, .. } => seconds_lost,
        };
        HlsState::Fault { reason, seconds_lost }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded here is replaced whole: a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Worker {
    shared: Arc<Shared>,
    tap: MixTap,
    encoders: Encoders,
    settings: HlsSettings,
    folder: Folder,
    variants: Vec<Variant>,
    /// The folder is there, and what names all playlists is in it.
    opened: bool,
    /// Why nothing reaches the folder.
    fault: Option<String>,
    /// Segments, and their bytes.
    written: (u64, u64),
}

impl Worker {
    fn run(mut self) {
        let made = self.folder.make();
        let (settings, folder) = (&self.settings, &self.folder);
        let new = |encoder: &_| Variant::new(*encoder, settings, folder);
        self.variants = settings.encoders.iter().filter_map(new).collect();
        self.hear(made.map(|()| false));
        let mut looked = Instant::now();
        // Relaxed: see `let_go`.
        while !self.shared.ended.load(Ordering::Relaxed) {
            self.gather();
            let looks = looked.elapsed() >= LOOK;
            if looks {
                looked = Instant::now();
                self.look();
            }
            if self.fault.is_none() || looks {
                let written = self.write();
                self.hear(written);
            }
            thread::sleep(ROUND);
        }
        self.finish();
    }

    fn gather(&mut self) {
        let title = lock(&self.shared.title).clone();
        for variant in &mut self.variants {
            variant.set_title(&title);
            if let Err(error) = variant.gather(&self.tap, &self.encoders) {
                self.fault = Some(error.to_string());
            }
        }
    }

    /// Whether what was written is still there.
    fn look(&mut self) {
        if self.fault.is_none() && self.variants.iter().any(|variant| variant.is_missing(&self.folder)) {
            self.fault = Some(self.folder.gone());
            self.tell();
        }
        if self.fault.is_some() {
            self.opened = false;
        }
    }

    /// Writes what waits. True: there was something.
    fn write(&mut self) -> io::Result<bool> {
        if !self.variants.iter().any(Variant::waits) {
            return Ok(false);
        }
        if !self.opened {
            self.folder.make_again()?;
            for variant in &mut self.variants {
                if variant.is_missing(&self.folder) {
                    variant.forget();
                }
            }
            let variants = self.variants.iter().map(|variant| (variant.name(), variant.encoder()));
            self.folder.write(MASTER, master(variants).as_bytes())?;
            self.opened = true;
        }
        for variant in &mut self.variants {
            let (segments, bytes) = variant.write(&self.folder)?;
            self.written = (self.written.0 + segments, self.written.1 + bytes);
        }
        Ok(true)
    }

    /// What came of writing.
    fn hear(&mut self, written: io::Result<bool>) {
        match written {
            Ok(false) => return self.tell(),
            Ok(true) => self.fault = None,
            Err(error) => {
                self.opened = false;
                self.fault = Some(self.folder.reason(&error));
            }
        }
        self.tell();
    }

    fn tell(&self) {
        let lost = self.variants.iter().map(Variant::seconds_lost);
        let seconds_lost = lost.fold(0.0, f64::max);
        let (segments, bytes) = self.written;
        let now = match &self.fault {
            Some(reason) => HlsState::Fault {
                reason: reason.clone(),
                seconds_lost,
            },
            None if segments == 0 => HlsState::Starting,
            None => HlsState::On {
                segments,
                bytes,
                seconds_lost,
            },
        };
        *self.shared.state() = now;
    }

    fn finish(&mut self) {
        self.gather();
        for variant in &mut self.variants {
            variant.end_segment();
        }
        let mut written = self.write();
        if *lock(&self.shared.ending) == Some(Ending::ForGood) {
            for variant in &self.variants {
                written = written.and_then(|any| variant.write_playlist(&self.folder, true).map(|()| any));
            }
        }
        if let Err(error) = &written {
            tracing::error!("the end of HLS is lost: {}", self.folder.reason(error));
        }
        for variant in &mut self.variants {
            variant.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_hangs_is_a_fault_and_none_any_more_when_it_answers() {
        let on = HlsState::On {
            segments: 7,
            bytes: 9,
            seconds_lost: 2.5,
        };
        let shared = Shared {
            ending: Mutex::new(None),
            ended: AtomicBool::new(false),
            title: Mutex::default(),
            state: Mutex::new(on.clone()),
            folder: Folder::new("/srv/hls".into()),
        };
        shared.folder.while_it_hangs(|| match shared.state_now() {
            HlsState::Fault { reason, seconds_lost } => {
                assert!(
                    reason.starts_with("the disk of /srv/hls has not answered for"),
                    "{reason}"
                );
                assert_eq!(seconds_lost.to_bits(), 2.5_f64.to_bits(), "what is known");
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(shared.state_now(), on);
    }
}
