//! One listener's stream of bytes, for an HTTP server's task.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::broadcast::Receiver;

use super::hub::Seat;
use super::icy::{ICY_INTERVAL, Interleaver};
use crate::encode::{EncodedPacket, Subscription};

/// What a listener is sent. Dropped when the listener leaves.
pub struct ListenerFeed {
    first: VecDeque<Bytes>,
    packets: Receiver<Arc<EncodedPacket>>,
    icy: Option<Interleaver>,
    headers: Vec<(&'static str, String)>,
    seat: Seat,
}

impl ListenerFeed {
    pub(super) fn new(
        subscription: Subscription,
        icy: bool,
        mut headers: Vec<(&'static str, String)>,
        seat: Seat,
    ) -> Self {
        if icy {
            headers.push(("icy-metaint", ICY_INTERVAL.to_string()));
        }
        let past = subscription.opening.iter().chain(&subscription.recent);
        Self {
            first: past.map(|packet| packet.bytes.clone()).collect(),
            packets: subscription.packets,
            icy: icy.then(Interleaver::new),
            headers,
            seat,
        }
    }

    /// The headers that describe the stream, the content type among them. Each value is one line.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The next bytes. `None` when the mount is closed or the listener has lagged too far behind.
    pub async fn next(&mut self) -> Option<Bytes> {
        let bytes = match self.first.pop_front() {
            Some(bytes) => bytes,
            None => match self.packets.recv().await {
                Ok(packet) => packet.bytes.clone(),
                Err(lost) => {
                    tracing::debug!(%lost, "a listener is dropped");
                    return None;
                }
            },
        };
        Some(match &mut self.icy {
            Some(icy) => icy.interleave(bytes, &self.seat.title()),
            None => bytes,
        })
    }

    /// The same as a stream, for a response's body.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        unfold(self, |mut feed| async move {
            feed.next().await.map(|bytes| (Ok(bytes), feed))
        })
    }
}
