//! Speech from a server that sends it slowly, in every format, and servers that do not speak.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use airdesk_sources::tuner::speech::{Attempt, SpeechError, SpeechFormat, SpeechLimits, SpeechRequest, Spoken, ask};
use airdesk_sources::tuner::{Address, Patience};

use crate::rig::{encoded, say, server};

fn request(format: SpeechFormat) -> SpeechRequest {
    SpeechRequest {
        body: r#"{"input":"hello"}"#.into(),
        format,
        key: Some("sk-secret".into()),
        limits: SpeechLimits {
            connect: Duration::from_secs(2),
            silence: Duration::from_secs(1),
        },
        read_bytes: 4_096,
        agent: "Airdesk/test".into(),
    }
}

type Outcome = (Vec<Attempt>, Result<(), SpeechError>, Vec<Spoken>);

fn asked(request: &SpeechRequest, bases: &[String]) -> Outcome {
    let bases: Vec<Address> = bases
        .iter()
        .map(|url| Address::parse(url).expect("an address"))
        .collect();
    let mut spoken = Vec::new();
    let (attempts, outcome) = ask(request, &bases, &Patience::default(), &mut |_| {}, &mut |piece| {
        spoken.push(piece);
        true
    });
    (attempts, outcome, spoken)
}

/// A server that answers with these bytes, in pieces with a length, a few at a time.
fn speaker(kind: &'static str, bytes: Vec<u8>, cut: usize) -> String {
    let address = server(move |_, _, visitor| {
        say(
            visitor,
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"),
        );
        for piece in bytes.chunks(cut) {
            say(visitor, format!("{:x}\r\n", piece.len()));
            say(visitor, piece);
            say(visitor, "\r\n");
            thread::sleep(Duration::from_millis(1));
        }
        say(visitor, "0\r\n\r\n");
    });
    format!("{address}/v1")
}

const FORMATS: [(SpeechFormat, &str, &[&str]); 6] = [
    (
        SpeechFormat::Pcm,
        "audio/pcm",
        &["-ar", "24000", "-ac", "1", "-f", "s16le"],
    ),
    (
        SpeechFormat::Wav,
        "audio/wav",
        &["-ar", "24000", "-ac", "1", "-f", "wav"],
    ),
    (
        SpeechFormat::Mp3,
        "audio/mpeg",
        &["-ar", "24000", "-ac", "1", "-c:a", "libmp3lame", "-f", "mp3"],
    ),
    (
        SpeechFormat::Opus,
        "audio/opus",
        &["-ac", "1", "-c:a", "libopus", "-b:a", "32k", "-f", "ogg"],
    ),
    (
        SpeechFormat::Flac,
        "audio/flac",
        &["-ar", "24000", "-ac", "1", "-c:a", "flac", "-f", "flac"],
    ),
    (
        SpeechFormat::Aac,
        "audio/aac",
        &["-ar", "24000", "-ac", "1", "-c:a", "aac", "-b:a", "64k", "-f", "adts"],
    ),
];

/// Of a tone, how many of its half waves there are: each counts once, also where something was cut or put together.
fn half_waves(spoken: &[Spoken]) -> (usize, f64) {
    let samples: Vec<f32> = spoken
        .iter()
        .flat_map(|piece| piece.frames.iter().map(|frame| frame[0]))
        .collect();
    // What an encoder puts before and behind the tone is no wave.
    let loud: Vec<f32> = samples.iter().copied().filter(|sample| sample.abs() > 0.02).collect();
    let crossings = loud
        .windows(2)
        .filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0))
        .count();
    (crossings, samples.len() as f64 / f64::from(spoken[0].rate.hz()))
}

#[test]
fn every_format_is_heard_whole_as_it_comes_wherever_it_is_cut() {
    for (format, kind, options) in FORMATS {
        let bytes = encoded(500, 4, options);
        for cut in [333, 4_096] {
            let (attempts, outcome, spoken) = asked(&request(format), &[speaker(kind, bytes.clone(), cut)]);
            outcome.unwrap_or_else(|error| panic!("{format:?}: {error}"));
            assert_eq!(attempts.len(), 1);
            let (crossings, seconds) = half_waves(&spoken);
            assert!((3.9..4.2).contains(&seconds), "{format:?} cut at {cut}: {seconds} s");
            assert!(
                (3_960..4_100).contains(&crossings),
                "{format:?} cut at {cut}: {crossings} half waves"
            );
            assert!(spoken.len() > 3, "{format:?} is heard in {} pieces", spoken.len());
            let (_, first) = half_waves(&spoken[..1]);
            assert!(first < 2.0, "{format:?}: {first} s before anything is heard");
        }
    }
}

