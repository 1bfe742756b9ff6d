//! Speech from a program that makes it and sends it by SPKR: asked for by a line of JSON at its socket, as section 4.1 of the
//! protocols' description has it. Blocks; each wait is bounded, and ends within a tenth of a second when nobody wants it any more.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{Part, Reader, Remarks, SpkrError};
use crate::tuner::Patience;
use crate::tuner::patience::{SLICE, must_wait};
use crate::tuner::speech::{SpeechLimits, Spoken};
use crate::tuner::text::one_line;

/// Bytes taken at once.
const READ_BYTES: usize = 16 * 1024;
/// Of an answer in words.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Why nothing, or not all, was said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpkrClientError {
    /// Nobody wants to hear it any more.
    #[error("it was stopped")]
    Stopped,
    /// Nobody is there.
    #[error("no speech program answers at {}: {source}; start it, or set another socket", path.display())]
    NoServer {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It does not let us in.
    #[error("the speech program at {} did not accept the connection within {seconds:.0} s; it may be busy with another", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
        /// The limit.
        seconds: f64,
    },
    /// It says nothing.
    #[error("the speech program has sent nothing for {seconds:.0} s")]
    Silent {
        /// The limit.
        seconds: f64,
    },
    /// It says that it cannot.
    #[error("the speech program says: {0}")]
    Said(String),
    /// The connection broke.
    #[error("the connection to the speech program was lost: {0}")]
    Lost(io::Error),
    /// What it sends is no SPKR.
    #[error("the speech program: {0}")]
    Wire(#[from] SpkrError),
}

/// Has a line of JSON answered with speech. `hear` takes what is said, and says false to stop. What was odd is returned; `heard_from` is told
/// when the first byte has come.
///
/// # Errors
/// When it did not speak, or not to its end; what was passed on is right.
pub fn speak(
    path: &Path,
    line: &str,
    limits: SpeechLimits,
    patience: &Patience,
    heard_from: &mut dyn FnMut(),
    hear: &mut dyn FnMut(Spoken) -> bool,
) -> Result<Remarks, SpkrClientError> {
    let socket = connect(path, limits.connect, patience)?;
    let prepared = socket
        .set_read_timeout(Some(SLICE))
        .and_then(|()| socket.set_write_timeout(Some(SLICE)));
    prepared.map_err(SpkrClientError::Lost)?;
    let mut line_to = Line {
        socket,
        patience,
        limit: limits.silence,
    };
    line_to.send(format!("{line}\n").as_bytes())?;
    let mut buffer = vec![0; READ_BYTES];
    let mut reader = Reader::default();
    let mut first = true;
    loop {
        let count = line_to.read(&mut buffer)?;
        if count == 0 {
            reader.close()?;
            return Ok(reader.remarks());
        }
        let mut bytes = &buffer[..count];
        if std::mem::take(&mut first) {
            heard_from();
            if bytes[0] == b'{' {
                return Err(line_to.words(bytes.to_vec())?);
            }
        }
        while let Some(part) = reader.next(&mut bytes)? {
            match part {
                Part::Frames(rate, frames) => {
                    let bytes = 4 * frames.len();
                    let spoken = Spoken {
                        rate,
                        frames,
                        bytes,
                        decoded_in: 0.0,
                    };
                    if !hear(spoken) {
                        return Err(SpkrClientError::Stopped);
                    }
                }
                Part::Chunk { .. } => {}
                Part::End => return Ok(reader.remarks()),
                Part::Failed(why) => return Err(SpkrClientError::Said(said(&why))),
            }
        }
    }
}

fn said(why: &str) -> String {
    let why = one_line(why);
    if why.is_empty() {
        "it broke, and it does not say why".into()
    } else {
        why
    }
}

/// A connection whose calls wait for at most a slice of a second.
struct Line<'a> {
    socket: UnixStream,
    patience: &'a Patience,
    limit: Duration,
}

