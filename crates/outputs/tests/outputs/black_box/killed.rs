//! What a killed desk leaves.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use airdesk_engine::TapPoint;
use airdesk_outputs::black_box::BlackBox;

use super::{FOLDER, INSIDE, differs_at, expected, frames, keep, nothing, order, ring_files, settings, start};
use crate::rig::reader::sndfile_frames;
use crate::rig::show::Show;
use crate::rig::{seconds, wait_for};

/// The process that is killed. It leaves the count of mixed frames where the kernel keeps it.
#[test]
#[ignore = "runs as a process of its own, started by the test below"]
fn turns_until_killed() {
    let folder = PathBuf::from(std::env::var(FOLDER).expect("started by the test below"));
    let published = std::fs::File::create(folder.join("published")).expect("made");
    let mut show = Show::new();
    let one = show.add_strip(0, 1, false);
    let two = show.add_strip(1, 2, true);
    let black_box = start(settings(&folder, &show), &show);
    let taps = [show.tap(one, TapPoint::PostFader), show.tap(two, TapPoint::PreFader)];
    for (tap, name) in taps.into_iter().zip(["One", "Two"]) {
        black_box.add_lane(name, tap);
    }
    let began = std::time::Instant::now();
    loop {
        // In real time: what is lost is a time.
        let due = (began.elapsed().as_secs_f64() * 750.0) as u64;
        show.play_at_once(due.saturating_sub(show.blocks));
        published
            .write_all_at(&(show.blocks * 64).to_le_bytes(), 0)
            .expect("written");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_desk_loses_the_last_second_at_most_and_the_rest_is_kept_by_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut worst = 0;
    for number in 0..8_u64 {
        let inside = folder.path().join(number.to_string());
        std::fs::create_dir(&inside).expect("made");
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "black_box::killed::turns_until_killed", "--ignored"])
            .env(FOLDER, &inside)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        wait_for("the ring", seconds(20), || {
            let ring = inside.join("ring").join(INSIDE);
            ring.exists().then(|| ring_files(&inside)).filter(|files| {
                files
                    .iter()
                    .any(|file| file.metadata().is_ok_and(|found| found.len() > 4096))
            })
        });
        // Anywhere in a batch: the standard library's hash keys are random.
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), number);
        std::thread::sleep(Duration::from_millis(random % 1200));
        child.kill().expect("killed");
        child.wait().expect("dead");
        let published = std::fs::read(inside.join("published")).expect("read");
        let published = u64::from_le_bytes(published.try_into().expect("eight bytes"));

        let show = Show::new();
        let black_box = BlackBox::start(settings(&inside, &show), &nothing()).expect("it starts");
        let kept = keep(&black_box, order(&inside, seconds(60)));
        let lost = published - kept.frames;
        assert!(lost <= 48_000, "kill {number}: {lost} frames are missing");
        worst = worst.max(lost);
        let late = u64::from(show.latency().0);
        for (file, seed) in kept.files.iter().zip([1, 1, 2]) {
            let heard = expected(seed, 0, late, 0, kept.frames);
            assert_eq!(
                differs_at(&frames(&file.path), &heard),
                None,
                "kill {number}, {}",
                file.name
            );
            assert_eq!(sndfile_frames(&file.path), kept.frames);
        }
        assert_eq!(kept.files.len(), 3);
    }
    println!("the worst of 8 kills cost {:.0} ms", worst as f64 / 48.0);
}
