//! The wire, byte by byte.

use super::*;
use crate::stream::tests::Dice;

/// What a reader makes of bytes that come in pieces: its parts, with the frames put together, and how it ended.
fn read(pieces: &[&[u8]]) -> (Vec<Part>, Result<(), SpkrError>, Reader) {
    let mut reader = Reader::default();
    let mut parts: Vec<Part> = Vec::new();
    for piece in pieces {
        let mut bytes = *piece;
        loop {
            match reader.next(&mut bytes) {
                Ok(None) => break,
                Ok(Some(Part::Frames(rate, mut frames))) => match parts.last_mut() {
                    Some(Part::Frames(last, all)) if *last == rate => all.append(&mut frames),
                    _ => parts.push(Part::Frames(rate, frames)),
                },
                Ok(Some(part)) => parts.push(part),
                Err(error) => {
                    let again = reader.next(&mut bytes).expect_err("it stays so");
                    assert_eq!(again.to_string(), error.to_string());
                    return (parts, Err(error), reader);
                }
            }
        }
        assert!(bytes.is_empty() || reader.is_over(), "all of it is taken");
    }
    let closed = reader.close();
    (parts, closed, reader)
}

fn whole(bytes: &[u8]) -> (Vec<Part>, Result<(), SpkrError>, Reader) {
    read(&[bytes])
}

fn samples(count: usize) -> Vec<f32> {
    (0..count).map(|n| (n as f32 * 0.1).sin()).collect()
}

fn frames(part: &Part) -> (u32, Vec<f32>) {
    let Part::Frames(rate, frames) = part else {
        panic!("{part:?} are no frames");
    };
    assert!(frames.iter().all(|frame| frame[0] == frame[1]));
    (rate.hz(), frames.iter().map(|frame| frame[0]).collect())
}

