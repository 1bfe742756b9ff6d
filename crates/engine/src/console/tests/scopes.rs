//! Scopes: what they show of a strip.

use airdesk_dsp::Frame;

use super::*;

/// A rig with scopes, and what reads them.
fn rig() -> (Rig, Vec<MixReader>) {
    let mut rig = Rig::new();
    let (queues, taps): (Vec<_>, Vec<_>) = (0..SCOPES).map(|_| mix_queue(256)).unzip();
    let (programme, tap) = mix_queue(16);
    rig.readers = vec![tap.reader()];
    rig.console = Console::new(SampleRate::DESK, [programme]).with_scopes(queues);
    rig.console.buses[0].limiter = None;
    (rig, taps.iter().map(|tap| tap.reader()).collect())
}

/// All that a scope has shown since it was read last.
fn seen(reader: &mut MixReader) -> Vec<Frame> {
    let (mut frames, mut block) = (Vec::new(), MixBlock::default());
    while reader.read(&mut block) == Read::Block {
        frames.extend(block.frames);
    }
    frames
}

fn peak(frames: &[Frame]) -> f32 {
    frames.iter().flatten().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

#[test]
fn a_scope_shows_its_strip_alone_before_its_fader_whatever_is_muted_or_soloed() {
    let (mut rig, mut readers) = rig();
    let one = rig.strip(0, &sine(440.0, 0.25, 64 * 80), plain());
    let two = rig.strip(1, &sine(997.0, 0.5, 64 * 80), plain());
    rig.obey(EngineCommand::SetScope(1, Some(two)));
    rig.obey(EngineCommand::SetMute(two, true));
    rig.obey(EngineCommand::SetFader(two, Decibels::SILENCE));
    rig.obey(EngineCommand::SetSolo(one, true));
    let programme = rig.hear_all(40).swap_remove(0);
    assert!(peak(&programme[1_500..]) < 0.2501, "the strip itself is muted");
    let shown = seen(&mut readers[1]);
    assert_eq!(shown.len(), 40 * BLOCK_FRAMES);
    assert!(null_db(&shown, &sine(997.0, 0.5, 64 * 80), [1.0, 1.0]) < -120.0);
    assert!(seen(&mut readers[0]).is_empty(), "another scope looks at nothing");
}

#[test]
fn a_scope_shows_nothing_any_more_once_it_looks_away_or_its_strip_is_gone() {
    let (mut rig, mut readers) = rig();
    let one = rig.strip(0, &sine(440.0, 0.25, 64 * 400), plain());
    rig.obey(EngineCommand::SetScope(0, Some(one)));
    rig.obey(EngineCommand::SetScope(3, Some(one)));
    rig.hear_all(10);
    assert_eq!(seen(&mut readers[0]).len(), 10 * BLOCK_FRAMES);
    rig.obey(EngineCommand::SetScope(0, None));
    rig.hear_all(10);
    assert!(seen(&mut readers[0]).is_empty());
    assert_eq!(seen(&mut readers[3]).len(), 20 * BLOCK_FRAMES);
    rig.obey(EngineCommand::RemoveStrip(one));
    rig.hear_all(60);
    assert!(rig.console.retire().is_some(), "it has left");
    seen(&mut readers[3]);
    rig.hear_all(10);
    assert!(seen(&mut readers[3]).is_empty());
}
