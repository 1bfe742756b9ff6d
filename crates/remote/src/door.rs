//! How connections come in. One that listens and takes nothing for too long is ended: nothing else would ever end it,
//! because a server that waits for a full socket asks for no more audio.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use airdesk_station::LAG_MAX;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep_until};

/// What the system keeps for a listener who takes nothing, bytes; Linux doubles it. Left to itself it keeps megabytes:
/// minutes of an MP3 stream that nobody will want to hear.
const SEND_BUFFER: usize = 64 * 1024;

/// A port whose connections can be told to be patient no more.
pub(crate) struct Door(pub(crate) TcpListener);

/// One connection.
pub(crate) struct Visit {
    stream: TcpStream,
    listens: Arc<AtomicBool>,
    /// The system keeps little for it.
    is_short: bool,
    /// When it has waited for long enough; `None` while it takes what it is given.
    limit: Option<Pin<Box<Sleep>>>,
}

/// What handlers know of a connection.
#[derive(Clone)]
pub(crate) struct Visitor {
    listens: Arc<AtomicBool>,
    address: SocketAddr,
}

impl Visitor {
    /// Where it comes from.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it is ended when it takes nothing for [`LAG_MAX`].
    pub(crate) fn listens(&self) {
        // Relaxed: it is read before the next write at the latest when that write waits.
        self.listens.store(true, Ordering::Relaxed);
    }
}

impl Listener for Door {
    type Io = Visit;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Visit, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let visit = Visit {
            stream,
            listens: Arc::default(),
            is_short: false,
            limit: None,
        };
        (visit, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Door>> for Visitor {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self {
            listens: stream.io().listens.clone(),
            address: *stream.remote_addr(),
        }
    }
}

impl Visit {
    /// Has the system keep little for a listener.
    fn shorten(&mut self) {
        // Relaxed: see `Visitor::listens`.
        if self.is_short || !self.listens.load(Ordering::Relaxed) {
            return;
        }
        self.is_short = true;
        if let Err(error) = SockRef::from(&self.stream).set_send_buffer_size(SEND_BUFFER) {
            tracing::debug!(%error, "a listener keeps the system's own buffer");
        }
    }

    /// What came of a write: one that has waited for too long is an error.
    fn watch<T>(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        // Relaxed: see `Visitor::listens`.
        if wrote.is_ready() || !self.listens.load(Ordering::Relaxed) {
            self.limit = None;
            return wrote;
        }
        let limit = self
            .limit
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + LAG_MAX)));
        match limit.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Visit {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Visit {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.shorten();
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shorten();
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch(context, wrote)
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
