//! Listeners: ffmpeg, which hears, and a plain socket, which reads ICY titles.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

/// What ffmpeg hears of `url` within `seconds` seconds of audio: left and right, 48 kHz.
pub(crate) fn hear(url: &str, seconds: f32) -> [Vec<f32>; 2] {
    let out = Command::new("timeout")
        .args([
            "60",
            "ffmpeg",
            "-v",
            "error",
            "-probesize",
            "64k",
            "-analyzeduration",
            "1000000",
        ])
        .args(["-rw_timeout", "10000000", "-i", url, "-t", &seconds.to_string()])
        .args(["-f", "f32le", "-ac", "2", "-ar", "48000", "pipe:1"])
        .output()
        .expect("ffmpeg is installed");
    channels(&out.stdout, &String::from_utf8_lossy(&out.stderr))
}

/// What ffmpeg decodes of bytes that are a stream.
pub(crate) fn decode(bytes: &[u8]) -> [Vec<f32>; 2] {
    let (heard, complaint) = run_decoder(bytes, &[]);
    channels(&heard, &complaint)
}

/// The same of a piece of an MP3 stream, if there is any audio in it.
#[cfg(target_os = "linux")]
pub(crate) fn decode_mp3(bytes: &[u8]) -> Option<[Vec<f32>; 2]> {
    let (heard, complaint) = run_decoder(bytes, &["-f", "mp3"]);
    (!heard.is_empty()).then(|| channels(&heard, &complaint))
}

fn run_decoder(bytes: &[u8], format: &[&str]) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stream");
    std::fs::write(&path, bytes).expect("written");
    let out = Command::new("ffmpeg")
        .args(["-v", "error"])
        .args(format)
        .arg("-i")
        .arg(&path)
        .args(["-f", "f32le", "-ac", "2", "-ar", "48000", "pipe:1"])
        .output()
        .expect("ffmpeg is installed");
    (out.stdout, String::from_utf8_lossy(&out.stderr).into_owned())
}

/// What ffmpeg complains about when it decodes bytes that are a stream.
pub(crate) fn complaints(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stream");
    std::fs::write(&path, bytes).expect("written");
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&path)
        .args(["-f", "null", "-"])
        .output()
        .expect("ffmpeg is installed");
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn channels(bytes: &[u8], complaint: &str) -> [Vec<f32>; 2] {
    assert!(!bytes.is_empty(), "ffmpeg heard nothing: {complaint:.2000}");
    let samples: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    [0, 1].map(|channel| samples.iter().skip(channel).step_by(2).copied().collect())
}

fn ask(port: u16, path: &str, header: &str) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(socket, "GET {path} HTTP/1.0\r\n{header}\r\n").ok()?;
    Some(socket)
}

/// The first title that begins with `wanted`, as an ICY listener of `path` gets it.
pub(crate) fn icy_title(port: u16, path: &str, wanted: &str) -> String {
    let mut socket = ask(port, path, "Icy-MetaData: 1\r\n").expect("it connects");
    let mut bytes = Vec::new();
    let (began, mut buffer) = (Instant::now(), [0; 4096]);
    loop {
        let count = socket.read(&mut buffer).expect("the stream goes on");
        assert!(count > 0, "the stream ended");
        bytes.extend_from_slice(&buffer[..count]);
        let found = titles(&bytes);
        if let Some(title) = found.iter().find(|title| title.starts_with(wanted)) {
            return title.clone();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "the titles were {found:?}");
    }
}

fn titles(bytes: &[u8]) -> Vec<String> {
    let end = bytes
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .map_or(bytes.len(), |at| at + 4);
    let (head, mut body) = bytes.split_at(end);
    let head = String::from_utf8_lossy(head).to_lowercase();
    let interval = head
        .lines()
        .find_map(|line| line.strip_prefix("icy-metaint:")?.trim().parse::<usize>().ok());
    let (Some(interval), mut found) = (interval, Vec::new()) else {
        return Vec::new();
    };
    while let Some((length, rest)) = body.get(interval..).and_then(|rest| rest.split_first()) {
        let Some(block) = rest.get(..usize::from(*length) * 16) else {
            break;
        };
        let text = std::str::from_utf8(block)
            .expect("titles are UTF-8")
            .trim_end_matches('\0');
        if let Some(title) = text
            .strip_prefix("StreamTitle='")
            .and_then(|rest| rest.split_once("';"))
        {
            found.push(title.0.to_owned());
        }
        body = &rest[block.len()..];
    }
    found
}
