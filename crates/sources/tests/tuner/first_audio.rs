//! How soon a stream is heard.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use airdesk_sources::stream::format::{Encoding, Format};
use airdesk_sources::tuner::Raw;
use lab::icecast::{Habits, Icecast};

use crate::real_servers::push;
use crate::rig::{Desk, MP3, settings};

/// From the wish to the first byte, and to the first frame that leaves the strip, seconds: the median and the one in
/// twenty.
fn figures(icecast: &Icecast, mount: &str, raw: Option<Raw>) -> [(f64, f64); 2] {
    let (mut bytes, mut times): (Vec<f64>, Vec<f64>) = (0..30)
        .map(|_| {
            let mut tuner = settings(&icecast.url(mount));
            tuner.raw = raw;
            let mut desk = Desk::with(tuner);
            while desk.first_sound.is_none() {
                desk.hear();
                assert!(
                    desk.heard.len() < 48_000 * 5,
                    "nothing is heard: {:?}",
                    desk.tuner.status()
                );
            }
            let first_byte = desk.tuner.status().first_byte;
            (first_byte.unwrap_or_default(), desk.first_sound.unwrap_or_default())
        })
        .unzip();
    [&mut bytes, &mut times].map(|times| {
        times.sort_by(f64::total_cmp);
        (times[15], times[28])
    })
}

/// How long a listener that does nothing else waits for the first byte behind the head, seconds: the median.
fn plain(icecast: &Icecast, mount: &str) -> f64 {
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let began = Instant::now();
            let mut socket = TcpStream::connect(("127.0.0.1", icecast.port)).expect("it listens");
            let request = format!("GET {mount} HTTP/1.0\r\n\r\n");
            socket.write_all(request.as_bytes()).expect("it takes a request");
            let (mut answer, mut bytes) = (Vec::new(), [0; 4_096]);
            while answer
                .windows(4)
                .position(|end| end == b"\r\n\r\n")
                .is_none_or(|end| end + 4 == answer.len())
            {
                let count = socket.read(&mut bytes).expect("it answers");
                answer.extend_from_slice(&bytes[..count]);
            }
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[7]
}

#[test]
fn a_burst_is_heard_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let icecast = Icecast::start_with(Habits {
        burst: 65_535,
        ..Habits::default()
    });
    let opus: &[&str] = &["-c:a", "libopus", "-b:a", "96k", "-page_duration", "20000", "-f", "ogg"];
    let samples: &[&str] = &["-ac", "2", "-c:a", "pcm_s16le", "-f", "s16le"];
    let raw = Raw {
        format: Format::new(Encoding::S16, 2, 48_000).expect("a format"),
        big_endian: false,
    };
    let sources = [
        ("/a.mp3", "audio/mpeg", MP3, None),
        ("/a.opus", "application/ogg", opus, None),
        ("/pcm", "audio/mpeg", samples, Some(raw)),
    ];
    let _pushed: Vec<_> = sources
        .iter()
        .map(|(mount, kind, options, _)| push(&icecast, folder.path(), mount, kind, options))
        .collect();
    // Until the burst is whole: of Opus that is 5 s.
    std::thread::sleep(std::time::Duration::from_secs(6));
    for (mount, _, _, raw) in sources {
        let [(first_byte, _), (median, worst)] = figures(&icecast, mount, raw);
        println!(
            "{mount}: plain socket {:.1} ms, first byte {:.1} ms, heard {:.1} ms, one in twenty {:.1} ms",
            plain(&icecast, mount) * 1e3,
            first_byte * 1e3,
            median * 1e3,
            worst * 1e3
        );
        // 60 ms on a machine that does nothing else.
        assert!(median - first_byte < 0.15, "{mount}: {median} s");
    }
}
