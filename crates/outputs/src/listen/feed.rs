//! One listener's stream of bytes, for an HTTP server's task.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::flow::{Beginning, Piece};
use super::hub::Seat;
use super::icy::{ICY_INTERVAL, Interleaver};
use crate::title::Title;

/// A listener who is further behind is sent away: what it hears is old, and it is not keeping up. An HTTP server ends a
/// connection that takes nothing for so long.
pub const LAG_MAX: Duration = Duration::from_secs(10);

/// What a listener is sent. Dropped when the listener leaves.
pub struct ListenerFeed {
    ready: VecDeque<Bytes>,
    pieces: Receiver<Piece>,
    icy: Option<Interleaver>,
    headers: Vec<(&'static str, String)>,
    seat: Seat,
    /// When it last asked for more.
    asked: Instant,
    too_slow: bool,
}

impl ListenerFeed {
    pub(super) fn new(beginning: Beginning, icy: bool, mut headers: Vec<(&'static str, String)>, seat: Seat) -> Self {
        if icy {
            headers.push(("icy-metaint", ICY_INTERVAL.to_string()));
        }
        let mut feed = Self {
            ready: VecDeque::new(),
            pieces: beginning.pieces,
            icy: icy.then(Interleaver::new),
            headers,
            seat,
            asked: Instant::now(),
            too_slow: false,
        };
        for bytes in beginning.past {
            feed.take(bytes, &beginning.title);
        }
        feed
    }

    /// The headers that describe the stream, the content type among them. Each value is one line.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The next bytes. `None` when the mount is closed or the listener has lagged too far behind.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.asked = Instant::now();
        while self.ready.is_empty() {
            match self.pieces.recv().await {
                Ok(piece) if piece.at.elapsed() <= LAG_MAX => self.take(piece.bytes, &piece.title),
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    self.too_slow = true;
                    return None;
                }
                Err(RecvError::Closed) => return None,
            }
        }
        let bytes = self.ready.pop_front()?;
        self.asked = Instant::now();
        self.seat.count_bytes(bytes.len());
        Some(bytes)
    }

    /// The same as a stream, for a response's body.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        unfold(self, |mut feed| async move {
            feed.next().await.map(|bytes| (Ok(bytes), feed))
        })
    }

    fn take(&mut self, bytes: Bytes, title: &Title) {
        match &mut self.icy {
            Some(icy) => icy.interleave(bytes, title, &mut self.ready),
            None => self.ready.push_back(bytes),
        }
    }
}

impl Drop for ListenerFeed {
    fn drop(&mut self) {
        // Its connection was ended because it took nothing. A server asks on for a while with what it has no room for, and
        // counts from before that.
        let stuck = self.asked.elapsed() >= LAG_MAX / 2 && !(self.pieces.is_empty() && self.ready.is_empty());
        if self.too_slow || stuck {
            tracing::info!(
                mount = self.seat.mount().path(),
                "a listener was too slow and is sent away"
            );
            self.seat.count_evicted();
        }
    }
}
