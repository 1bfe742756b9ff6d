//! The console's WebSocket: commands in, events and levels out, one connection for all.
//!
//! A client that does not read is dropped after five seconds and never holds up the desk: events wait
//! in a bounded queue (then it gets a fresh snapshot), levels are merged so that no peak is missed.

use std::sync::Arc;
use std::time::Duration;

use airdesk_station::StationHandle;
use airdesk_station::api::{ClientMessage, DeskMeters, ServerMessage};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::timeout;

/// A command is a line of text; nothing larger is a command.
pub(crate) const MESSAGE_BYTES: usize = 64 * 1024;
/// So many commands may wait for their answers before anything more is read, the client's end included.
const ANSWERS_MAX: usize = 64;
/// A client that takes longer to read one message is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// The client has gone, one way or another.
struct Gone;

/// `GET /control`: the whole console.
pub(crate) async fn console(upgrade: WebSocketUpgrade, State(station): State<StationHandle>) -> Response {
    upgrade
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .on_upgrade(async move |socket| {
            let _ = talk(socket, &station).await; // Gone is how every conversation ends
        })
}

/// `GET /meters`: levels alone, for the desktop window, whose commands go another way.
pub(crate) async fn meters(upgrade: WebSocketUpgrade, State(station): State<StationHandle>) -> Response {
    upgrade.max_message_size(1024).on_upgrade(async move |mut socket| {
        let mut meters = station.meters();
        loop {
            let frame = tokio::select! {
                frame = next_frame(&mut meters) => frame,
                // Nothing is expected but the end.
                heard = socket.recv() => if matches!(heard, Some(Ok(_))) { continue } else { return },
            };
            let Ok(frame) = frame else { return };
            if send(&mut socket, Message::Binary(frame.to_bytes().into()))
                .await
                .is_err()
            {
                return;
            }
        }
    })
}

async fn talk(mut socket: WebSocket, station: &StationHandle) -> Result<(), Gone> {
    let (mut events, mut meters) = (station.events(), station.meters());
    // A key store or a disk may keep one answer waiting for seconds; levels and other commands go on meanwhile.
    let mut answers = FuturesUnordered::new();
    send_snapshot(&mut socket, station).await?;
    loop {
        tokio::select! {
            heard = socket.recv(), if answers.len() < ANSWERS_MAX => match heard {
                Some(Ok(Message::Text(text))) => answers.push(answer(text.as_str(), station).await),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                Some(Ok(_)) => {} // pings are answered below us; binary messages mean nothing here
            },
            Some(answer) = answers.next() => send_message(&mut socket, &answer).await?,
            event = events.recv() => match event {
                Ok(event) => send_message(&mut socket, &ServerMessage::Event { event: Box::new(event) }).await?,
                Err(RecvError::Lagged(_)) => {
                    events = station.events();
                    send_snapshot(&mut socket, station).await?;
                }
                Err(RecvError::Closed) => return Err(Gone),
            },
            frame = next_frame(&mut meters) => {
                let frame = frame?;
                send(&mut socket, Message::Binary(frame.to_bytes().into())).await?;
            }
        }
    }
}

/// Passes one message on, in its turn; the answer comes when it comes.
async fn answer(text: &str, station: &StationHandle) -> impl Future<Output = ServerMessage> + use<> {
    let asked = match ClientMessage::read(text) {
        Ok(message) => Ok((message.id, station.ask(message.command).await)),
        Err(refused) => Err(refused),
    };
    async move {
        let (id, asked) = match asked {
            Ok(asked) => asked,
            Err((id, error)) => return ServerMessage::Error { id, error },
        };
        let answer = match asked {
            Ok(answered) => answered.heard().await,
            Err(ended) => Err(ended.into()),
        };
        match answer {
            Ok(reply) => ServerMessage::Reply { id, reply },
            Err(error) => ServerMessage::Error { id: Some(id), error },
        }
    }
}

