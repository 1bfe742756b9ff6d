//! How programs' connections come in, and how much of one message is read.
//!
//! A message may be as long as a clip, 100 MiB of text; few may be under way at once. A connection that has read more than
//! [`SMALL`] without a message being whole waits for a place before it reads on, and its program waits with it. One that has
//! a place and then stands still is ended, so that none is held for ever.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a connection may read without a place, bytes.
pub(super) const SMALL: usize = 4 * 1024 * 1024;
/// Long messages that may be under way at once.
const PLACES: usize = 2;
/// A long message of which nothing comes for so long is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The port, and the places that all its connections share.
pub(super) struct Intake {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

/// The places for long messages.
pub(super) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(PLACES))
}

impl Intake {
    pub(super) fn new(listener: TcpListener, places: Arc<Semaphore>) -> Self {
        Self { listener, places }
    }
}

/// How much one connection has read since its last whole message.
#[derive(Clone, Default)]
pub(super) struct Reading {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    bytes: AtomicUsize,
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Reading {
    /// A message is whole, and read: its place is another's.
    pub(super) fn is_whole(&self) {
        // Relaxed: only its own connection counts.
        self.inner.bytes.store(0, Ordering::Relaxed);
        self.place().take();
    }

    fn place(&self) -> std::sync::MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.inner.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type WaitsForPlace = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// One connection.
pub(super) struct Way {
    stream: TcpStream,
    reading: Reading,
    places: Arc<Semaphore>,
    waits: Option<WaitsForPlace>,
    /// When a long message has stood still for long enough.
    limit: Option<Pin<Box<Sleep>>>,
}

impl Listener for Intake {
    type Io = Way;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Way, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let way = Way {
            stream,
            reading: Reading::default(),
            places: self.places.clone(),
            waits: None,
            limit: None,
        };
        (way, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Intake>> for Reading {
    fn connect_info(stream: IncomingStream<'_, Intake>) -> Self {
        stream.io().reading.clone()
    }
}

impl Way {
    /// Waits for a place where what it reads is long. Returns whether it has one.
    fn poll_place(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        // Relaxed: see `Reading::is_whole`.
        if self.reading.inner.bytes.load(Ordering::Relaxed) < SMALL {
            return Poll::Ready(Ok(false));
        }
        if self.reading.place().is_some() {
            return Poll::Ready(Ok(true));
        }
        let places = &self.places;
        let waits = self
            .waits
            .get_or_insert_with(|| Box::pin(places.clone().acquire_owned()));
        let place = ready!(waits.as_mut().poll(context)).map_err(io::Error::other)?;
        self.waits = None;
        *self.reading.place() = Some(place);
        Poll::Ready(Ok(true))
    }
}

impl AsyncRead for Way {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let has_place = ready!(self.poll_place(context))?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len() - before;
        // Relaxed: see `Reading::is_whole`.
        self.reading.inner.bytes.fetch_add(bytes, Ordering::Relaxed);
        if !has_place || read.is_ready() {
            self.limit = None;
            return read;
        }
        let limit = self
            .limit
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + PATIENCE)));
        ready!(limit.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Way {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
