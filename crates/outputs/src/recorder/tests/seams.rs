//! Where one file ends and the next begins.

use super::*;

#[test]
fn at_a_seam_not_one_frame_is_lost_or_doubled_and_all_reels_change_at_once() {
    let desk = ByHand::new(&["programme", "mic"], |settings| {
        settings.split.blocks = Some(100);
    });
    desk.bring(1..251);
    wait_for("three files", || (desk.recording.status().parts == 3).then_some(()));
    desk.recording.split();
    wait_for("a fourth", || (desk.recording.status().parts == 4).then_some(()));
    desk.bring(251..301);
    let (_folder, summary) = desk.stop(301);
    assert_eq!(
        (summary.frames, summary.frames_lost, summary.failure),
        (300 * 64, 0, None)
    );
    assert_eq!(summary.files.len(), 8);
    for reel in 0..2 {
        let lengths = [100, 100, 50, 50];
        let mut found = Vec::new();
        for (part, length) in summary.files.chunks(2).zip(lengths) {
            let numbers = numbers(&part[reel], 0);
            assert_eq!(numbers.len(), length, "{}", part[reel].display());
            found.extend(numbers);
        }
        assert!(found.into_iter().eq(1..301));
    }
}

#[test]
fn a_seam_that_cannot_be_made_leaves_the_recording_where_it_is() {
    let desk = ByHand::new(&["test"], |settings| settings.folder = "/dev/null/nowhere".into());
    desk.bring(1..101);
    wait_for("bytes on disk", || {
        (desk.recording.status().frames == 6_400).then_some(())
    });
    desk.recording.split();
    let told = wait_for("the truth", || desk.recording.status().seam_fault);
    assert!(
        told.contains("no new file can be begun") && told.contains("goes on in "),
        "{told}"
    );
    desk.bring(101..201);
    let (folder, summary) = desk.stop(201);
    assert_eq!(
        (summary.frames, summary.frames_lost, summary.failure),
        (200 * 64, 0, None)
    );
    assert!(numbers(&folder.path().join("test.wav"), 0).into_iter().eq(1..201));
}

#[test]
fn a_seam_that_could_not_be_made_is_made_when_it_can_be() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("takes");
    std::fs::write(&folder, "in the way").expect("written");
    let desk = ByHand::new(&["test"], |settings| {
        settings.folder.clone_from(&folder);
        settings.split.blocks = Some(100);
    });
    desk.bring(1..151);
    wait_for("more than a file's length", || {
        (desk.recording.status().frames == 150 * 64).then_some(())
    });
    assert!(desk.recording.status().seam_fault.is_some(), "it is told");
    std::fs::remove_file(&folder).expect("removed");
    wait_for("the seam", || (desk.recording.status().parts == 2).then_some(()));
    assert_eq!(desk.recording.status().seam_fault, None);
    desk.bring(151..201);
    let (_folder, summary) = desk.stop(201);
    let found: Vec<u64> = summary.files.iter().flat_map(|file| numbers(file, 0)).collect();
    assert!(found.into_iter().eq(1..201));
    assert_eq!(summary.files[1].file_name(), Some("seam.wav".as_ref()));
}

#[test]
fn a_mark_stands_in_the_file_that_has_its_place_also_when_it_is_told_before_or_behind() {
    let desk = ByHand::new(&["programme", "mic"], |settings| {
        settings.split.blocks = Some(1_000);
        settings.cue_sheets = true;
    });
    desk.recording.mark_at(2_500 * 64, "Third");
    desk.recording.mark_at(1_000 * 64 + 9_600, "Second");
    desk.bring(1..2_801);
    wait_for("three files", || {
        (desk.recording.status().frames == 2_800 * 64).then_some(())
    });
    desk.recording.mark_at(1_900 * 64, "Long ago");
    desk.bring(2_801..2_851);
    let (_folder, summary) = desk.stop(2_851);
    let sheets: Vec<String> = summary.files[2..]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file.with_extension("wav.cue")).ok())
        .collect();
    let begins = |sheet: &str| {
        let lines = sheet
            .lines()
            .filter(|line| line.contains("INDEX") || line.contains("    TITLE"));
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sheets.len(), 2, "stems have none: {sheets:?}");
    assert_eq!(
        begins(&sheets[0]),
        ["INDEX 01 00:00:00", "TITLE \"Second\"", "INDEX 01 00:00:15"]
    );
    let third = [
        "TITLE \"Long ago\"",
        "INDEX 01 00:00:00",
        "TITLE \"Third\"",
        "INDEX 01 00:00:50",
    ];
    assert_eq!(begins(&sheets[1]), third);
}

#[test]
fn a_file_never_grows_beyond_the_size_it_may_have() {
    let desk = ByHand::new(&["test"], |settings| settings.split.bytes = Some(500_000));
    for round in 0..60_u64 {
        desk.bring(round * 50 + 1..round * 50 + 51);
        thread::sleep(Duration::from_millis(20));
    }
    let (_folder, summary) = desk.stop(3_001);
    assert!(summary.files.len() > 2, "{:?}", summary.files);
    let mut found = Vec::new();
    for file in &summary.files {
        assert!(file.metadata().expect("there").len() <= 500_000, "{}", file.display());
        found.extend(numbers(file, 0));
    }
    assert!(found.into_iter().eq(1..3_001));
}