impl Line<'_> {
    fn repeat<T>(&mut self, mut call: impl FnMut(&mut UnixStream) -> io::Result<T>) -> Result<T, SpkrClientError> {
        let began = Instant::now();
        loop {
            if self.patience.has_ended() {
                return Err(SpkrClientError::Stopped);
            }
            match call(&mut self.socket) {
                Ok(done) => return Ok(done),
                Err(error) if must_wait(&error) && began.elapsed() < self.limit => {}
                Err(error) if must_wait(&error) => {
                    let seconds = self.limit.as_secs_f64();
                    return Err(SpkrClientError::Silent { seconds });
                }
                Err(error) => return Err(SpkrClientError::Lost(error)),
            }
        }
    }

    fn send(&mut self, mut bytes: &[u8]) -> Result<(), SpkrClientError> {
        while !bytes.is_empty() {
            let count = self.repeat(|socket| socket.write(bytes))?;
            if count == 0 {
                return Err(SpkrClientError::Lost(io::ErrorKind::WriteZero.into()));
            }
            bytes = &bytes[count..];
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SpkrClientError> {
        self.repeat(|socket| socket.read(buffer))
    }

    /// It answers in words: what it says is why it does not speak.
    fn words(&mut self, mut line: Vec<u8>) -> Result<SpkrClientError, SpkrClientError> {
        #[derive(Deserialize)]
        struct Answer {
            error: Fault,
        }
        #[derive(Deserialize)]
        struct Fault {
            message: String,
        }
        let mut buffer = vec![0; READ_BYTES];
        while !line.contains(&b'\n') && line.len() < LINE_BYTES_MAX {
            match self.read(&mut buffer)? {
                0 => break,
                count => line.extend_from_slice(&buffer[..count]),
            }
        }
        let first = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let answer: Result<Answer, _> = serde_json::from_slice(first);
        Ok(SpkrClientError::Said(match answer {
            Ok(answer) => said(&answer.error.message),
            Err(_) => said(&String::from_utf8_lossy(first)),
        }))
    }
}

/// The system waits for as long as it likes where a program lets nobody in: so a thread of its own does.
fn connect(path: &Path, limit: Duration, patience: &Patience) -> Result<UnixStream, SpkrClientError> {
    let (sender, connected) = mpsc::sync_channel(1);
    let to = path.to_owned();
    let spawned = thread::Builder::new().name("SPKR connection".into()).spawn(move || {
        let _ = sender.send(UnixStream::connect(to)); // nobody waits any more
    });
    let no_server = |source| SpkrClientError::NoServer {
        path: path.to_owned(),
        source,
    };
    spawned.map_err(no_server)?;
    let until = Instant::now() + limit;
    loop {
        if patience.has_ended() {
            return Err(SpkrClientError::Stopped);
        }
        let left = until.saturating_duration_since(Instant::now());
        match connected.recv_timeout(left.min(SLICE)) {
            Ok(socket) => return socket.map_err(no_server),
            Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
            Err(_) => {
                return Err(SpkrClientError::Busy {
                    path: path.to_owned(),
                    seconds: limit.as_secs_f64(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::super::write;
    use super::*;

    type Outcome = (Result<Remarks, SpkrClientError>, usize, String);

    /// Asks a program that answers like this; returns what came of it, how many frames were heard, and what it was asked.
    fn asked(answer: impl FnOnce(&mut UnixStream) + Send + 'static) -> Outcome {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("speak.sock");
        let listener = UnixListener::bind(&path).expect("bound");
        let program = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a visitor");
            let mut line = Vec::new();
            while line.last() != Some(&b'\n') {
                let mut byte = [0];
                socket.read_exact(&mut byte).expect("a line");
                line.push(byte[0]);
            }
            answer(&mut socket);
            String::from_utf8(line).expect("text")
        });
        let mut frames = 0;
        let limits = SpeechLimits {
            connect: Duration::from_secs(2),
            silence: Duration::from_millis(300),
        };
        let outcome = speak(
            &path,
            "{\"id\":\"1\"}",
            limits,
            &Patience::default(),
            &mut || {},
            &mut |spoken| {
                frames += spoken.frames.len();
                true
            },
        );
        (outcome, frames, program.join().expect("no panic"))
    }

    fn say(socket: &mut UnixStream, bytes: &[u8]) {
        // Who has gone need not hear it.
        let _ = socket.write_all(bytes);
    }

    #[test]
    fn what_a_program_says_is_heard_and_why_it_does_not_is_told() {
        let (outcome, frames, line) = asked(|socket| {
            for byte in [write::chunk(0, 24_000, &[0.1; 100]), write::end(1)].concat() {
                say(socket, &[byte]);
            }
            // It stays connected, for the next request.
            thread::sleep(Duration::from_millis(500));
        });
        assert_eq!((outcome.expect("heard"), frames), (Remarks::default(), 100));
        assert_eq!(line, "{\"id\":\"1\"}\n");
        let words = |answer: Vec<u8>, closes: bool| {
            let (outcome, frames, _) = asked(move |socket| {
                say(socket, &answer);
                if !closes {
                    thread::sleep(Duration::from_millis(900));
                }
            });
            (outcome.expect_err("it does not speak").to_string(), frames)
        };
        for (answer, closes, expected, heard) in [
            (
                [write::chunk(0, 24_000, &[0.1; 9]), write::error("out of memory")].concat(),
                true,
                "says: out of memory",
                9,
            ),
            (write::error(""), true, "does not say why", 0),
            (
                write::chunk(0, 24_000, &[0.1; 9]),
                true,
                "Socket closed before receiving complete message",
                9,
            ),
            (write::chunk(0, 24_000, &[0.1; 9]), false, "has sent nothing for 0 s", 9),
            (
                b"{\"id\":\"1\",\"error\":{\"code\":1,\"message\":\"No text provided\"}}\n".to_vec(),
                false,
                "says: No text provided",
                0,
            ),
            (
                b"HTTP/1.1 200 OK\r\n".to_vec(),
                false,
                "Invalid protocol magic: 48545450",
                0,
            ),
            (Vec::new(), true, "Socket closed", 0),
        ] {
            let (error, frames) = words(answer, closes);
            assert!(error.contains(expected), "{error} does not say {expected}");
            assert_eq!(frames, heard, "{error}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named_and_one_that_is_not_wanted_any_more_is_left_at_once() {
        let limits = SpeechLimits::default();
        let path = Path::new("/nowhere/speak.sock");
        let missing = speak(path, "{}", limits, &Patience::default(), &mut || {}, &mut |_| true);
        let missing = missing.expect_err("nobody is there").to_string();
        assert!(
            missing.contains("/nowhere/speak.sock") && missing.contains("start it"),
            "{missing}"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("speak.sock");
        let _listener = UnixListener::bind(&path).expect("bound");
        let patience = Patience::default();
        let began = Instant::now();
        let ending = patience.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            ending.end();
        });
        let stopped = speak(&path, "{}", limits, &patience, &mut || {}, &mut |_| true);
        assert!(matches!(stopped, Err(SpkrClientError::Stopped)), "{stopped:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}
