//! Taps: what leaves a strip beside its buses, block for block, and where taps go.

use airdesk_dsp::ducker::DuckerSettings;
use airdesk_dsp::{Frame, Pan};

use super::*;
use crate::tap::{TAPS, TapBlock, TapPoint, TapReader, tap};

fn add_tap(rig: &mut Rig, id: StripId, point: TapPoint, capacity: usize) -> TapReader {
    let (writer, reader) = tap(capacity);
    let home = rig.obey(EngineCommand::AddTap(id, point, Box::new(writer)));
    assert!(home.is_none(), "it has a place");
    reader
}

/// All that waits, in order: numbers, what was lost before each, and the audio of all of them.
fn taken(reader: &mut TapReader) -> (Vec<(u64, u64)>, Vec<Frame>) {
    let (mut numbers, mut frames, mut block) = (Vec::new(), Vec::new(), TapBlock::default());
    loop {
        let lost = match reader.read(&mut block) {
            Read::Block => 0,
            Read::Lost(blocks) => blocks,
            Read::Empty => return (numbers, frames),
        };
        numbers.push((block.sequence, lost));
        frames.extend(block.frames);
    }
}

fn without_loss(numbers: std::ops::RangeInclusive<u64>) -> Vec<(u64, u64)> {
    numbers.map(|number| (number, 0)).collect()
}

#[test]
fn a_tap_counts_blocks_as_the_programme_does_and_gives_what_was_mixed_under_that_number() {
    let mut rig = Rig::new();
    // Each frame carries its number, of the strip's own time.
    let audio: Vec<Frame> = (0..64 * 60).map(|n| [n as f32 / 8_388_608.0; 2]).collect();
    let silent = rig.strip(1, &[], plain());
    rig.hear(7);
    let id = rig.strip(0, &audio, plain());
    let next = rig.readers[0].next_sequence();
    let mut post = add_tap(&mut rig, id, TapPoint::PostFader, 64);
    let mut pre = add_tap(&mut rig, id, TapPoint::PreFader, 64);
    let mut of_silence = add_tap(&mut rig, silent, TapPoint::PostFader, 64);
    let (programme, _) = rig.hear(20);
    let expected = without_loss(next..=next + 19);
    assert_eq!(rig.readers[0].next_sequence(), next + 20);
    let (numbers, stem) = taken(&mut post);
    assert_eq!((numbers, difference_at(&stem, &programme)), (expected.clone(), None));
    let (numbers, source) = taken(&mut pre);
    assert_eq!((numbers, difference_at(&source, &audio)), (expected.clone(), None));
    let (numbers, silence) = taken(&mut of_silence);
    assert_eq!((numbers, is_silent(&silence)), (expected, true));
}

/// What happens to the faders, pans and switches of three strips at this block of a show.
fn wish(block: usize, ids: &[StripId]) -> Option<EngineCommand> {
    let id = ids[block / 10 % ids.len()];
    Some(match block {
        20 | 80 => EngineCommand::SetFader(id, level(-7.3)),
        30 => EngineCommand::SetPan(id, Pan::new(-0.4).expect("a position")),
        40 => EngineCommand::SetVcaOf(id, Some(2)),
        50 => EngineCommand::SetVca(2, level(-11.0)),
        60 | 120 => EngineCommand::SetMute(id, block == 60),
        150 => EngineCommand::SetSolo(id, true),
        190 => EngineCommand::SetSolo(ids[0], false),
        220 => EngineCommand::SetTalkover(ids[0], Talkover::Key),
        230 => EngineCommand::SetTalkover(ids[1], Talkover::Ducked),
        300 => EngineCommand::RemoveStrip(ids[2]),
        _ => return None,
    })
}

/// A show of 400 blocks with or without taps: its programme, and the stems.
fn show(tapped: bool) -> (Vec<Frame>, Vec<Vec<Frame>>, usize) {
    let mut rig = Rig::with_limiter();
    rig.obey(EngineCommand::SetDucker(DuckerSettings {
        on: true,
        ..DuckerSettings::default()
    }));
    let tones = [(440.0, 0.2), (997.0, 0.15), (61.0, 0.1)];
    let ids: Vec<StripId> = tones
        .iter()
        .enumerate()
        .map(|(slot, (hz, amplitude))| rig.strip(slot, &sine(*hz, *amplitude, 64 * 500), StripControls::default()))
        .collect();
    let taps = ids.iter().filter(|_| tapped);
    let mut readers: Vec<TapReader> = taps
        .map(|id| {
            let (writer, reader) = tap(512);
            let home = rig
                .console
                .obey(EngineCommand::AddTap(*id, TapPoint::PostFader, Box::new(writer)));
            assert!(home.is_none());
            reader
        })
        .collect();
    let mut programme = Vec::new();
    for block in 0..400 {
        if let Some(command) = wish(block, &ids) {
            rig.obey(command);
        }
        programme.extend(rig.hear(1).0);
        drop(rig.console.retire());
    }
    assert_eq!(rig.report().buses[0].limiter, 0.0, "the limiter had nothing to do");
    let stems = readers.iter_mut().map(|reader| taken(reader).1).collect();
    (programme, stems, rig.console.latency().0 as usize)
}

