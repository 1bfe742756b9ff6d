//! Connects until there is a stream, or a list of its pieces: where the address leads, what is sent there, and its first bytes.
//! Blocks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::address::Address;
use super::body::Body;
use super::connect::connect;
use super::error::{Stage, TuneError};
use super::hls;
use super::line::Line;
use super::patience::{Patience, Step, must_wait};
use super::playlist;
use super::reach::Reach;
use super::reply::Reply;
use super::resume::Origin;
use super::sort::{Sort, What, what};
use super::text::one_line;
use super::{Limits, TunerSettings};

/// How often a server may send the desk elsewhere.
const MOVES_MAX: usize = 5;
/// How long the entries of a playlist are tried.
const ENTRIES_LIMIT: Duration = Duration::from_secs(60);
/// What has to be there to tell one kind of sound from another.
const FIRST_BYTES: usize = 16;
/// Bytes taken at once.
const READ_BYTES: usize = 8 * 1024;

/// What is heard at an address.
pub(super) enum Tuning {
    Stream(Box<Tuned>),
    /// A list of HLS, where it is, and how far it may send the desk.
    Pieces(Text),
}

/// A stream that has begun.
pub(super) struct Tuned {
    pub(super) connection: Connection,
    pub(super) reply: Reply,
    pub(super) sort: Sort,
    /// What has come of its body.
    pub(super) first: Vec<u8>,
    /// From the first attempt to its first byte.
    pub(super) first_byte: Duration,
}

/// A connection in the middle of an answer.
pub(super) struct Connection {
    line: Line,
    body: Body,
    host: String,
    bytes: Box<[u8]>,
    /// Of a file: how it is gone on with.
    origin: Option<Origin>,
}

impl Connection {
    /// An answer whose head has come; reads so many bytes at once.
    pub(super) fn new(line: Line, body: Body, host: String, read_bytes: usize) -> Self {
        Self {
            line,
            body,
            host,
            bytes: vec![0; read_bytes].into(),
            origin: None,
        }
    }

    /// What of the body came with the head.
    pub(super) fn rest(&mut self, rest: &[u8]) -> Result<Vec<u8>, TuneError> {
        let mut first = Vec::new();
        let taken = self.body.take(rest, &mut first);
        taken.map_err(|_| self.no_server("its pieces have no length"))?;
        Ok(first)
    }

    /// Whom it is to.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The end of the connection is the end of what is sent: nobody has said that there is more.
    pub(super) fn may_end(&self) -> bool {
        matches!(self.body, Body::Endless)
    }

    /// Appends what comes next of the body to `out`. Waits for no longer than the limit for a stall.
    pub(super) fn read(&mut self, out: &mut Vec<u8>, limit: Duration, patience: &Patience) -> Result<(), TuneError> {
        self.read_until(out, Instant::now() + limit, limit, patience)
    }

    /// The same, to the end of a `limit` that has begun before.
    fn read_until(
        &mut self,
        out: &mut Vec<u8>,
        until: Instant,
        limit: Duration,
        patience: &Patience,
    ) -> Result<(), TuneError> {
        loop {
            if patience.has_ended() {
                return Err(TuneError::Stopped);
            }
            let count = match self.line.read_some(&mut self.bytes) {
                Ok(0) => return Err(self.over()),
                Ok(count) => count,
                Err(error) if must_wait(&error) && Instant::now() < until => continue,
                Err(error) if must_wait(&error) => {
                    return Err(TuneError::Stalled {
                        host: self.host.clone(),
                        seconds: limit.as_secs_f64(),
                    });
                }
                Err(error) => {
                    return Err(TuneError::Lost {
                        host: self.host.clone(),
                        reason: error.to_string(),
                    });
                }
            };
            return self.take(count, out);
        }
    }

    fn take(&mut self, count: usize, out: &mut Vec<u8>) -> Result<(), TuneError> {
        let taken = self.body.take(&self.bytes[..count], out);
        taken.map_err(|_| self.no_server("its pieces have no length"))
    }

