//! A transport on libshout through the `shout` crate: MP3 and Ogg, without TLS pinning.
//!
//! libshout's calls block and have no time limit, so a connection lives on a thread of its own behind
//! bounded channels; a thread that hangs is left behind, and the connection counts as lost. libshout
//! writes to sockets that may be closed: the host must ignore SIGPIPE, as every Rust program does and a
//! library loaded into another program may not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use shout::{
    ShoutConn, ShoutConnBuilder, ShoutConnError, ShoutErr, ShoutFormat, ShoutMeta, ShoutMetadata, ShoutProtocol,
    ShoutTLS,
};

use super::native::InStream;
use super::{Line, TitleSender, Transport};
use crate::encode::Codec;
use crate::icecast::{Patience, Secret, SourceError, SourceSettings, TitleClient};
use crate::title::{Title, one_line};

/// How long libshout may take to connect before it is left behind.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a call may take once connected.
const STALLED_AFTER: Duration = Duration::from_secs(4);
const TITLE_LIMIT: Duration = Duration::from_secs(5);
/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// Capacity: pieces on their way to the thread; what does not fit stays in the backlog.
const PIECES: usize = 8;

/// Starts the C library for good. The `shout` crate (0.2.1) counts its connections to start and shut the
/// library down, and does either too early when two connections are made or dropped at once. A connection
/// that it refuses for a NUL in its host is counted and never dropped: one of those keeps the library up.
static LIBRARY: LazyLock<()> = LazyLock::new(|| {
    let refused = ShoutConnBuilder::new().host("\0".into()).build();
    debug_assert!(matches!(refused, Err(ShoutConnError::NulError(_))));
});

/// Streams by libshout.
pub struct LibshoutTransport {
    settings: SourceSettings,
    secret: Secret,
    titles: Arc<Titles>,
    accepted_before: bool,
}

enum Piece {
    Audio(Vec<u8>),
    Title(Title, SyncSender<Result<(), SourceError>>),
}

/// The way to the thread that is connected now.
struct Titles {
    settings: SourceSettings,
    /// libshout does not look at what listeners see.
    reader: TitleClient,
    pieces: Mutex<Option<SyncSender<Piece>>>,
}

impl LibshoutTransport {
    /// To the server that the settings name.
    pub fn new(settings: SourceSettings, secret: Secret) -> Self {
        let titles = Titles {
            settings: settings.clone(),
            reader: TitleClient::new(settings.clone(), secret.clone()),
            pieces: Mutex::default(),
        };
        Self {
            settings,
            secret,
            titles: Arc::new(titles),
            accepted_before: false,
        }
    }
}

impl Transport for LibshoutTransport {
    fn connect(&mut self, patience: &Patience) -> Result<Box<dyn Line>, SourceError> {
        self.settings.check()?;
        refuse_nul(&self.settings, &self.secret)?;
        let (pieces, to_send) = sync_channel(PIECES);
        let (answer, answered) = sync_channel(1);
        let (settings, secret, done) = (self.settings.clone(), self.secret.clone(), Arc::new(Done::default()));
        let (counted, before) = (done.clone(), self.accepted_before);
        thread::Builder::new()
            .name("libshout".into())
            .spawn(move || match open(&settings, &secret, before) {
                Ok(connection) => {
                    if answer.send(Ok(())).is_ok() {
                        serve(&connection, &settings, &to_send, &counted);
                    }
                }
                Err(error) => {
                    let _ = answer.send(Err(error)); // nobody waits any more
                }
            })
            .map_err(super::no_thread)?;
        await_answer(&answered, &self.settings, patience)?;
        self.accepted_before = true;
        if let Ok(mut current) = self.titles.pieces.lock() {
            *current = Some(pieces.clone());
        }
        Ok(Box::new(LibshoutLine {
            settings: self.settings.clone(),
            pieces,
            done,
            given: 0,
            acknowledged: 0,
            moved: Instant::now(),
        }))
    }

