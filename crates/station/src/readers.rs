//! Many files, read where a disk may be waited for: by a few threads at once, so that one file that hangs costs itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many read at once. So many files may hang before others wait behind them.
const READERS: usize = 4;

/// What is still to be read.
struct Queue<T>(Mutex<VecDeque<T>>);

impl<T> Queue<T> {
    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// Reads each of `files` on tokio's blocking threads, a few at a time and in about their order. `tell` passes on what was read,
/// and whether no file waits any more: so with the last few. It returns whether anybody wants more.
pub(crate) fn read_each<T: Send + 'static, R>(
    files: impl IntoIterator<Item = T>,
    read: impl Fn(T) -> R + Send + Sync + 'static,
    tell: impl Fn(R, bool) -> bool + Send + Sync + 'static,
) {
    let waiting: VecDeque<T> = files.into_iter().collect();
    let readers = READERS.min(waiting.len());
    let shared = Arc::new((Queue(Mutex::new(waiting)), read, tell));
    for _ in 0..readers {
        let shared = shared.clone();
        tokio::task::spawn_blocking(move || {
            let (queue, read, tell) = &*shared;
            while let Some(file) = queue.take() {
                let found = read(file);
                if !tell(found, queue.is_empty()) {
                    return;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_file_that_hangs_keeps_none_behind_it() {
        let (tell, told) = mpsc::channel();
        let (let_go, hangs) = mpsc::channel::<()>();
        let hangs = Mutex::new(hangs);
        let read = move |file| {
            if file == 3 {
                // Until the test lets go of it.
                let _ = hangs.lock().expect("one").recv();
            }
            file
        };
        read_each(0..100, read, move |file, is_last| tell.send((file, is_last)).is_ok());
        let mut read: Vec<(i32, bool)> = (0..99)
            .map(|_| told.recv_timeout(Duration::from_secs(30)).expect("all but one"))
            .collect();
        read.sort_unstable();
        let expected: Vec<i32> = (0..100).filter(|file| *file != 3).collect();
        assert_eq!(read.iter().map(|(file, _)| *file).collect::<Vec<_>>(), expected);
        let last = read.iter().filter(|(_, is_last)| *is_last).count();
        assert!((1..=READERS).contains(&last), "{last}");
        drop(let_go);
        assert_eq!(told.recv_timeout(Duration::from_secs(30)), Ok((3, true)));
    }
}