    /// What is sent is a file: it has an end, and is not begun again.
    pub(super) fn is_file(&self) -> bool {
        self.body.missing().is_some()
    }

    /// Its server says that it sends parts of the file.
    pub(super) fn can_resume(&self) -> bool {
        self.origin.is_some()
    }

    /// Connects again, and goes on with a file from the byte on that has not come. What comes with the answer is appended to
    /// `out`.
    pub(super) fn resume(
        &mut self,
        out: &mut Vec<u8>,
        settings: &TunerSettings,
        patience: &Patience,
    ) -> Result<(), TuneError> {
        let (Some(origin), Some(missing)) = (&self.origin, self.body.missing()) else {
            return Err(self.over());
        };
        let mut search = Search::new(settings, patience, origin.reach);
        let answer = search.ask(origin.address.clone(), &origin.headers(missing))?;
        if !origin.goes_on(&answer.reply, missing) {
            // Whoever says that it is busy may send it later.
            return Err(match answer.reply.status {
                200..=399 => self.over(),
                _ => refusal(self.host.clone(), &answer.reply),
            });
        }
        self.line = answer.line;
        let taken = self.body.take(&answer.rest, out);
        taken.map_err(|_| self.no_server("its pieces have no length"))
    }

    /// It was a file, and all of it has come.
    pub(super) fn is_whole(&self) -> bool {
        self.body.missing() == Some(0)
    }

    /// What is sent ends where the connection does: whether all has come, nobody can know.
    pub(super) fn ends_by_closing(&self) -> bool {
        matches!(self.body, Body::Endless)
    }

    /// All of the body has come, as far as one can know.
    pub(super) fn is_over(&self) -> bool {
        self.body.is_over()
    }

    /// Why nothing comes any more.
    pub(super) fn over(&self) -> TuneError {
        let host = self.host.clone();
        match self.body.missing() {
            Some(missing) if missing > 0 => TuneError::CutOff { host, missing },
            _ => TuneError::Over { host },
        }
    }

    pub(super) fn undecodable(&self, why: &'static str) -> TuneError {
        TuneError::Undecodable {
            host: self.host.clone(),
            why,
        }
    }

    fn no_server(&self, why: &'static str) -> TuneError {
        TuneError::NoServer {
            host: self.host.clone(),
            why,
        }
    }
}

/// Finds the stream, through redirects and at most one playlist.
pub(super) fn tune(settings: &TunerSettings, patience: &Patience) -> Result<Tuning, TuneError> {
    let mut search = Search::new(settings, patience, settings.reach);
    let (kind, text) = match search.follow(settings.address.clone())? {
        Found::Stream(tuned) => return Ok(Tuning::Stream(tuned)),
        Found::List(_, text) if playlist::is_hls(&text.text) => return text.whole().map(Tuning::Pieces),
        Found::List(kind, text) => (kind, text),
    };
    let mut fault = text.nowhere("there is no entry in it".into());
    let mut entries: VecDeque<_> = playlist::entries(kind, text.beginning()).into();
    search.reach = text.reach;
    let begun = Instant::now();
    while let Some(entry) = entries.pop_front().filter(|_| begun.elapsed() < ENTRIES_LIMIT) {
        let found = text
            .address
            .moved(&entry)
            .map_err(|error| TuneError::Sent {
                from: text.address.to_string(),
                error,
            })
            .and_then(|address| search.follow(address));
        match found {
            Ok(Found::Stream(tuned)) => return Ok(Tuning::Stream(tuned)),
            Ok(Found::List(_, list)) if playlist::is_hls(&list.text) => match list.whole() {
                Ok(list) => return Ok(Tuning::Pieces(list)),
                Err(error) => fault = text.nowhere(error.to_string()),
            },
            Ok(Found::List(..)) => fault = text.nowhere("it leads to another playlist".into()),
            Err(TuneError::Stopped) => return Err(TuneError::Stopped),
            Err(error) => fault = text.nowhere(error.to_string()),
        }
        search.reach = text.reach;
    }
    Err(fault)
}

