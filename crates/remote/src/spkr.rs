//! SPKR: any program of this user plays speech into a strip, by a socket in the file system.
//!
//! Each message (blocks, then an end or an error) has its turn at the strip; other programs wait for theirs. What has come is
//! heard, also when the program breaks off. A program chooses another strip than the usual one by a line of JSON before its
//! first message: `{"strip": "News"}`.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use airdesk_station::StationHandle;
use airdesk_station::api::Severity;
use airdesk_station::programs::spkr::{Part, Reader, SpkrError};
use airdesk_station::programs::{Gone, Pace, ProgramInlet, ProgramTurn, Thresholds};
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::socket::{LocalSocket, SocketError, is_own};

/// Programs that may be connected at the same time.
const PROGRAMS_MAX: usize = 32;
/// Bytes taken at once.
const READ_BYTES: usize = 16 * 1024;
/// The line before the first message, bytes.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// A program that is in the middle of a message may be silent for so long: a voice that is being made takes its time.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// The operator reads of no more than one fault in this time.
const NOTICE_EVERY: Duration = Duration::from_secs(10);

/// The socket for SPKR. Dropped, it takes no more programs, and those that are connected are let go.
pub struct SpkrSocket {
    server: JoinHandle<()>,
}

impl SpkrSocket {
    /// Opens the socket at a path and serves it, on the runtime it is called on.
    ///
    /// # Errors
    /// When the path cannot be had.
    pub async fn open(path: &Path, station: StationHandle) -> Result<Self, SocketError> {
        let socket = LocalSocket::open(path).await?;
        tracing::info!("programs speak SPKR at {}", socket.path().display());
        Ok(Self {
            server: tokio::spawn(serve(socket, station)),
        })
    }
}

impl Drop for SpkrSocket {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(socket: LocalSocket, station: StationHandle) {
    let places = Arc::new(Semaphore::new(PROGRAMS_MAX));
    let faults = Faults::new(station.clone());
    let mut programs = tokio::task::JoinSet::new();
    loop {
        while programs.try_join_next().is_some() {}
        let program = match socket.listener.accept().await {
            Ok((program, _)) => program,
            Err(error) => {
                // No descriptor is left, or the like: some will be closed.
                tracing::warn!("a program could not be let in at {}: {error}", socket.path().display());
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if !is_own(&program) {
            continue;
        }
        let Ok(place) = places.clone().try_acquire_owned() else {
            faults
                .tell(&format!(
                    "{PROGRAMS_MAX} programs are connected; another one was sent away"
                ))
                .await;
            continue;
        };
        let (station, faults) = (station.clone(), faults.clone());
        programs.spawn(async move {
            let _place = place;
            let mut visit = Visit::new(program, station, faults.clone());
            if let Err(fault) = visit.hear_all().await {
                faults.tell(&fault.to_string()).await;
            }
        });
    }
}

/// What goes wrong, told the operator now and then.
#[derive(Clone)]
struct Faults {
    station: StationHandle,
    told: Arc<Mutex<(Option<Instant>, u64)>>,
}

impl Faults {
    fn new(station: StationHandle) -> Self {
        Self {
            station,
            told: Arc::default(),
        }
    }

    async fn tell(&self, what: &str) {
        tracing::warn!("SPKR: {what}");
        let others = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.0.is_some_and(|last| last.elapsed() < NOTICE_EVERY) {
                told.1 += 1;
                return;
            }
            told.0 = Some(Instant::now());
            std::mem::take(&mut told.1)
        };
        let more = match others {
            0 => String::new(),
            others => format!(" (and {others} more like it)"),
        };
        let text = format!("a program that plays by SPKR: {what}{more}");
        // A desk that has ended has no operator.
        let _ = self.station.notice(Severity::Warning, text).await;
    }
}

/// Why a program is not heard any more.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Wire(#[from] SpkrError),
    #[error("its connection broke: {0}")]
    Lost(#[from] std::io::Error),
    #[error("it has sent nothing for {} s in the middle of a message", SILENCE_MAX.as_secs())]
    Silent,
    #[error("its first line is none that says {{\"strip\": \"a name\"}}: {0}")]
    Line(String),
    #[error("{0}")]
    NoStrip(String),
    #[error("{0}")]
    Strip(#[from] Gone),
}

/// The line before the first message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hello {
    strip: String,
}

/// One program's connection.
struct Visit {
    program: UnixStream,
    station: StationHandle,
    faults: Faults,
    bytes: Box<[u8]>,
    /// What of `bytes` has come and was not taken.
    from: usize,
    to: usize,
    strip: Option<String>,
}

impl Visit {
    fn new(program: UnixStream, station: StationHandle, faults: Faults) -> Self {
        Self {
            program,
            station,
            faults,
            bytes: vec![0; READ_BYTES].into(),
            from: 0,
            to: 0,
            strip: None,
        }
    }

