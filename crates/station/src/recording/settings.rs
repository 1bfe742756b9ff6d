//! What the operator set of a recorder, as the outputs know it, refused where no recording can begin with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_outputs::encode::FlacDepth;
use airdesk_outputs::recorder::{RecorderSettings, Split, Template};
use airdesk_outputs::sound_file::{BitRate, FileFormat, SampleFormat};

use super::schedule;
use crate::api::{
    CommandError, ErrorCode, RecordingFormat, RecordingSettings, RecordingSource, SplitSettings, StartSettings, Stems,
};
use crate::obey::checked_name;

/// Seconds before "record" that memory is kept for: 23 MB a bus or strip at 48 kHz.
const PRE_ROLL_MAX: f32 = 60.0;

/// Refuses settings that no recording can begin with: a command's and a session's.
pub(crate) fn check(settings: &RecordingSettings) -> Result<(), CommandError> {
    checked_name(&settings.name)?;
    folder("folder", &settings.folder)?;
    if let Some(fallback) = &settings.fallback {
        folder("second folder", fallback)?;
    }
    template(&settings.pattern)?;
    format(settings).check().map_err(|error| invalid(error.to_string()))?;
    if settings.show.len() > 200 || settings.show.chars().any(char::is_control) {
        return Err(invalid(format!(
            "{:?} is no name for a show; use up to 200 letters",
            settings.show
        )));
    }
    if settings.source == RecordingSource::Aired && (settings.stems != Stems::None || !settings.buses.is_empty()) {
        return Err(invalid(
            "what is aired is delayed by itself, so strips and further buses would not lie beside it; record them with the \
             programme, in another recorder"
                .into(),
        ));
    }
    within("pre-roll", settings.pre_roll, 0.0, PRE_ROLL_MAX, "s")?;
    check_split(&settings.split)?;
    check_start(&settings.start)
}

fn check_split(split: &SplitSettings) -> Result<(), CommandError> {
    if let Some(minutes) = split.minutes {
        within("length of a file", minutes, 0.1, 1440.0, "min")?;
    }
    if let Some(megabytes) = split.megabytes {
        within("size of a file", megabytes as f32, 10.0, 10_000_000.0, "MB")?;
    }
    Ok(())
}

fn check_start(start: &StartSettings) -> Result<(), CommandError> {
    if let Some(signal) = start.signal {
        within("level of a signal", signal.level, -90.0, 0.0, "dBFS")?;
        within("time without signal", signal.seconds, 1.0, 3600.0, "s")?;
    }
    start
        .schedule
        .iter()
        .try_for_each(|slot| schedule::check(slot).map_err(invalid))
}

fn folder(what: &str, folder: &str) -> Result<(), CommandError> {
    if Path::new(folder).is_absolute() && !folder.contains('\0') {
        return Ok(());
    }
    Err(invalid(format!(
        "\"{}\" is no {what} to record into; give its whole path",
        folder.escape_debug()
    )))
}

fn within(what: &str, value: f32, from: f32, to: f32, unit: &str) -> Result<(), CommandError> {
    if (from..=to).contains(&value) {
        return Ok(());
    }
    Err(CommandError {
        code: ErrorCode::OutOfRange,
        message: format!("the {what} is {value:?} {unit}; it goes from {from} to {to}"),
    })
}

fn invalid(message: String) -> CommandError {
    CommandError {
        code: ErrorCode::Invalid,
        message,
    }
}

/// The names of files.
pub(super) fn template(pattern: &str) -> Result<Template, CommandError> {
    Template::parse(pattern).map_err(|error| invalid(error.to_string()))
}

/// Where and how, as the outputs know it.
pub(super) fn outputs(settings: &RecordingSettings, rate: SampleRate) -> RecorderSettings {
    let every = settings
        .split
        .minutes
        .map(|minutes| Duration::from_secs_f32(minutes * 60.0));
    let split = every.map_or_else(Split::default, |every| Split::every(every, rate));
    RecorderSettings {
        folder: PathBuf::from(&settings.folder),
        fallback: settings.fallback.as_ref().map(PathBuf::from),
        format: format(settings),
        rate,
        split: Split {
            bytes: settings
                .split
                .megabytes
                .map(|megabytes| u64::from(megabytes) * 1_000_000),
            ..split
        },
        cue_sheets: settings.cue_sheets,
    }
}

/// The kind of file.
pub(super) fn format(settings: &RecordingSettings) -> FileFormat {
    let bits = BitRate {
        kbit: settings.bit_rate,
        variable: settings.variable,
    };
    match settings.format {
        RecordingFormat::Pcm16 => FileFormat::Wav(SampleFormat::Pcm16),
        RecordingFormat::Pcm24 => FileFormat::Wav(SampleFormat::Pcm24),
        RecordingFormat::Float32 => FileFormat::Wav(SampleFormat::Float32),
        RecordingFormat::Flac16 => FileFormat::Flac(FlacDepth::Bits16),
        RecordingFormat::Flac24 => FileFormat::Flac(FlacDepth::Bits24),
        RecordingFormat::Mp3 => FileFormat::Mp3(bits),
        RecordingFormat::Opus => FileFormat::Opus(bits),
        RecordingFormat::Vorbis => FileFormat::Vorbis(bits),
    }
}
