//! What a file may cost before it gives a frame: the processor's time of the thread that decodes, and bytes read. Shared
//! between a decoder and the file under it, so that a loop in a library ends too, if it reads.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use symphonia::core::io::MediaSource;

/// Processor time without a frame of sound.
pub(super) const TIME_MAX: Duration = Duration::from_secs(2);

/// Counts what is spent. Only one thread at a time does so.
pub(super) struct Meter {
    /// The most time without a frame, nanoseconds.
    time_max: u64,
    /// This thread's time when it came in, nanoseconds.
    entered: AtomicU64,
    /// Time spent on earlier calls without a frame, nanoseconds.
    spent: AtomicU64,
    /// Bytes that may still be read.
    bytes_left: AtomicU64,
    over_time: AtomicBool,
    over_bytes: AtomicBool,
}

impl Meter {
    /// Allows so much processor time without a frame.
    pub(super) fn new(time_max: Duration) -> Self {
        Self {
            time_max: u64::try_from(time_max.as_nanos()).unwrap_or(u64::MAX),
            entered: AtomicU64::new(0),
            spent: AtomicU64::new(0),
            bytes_left: AtomicU64::new(0),
            over_time: AtomicBool::new(false),
            over_bytes: AtomicBool::new(false),
        }
    }

    // Relaxed, all of it: one thread at a time holds the decoder, and whoever hands it over orders that.

    /// Begins a call that may read so many bytes.
    pub(super) fn enter(&self, bytes: u64) {
        self.entered.store(thread_time(), Ordering::Relaxed);
        self.allow(bytes);
    }

    /// Allows so many bytes from here on.
    pub(super) fn allow(&self, bytes: u64) {
        self.bytes_left.store(bytes, Ordering::Relaxed);
    }

    /// There is sound: what was spent is forgotten.
    pub(super) fn bear_fruit(&self) {
        self.spent.store(0, Ordering::Relaxed);
        self.entered.store(thread_time(), Ordering::Relaxed);
    }

    /// Ends a call.
    pub(super) fn leave(&self) {
        let now = thread_time();
        let spent = now.saturating_sub(self.entered.swap(now, Ordering::Relaxed));
        self.spent.fetch_add(spent, Ordering::Relaxed);
    }

    /// Whether more time has gone than a file may take. Stays so.
    pub(super) fn is_over_time(&self) -> bool {
        let here = thread_time().saturating_sub(self.entered.load(Ordering::Relaxed));
        if here + self.spent.load(Ordering::Relaxed) > self.time_max {
            self.over_time.store(true, Ordering::Relaxed);
        }
        self.over_time.load(Ordering::Relaxed)
    }

    /// Whether more was to be read at once than a file may have. Stays so.
    pub(super) fn is_over_bytes(&self) -> bool {
        self.over_bytes.load(Ordering::Relaxed)
    }

    fn read(&self, count: usize) -> bool {
        let left = self.bytes_left.load(Ordering::Relaxed);
        self.bytes_left
            .store(left.saturating_sub(count as u64), Ordering::Relaxed);
        if (count as u64) > left {
            self.over_bytes.store(true, Ordering::Relaxed);
        }
        !self.is_over_bytes() && !self.is_over_time()
    }
}

/// A file of which no more is read than its meter allows.
pub(super) struct Metered<R> {
    inner: R,
    length: u64,
    meter: Arc<Meter>,
    at: u64,
    /// It calls itself this instead of what it does in its first four bytes.
    alias: Option<[u8; 4]>,
    /// Bytes of zero that follow it.
    padding: u64,
}

impl<R> Metered<R> {
    pub(super) fn new(inner: R, length: u64, meter: Arc<Meter>) -> Self {
        Self {
            inner,
            length,
            meter,
            at: 0,
            alias: None,
            padding: 0,
        }
    }

    /// The same without what stands behind this length.
    pub(super) fn shortened(mut self, length: Option<u64>) -> Self {
        self.length = length.unwrap_or(u64::MAX).min(self.length);
        self
    }

