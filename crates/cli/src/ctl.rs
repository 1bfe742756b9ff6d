//! `airdesk ctl`: tells a desk that runs on this machine what to do, over its remote face.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use airdesk_remote::DEFAULT_PORT;
use airdesk_station::config::Config;
use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// How long the desk may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to tell it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The desk's port. Without it AIRDESK_PORT, the configuration's, or 8765.
    #[arg(long)]
    port: Option<u16>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Have a text spoken by the announcer, behind those that wait. Prints the utterance's number.
    Say {
        /// The text; several words are put together.
        #[arg(required = true)]
        text: Vec<String>,
        /// Another voice than the usual one.
        #[arg(long)]
        voice: Option<String>,
    },
    /// Pause, resume, skip, send back or silence the announcer.
    Announcer {
        /// What.
        #[arg(value_parser = ["pause", "resume", "skip", "back", "cancel-all", "replay"])]
        what: String,
    },
}

/// Tells it, and prints what there is to print.
pub(crate) fn ctl(arguments: Arguments) -> anyhow::Result<()> {
    let port = match arguments.port {
        Some(port) => port,
        None => Config::load()?.port.unwrap_or(DEFAULT_PORT),
    };
    let command = match arguments.command {
        Command::Say { text, voice } => json!({ "type": "say", "text": text.join(" "), "voice": voice }),
        Command::Announcer { what } if what == "cancel-all" => json!({ "type": "cancelAll" }),
        Command::Announcer { what } => json!({ "type": what }),
    };
    let reply = post(port, "/api/announcer", &command)?;
    if let Some(id) = reply["id"].as_u64() {
        println!("{id}");
    }
    Ok(())
}

/// Asks the desk, and returns its answer, or what it says against it.
fn post(port: u16, path: &str, body: &Value) -> anyhow::Result<Value> {
    let no_desk =
        |error| anyhow!("no desk answers at port {port}: {error}; start one with `airdesk run`, or name its --port");
    let mut desk = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(no_desk)?;
    desk.set_read_timeout(Some(PATIENCE))?;
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    desk.write_all(request.as_bytes()).map_err(no_desk)?;
    let mut answer = String::new();
    desk.take(1 << 20).read_to_string(&mut answer).map_err(no_desk)?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let Ok(reply) = serde_json::from_str::<Value>(body) else {
        bail!(
            "what answers at port {port} is no desk of this version: {}",
            answer.lines().next().unwrap_or_default()
        );
    };
    match reply["message"].as_str() {
        Some(refused) => bail!("{refused}"),
        None => Ok(reply),
    }
}
