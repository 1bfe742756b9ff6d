//! A stream in pieces, as it is heard out of a strip.

use std::time::Instant;

use airdesk_sources::tuner::TunerPhase;

use crate::rig::{Desk, encoded, say, server};

/// Packets of a transport stream.
const PACKET_BYTES: usize = 188;

#[test]
fn a_live_list_is_heard_as_one_stream_and_a_recording_ends() {
    let bytes = encoded(1_000, 30, &["-c:a", "aac", "-b:a", "128k", "-f", "mpegts"]);
    let length = bytes.len().div_ceil(PACKET_BYTES * 30) * PACKET_BYTES;
    let began = Instant::now();
    let address = server(move |_, head, visitor| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let answer = |bytes: &[u8], visitor: &mut _| {
            say(
                visitor,
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len()),
            );
            say(visitor, bytes);
        };
        let list = |from: usize, to: usize, rest: &str| {
            let head = format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{from}\n");
            let pieces = (from..to).map(|n| format!("#EXTINF:1,Piece {n}\n{n}.ts\n"));
            head + &pieces.collect::<String>() + rest
        };
        match path {
            "/live.m3u8" => {
                let end = (5 + began.elapsed().as_secs() as usize).min(30);
                answer(list(end - 5, end, "").as_bytes(), visitor);
            }
            "/whole.m3u8" => answer(list(0, 4, "#EXT-X-ENDLIST\n").as_bytes(), visitor),
            "/master.m3u8" => {
                let master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=1x1,CODECS=\"avc1.4d401e,mp4a.40.2\"\nfilm\n\
                              #EXT-X-STREAM-INF:BANDWIDTH=2,CODECS=\"mp4a.40.2\"\nlive.m3u8\n";
                answer(master.as_bytes(), visitor);
            }
            _ => {
                let number = path.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>();
                let piece = number.ok().and_then(|number| bytes.chunks(length).nth(number));
                answer(piece.unwrap_or_default(), visitor);
            }
        }
    });
    let mut live = Desk::tune(&format!("{address}/master.m3u8"));
    live.until("sound", |status| status.phase == TunerPhase::Playing);
    live.listen(7.0);
    live.must_be_tone(1_000.0);
    let status = live.tuner.status();
    assert_eq!(
        (status.reconnects, status.spoilt, status.lost_pieces, status.reason),
        (0, 0, 0, None)
    );
    assert_eq!(status.codec, Some("AAC"));
    assert!(status.title.is_some_and(|title| title.starts_with("Piece ")));
    let mut whole = Desk::tune(&format!("{address}/whole.m3u8"));
    let status = whole.until("its end", |status| status.phase == TunerPhase::Ended);
    assert_eq!(status.reason, None);
    whole.listen(1.0);
    let heard = whole.heard.iter().filter(|sample| sample.abs() > 1e-4).count();
    // Four of thirty seconds.
    assert!((170_000..200_000).contains(&heard), "{heard} frames");
}
