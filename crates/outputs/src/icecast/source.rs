//! A stream to a mount: asked for, accepted, sent, watched.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::connect::connect;
use super::line::Line;
use super::patience::{Patience, must_wait};
use super::progress::{Progress, Sight, delivered, unacknowledged};
use super::pulse::Pulse;
use super::reply::{NoReply, parse, read_reply, verdict};
use super::request::{Method, stream_head};
use super::{Secret, SourceError, SourceSettings, StatusPage};

const ANSWER_LIMIT: Duration = Duration::from_secs(4);

/// A stream that the server has accepted. No call waits.
pub struct Source {
    line: Line,
    settings: SourceSettings,
    /// Bytes of the stream that the system has taken.
    taken: u64,
    last_write: usize,
    progress: Progress,
    pulse: Pulse,
    /// What the server said after it accepted; usually nothing until it is over.
    said: Vec<u8>,
}

/// Why an attempt with one method did not work.
enum Attempt {
    /// Another method would not help.
    Refused(SourceError),
    /// The server may not know the method.
    Unknown(SourceError),
}

impl Source {
    /// Asks the server to take the stream: by `PUT`, and by `SOURCE` if it does not know that. Blocks for
    /// some seconds at most, or until the patience ends.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn connect(settings: &SourceSettings, secret: &Secret, patience: &Patience) -> Result<Self, SourceError> {
        settings.check()?;
        let put = match attempt(Method::Put, settings, secret, patience) {
            Ok(line) => return Self::accepted(line, settings),
            Err(Attempt::Refused(error)) => return Err(error),
            Err(Attempt::Unknown(error)) => error,
        };
        tracing::debug!(%put, "the server does not know PUT");
        match attempt(Method::Source, settings, secret, patience) {
            Ok(line) => Self::accepted(line, settings),
            Err(Attempt::Refused(error)) => Err(error),
            Err(Attempt::Unknown(source)) => Err(clearer(put, source)),
        }
    }

    /// A stream on a connection whose server has accepted it.
    pub(crate) fn accepted(line: Line, settings: &SourceSettings) -> Result<Self, SourceError> {
        line.stop_waiting().map_err(|error| settings.lost(error))?;
        // A Shoutcast server takes sources at another port than the one where it answers.
        let peer = line.socket().peer_addr().ok();
        let peer = peer.map(|peer| SocketAddr::new(peer.ip(), settings.port));
        Ok(Self {
            line,
            settings: settings.clone(),
            taken: 0,
            last_write: 0,
            progress: Progress::new(u64::from(settings.encoder.byte_rate()), Instant::now()),
            pulse: Pulse::feel(settings, peer),
            said: Vec::new(),
        })
    }

    /// Sends the beginning of `bytes`, as much as there is room for.
    ///
    /// # Errors
    /// When the connection broke.
    pub fn send(&mut self, bytes: &[u8]) -> Result<usize, SourceError> {
        match self.line.write_some(bytes) {
            Ok(0) if !bytes.is_empty() => Ok(0),
            Ok(count) => {
                self.taken += count as u64;
                self.last_write = count;
                Ok(count)
            }
            Err(error) if must_wait(&error) => Ok(0),
            Err(error) => Err(self.settings.lost(error)),
        }
    }

    /// What the server last showed everyone about the stream.
    pub fn page(&self) -> Option<StatusPage> {
        self.pulse.page()
    }

    /// Bytes of the stream that are under way: with the system or the network.
    pub fn under_way(&self) -> u64 {
        unacknowledged(self.line.socket()) + self.held()
    }

    fn held(&self) -> u64 {
        if self.line.holds_bytes() {
            self.last_write as u64
        } else {
            0
        }
    }

    /// Looks whether the server is still there and takes the stream; `waiting` says that there is more to
    /// send. Returns the bytes it has acknowledged.
    ///
    /// # Errors
    /// When it closed the connection, changed its mind, or has taken or answered nothing for seconds.
    pub fn check(&mut self, waiting: bool) -> Result<u64, SourceError> {
        self.listen()?;
        if let Err(error) = self.line.push()
            && !must_wait(&error)
        {
            return Err(self.settings.lost(error));
        }
        let sight = Sight {
            taken: self.taken,
            under_way: self.under_way(),
            delivered: delivered(self.line.socket()),
            waiting,
            silence: self.pulse.silence(),
        };
        let checked = self.progress.check(&sight, Instant::now());
        checked.map_err(|still| SourceError::Stalled {
            host: self.settings.host.clone(),
            seconds: still.as_secs(),
        })
    }

    /// Hears what the server says while it is being sent to.
    fn listen(&mut self) -> Result<(), SourceError> {
        let mut bytes = [0; 512];
        loop {
            match self.line.read_some(&mut bytes) {
                Ok(0) => return Err(self.settings.lost("the server closed it")),
                Ok(count) => self.said.extend_from_slice(&bytes[..count]),
                Err(error) if must_wait(&error) => break,
                Err(error) => return Err(self.settings.lost(error)),
            }
        }
        if let Ok(Some(reply)) = parse(&self.said) {
            self.said.clear();
            verdict(&reply, &self.settings)?;
        }
        self.said.truncate(16 * 1024); // a server that babbles is not listened to
        Ok(())
    }
}

fn attempt(method: Method, settings: &SourceSettings, secret: &Secret, patience: &Patience) -> Result<Line, Attempt> {
    let mut line = connect(settings, patience).map_err(Attempt::Refused)?;
    let step = patience.step(&settings.host, "answer", ANSWER_LIMIT);
    let head = stream_head(method, settings, secret);
    line.write_all(head.as_bytes(), &step).map_err(Attempt::Unknown)?;
    let reply = read_reply(&mut line, &step).map_err(|missing| match missing {
        NoReply::Closed => Attempt::Unknown(settings.lost("it was closed without an answer")),
        NoReply::Garbage => Attempt::Unknown(SourceError::NotAnIcecast {
            host: settings.host.clone(),
            port: settings.port,
        }),
        NoReply::Fault(error) => Attempt::Refused(error),
    })?;
    match verdict(&reply, settings) {
        Ok(()) => Ok(line),
        Err(error) if matches!(reply.status, 400 | 405 | 501 | 505) => Err(Attempt::Unknown(error)),
        Err(error) => Err(Attempt::Refused(error)),
    }
}

/// Which of two failures to act on. A connection that was closed without a word says nothing about `PUT`, and the
/// next one may be heard: a proxy does that while its server starts again.
fn clearer(put: SourceError, source: SourceError) -> SourceError {
    match (&put, &source) {
        (SourceError::NotAnIcecast { .. }, _) => put,
        (SourceError::Disconnected { .. }, _)
        | (_, SourceError::NotAnIcecast { .. } | SourceError::Disconnected { .. }) => source,
        _ => put,
    }
}