    fn title_sender(&self) -> Arc<dyn TitleSender> {
        match self.settings.encoder.codec {
            Codec::Mp3 => self.titles.clone(),
            Codec::Opus | Codec::Vorbis | Codec::Flac(_) => Arc::new(InStream(self.titles.reader.clone())),
        }
    }
}

fn await_answer(
    answered: &Receiver<Result<(), SourceError>>,
    settings: &SourceSettings,
    patience: &Patience,
) -> Result<(), SourceError> {
    let began = Instant::now();
    loop {
        match answered.recv_timeout(LOOK) {
            Ok(answer) => return answer,
            Err(RecvTimeoutError::Disconnected) => return Err(settings.lost("libshout gave up")),
            Err(RecvTimeoutError::Timeout) if patience.has_ended() => return Err(SourceError::Stopped),
            Err(RecvTimeoutError::Timeout) if began.elapsed() > CONNECT_LIMIT => {
                return Err(SourceError::TimedOut {
                    host: settings.host.clone(),
                    step: "answer",
                    seconds: CONNECT_LIMIT.as_secs(),
                });
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// What the thread has finished. Relaxed throughout: two numbers that stand for themselves.
#[derive(Default)]
struct Done {
    bytes: AtomicU64,
    failed: AtomicU64,
}

struct LibshoutLine {
    settings: SourceSettings,
    pieces: SyncSender<Piece>,
    done: Arc<Done>,
    given: u64,
    acknowledged: u64,
    moved: Instant,
}

impl Line for LibshoutLine {
    fn send(&mut self, bytes: &[u8]) -> Result<usize, SourceError> {
        match self.pieces.try_send(Piece::Audio(bytes.to_vec())) {
            Ok(()) => {
                self.given += bytes.len() as u64;
                Ok(bytes.len())
            }
            Err(TrySendError::Full(_)) => Ok(0),
            Err(TrySendError::Disconnected(_)) => Err(self.settings.lost("libshout's connection ended")),
        }
    }

    fn under_way(&self) -> u64 {
        self.given - self.done.bytes.load(Ordering::Relaxed)
    }

    fn check(&mut self, waiting: bool) -> Result<u64, SourceError> {
        if self.done.failed.load(Ordering::Relaxed) != 0 {
            return Err(self.settings.lost("libshout lost it"));
        }
        let done = self.done.bytes.load(Ordering::Relaxed);
        if done > self.acknowledged || (done == self.given && !waiting) {
            self.moved = Instant::now();
        }
        self.acknowledged = done;
        let still = self.moved.elapsed();
        if still > STALLED_AFTER {
            Err(SourceError::Stalled {
                host: self.settings.host.clone(),
                seconds: still.as_secs(),
            })
        } else {
            Ok(done)
        }
    }
}

impl TitleSender for Titles {
    fn deliver(&self, title: &Title, patience: &Patience) -> Result<(), SourceError> {
        let refused = |reason: &str| self.settings.title_refused(reason);
        let pieces = self
            .pieces
            .lock()
            .ok()
            .and_then(|current| current.clone())
            .ok_or_else(|| refused("off air"))?;
        let (answer, answered) = sync_channel(1);
        pieces
            .try_send(Piece::Title(title.clone(), answer))
            .map_err(|_| refused("the line is busy"))?;
        let began = Instant::now();
        while began.elapsed() < TITLE_LIMIT && !patience.has_ended() {
            match answered.recv_timeout(LOOK) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        Err(refused("it gave no answer"))
    }

    fn read(&self, patience: &Patience) -> Result<Option<String>, SourceError> {
        self.reader.read(patience)
    }
}

/// Sends until the line is dropped or libshout fails.
fn serve(connection: &ShoutConn, settings: &SourceSettings, pieces: &Receiver<Piece>, done: &Done) {
    while let Ok(piece) = pieces.recv() {
        match piece {
            Piece::Audio(bytes) => {
                if connection.send(&bytes).is_err() {
                    done.failed.store(1, Ordering::Relaxed);
                    return;
                }
                done.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            Piece::Title(title, answer) => {
                let set = set_title(connection, &title).map_err(|error| settings.title_refused(format!("{error:?}")));
                let _ = answer.send(set); // nobody waits any more
            }
        }
    }
}

fn set_title(connection: &ShoutConn, title: &Title) -> Result<(), ShoutConnError> {
    let mut metadata = ShoutMetadata::new();
    metadata
        .add("song".into(), title.icy())
        .and_then(|()| metadata.add("charset".into(), "UTF-8".into())) // else libshout's titles are Latin-1
        .and_then(|()| connection.set_metadata(metadata))
}

fn open(settings: &SourceSettings, secret: &Secret, accepted_before: bool) -> Result<ShoutConn, SourceError> {
    let format = match settings.encoder.codec {
        Codec::Mp3 => ShoutFormat::MP3,
        Codec::Opus | Codec::Vorbis | Codec::Flac(_) => ShoutFormat::Ogg,
    };
    let builder = ShoutConnBuilder::new()
        .host(settings.host.clone())
        .port(settings.port)
        .agent(concat!("Airdesk/", env!("CARGO_PKG_VERSION")).into())
        .tls(if settings.tls {
            ShoutTLS::RFC2818
        } else {
            ShoutTLS::Disabled
        })
        .user(settings.user.clone())
        .password(secret.reveal().to_owned())
        .mount(settings.mount.clone())
        .public(u32::from(settings.public))
        .format(format)
        .protocol(ShoutProtocol::HTTP)
        .add_meta(ShoutMeta::Name(one_line(&settings.name)))
        .add_meta(ShoutMeta::Description(one_line(&settings.description)))
        .add_meta(ShoutMeta::Genre(one_line(&settings.genre)))
        .add_meta(ShoutMeta::Url(one_line(&settings.url)));
    LazyLock::force(&LIBRARY);
    builder
        .build()
        .map_err(|error| meaning(&error, settings, accepted_before))
}

/// What libshout's few codes mean. It does not tell a wrong password from a mount in use: of a login that was accepted
/// before it is the latter, and at first both are named.
fn meaning(error: &ShoutConnError, settings: &SourceSettings, accepted_before: bool) -> SourceError {
    let host = settings.host.clone();
    match error {
        ShoutConnError::ShoutError(ShoutErr::NoConnect) => SourceError::Refused {
            host,
            port: settings.port,
        },
        ShoutConnError::ShoutError(ShoutErr::NoLogin) if accepted_before => SourceError::MountInUse {
            host,
            mount: settings.mount.clone(),
        },
        ShoutConnError::ShoutError(ShoutErr::NoLogin) => SourceError::RefusedOrInUse {
            host,
            user: settings.user.clone(),
            mount: settings.mount.clone(),
        },
        ShoutConnError::ShoutError(code @ (ShoutErr::NoTLS | ShoutErr::TLSBadCert)) => SourceError::Tls {
            host,
            port: settings.port,
            reason: format!("{code:?}; choose Airdesk as the source client to trust a single certificate"),
        },
        ShoutConnError::ShoutError(ShoutErr::Insane | ShoutErr::Unsupported) | ShoutConnError::NulError(_) => {
            SourceError::Settings("libshout does not take these settings; choose Airdesk as the source client".into())
        }
        ShoutConnError::ShoutError(code) => settings.lost(format_args!("libshout says {code:?}")),
    }
}

/// The crate panics on NUL in a description; passwords and names with one are refused by name instead.
fn refuse_nul(settings: &SourceSettings, secret: &Secret) -> Result<(), SourceError> {
    if [secret.reveal(), &settings.host, &settings.mount, &settings.user]
        .iter()
        .any(|text| text.contains('\0'))
    {
        return Err(SourceError::Settings("no name and no password may contain NUL".into()));
    }
    Ok(())
}
