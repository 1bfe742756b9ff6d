//! The console's WebSocket: commands in, events and levels out, one connection for all.
//!
//! A client that does not read is dropped after five seconds and never holds up the desk: events wait
//! in a bounded queue (then it gets a fresh snapshot), levels are merged so that no peak is missed.

use std::sync::Arc;
use std::time::Duration;

use airdesk_station::StationHandle;
use airdesk_station::api::{ClientMessage, CommandError, DeskMeters, ErrorCode, ServerMessage};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::timeout;

/// A command is a line of text; nothing larger is a command.
const MESSAGE_BYTES: usize = 64 * 1024;
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
    send_snapshot(&mut socket, station).await?;
    loop {
        tokio::select! {
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let answer = answer(text.as_str(), station).await;
                    send_message(&mut socket, &answer).await?;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                Some(Ok(_)) => {} // pings are answered below us; binary messages mean nothing here
            },
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

/// Obeys one message.
async fn answer(text: &str, station: &StationHandle) -> ServerMessage {
    let message: ClientMessage = match serde_json::from_str(text) {
        Ok(message) => message,
        Err(error) => {
            let id = serde_json::from_str::<serde_json::Value>(text)
                .ok()
                .and_then(|value| value.get("id")?.as_u64())
                .and_then(|id| u32::try_from(id).ok());
            let message = format!("this is not a command: {error}");
            return ServerMessage::Error {
                id,
                error: CommandError {
                    code: ErrorCode::Invalid,
                    message,
                },
            };
        }
    };
    match station.send(message.command).await {
        Ok(reply) => ServerMessage::Reply { id: message.id, reply },
        Err(error) => ServerMessage::Error {
            id: Some(message.id),
            error,
        },
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
