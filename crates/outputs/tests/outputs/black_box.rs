//! The black box: what it holds, what is kept of it, and what it leaves alone. Every frame is known and compared.

mod folder;
mod keeping;
mod killed;
mod ring;
mod runs;
mod small_disk;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};
use airdesk_engine::mix_queue::{MixTap, mix_queue};
use airdesk_outputs::black_box::{BlackBox, BoxSettings, KeepOrder, Kept, NameKept};
use airdesk_outputs::recorder::Naming;
use airdesk_outputs::sound_file::{FileFormat, SampleFormat};

use crate::rig::reader::wave;
use crate::rig::show::{Show, noise};
use crate::rig::{seconds, wait_for};

const FOLDER: &str = "AIRDESK_TEST_BLACK_BOX";
const INSIDE: &str = "airdesk-black-box";

fn settings(folder: &Path, show: &Show) -> BoxSettings {
    BoxSettings::new(folder.join("ring"), SampleRate::DESK, show.latency())
}

fn start(settings: BoxSettings, show: &Show) -> BlackBox {
    BlackBox::start(settings, &show.programme).expect("it starts")
}

/// A bus on which nothing happens, for a box that only shows what is held.
fn nothing() -> MixTap {
    mix_queue(64).1
}

fn order(folder: &Path, last: Duration) -> KeepOrder {
    KeepOrder {
        run: None,
        last,
        folder: folder.join("kept"),
        naming: called("kept"),
        format: FileFormat::Wav(SampleFormat::Pcm24),
        cue_sheet: false,
    }
}

/// What is kept is called so, whatever was on.
fn called(name: &str) -> NameKept {
    let name = name.to_owned();
    Arc::new(move |_| Naming {
        names: vec![name.clone()],
        ..Naming::default()
    })
}

fn keep(black_box: &BlackBox, order: KeepOrder) -> Kept {
    let keeping = black_box.keep(order).expect("it begins");
    keeping.wait().expect("it is kept")
}

fn frames(path: &Path) -> Vec<Frame> {
    wave(path, 0).frames
}

/// Mixes blocks no faster than the box writes them, however busy the machine is.
fn play(show: &mut Show, black_box: &BlackBox, blocks: u64) {
    let mut left = blocks;
    while left > 0 {
        let burst = left.min(750);
        show.play_at_once(burst);
        left -= burst;
        // A batch may wait for its end.
        let wanted = show.blocks.saturating_sub(400) * BLOCK_FRAMES as u64;
        wait_for("the disk", seconds(20), || {
            let runs = black_box.state().runs;
            let current = runs.last().filter(|run| run.current);
            (wanted == 0 || current.is_some_and(|run| run.end >= wanted)).then_some(())
        });
    }
}

fn play_seconds(show: &mut Show, black_box: &BlackBox, seconds: u64) {
    play(show, black_box, seconds * 750);
}

/// Mixes blocks though nobody writes them.
fn play_on(show: &mut Show, blocks: u64) {
    show.play_at_once(blocks);
    std::thread::sleep(Duration::from_millis(50));
}

/// What a strip that began with the desk's frame `began` gives, as it stands in a file whose first frame is the programme's
/// frame `first`.
fn expected(seed: u64, began: u64, late: u64, first: u64, count: u64) -> Vec<Frame> {
    (first..first + count)
        .map(|frame| match frame.checked_sub(began + late) {
            Some(own) => noise(seed, own),
            None => [0.0; 2],
        })
        .collect()
}

fn differs_at(found: &[Frame], expected: &[Frame]) -> Option<usize> {
    if found.len() != expected.len() {
        return Some(found.len().min(expected.len()));
    }
    found
        .iter()
        .zip(expected)
        .position(|(found, expected)| found != expected)
}

/// Whether the desk's frame `first` is what a file that ends with the desk's last frame begins with.
fn first_of(show: &Show, kept: &Kept) -> u64 {
    show.blocks * BLOCK_FRAMES as u64 - kept.frames
}

fn ring_files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.join("ring").join(INSIDE)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("listed") {
            let path = entry.expect("read").path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending == "segment"));
    files
}