#[test]
fn samples_are_kept_to_the_bit_also_where_they_are_cut_in_their_middle() {
    let sent: Vec<i16> = (0..30_000).map(|n| (n * 7 % 65_536 - 32_768) as i16).collect();
    let bytes: Vec<u8> = sent.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let (_, outcome, spoken) = asked(
        &request(SpeechFormat::Pcm),
        &[speaker("application/octet-stream", bytes, 333)],
    );
    outcome.expect("heard");
    let heard: Vec<i16> = spoken
        .iter()
        .flat_map(|piece| piece.frames.iter().map(|frame| (frame[0] * 32_768.0) as i16))
        .collect();
    assert!(heard == sent);
    assert!(spoken.iter().all(|piece| piece.rate.hz() == 24_000));
}

#[test]
fn a_server_is_asked_as_the_others_ask_and_a_local_one_never_has_the_key() {
    let (heads, seen) = mpsc::channel();
    let address = server(move |_, head, visitor| {
        heads.send(head.to_owned()).expect("somebody looks");
        say(
            visitor,
            "HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\nContent-Length: 4\r\n\r\nabcd",
        );
    });
    let (_, outcome, spoken) = asked(&request(SpeechFormat::Pcm), &[format!("{address}/v1/")]);
    outcome.expect("heard");
    assert_eq!(spoken[0].frames.len(), 2);
    let head = seen.recv().expect("asked");
    assert!(head.starts_with("POST /v1/audio/speech HTTP/1.1\r\n"), "{head}");
    for line in [
        "Authorization: Bearer dummy-key-for-local",
        "Accept: application/octet-stream",
        "Content-Type: application/json",
        "Content-Length: 17",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert!(!head.contains("sk-secret"), "{head}");
}

#[test]
fn the_next_server_is_asked_when_one_does_not_speak_and_each_says_why() {
    let answers = |answer: &'static str| format!("{}/v1", server(move |_, _, visitor| say(visitor, answer)));
    let missing = answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let page = answers("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>");
    let json = answers("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    let nothing = answers("HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\n\r\n");
    let encrypted = page.replace("http:", "https:");
    let nobody = "http://127.0.0.1:9/v1".to_owned();
    let mute = format!("{}/v1", server(|_, _, _| thread::sleep(Duration::from_secs(5))));
    let speaks = speaker("audio/pcm", vec![1; 9_600], 960);
    let bases = [missing, page, json, nothing, encrypted, nobody, mute, speaks];
    let (attempts, outcome, spoken) = asked(&request(SpeechFormat::Pcm), &bases);
    outcome.expect("the last one speaks");
    assert_eq!(spoken.iter().map(|piece| piece.frames.len()).sum::<usize>(), 4_800);
    let faults: Vec<&str> = attempts.iter().filter_map(|attempt| attempt.fault.as_deref()).collect();
    for (fault, words) in faults.iter().zip([
        "404 Not Found: look after its base URL",
        "answers with a web page instead of speech",
        "answers with application/json",
        "",
        "agree on encryption",
        "nothing answers at port 9",
        "did not begin to answer within 1 s",
    ]) {
        assert!(fault.contains(words), "{fault} does not say {words}");
    }
    assert_eq!((attempts.len(), faults.len()), (8, 7), "{attempts:#?}");
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.endpoint.starts_with("127.0.0.1:"))
    );
}

#[test]
fn what_breaks_after_the_first_word_is_not_said_again_by_another() {
    let broken = server(|_, _, visitor| {
        say(
            visitor,
            "HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\nContent-Length: 90000\r\n\r\n",
        );
        say(visitor, [1; 4_800]);
    });
    let (attempts, outcome, spoken) = asked(
        &request(SpeechFormat::Pcm),
        &[format!("{broken}/v1"), speaker("audio/pcm", vec![1; 960], 960)],
    );
    let error = outcome.expect_err("it breaks off").to_string();
    assert!(error.contains("85200 bytes before the end"), "{error}");
    assert_eq!((attempts.len(), spoken.is_empty()), (1, false));
    let stalls = server(|_, _, visitor| {
        say(
            visitor,
            "HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\nContent-Length: 90000\r\n\r\n",
        );
        say(visitor, [1; 4_800]);
        thread::sleep(Duration::from_secs(5));
    });
    let (_, outcome, _) = asked(&request(SpeechFormat::Pcm), &[format!("{stalls}/v1")]);
    assert!(
        outcome
            .expect_err("it stalls")
            .to_string()
            .contains("has sent nothing for 1 s")
    );
    let (attempts, outcome, _) = asked(&request(SpeechFormat::Pcm), &[]);
    assert!(attempts.is_empty() && matches!(outcome, Err(SpeechError::NoServer)));
}
