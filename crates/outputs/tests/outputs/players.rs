//! Recordings as mpv and VLC play them.

use std::fs::File;

use airdesk_dsp::{Frame, SampleRate};
use airdesk_outputs::sound_file::{self, Closing, FileFormat, Opening, SampleFormat};
use lab::players::Player;

use crate::rig::desk::sine;
use crate::rig::tone::assert_tone;
use crate::sound_files::encoded_formats;

const FRAMES: u64 = 10 * 48_000;

/// Frames that VLC leaves out at the end of a file, at most: 81 ms of Opus, also of a file that others wrote.
const LEFT_OUT: u64 = 4_000;

#[test]
fn mpv_plays_every_format_of_a_recording_to_the_frame_and_vlc_but_for_its_own_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let waves = [SampleFormat::Pcm16, SampleFormat::Pcm24, SampleFormat::Float32].map(FileFormat::Wav);
    for (number, format) in encoded_formats().into_iter().chain(waves).enumerate() {
        let path = folder
            .path()
            .join(number.to_string())
            .with_extension(format.extension());
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        let mut sound =
            sound_file::create(file.expect("made"), format, &Opening::new(SampleRate::DESK)).expect("begun");
        let tone: Vec<Frame> = (0..FRAMES).map(|n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]).collect();
        for run in tone.chunks(1_920) {
            sound.push(run).expect("taken");
            sound.commit().expect("written");
        }
        sound.finish(&Closing::default()).expect("finished");
        for player in Player::ALL {
            let heard = player.file(&path).frames;
            let missing = FRAMES.checked_sub(heard.len() as u64);
            let allowed = if player == Player::Mpv { 0 } else { LEFT_OUT };
            assert!(
                missing.is_some_and(|missing| missing <= allowed),
                "{player:?}, {format}: {} frames",
                heard.len()
            );
            let left: Vec<f32> = heard.iter().map(|frame| frame[0]).collect();
            assert_tone(&left[4_800..left.len() - 4_800], 1_000.0, 0.25);
        }
    }
}
