//! Which of both folders a recording begins in.

use std::path::Path;

use super::super::names::Naming;
use super::super::start::{StartError, tapes, tapes_somewhere};
use super::*;

/// Makes files as a disk does that answers after six seconds, where the folder is so called.
fn slowly(settings: &RecorderSettings, namings: &[Naming]) -> Result<Vec<Tape>, StartError> {
    if settings.folder.ends_with("slow") {
        thread::sleep(Duration::from_secs(6));
    }
    tapes(settings, namings)
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn a_first_folder_that_does_not_answer_costs_five_seconds_and_keeps_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let [slow, second] = ["slow", "second"].map(|name| folder.path().join(name));
    let mut settings = RecorderSettings {
        folder: slow.clone(),
        fallback: Some(second.clone()),
        format: FileFormat::Wav(SampleFormat::Pcm24),
        rate: SampleRate::DESK,
        split: Split::default(),
        cue_sheets: false,
    };
    let naming = Naming {
        names: vec!["Programme".into()],
        ..Naming::default()
    };
    let (made, why) = tapes_somewhere(&mut settings, vec![naming], slowly).expect("in the second");
    let why = why.expect("the operator is told");
    assert!(why.contains("does not answer") && why.contains("slow"), "{why}");
    assert_eq!((made.len(), settings.folder.as_path()), (1, second.as_path()));
    assert!(files(&second) > 0);
    // What the first one makes at last is nobody's.
    let until = Instant::now() + Duration::from_secs(30);
    while !(slow.is_dir() && files(&slow) == 0) {
        assert!(Instant::now() < until, "it keeps {} files", files(&slow));
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(Duration::from_millis(300));
    assert_eq!(files(&slow), 0);
    made.into_iter().for_each(Tape::discard);
}
