//! What the files of a recording are called that is made afterwards, of what the black box holds: as a recorder that had
//! recorded it would have called them.

use std::path::PathBuf;
use std::time::SystemTime;

use airdesk_dsp::SampleRate;
use airdesk_outputs::recorder::{Names, Naming};
use airdesk_outputs::sound_file::Origin;
use airdesk_outputs::title::TitleWords;

use super::names::{OnAir, ShowNames, origin};
use super::{Recorders, settings};
use crate::api::{CommandError, RecordingSettings};
use crate::black_box::clock;

/// The folder and the name of the programme's file, without its ending, and what people read in it. `title` is what was on,
/// where that is known.
///
/// # Errors
/// When the recorder's pattern cannot be used.
pub(crate) fn named(
    recorder: &RecordingSettings,
    title: TitleWords,
    began: SystemTime,
) -> Result<(PathBuf, String, Naming), CommandError> {
    let on_air = OnAir::default();
    on_air.set(title);
    let mut names = ShowNames {
        template: settings::template(&recorder.pattern)?,
        show: recorder.show.clone(),
        on_air,
        hourly: false,
        rate: SampleRate::DESK, // of an origin that is said anew, at the rate of the files
    };
    // A wall clock that was set back since: it was heard just now.
    let ago = began.elapsed().unwrap_or_default();
    let mut naming = names.next(&[&recorder.name], 1, ago).swap_remove(0);
    let stem = naming.names.pop().unwrap_or_default();
    let folder = naming
        .names
        .iter()
        .fold(PathBuf::from(&recorder.folder), |folder, name| folder.join(name));
    Ok((folder, stem, naming))
}

/// What a moment is called, in a file of this rate.
pub(crate) fn began_at(moment: SystemTime, rate: SampleRate) -> Option<Origin> {
    Some(origin(&clock(moment), rate))
}

impl Recorders {
    /// The settings by which it is done: those of the first recorder.
    pub(crate) fn first_settings(&self) -> RecordingSettings {
        self.desks
            .first()
            .map(|desk| desk.settings().clone())
            .unwrap_or_default()
    }

    /// What is on now.
    pub(crate) fn on_now(&self) -> TitleWords {
        self.titles.programme.get()
    }
}
