//! A server of pieces that ffmpeg has cut, and who listens to them.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use airdesk_dsp::Frame;

use super::super::*;
use crate::tuner::Limits;
use crate::tuner::tune::{Tuning, tune};

/// All that was heard and told, until something is so.
pub(super) struct Collector {
    pub(super) frames: Vec<Frame>,
    pub(super) codec: Option<&'static str>,
    pub(super) told: Vec<String>,
    patience: Patience,
    until: fn(&Collector) -> bool,
}

impl Collector {
    pub(in crate::tuner::hls::tests) fn new(patience: &Patience, until: fn(&Collector) -> bool) -> Self {
        Self {
            frames: Vec::new(),
            codec: None,
            told: Vec::new(),
            patience: patience.clone(),
            until,
        }
    }

    fn look(&self) {
        if (self.until)(self) {
            self.patience.end();
        }
    }

    pub(in crate::tuner::hls::tests) fn was_told(&self, words: &str) -> bool {
        self.told.iter().any(|told| told.contains(words))
    }
}

impl Listener for Collector {
    fn hear(&mut self, codec: Option<&'static str>, heard: Heard, _: usize, _: f64) -> Result<(), TuneError> {
        self.codec = codec.or(self.codec);
        assert_eq!(heard.spoilt, 0, "every packet is whole");
        for (_, mut frames) in heard.pieces {
            self.frames.append(&mut frames);
        }
        self.look();
        Ok(())
    }

    fn tell(&mut self, told: Told<'_>) {
        self.told.push(match told {
            Told::Broken(error) => format!("broken: {error}"),
            other => format!("{other:?}"),
        });
        self.look();
    }
}

pub(super) fn settings(url: &str) -> TunerSettings {
    TunerSettings {
        address: Address::parse(url).expect("an address"),
        raw: None,
        reach: Reach::default(),
        limits: Limits {
            connect: Duration::from_secs(2),
            first_byte: Duration::from_secs(2),
            stall: Duration::from_secs(1),
        },
        agent: "Airdesk/test".into(),
    }
}

pub(super) fn heard_until(url: &str, until: fn(&Collector) -> bool) -> (Collector, Result<(), TuneError>) {
    let (settings, patience) = (settings(url), Patience::default());
    let mut collector = Collector::new(&patience, until);
    let over = match tune(&settings, &patience) {
        Ok(Tuning::Pieces(text)) => play(text, &settings, &patience, &mut None, &mut collector),
        Ok(Tuning::Stream(_)) => panic!("it is no stream in one"),
        Err(error) => Err(error),
    };
    (collector, over)
}

/// A recording or a live stream, to its end.
pub(super) fn heard(url: &str) -> Collector {
    let (collector, over) = heard_until(url, |_| false);
    let is_recording = collector.was_told("is_recording: true");
    let is_over = matches!(over, Err(TuneError::Over { .. }));
    assert!(
        if is_recording { over.is_ok() } else { is_over },
        "{over:?}: {:?}",
        collector.told
    );
    collector
}

/// Answers what a path asks for; the head of the question has a range in it, perhaps. An empty answer is none.
pub(super) fn server(answer: impl Fn(&str, &str) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for mut visitor in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut head = Vec::new();
                let mut bytes = [0; 1_024];
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match visitor.read(&mut bytes) {
                        Ok(count @ 1..) => head.extend_from_slice(&bytes[..count]),
                        _ => return,
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                reply(&mut visitor, &answer(&path, &head));
            });
        }
    });
    format!("http://127.0.0.1:{port}")
}

pub(super) fn reply(visitor: &mut TcpStream, bytes: &[u8]) {
    let _ = visitor.write_all(bytes); // who has gone need not hear it
}

pub(super) fn ok(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    [head.as_bytes(), bytes].concat()
}

pub(super) fn list(text: &str) -> Vec<u8> {
    ok("application/vnd.apple.mpegurl", text.as_bytes())
}

pub(super) const GONE: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/// A file of a folder, or the part that is asked for.
pub(super) fn file(files: &HashMap<String, Vec<u8>>, path: &str, head: &str) -> Vec<u8> {
    let Some(bytes) = files.get(path.trim_start_matches('/')) else {
        return GONE.into();
    };
    let range = head
        .split("Range: bytes=")
        .nth(1)
        .and_then(|rest| rest.lines().next()?.split_once('-'));
    let Some((from, to)) = range else {
        return ok("application/octet-stream", bytes);
    };
    let (from, to): (usize, usize) = (from.parse().expect("a number"), to.parse().expect("a number"));
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{to}/{}\r\nContent-Length: {}\r\n\r\n",
        bytes.len(),
        to + 1 - from
    );
    [head.as_bytes(), &bytes[from..=to]].concat()
}

