//! Who reads a file again and again, on a thread of its own that may hang.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often the file is read.
const PAUSE: Duration = Duration::from_secs(1);
/// How soon again where it says something else than before: it may be half written.
const AGAIN: Duration = Duration::from_millis(100);

/// What is read in a file: its line, or why there is none.
pub(super) type Reading = Result<String, String>;

/// One look at a file.
pub(crate) struct Look {
    /// Whose.
    pub(super) follower: u64,
    /// What was read twice in a row; `None` while that is not so.
    pub(super) reading: Option<Reading>,
}

/// Reads until it is dropped.
pub(super) struct Follower(#[expect(dead_code, reason = "its thread ends when this does")] Sender<()>);

impl Follower {
    /// `tell` is called after every look, and says whether anybody still wants to know.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start(
        mut read: impl FnMut() -> Reading + Send + 'static,
        mut tell: impl FnMut(Option<Reading>) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let (alive, ended) = channel();
        std::thread::Builder::new().name("title file".into()).spawn(move || {
            let mut before = None;
            loop {
                let now = read();
                let settled = before.as_ref() == Some(&now);
                // One that is gone may be about to be replaced: that is waited for.
                let pause = if settled || now.is_err() { PAUSE } else { AGAIN };
                if !tell(settled.then(|| now.clone())) {
                    return;
                }
                before = Some(now);
                if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok(Self(alive))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    #[test]
    fn only_what_was_read_twice_in_a_row_is_told_and_a_gap_that_is_filled_is_none() {
        let file = ["A - ", "A - B", "A - B", "", "C", "C"].map(str::to_owned);
        let mut looks = file.into_iter();
        let read = move || match looks.next() {
            Some(line) if line.is_empty() => Err("it is empty".to_owned()),
            Some(line) => Ok(line),
            None => Ok("C".into()),
        };
        let (told, hear) = mpsc::channel();
        let follower = Follower::start(read, move |reading| told.send(reading).is_ok()).expect("a thread");
        let settled: Vec<_> = hear.iter().take(6).flatten().collect();
        assert_eq!(settled, [Ok("A - B".to_owned()), Ok("C".to_owned())]);
        drop(follower);
        let dropped = Instant::now();
        while hear.recv().is_ok() {}
        assert!(dropped.elapsed() < PAUSE / 2, "its thread does not wait to end");
    }

    #[test]
    fn one_that_hangs_holds_up_nobody_who_lets_it_go() {
        let (hang, held) = mpsc::channel::<()>();
        let (told, hear) = mpsc::channel();
        let read = move || {
            held.recv()
                .map(|()| String::new())
                .map_err(|_| "it was let go".to_owned())
        };
        let follower = Follower::start(read, move |reading| told.send(reading).is_ok()).expect("a thread");
        let dropped = Instant::now();
        drop(follower);
        assert!(dropped.elapsed() < Duration::from_secs(1));
        assert!(hear.try_recv().is_err(), "it has said nothing");
        drop(hang);
        assert_eq!(hear.recv(), Ok(None), "and ends when the folder answers");
        assert!(hear.recv().is_err());
    }
}