/// The newest levels, with the peaks of all that waited.
async fn next_frame(meters: &mut Receiver<Arc<DeskMeters>>) -> Result<Arc<DeskMeters>, Gone> {
    let mut newest = loop {
        match meters.recv().await {
            Ok(frame) => break frame,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(Gone),
        }
    };
    loop {
        match meters.try_recv() {
            Ok(frame) => newest = Arc::new(newest.followed_by(&frame)),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(newest),
        }
    }
}

async fn send_snapshot(socket: &mut WebSocket, station: &StationHandle) -> Result<(), Gone> {
    let snapshot = station.snapshot().await.map_err(|_| Gone)?;
    send_message(
        socket,
        &ServerMessage::Snapshot {
            snapshot: Box::new(snapshot),
        },
    )
    .await
}

async fn send_message(socket: &mut WebSocket, message: &ServerMessage) -> Result<(), Gone> {
    let text = serde_json::to_string(message).map_err(|_| Gone)?;
    send(socket, Message::Text(text.into())).await
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

#[cfg(test)]
mod tests {
    use airdesk_station::api::{ErrorCode, Snapshot};
    use airdesk_station::{HostChoice, Station, StationOptions};

    use super::*;

    async fn refusal(station: &StationHandle, text: &str) -> (Option<u32>, ErrorCode, String) {
        match answer(text, station).await.await {
            ServerMessage::Error { id, error } => (id, error.code, error.message),
            other => panic!("{text} was answered with {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_control_moved_too_far_is_out_of_range_and_what_is_no_number_is_invalid() {
        let folder = tempfile::tempdir().expect("a folder");
        let desk = Station::start(StationOptions {
            session: folder.path().join("session.toml"),
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
            refuse_private: false,
        })
        .expect("a station");
        let station = desk.handle();
        let before: Snapshot = station.snapshot().await.expect("a snapshot");
        let strip = before.strips[0].id;
        let strip = serde_json::to_string(&strip).expect("an id");
        for (command, says) in [
            (r#""setTrim","level":55"#, "trim is 55.0 dB; it goes from -20 to +40 dB"),
            (r#""setTrim","level":-20.5"#, "trim is -20.5 dB"),
            (
                r#""setFader","level":41.5"#,
                "fader is 41.5 dB; it goes from -90 to +10 dB",
            ),
            (r#""setFader","level":-1e39"#, "fader is -3.4"),
            (
                r#""setPan","pan":3"#,
                "pan is 3.0; it goes from -1 (left) to +1 (right)",
            ),
        ] {
            let text = format!(r#"{{"id":7,"command":{{"strip":{strip},"type":{command}}}}}"#);
            let (id, code, message) = refusal(&station, &text).await;
            assert_eq!((id, code), (Some(7), ErrorCode::OutOfRange), "{message}");
            assert!(message.contains(says), "{message}");
        }
        for (command, says) in [
            (r#""setTrim","level":"loud""#, "\"loud\", expected a number of dB"),
            (r#""setTrim","level":null"#, "expected a number of dB"),
            (r#""setFader","level":true"#, "expected a number of dB, or null for off"),
            (r#""setFader""#, "`level`"),
            (r#""setPan","pan":"left""#, "expected a number from -1 to 1"),
        ] {
            let text = format!(r#"{{"id":8,"command":{{"strip":{strip},"type":{command}}}}}"#);
            let (id, code, message) = refusal(&station, &text).await;
            assert_eq!((id, code), (Some(8), ErrorCode::Invalid), "{message}");
            assert!(message.contains(says) && message.contains("set"), "{message}");
        }
        let text = format!(r#"{{"id":9,"command":{{"strip":{strip},"type":"setTrim","level":NaN}}}}"#);
        let (id, code, message) = refusal(&station, &text).await;
        assert_eq!((id, code), (None, ErrorCode::Invalid));
        assert!(message.contains("NaN is none"), "{message}");
        let after = station.snapshot().await.expect("a snapshot");
        assert_eq!(
            (after.strips[0].controls.fader, after.strips[0].controls.pan),
            (before.strips[0].controls.fader, before.strips[0].controls.pan)
        );
        station.stop().await.expect("saved");
        desk.join();
    }
}