    /// The same, followed by zeros up to this length.
    pub(super) fn padded(mut self, length: Option<u64>) -> Self {
        self.padding = length.map_or(0, |length| length.saturating_sub(self.length));
        self
    }

    /// The same under another name, the first four bytes.
    pub(super) fn called(mut self, alias: Option<[u8; 4]>) -> Self {
        self.alias = alias;
        self
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let within = left.min(out.len());
        let mut count = self.inner.read(&mut out[..within])?;
        if count == 0 && self.padding > 0 {
            let end = self.length + self.padding;
            count = usize::try_from(end.saturating_sub(self.at)).map_or(out.len(), |left| left.min(out.len()));
            out[..count].fill(0);
        }
        if let Some(alias) = self.alias
            && let Some(rest) = alias.get(usize::try_from(self.at).unwrap_or(usize::MAX)..)
        {
            out[..count]
                .iter_mut()
                .zip(rest)
                .for_each(|(byte, other)| *byte = *other);
        }
        self.at += count as u64;
        if !self.meter.read(count) {
            return Err(io::Error::other("it costs more than a sound file may"));
        }
        Ok(count)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.meter.is_over_time() {
            return Err(io::Error::other("it takes longer than a sound file may"));
        }
        self.at = match to {
            SeekFrom::Start(at) => self.inner.seek(SeekFrom::Start(at))?,
            SeekFrom::Current(by) => {
                let at = self.at.saturating_add_signed(by);
                self.inner.seek(SeekFrom::Start(at))?
            }
            SeekFrom::End(by) => {
                let at = (self.length + self.padding).saturating_add_signed(by);
                self.inner.seek(SeekFrom::Start(at))?
            }
        };
        Ok(self.at)
    }
}

impl<R: Read + Seek + Send + Sync> MediaSource for Metered<R> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length + self.padding)
    }
}

/// Processor time of this thread, nanoseconds.
#[cfg(unix)]
fn thread_time() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a `timespec` of ours, which is all that is written to.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if result != 0 {
        return 0;
    }
    (time.tv_sec as u64) * 1_000_000_000 + time.tv_nsec as u64
}

/// Time, nanoseconds: that of the thread alone is not asked for on this system.
#[cfg(not(unix))]
fn thread_time() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    BEGINNING.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn metered(meter: &Arc<Meter>) -> Metered<Cursor<Vec<u8>>> {
        Metered::new(Cursor::new(vec![1; 100]), 100, meter.clone())
    }

    #[test]
    fn who_gives_no_sound_for_too_long_can_read_no_more() {
        let meter = Arc::new(Meter::new(Duration::from_millis(50)));
        let mut file = metered(&meter);
        for fruitful in [true, false] {
            for _ in 0..3 {
                meter.enter(1000);
                let begun = thread_time();
                while thread_time() - begun < 20_000_000 {}
                if fruitful {
                    meter.bear_fruit();
                    assert!(!meter.is_over_time());
                }
                meter.leave();
            }
        }
        meter.enter(1000);
        assert!(file.read(&mut [0; 10]).is_err() && meter.is_over_time());
    }

    #[test]
    fn no_more_bytes_are_read_than_were_allowed() {
        let meter = Arc::new(Meter::new(Duration::from_millis(50)));
        let mut file = metered(&meter);
        meter.enter(60);
        assert_eq!(file.read(&mut [0; 40]).expect("allowed"), 40);
        assert!(file.read(&mut [0; 40]).is_err() && meter.is_over_bytes());
    }

    #[test]
    fn a_file_can_have_another_name_be_shorter_and_be_longer() {
        let meter = Arc::new(Meter::new(Duration::from_millis(50)));
        meter.enter(1000);
        let all = |mut file: Metered<Cursor<Vec<u8>>>| {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(2)).expect("a place");
            file.read_to_end(&mut bytes).expect("allowed");
            bytes
        };
        let named = all(metered(&meter).called(Some(*b"RIFF")).shortened(Some(6)));
        assert_eq!(named, [b'F', b'F', 1, 1]);
        let padded = all(metered(&meter).padded(Some(103)));
        assert_eq!((padded.len(), &padded[96..]), (101, &[1, 1, 0, 0, 0][..]));
    }
}
