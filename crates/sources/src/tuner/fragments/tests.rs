//! Boxes as they should be and as they should not.

use super::*;

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).expect("small");
    [&size.to_be_bytes()[..], kind, content].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A track of Opus with number 1 and a clock of 48 kHz, of which 312 frames are not heard.
fn opening() -> Vec<u8> {
    let about = [0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0];
    let entry = boxed(b"Opus", &[&[0; 28][..], &boxed(b"dOps", &about)].concat());
    let table = boxed(b"stsd", &[words(&[0, 1]), entry].concat());
    let sound = boxed(
        b"mdia",
        &[
            boxed(b"mdhd", &words(&[0, 0, 0, 48_000, 0])),
            boxed(b"hdlr", &[&words(&[0, 0])[..], b"soun"].concat()),
            boxed(b"minf", &boxed(b"stbl", &table)),
        ]
        .concat(),
    );
    let track = [
        boxed(b"tkhd", &words(&[0, 0, 0, 1])),
        boxed(b"edts", &boxed(b"elst", &words(&[0, 1, 0, 312, 0x1_0000]))),
        sound,
    ];
    let usual = boxed(b"mvex", &boxed(b"trex", &words(&[0, 1, 1, 960, 3, 0])));
    [
        boxed(b"ftyp", b"iso6"),
        boxed(b"moov", &[boxed(b"trak", &track.concat()), usual].concat()),
    ]
    .concat()
}

/// A fragment of packets, with `between` before them.
fn fragment(at: u32, packets: &[&[u8]], between: &[u8]) -> Vec<u8> {
    let sizes: Vec<u32> = packets.iter().map(|packet| packet.len() as u32).collect();
    let of_offset = |offset: u32| {
        let run = [words(&[0x201, packets.len() as u32, offset]), words(&sizes)].concat();
        let part = [
            boxed(b"tfhd", &words(&[0x02_0000, 1])),
            boxed(b"tfdt", &words(&[0, at])),
            boxed(b"trun", &run),
        ];
        boxed(b"moof", &boxed(b"traf", &part.concat()))
    };
    let offset = of_offset(0).len() + 8 + between.len();
    let media = boxed(b"mdat", &[between, &packets.concat()].concat());
    [boxed(b"styp", b"msdh"), of_offset(offset as u32), media].concat()
}

fn taken(bytes: &[u8], piece: usize) -> Result<Vec<String>, &'static str> {
    let (mut fragments, mut all) = (Fragments::default(), Vec::new());
    for bytes in bytes.chunks(piece) {
        all.extend(fragments.feed(bytes)?);
    }
    let told = |brought| match brought {
        Brought::Track(track) => format!("{} {} {}", track.name, track.clock, track.heard_from),
        Brought::Packet(packet) => {
            format!(
                "{} {} {}",
                String::from_utf8_lossy(&packet.bytes),
                packet.at,
                packet.lasts
            )
        }
        Brought::Title(title) => title,
    };
    Ok(all.into_iter().map(told).collect())
}

#[test]
fn packets_come_out_whole_wherever_the_bytes_are_cut() {
    let tag = b"\0\0\0\0ID3\x04\0\0\0\0\0\x0eTIT2\0\0\0\x04\0\0\x03Now";
    let bytes = [
        opening(),
        fragment(0, &[b"one", b"three", b"x"], b"other"),
        boxed(b"emsg", tag),
        fragment(2_880, &[b"four"], b""),
    ]
    .concat();
    let expected = [
        "Opus 48000 312",
        "one 0 960",
        "three 960 960",
        "x 1920 960",
        "Now",
        "four 2880 960",
    ];
    for piece in 1..200 {
        assert_eq!(taken(&bytes, piece).expect("sound"), expected, "in pieces of {piece}");
    }
}

#[test]
fn a_piece_that_was_cut_off_costs_its_own_packets() {
    let whole = fragment(0, &[b"one", b"two"], b"");
    for cut in 0..whole.len() {
        let mut fragments = Fragments::default();
        fragments.feed(&opening()).expect("a track");
        fragments.next_piece();
        fragments.feed(&whole[..cut]).expect("a part");
        fragments.next_piece();
        let brought = fragments.feed(&fragment(1_920, &[b"next"], b"")).expect("the next");
        assert!(matches!(brought.as_slice(), [Brought::Packet(packet)] if packet.bytes == b"next"));
    }
}

#[test]
fn what_is_no_sound_or_lies_about_itself_is_given_up() {
    let lies = |flags: u32, rest: &[u32]| {
        let part = [
            boxed(b"tfhd", &words(&[0x02_0000, 1])),
            boxed(b"trun", &[words(&[flags]), words(rest)].concat()),
        ];
        [opening(), boxed(b"moof", &boxed(b"traf", &part.concat()))].concat()
    };
    for (bytes, why) in [
        (fragment(0, &[b"one"], b""), "missing (EXT-X-MAP)"),
        (boxed(b"moov", b""), "no sound"),
        (words(&[3, 0x6d64_6174]), "no size"),
        (words(&[0x7fff_ffff, 0x6d6f_6f76]), "larger than any is"),
        (lies(0x001, &[u32::MAX, 100]), "broken"),
        (lies(0x201, &[1, 100, u32::MAX]), "broken"),
        (lies(0x201, &[9, 100, 3]), "broken"),
        (lies(0x001, &[1, 0x8000_0000]), "broken"),
    ] {
        let fault = taken(&bytes, 1_000).expect_err(why);
        assert!(fault.contains(why), "{fault}");
    }
    let whole = [opening(), fragment(0, &[b"one", b"two"], b"")].concat();
    for at in 0..whole.len() {
        for turn in [0xff, 0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= turn;
            let _ = taken(&bytes, 1_000); // no panic
        }
    }
}