#[test]
fn stems_after_the_fader_add_up_to_the_programme_which_is_later_by_what_the_console_says() {
    let (programme, stems, latency) = show(true);
    assert!(stems[2].len() < stems[0].len(), "the third strip was removed");
    let of = |stem: &Vec<Frame>, n: usize, side: usize| stem.get(n).map_or(0.0, |frame| frame[side]);
    let sum: Vec<Frame> = (0..programme.len())
        .map(|n| [0, 1].map(|side| stems.iter().map(|stem| of(stem, n, side)).sum()))
        .collect();
    let null = null_db(&programme[latency..], &sum, [1.0; 2]);
    assert!(null < -120.0, "{null:.1} dBFS");
    assert!(
        null_db(&programme, &sum, [1.0; 2]) > -40.0,
        "late by nothing it would not null"
    );
    assert!(is_silent(&programme[..latency]));
}

#[test]
fn taps_change_no_bit_of_the_programme() {
    let (tapped, ..) = show(true);
    let (plain, ..) = show(false);
    assert_eq!(difference_at(&tapped, &plain), None);
}

#[test]
fn a_tap_before_the_fader_hears_neither_fader_nor_mute_nor_the_solo_of_others() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 60);
    let id = rig.strip(0, &audio, plain());
    let other = rig.strip(1, &sine(997.0, 0.1, 64 * 60), plain());
    let mut reader = add_tap(&mut rig, id, TapPoint::PreFader, 64);
    rig.obey(EngineCommand::SetFader(id, Decibels::SILENCE));
    rig.obey(EngineCommand::SetMute(id, true));
    rig.obey(EngineCommand::SetSolo(other, true));
    rig.hear(50);
    let (numbers, heard) = taken(&mut reader);
    assert_eq!(numbers.len(), 50);
    assert_eq!(difference_at(&heard, &audio), None);
}

#[test]
fn a_strip_has_eight_taps_and_sends_the_ninth_home_until_a_reader_has_gone() {
    let mut rig = Rig::new();
    let id = rig.strip(0, &sine(440.0, 0.5, 64 * 60), plain());
    let points = [TapPoint::PreFader, TapPoint::PostFader];
    let mut readers: Vec<TapReader> = (0..TAPS).map(|n| add_tap(&mut rig, id, points[n % 2], 32)).collect();
    let (writer, ninth) = tap(4);
    let home = rig.obey(EngineCommand::AddTap(id, TapPoint::PreFader, Box::new(writer)));
    assert!(matches!(home, Some(Discard::Tap(_))));
    drop(home);
    assert!(ninth.is_finished());
    rig.hear(10);
    drop(readers.remove(3));
    let home = assert_no_alloc(|| rig.console.retire());
    assert!(matches!(home, Some(Discard::Tap(_))), "its reader is gone");
    assert!(rig.console.retire().is_none(), "the others are read");
    readers.push(add_tap(&mut rig, id, TapPoint::PostFader, 32));
    rig.hear(5);
    let counts: Vec<usize> = readers.iter_mut().map(|reader| taken(reader).0.len()).collect();
    assert_eq!(counts, [15, 15, 15, 15, 15, 15, 15, 5]);
}

#[test]
fn a_tap_that_is_not_read_loses_the_newest_blocks_and_holds_nobody_up() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 60);
    let id = rig.strip(0, &audio, plain());
    let mut late = add_tap(&mut rig, id, TapPoint::PostFader, 10);
    let (programme, _) = rig.hear(25);
    assert_eq!(difference_at(&programme, &audio), None);
    let (numbers, frames) = taken(&mut late);
    assert_eq!(numbers, without_loss(1..=10));
    assert_eq!(difference_at(&frames, &audio), None);
    rig.hear(2);
    assert_eq!(taken(&mut late).0, [(26, 15), (27, 0)]);
    assert_eq!(late.blocks_lost(), 15);
}

#[test]
fn a_strip_that_leaves_takes_its_taps_along_and_a_strip_that_is_gone_takes_none() {
    let mut rig = Rig::new();
    let id = rig.strip(0, &sine(440.0, 0.5, 64 * 400), plain());
    let mut reader = add_tap(&mut rig, id, TapPoint::PostFader, 64);
    rig.hear(10);
    rig.obey(EngineCommand::RemoveStrip(id));
    rig.hear(40);
    assert!(!reader.is_abandoned(), "it fades out");
    let left = rig.console.retire();
    assert!(matches!(left, Some(Discard::Strip(_))));
    drop(left);
    assert!(reader.is_abandoned() && !reader.is_finished());
    let (numbers, frames) = taken(&mut reader);
    assert_eq!(numbers, without_loss(1..=50), "what it gave until then is still there");
    assert!(is_silent(&frames[64 * 40..]) && reader.is_finished());
    let (writer, reader) = tap(4);
    let home = rig.obey(EngineCommand::AddTap(id, TapPoint::PostFader, Box::new(writer)));
    assert!(matches!(home, Some(Discard::Tap(_))), "nobody is there");
    drop(home);
    assert!(reader.is_abandoned());
}
