//! What the operator set of the black box, as the outputs know it, refused where there can be none with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use airdesk_outputs::black_box::BoxSettings;
use airdesk_outputs::encode::FlacDepth;
use airdesk_outputs::sound_file::{FileFormat, SampleFormat};

use crate::api::{BlackBoxSettings, CommandError, ErrorCode, RecordingFormat};
use crate::desk::Desk;

/// Refuses settings that there can be no black box with: a command's and a session's.
pub(crate) fn check(settings: &BlackBoxSettings) -> Result<(), CommandError> {
    if let Some(folder) = &settings.folder {
        check_folder(folder)?;
    }
    within(
        "length of the black box in minutes",
        f64::from(settings.minutes),
        1.0,
        1440.0,
    )?;
    if let Some(megabytes) = settings.megabytes {
        within("size of the black box in MB", f64::from(megabytes), 10.0, 10_000_000.0)?;
    }
    format(settings.format).map(drop)
}

/// Refuses what is no whole path.
pub(super) fn check_folder(folder: &str) -> Result<(), CommandError> {
    if Path::new(folder).is_absolute() && !folder.contains('\0') {
        return Ok(());
    }
    let folder = folder.escape_debug();
    Err(invalid(format!(
        "\"{folder}\" is no folder for the black box; give its whole path"
    )))
}

fn within(what: &str, value: f64, from: f64, to: f64) -> Result<(), CommandError> {
    if (from..=to).contains(&value) {
        return Ok(());
    }
    Err(CommandError {
        code: ErrorCode::OutOfRange,
        message: format!("the {what} goes from {from} to {to}, not {value}"),
    })
}

fn invalid(message: String) -> CommandError {
    CommandError {
        code: ErrorCode::Invalid,
        message,
    }
}

/// The kind of files that are made of what is held, which is held without loss.
pub(crate) fn format(format: RecordingFormat) -> Result<FileFormat, CommandError> {
    Ok(match format {
        RecordingFormat::Pcm16 => FileFormat::Wav(SampleFormat::Pcm16),
        RecordingFormat::Pcm24 => FileFormat::Wav(SampleFormat::Pcm24),
        RecordingFormat::Float32 => FileFormat::Wav(SampleFormat::Float32),
        RecordingFormat::Flac16 => FileFormat::Flac(FlacDepth::Bits16),
        RecordingFormat::Flac24 => FileFormat::Flac(FlacDepth::Bits24),
        RecordingFormat::Mp3 | RecordingFormat::Opus | RecordingFormat::Vorbis => {
            let message = "the black box is kept without loss; choose WAV or FLAC as its format";
            return Err(invalid(message.into()));
        }
    })
}

/// The folder in which its own is.
pub(crate) fn place(settings: &BlackBoxSettings, data: &Path) -> PathBuf {
    settings.folder.as_ref().map_or_else(|| data.to_owned(), PathBuf::from)
}

/// Whether one that was started with `before` has to be started anew to be as `now` says.
pub(super) fn begins_anew(before: &BlackBoxSettings, now: &BlackBoxSettings) -> bool {
    (&before.folder, before.minutes, before.megabytes) != (&now.folder, now.minutes, now.megabytes)
}

/// As the outputs know it.
pub(super) fn outputs(settings: &BlackBoxSettings, data: &Path, desk: &Desk) -> BoxSettings {
    let mut started = BoxSettings::new(place(settings, data), desk.rate, desk.latency_frames());
    started.time_max = Duration::from_secs_f32(settings.minutes * 60.0);
    started.bytes_max = settings.megabytes.map(|megabytes| u64::from(megabytes) * 1_000_000);
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_and_what_is_kept_is_kept_without_loss() {
        let refused = |settings: BlackBoxSettings| check(&settings).expect_err("refused");
        let usual = BlackBoxSettings::default();
        assert_eq!(check(&usual), Ok(()));
        for minutes in [0.5, 1441.0, f32::NAN] {
            let error = refused(BlackBoxSettings {
                minutes,
                ..usual.clone()
            });
            assert_eq!(error.code, ErrorCode::OutOfRange);
        }
        let megabytes = Some(9);
        let error = refused(BlackBoxSettings {
            megabytes,
            ..usual.clone()
        });
        assert_eq!(error.code, ErrorCode::OutOfRange);
        let folder = Some("here".to_owned());
        let error = refused(BlackBoxSettings {
            folder,
            ..usual.clone()
        });
        assert!(error.message.contains("whole path"), "{error}");
        let format = RecordingFormat::Mp3;
        let error = refused(BlackBoxSettings { format, ..usual });
        assert!(error.message.contains("choose WAV or FLAC"), "{error}");
    }
}