/// A text from an address, for lists of HLS.
pub(super) fn text(
    settings: &TunerSettings,
    patience: &Patience,
    reach: Reach,
    address: Address,
) -> Result<Text, TuneError> {
    let mut search = Search::new(settings, patience, reach);
    let answer = search.ask(address, "")?;
    search.open(answer)?.text(hls::LIST_BYTES_MAX, &search)?.whole()
}

/// Begins to take what is at an address, for pieces of HLS. `headers` are whole lines.
pub(super) fn open(
    settings: &TunerSettings,
    patience: &Patience,
    reach: Reach,
    address: Address,
    headers: &str,
) -> Result<Opened, TuneError> {
    let mut search = Search::new(settings, patience, reach);
    let answer = search.ask(address, headers)?;
    search.open(answer)
}

enum Found {
    Stream(Box<Tuned>),
    List(playlist::Kind, Text),
}

/// An answer that is no refusal, and what has come of its body.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) reply: Reply,
    pub(super) first: Vec<u8>,
    address: Address,
    until: Instant,
}

impl Opened {
    /// All of it, up to so many bytes.
    fn text(mut self, most: usize, search: &Search<'_>) -> Result<Text, TuneError> {
        let limit = search.limits().first_byte;
        let mut is_whole = true;
        // Also a server that sends a letter now and then has its time.
        while self.first.len() <= most && !self.connection.is_over() && is_whole {
            is_whole = Instant::now() < self.until;
            let read = self
                .connection
                .read_until(&mut self.first, self.until, limit, search.patience);
            match read {
                Ok(()) => {}
                Err(TuneError::Over { .. }) if self.connection.ends_by_closing() => break,
                // A server that keeps the connection open has said all the same.
                Err(TuneError::Over { .. } | TuneError::Stalled { .. } | TuneError::CutOff { .. }) => is_whole = false,
                Err(error) => return Err(error),
            }
        }
        let is_too_long = self.first.len() > most;
        self.first.truncate(most);
        Ok(Text {
            address: self.address,
            reach: search.reach,
            text: crate::text::decode(&self.first),
            fault: match (is_too_long, is_whole) {
                (true, _) => Some("it is larger than any is"),
                (_, false) => Some("it was cut off"),
                _ => None,
            },
        })
    }
}

/// A playlist, and from where.
pub(super) struct Text {
    pub(super) address: Address,
    pub(super) reach: Reach,
    pub(super) text: String,
    /// Why not all of it is here.
    fault: Option<&'static str>,
}

impl Text {
    /// Of HLS nothing may be missing.
    fn whole(self) -> Result<Self, TuneError> {
        match self.fault {
            Some(fault) => Err(self.nowhere(fault.into())),
            None => Ok(self),
        }
    }

    /// What is read of lists of other kinds.
    fn beginning(&self) -> &str {
        &self.text[..self.text.floor_char_boundary(playlist::BYTES_MAX)]
    }

    pub(super) fn nowhere(&self, why: String) -> TuneError {
        TuneError::Playlist {
            host: self.address.to_string(),
            why,
        }
    }
}

struct Search<'a> {
    settings: &'a TunerSettings,
    patience: &'a Patience,
    /// How far whoever was asked last may send the desk.
    reach: Reach,
    began: Instant,
}

/// What a server answers, and what has come behind it.
struct Answer {
    line: Line,
    address: Address,
    reply: Reply,
    rest: Vec<u8>,
}

impl<'a> Search<'a> {
    fn new(settings: &'a TunerSettings, patience: &'a Patience, reach: Reach) -> Self {
        Self {
            settings,
            patience,
            reach,
            began: Instant::now(),
        }
    }

    fn limits(&self) -> Limits {
        self.settings.limits
    }

    fn follow(&mut self, address: Address) -> Result<Found, TuneError> {
        let answer = self.ask(address, "")?;
        let opened = self.open(answer)?;
        self.begin(opened)
    }