/// Seconds of noise, every frame of which is another.
pub(super) fn noise(seconds: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 18) as i16
    };
    (0..seconds * 96_000).map(|_| next()).collect()
}

pub(super) fn ffmpeg(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .current_dir(folder)
        .args(["-v", "error", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The files that ffmpeg makes of noise in a folder.
pub(super) fn cut(folder: &Path, seconds: usize, options: &[&str]) -> HashMap<String, Vec<u8>> {
    let samples: Vec<u8> = noise(seconds).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    fs::write(folder.join("noise.raw"), samples).expect("it is written");
    let noise = ["-f", "s16le", "-ar", "48000", "-ac", "2", "-i", "noise.raw"];
    ffmpeg(folder, &[&noise[..], options].concat());
    let files = fs::read_dir(folder).expect("a folder").flatten();
    let named = files.map(|file| {
        (
            file.file_name().to_string_lossy().into_owned(),
            fs::read(file.path()).expect("a file"),
        )
    });
    named.collect()
}

pub(super) const FLAC: &[&str] = &[
    "-c:a",
    "flac",
    "-strict",
    "-2",
    "-f",
    "hls",
    "-hls_time",
    "1",
    "-hls_list_size",
    "0",
    "-hls_segment_type",
    "fmp4",
    "-hls_playlist_type",
    "vod",
    "list.m3u8",
];

/// All frames of a stream that is in one.
pub(super) fn decoded(sort: Sort, bytes: &[u8]) -> Vec<Frame> {
    let (mut decoder, mut all, mut bytes) = (Decoder::new(sort), Vec::new(), bytes);
    loop {
        let mut heard = Heard::default();
        let more = decoder.feed(bytes, true, &mut heard).expect("it is decoded");
        all.extend(heard.pieces.into_iter().flat_map(|(_, frames)| frames));
        bytes = &[];
        if !more {
            return all;
        }
    }
}

pub(super) fn frames(samples: &[i16]) -> Vec<Frame> {
    let full = |sample: i16| f32::from(sample) / 32_768.0;
    samples
        .chunks_exact(2)
        .map(|two| [full(two[0]), full(two[1])])
        .collect()
}

/// A live list of noise in pieces, whose end is one piece later each time it is asked for. `change` makes it what the test
/// wants it to be.
pub(super) struct Live {
    pub(super) url: String,
    /// What was asked for.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    /// Frames before each piece.
    pub(super) begins: Vec<usize>,
}

pub(super) fn live(seconds: usize, change: impl Fn(usize, &str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Live {
    let folder = tempfile::tempdir().expect("a folder");
    let files = cut(folder.path(), seconds, FLAC);
    let text = String::from_utf8_lossy(&files["list.m3u8"]).into_owned();
    let lengths: Vec<f64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:")?.trim_end_matches(',').parse().ok())
        .collect();
    let frames = |seconds: &f64| (seconds * 48_000.0).round() as usize;
    let begins: Vec<usize> = std::iter::once(0)
        .chain(lengths.iter().map(frames).scan(0, |sum, frames| {
            *sum += frames;
            Some(*sum)
        }))
        .collect();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = asked.clone();
    let url = server(move |path, head| {
        let mut log = log.lock().expect("no panic");
        log.push(path.to_owned());
        let times = log.iter().filter(|known| *known == path).count();
        drop(log);
        if path != "/live.m3u8" {
            return change(times, path, file(&files, path, head));
        }
        let end = (3 + times).min(lengths.len());
        let first = end.saturating_sub(6);
        let mut text =
            format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-MAP:URI=\"init.mp4\"\n");
        for (n, length) in lengths.iter().enumerate().take(end).skip(first) {
            text += &format!("#EXTINF:{:.6},Piece {n}\nlist{n}.m4s\n", length);
        }
        if end == lengths.len() {
            text += "#EXT-X-ENDLIST\n";
        }
        change(times, path, list(&text))
    });
    Live { url, asked, begins }
}

impl Live {
    pub(in crate::tuner::hls::tests) fn pieces_asked(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("no panic");
        asked.iter().filter(|path| path.ends_with(".m4s")).cloned().collect()
    }
}