#[test]
fn a_frame_is_written_as_the_protocol_has_it() {
    assert_eq!(
        write::chunk(2, 24_000, &[1.0, -0.5]),
        [
            0x53, 0x50, 0x4b, 0x52, 2, 0, 0, 0, 2, 0, 0, 0, 0xc0, 0x5d, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf
        ]
    );
    assert_eq!(
        write::end(3),
        [0x53, 0x50, 0x4b, 0x52, 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        write::error("\u{f3}!"),
        [
            0x53, 0x50, 0x4b, 0x52, 0xfe, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0xb3, b'!'
        ]
    );
}

#[test]
fn samples_and_rates_are_kept_to_the_bit() {
    for rate in [8_000, 22_050, 24_000, 44_100, 48_000, 192_000] {
        let sent = [
            samples(1_000),
            vec![f32::MAX, f32::MIN, f32::MIN_POSITIVE, -0.0, 1.0, -1.0],
        ]
        .concat();
        let bytes = [write::chunk(0, rate, &sent), write::end(1)].concat();
        let (parts, closed, reader) = whole(&bytes);
        assert_eq!(closed, Ok(()));
        assert_eq!(parts.len(), 3, "{parts:?}");
        assert_eq!(parts[0], Part::Chunk { id: 0, samples: 1_006 });
        assert_eq!(frames(&parts[1]), (rate, sent));
        assert_eq!(parts[2], Part::End);
        assert_eq!((reader.figures(), reader.remarks()), ((1, 1_006), Remarks::default()));
    }
}

#[test]
fn empty_blocks_large_numbers_and_messages_of_every_kind_are_read() {
    let bytes = [
        write::chunk(0, 24_000, &[]),
        write::chunk(0xffff_fffd, 0, &[]),
        write::error(""),
    ]
    .concat();
    let (parts, closed, reader) = whole(&bytes);
    assert_eq!(closed, Ok(()));
    assert_eq!(
        parts,
        [
            Part::Chunk { id: 0, samples: 0 },
            Part::Chunk {
                id: 0xffff_fffd,
                samples: 0
            },
            Part::Failed(String::new())
        ]
    );
    assert_eq!(reader.remarks().out_of_order, 1);
    for message in ["broke", "\u{65e5}\u{672c}\u{8a9e} \u{1f399}", &"x".repeat(65_536)] {
        assert_eq!(whole(&write::error(message)).0, [Part::Failed(message.into())]);
    }
    assert_eq!(whole(&write::end(0)).0, [Part::End]);
}

#[test]
fn what_comes_behind_the_end_is_left_where_it_is() {
    let bytes = [write::end(0), write::chunk(0, 24_000, &[0.5])].concat();
    let mut rest = bytes.as_slice();
    let mut reader = Reader::default();
    assert!(!reader.has_begun());
    assert_eq!(reader.next(&mut rest), Ok(Some(Part::End)));
    assert_eq!(reader.next(&mut rest), Ok(None));
    assert_eq!(rest.len(), 20);
    assert!(reader.is_over() && reader.has_begun());
}

#[test]
fn numbers_out_of_order_and_a_wrong_total_are_heard_and_told() {
    let bytes = [
        write::chunk(7, 24_000, &[0.25]),
        write::chunk(3, 24_000, &[0.5]),
        write::end(9),
    ]
    .concat();
    let (parts, closed, reader) = whole(&bytes);
    assert_eq!((parts.len(), closed), (5, Ok(())));
    let remarks = reader.remarks();
    assert_eq!((remarks.out_of_order, remarks.total), (2, Some((9, 2))));
    let sentence = remarks.sentence().expect("something to say");
    assert!(sentence.contains('9') && sentence.contains("2 have come"), "{sentence}");
    assert_eq!(Remarks::default().sentence(), None);
}

#[test]
fn what_is_no_spkr_or_no_sound_is_refused_by_its_place() {
    let header =
        |id: u32, count: u32, rate: u32| [MAGIC, id.to_le_bytes(), count.to_le_bytes(), rate.to_le_bytes()].concat();
    for (bytes, error, words) in [
        (
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            SpkrError::Magic(*b"HTTP"),
            "Invalid protocol magic: 48545450",
        ),
        (
            header(4, 1, 7_999),
            SpkrError::Rate { chunk: 4, rate: 7_999 },
            "chunk 4",
        ),
        (
            header(0, 1, 192_001),
            SpkrError::Rate {
                chunk: 0,
                rate: 192_001,
            },
            "192001 Hz",
        ),
        (
            header(5, 0xffff_fffd, 24_000),
            SpkrError::TooLong {
                chunk: 5,
                samples: 0xffff_fffd,
                rate: 24_000,
                most: 1_440_000,
            },
            "1440000",
        ),
        (
            header(5, 8_388_609, 192_000),
            SpkrError::TooLong {
                chunk: 5,
                samples: 8_388_609,
                rate: 192_000,
                most: 8_388_608,
            },
            "8388608",
        ),
        (
            header(0xffff_fffe, 65_537, 0),
            SpkrError::LongMessage { bytes: 65_537 },
            "65537",
        ),
        (
            write::chunk(6, 24_000, &[f32::NEG_INFINITY]),
            SpkrError::NoNumber {
                chunk: 6,
                sample: 0,
                value: f32::NEG_INFINITY,
            },
            "sample 0 of chunk 6",
        ),
    ] {
        let (_, closed, _) = whole(&bytes);
        assert_eq!(closed, Err(error));
        assert!(error.to_string().contains(words), "{error}");
    }
    // The largest that may be is announced, and takes no memory.
    let (parts, closed, reader) = whole(&header(0, 1_440_000, 24_000));
    assert_eq!((parts.len(), closed), (1, Err(SpkrError::Incomplete)));
    assert!(std::mem::size_of_val(&reader) < 256);
}

#[test]
fn what_came_before_a_number_that_is_none_is_heard() {
    let sent = [0.1, 0.2, f32::NAN, 0.4];
    let (parts, closed, _) = whole(&[write::chunk(0, 24_000, &[1.0]), write::chunk(1, 24_000, &sent)].concat());
    assert_eq!(frames(&parts[3]), (24_000, vec![0.1, 0.2]));
    let error = closed.expect_err("refused").to_string();
    assert!(error.starts_with("sample 2 of chunk 1 is NaN"), "{error}");
}

#[test]
fn every_byte_it_may_be_cut_at_gives_what_one_piece_gives_and_none_of_it_is_whole_before_the_end() {
    let bytes = [
        write::chunk(0, 24_000, &samples(9)),
        write::chunk(1, 48_000, &samples(5)),
        write::chunk(2, 48_000, &[]),
        write::error("broke \u{65e5}"),
    ]
    .concat();
    let (expected, closed, _) = whole(&bytes);
    assert_eq!((expected.len(), closed), (6, Ok(())));
    for cut in 0..bytes.len() {
        let (parts, closed, _) = read(&[&bytes[..cut], &bytes[cut..]]);
        assert!(parts == expected && closed.is_ok(), "cut at {cut}");
        let (_, closed, _) = whole(&bytes[..cut]);
        assert_eq!(closed, Err(SpkrError::Incomplete), "ended at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read(&single).0, expected);
}

#[test]
fn ten_thousand_messages_cut_at_random_give_what_was_sent() {
    let mut dice = Dice::new(0x5b_4b52);
    for _ in 0..10_000 {
        let chunks = dice.below(4) as u32;
        let mut bytes = Vec::new();
        let mut sent = Vec::new();
        for id in 0..chunks {
            let block: Vec<f32> = (0..dice.below(40)).map(|_| dice.noise()).collect();
            bytes.extend(write::chunk(id, 24_000, &block));
            sent.extend(block);
        }
        bytes.extend(write::end(chunks));
        let most = 1 << (1 + dice.below(7));
        let mut rest = bytes.as_slice();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at((dice.below(most) as usize).min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        let (parts, closed, reader) = read(&pieces);
        let heard: Vec<f32> = parts
            .iter()
            .filter(|part| matches!(part, Part::Frames(..)))
            .flat_map(|part| frames(part).1)
            .collect();
        assert!(heard == sent && closed.is_ok());
        assert_eq!((reader.figures().0, reader.remarks()), (chunks, Remarks::default()));
    }
}

#[test]
fn anything_at_all_is_refused_or_read_and_breaks_nothing() {
    let mut dice = Dice::new(0xa11);
    for _ in 0..20_000 {
        let length = dice.below(120) as usize;
        let mut bytes: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
        // Mostly what begins like SPKR.
        if dice.below(8) > 0 && length >= 16 {
            bytes[..4].copy_from_slice(&MAGIC);
            bytes[9..12].fill(0);
            bytes[14..16].fill(0);
        }
        let (parts, closed, reader) = whole(&bytes);
        let frames: usize = parts
            .iter()
            .map(|part| match part {
                Part::Frames(_, frames) => frames.len(),
                _ => 0,
            })
            .sum();
        assert!(frames * 4 <= length && reader.figures().1 == frames as u64);
        assert!(closed.is_ok() == reader.is_over() || closed.is_err());
    }
}