    /// Goes where servers send the desk, five times at most and never twice to one place. `headers` are whole lines.
    fn ask(&mut self, mut address: Address, headers: &str) -> Result<Answer, TuneError> {
        let mut visited = Vec::new();
        loop {
            if visited.contains(&address) || visited.len() > MOVES_MAX {
                return Err(TuneError::Circles {
                    host: address.to_string(),
                });
            }
            visited.push(address.clone());
            let (mut line, ip) = connect(&address, self.reach, self.limits().connect, self.patience)?;
            self.reach = self.reach.sent_from(ip);
            let step = self
                .patience
                .step(&address.host, Stage::Answer, self.limits().first_byte);
            line.write_all(self.request(&address, headers).as_bytes(), &step)?;
            let (reply, rest) = answer(&mut line, &address, &step)?;
            if let (300..=399, Some(location)) = (reply.status, reply.header("location")) {
                address = address.moved(location).map_err(|error| TuneError::Sent {
                    from: address.to_string(),
                    error,
                })?;
                continue;
            }
            return Ok(Answer {
                line,
                address,
                reply,
                rest,
            });
        }
    }

    fn request(&self, address: &Address, headers: &str) -> String {
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\
             Icy-MetaData: 1\r\n{headers}Connection: close\r\n\r\n",
            address.path,
            address.host_line(),
            self.settings.agent,
        )
    }

    /// Takes what an answer begins with.
    fn open(&self, answer: Answer) -> Result<Opened, TuneError> {
        let Answer {
            line,
            address,
            reply,
            rest,
        } = answer;
        let host = address.to_string();
        if !(200..=299).contains(&reply.status) {
            return Err(refusal(host, &reply));
        }
        if let Some(encoding) = reply.packing() {
            return Err(TuneError::Packed { host, encoding });
        }
        let mut connection = Connection::new(line, Body::of(&reply), host, READ_BYTES);
        if let Some(length) = connection.body.missing() {
            connection.origin = Origin::of(&reply, &address, self.reach, length);
        }
        let mut first = connection.rest(&rest)?;
        let limit = self.limits().first_byte;
        let until = Instant::now() + limit;
        while first.len() < FIRST_BYTES && !connection.is_over() {
            match connection.read_until(&mut first, until, limit, self.patience) {
                Ok(()) => {}
                Err(TuneError::Over { .. } | TuneError::CutOff { .. }) if !first.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Opened {
            connection,
            reply,
            first,
            address,
            until,
        })
    }

    /// Looks at what it is.
    fn begin(&self, opened: Opened) -> Result<Found, TuneError> {
        let first_byte = self.began.elapsed();
        match what(&opened.reply, &opened.address, &opened.first, self.settings.raw)? {
            What::Sound(sort) => Ok(Found::Stream(Box::new(Tuned {
                connection: opened.connection,
                reply: opened.reply,
                sort,
                first: opened.first,
                first_byte,
            }))),
            What::List(kind) => Ok(Found::List(kind, opened.text(hls::LIST_BYTES_MAX, self)?)),
        }
    }
}

/// Reads up to the empty line. Also returns what has come behind it.
pub(super) fn answer(line: &mut Line, address: &Address, step: &Step) -> Result<(Reply, Vec<u8>), TuneError> {
    let host = || address.to_string();
    let mut answer = Vec::new();
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let count = step.repeat(|| line.read_some(&mut bytes))?;
        if count == 0 {
            return Err(TuneError::Lost {
                host: host(),
                reason: "it was closed without an answer".into(),
            });
        }
        answer.extend_from_slice(&bytes[..count]);
        match Reply::parse(&answer) {
            Ok(Some((reply, length))) => return Ok((reply, answer.split_off(length))),
            Ok(None) => {}
            Err(why) => return Err(TuneError::NoServer { host: host(), why }),
        }
    }
}

fn refusal(host: String, reply: &Reply) -> TuneError {
    TuneError::Status {
        host,
        status: reply.status,
        reason: one_line(&reply.reason),
        advice: match reply.status {
            401 | 407 => ": it wants a login, and the desk gives none; choose a stream that is open to all",
            403 => ": it does not let the desk listen; ask whoever runs it",
            404 | 410 => ": there is nothing at this address now; look after its path, or have its source connected",
            429 | 503 => ": it has too many listeners",
            _ => "",
        },
    }
}
