//! Plays samples from a file or from another program into a strip of a running desk:
//!
//! ```text
//! espeak-ng --stdout "Good morning" | sox - -t raw -r 24000 -c 1 -e signed -b 16 - | push ws://127.0.0.1:8081/?strip=News
//! ```
//!
//! 24 kHz, one channel, 16 bits. It ends when the last frame was heard, and says when the desk's strip makes it wait.

use std::io::Read;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Socket = WebSocketStream<TcpStream>;

/// A tenth of a second.
const CHUNK: usize = 4_800;
/// What is sent and does not come through for so long: the desk has enough.
const WAITS: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:8081/".into());
    let place = url.strip_prefix("ws://").and_then(|rest| rest.split('/').next());
    let stream = TcpStream::connect(place.ok_or("give an address such as ws://127.0.0.1:8081/")?).await?;
    let (socket, _) = client_async(url, stream).await?;
    let (sends, told) = socket.split();
    let heard = tokio::spawn(until_heard(told));
    push(sends).await?;
    heard.await?
}

/// Sends what comes in on standard input, chunk by chunk, and keeps the sender until all was heard.
async fn push(mut desk: SplitSink<Socket, Message>) -> Result<(), Failure> {
    loop {
        let (chunk, read) = tokio::task::spawn_blocking(|| {
            let mut chunk = Vec::with_capacity(CHUNK);
            let read = std::io::stdin().lock().take(CHUNK as u64).read_to_end(&mut chunk);
            (chunk, read)
        })
        .await?;
        read?;
        if chunk.is_empty() {
            break;
        }
        let buffer = json!({ "type": "Buffer", "data": chunk });
        let message = json!({ "type": "audio_chunk", "data": { "chunk": buffer } });
        let sent = desk.send(Message::text(message.to_string()));
        tokio::pin!(sent);
        if let Ok(sent) = tokio::time::timeout(WAITS, sent.as_mut()).await {
            sent?;
        } else {
            eprintln!("the desk has enough for now");
            sent.await?;
        }
    }
    Ok(desk
        .send(Message::text(json!({ "type": "end_stream" }).to_string()))
        .await?)
}

/// Reads what the desk says until all was heard.
async fn until_heard(mut told: SplitStream<Socket>) -> Result<(), Failure> {
    while let Some(message) = told.next().await {
        let Message::Text(text) = message? else { continue };
        let message: Value = serde_json::from_str(&text)?;
        let says = &message["data"]["message"];
        match message["type"].as_str() {
            Some("completed") => {
                eprintln!("heard: {} s", message["data"]["audioSeconds"]);
                return Ok(());
            }
            Some("warning") => eprintln!("{says}"),
            Some("error") => return Err(says.to_string().into()),
            _ => {}
        }
    }
    Err("the desk has closed the connection".into())
}