    /// Reads on when all was taken. False: nothing more comes.
    async fn fill(&mut self) -> std::io::Result<bool> {
        if self.from == self.to {
            self.from = 0;
            self.to = self.program.read(&mut self.bytes).await?;
        }
        Ok(self.from < self.to)
    }

    async fn hear_all(&mut self) -> Result<(), Fault> {
        // Between messages a program may wait for as long as it likes.
        if !self.fill().await? {
            return Ok(());
        }
        if self.bytes[self.from] == b'{' {
            self.strip = Some(self.hello().await?);
        }
        while self.fill().await? {
            self.hear_message().await?;
        }
        Ok(())
    }

    async fn hello(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        loop {
            let come = &self.bytes[self.from..self.to];
            let end = come.iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&come[..end.unwrap_or(come.len())]);
            self.from += end.map_or(come.len(), |end| end + 1);
            if line.len() > LINE_BYTES_MAX {
                return Err(Fault::Line("it has no end".into()));
            }
            if end.is_some() {
                break;
            }
            if !timeout(SILENCE_MAX, self.fill()).await.map_err(|_| Fault::Silent)?? {
                return Err(Fault::Line("it is not whole".into()));
            }
        }
        let hello: Hello = serde_json::from_slice(&line).map_err(|error| Fault::Line(error.to_string()))?;
        Ok(hello.strip)
    }

    /// One message, from its first byte to its end.
    async fn hear_message(&mut self) -> Result<(), Fault> {
        let inlet = self.way_in().await?;
        let turn = inlet.turn("SPKR").await;
        let mut reader = Reader::default();
        let heard = self.pass_on(&mut reader, &turn).await;
        // Also what broke off is heard, however little has come: it ends here for the strip, and the operator reads why.
        drop(turn);
        if let Some(odd) = reader.remarks().sentence() {
            self.faults.tell(&odd).await;
        }
        heard
    }

    async fn way_in(&self) -> Result<ProgramInlet, Fault> {
        let inlet = self.station.programs(self.strip.clone()).await;
        inlet.map_err(|refused| Fault::NoStrip(refused.message))
    }

    async fn pass_on(&mut self, reader: &mut Reader, turn: &ProgramTurn) -> Result<(), Fault> {
        let mut begun = false;
        loop {
            let mut rest = &self.bytes[self.from..self.to];
            let part = reader.next(&mut rest);
            self.from = self.to - rest.len();
            match part? {
                Some(Part::Frames(rate, frames)) => {
                    if !begun {
                        turn.start(Thresholds::SPKR, Pace::Ahead)?;
                        begun = true;
                    }
                    let bytes = 4 * frames.len();
                    turn.frames(rate, frames, bytes).await?;
                }
                Some(Part::Chunk { .. }) => {}
                Some(Part::End) => return Ok(()),
                Some(Part::Failed(why)) => {
                    let why = format!("it says that it broke: {}", one_line(&why));
                    self.faults.tell(&why).await;
                    return Ok(());
                }
                None => {
                    if !timeout(SILENCE_MAX, self.fill()).await.map_err(|_| Fault::Silent)?? {
                        return Err(reader.close().err().unwrap_or(SpkrError::Incomplete).into());
                    }
                }
            }
        }
    }
}

/// What a program says, as an operator can read it: in one line, and not endless.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let line: String = plain.take(200).collect();
    let line = line.trim();
    if line.is_empty() {
        "it does not say why".into()
    } else {
        line.to_owned()
    }
}
