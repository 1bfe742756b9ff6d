//! What waits to be sent to a client: short answers go first, then the stream in order, four of its frames at the most. Who
//! produces waits for room; what waits of a stream that was ended is never sent.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Of a stream.
const FRAMES_MAX: usize = 4;
/// Answers of which none is read.
const ANSWERS_MAX: usize = 32;
/// So long a client may leave answers or news unread.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The client has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

/// A part of a stream.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    /// What it is, and right behind it the samples.
    Frame {
        about: String,
        samples: Bytes,
    },
}

#[derive(Debug, Default)]
struct Queues {
    answers: VecDeque<String>,
    parts: VecDeque<Part>,
    close: Option<(u16, &'static str)>,
    /// Answers that were put in and taken out.
    put: u64,
    taken: u64,
    ended: bool,
}

/// One connection's.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queues: Mutex<Queues>,
    filled: Notify,
    room: Notify,
}

enum Next {
    Answer(String),
    Part(Part),
    Close(u16, &'static str),
}

impl Outbox {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an answer in, once there is room for it. Returns its number.
    pub(super) async fn say(&self, text: String) -> Result<u64, Gone> {
        let put = self.put(|queues| {
            (queues.answers.len() < ANSWERS_MAX).then(|| {
                queues.answers.push_back(text.clone());
                queues.put += 1;
                queues.put
            })
        });
        timeout(PATIENCE, put).await.map_err(|_| Gone)?
    }

    /// Puts a part of a stream in, once there is room for it.
    pub(super) async fn push(&self, part: Part) -> Result<(), Gone> {
        let mut part = Some(part);
        self.put(|queues| (queues.parts.len() < FRAMES_MAX).then(|| queues.parts.extend(part.take())))
            .await
    }

    async fn put<T>(&self, mut put: impl FnMut(&mut Queues) -> Option<T>) -> Result<T, Gone> {
        loop {
            let room = self.room.notified();
            {
                let mut queues = self.queues();
                if queues.ended {
                    return Err(Gone);
                }
                if let Some(done) = put(&mut queues) {
                    self.filled.notify_one();
                    return Ok(done);
                }
            }
            room.await;
        }
    }

    /// Whether this answer, by its number, has been handed to the network.
    pub(super) fn has_sent(&self, answer: u64) -> bool {
        self.queues().taken >= answer
    }

    /// Forgets what waits of a stream.
    pub(super) fn purge(&self) {
        self.queues().parts.clear();
        self.room.notify_waiters();
    }

    /// Says why, and no more.
    pub(super) fn close(&self, code: u16, reason: &'static str) {
        let mut queues = self.queues();
        queues.parts.clear();
        queues.close = Some((code, reason));
        self.filled.notify_one();
    }

    fn end(&self) {
        self.queues().ended = true;
        self.room.notify_waiters();
    }

    async fn next(&self) -> Next {
        loop {
            {
                let mut queues = self.queues();
                if let Some(answer) = queues.answers.pop_front() {
                    return Next::Answer(answer);
                }
                if let Some((code, reason)) = queues.close {
                    return Next::Close(code, reason);
                }
                if let Some(part) = queues.parts.pop_front() {
                    return Next::Part(part);
                }
            }
            self.filled.notified().await;
        }
    }

    /// Sends what is put in, until the client has gone or was sent away.
    pub(super) async fn deliver(&self, mut socket: SplitSink<WebSocket, Message>) {
        loop {
            let sent = match self.next().await {
                Next::Answer(text) => {
                    self.room.notify_waiters();
                    let sent = socket.send(Message::Text(text.into())).await;
                    self.queues().taken += 1;
                    sent
                }
                Next::Part(part) => {
                    self.room.notify_waiters();
                    send_part(&mut socket, part).await
                }
                Next::Close(code, reason) => {
                    let reason = reason.into();
                    // It may have gone already.
                    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason }))).await;
                    break;
                }
            };
            if sent.is_err() {
                break;
            }
        }
        self.end();
    }
}

async fn send_part(socket: &mut SplitSink<WebSocket, Message>, part: Part) -> Result<(), axum::Error> {
    match part {
        Part::Text(text) => socket.send(Message::Text(text.into())).await,
        Part::Frame { about, samples } => {
            socket.feed(Message::Text(about.into())).await?;
            socket.send(Message::Binary(samples)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn four_parts_wait_a_fifth_waits_for_room_and_answers_go_first() {
        let outbox = Outbox::default();
        for n in 0..4 {
            outbox.push(Part::Text(n.to_string())).await.expect("room");
        }
        let fifth = timeout(Duration::from_secs(60), outbox.push(Part::Text("4".into()))).await;
        assert!(fifth.is_err(), "there is no room");
        outbox.say("answer".into()).await.expect("room");
        assert!(matches!(outbox.next().await, Next::Answer(text) if text == "answer"));
        assert!(matches!(outbox.next().await, Next::Part(Part::Text(text)) if text == "0"));
        outbox.push(Part::Text("4".into())).await.expect("room");
        outbox.purge();
        outbox.close(1001, "enough");
        assert!(
            matches!(outbox.next().await, Next::Close(1001, "enough")),
            "what was purged is not sent"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_no_answer_for_two_seconds_has_gone() {
        let outbox = Outbox::default();
        for _ in 0..ANSWERS_MAX {
            outbox.say(String::new()).await.expect("room");
        }
        assert_eq!(outbox.say(String::new()).await, Err(Gone));
        outbox.end();
        assert_eq!(outbox.push(Part::Text(String::new())).await, Err(Gone));
    }
}
