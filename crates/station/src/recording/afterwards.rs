//! What the files of a recording are called that is made afterwards, of what the black box holds: as a recorder that had
//! recorded it would have called them.

use std::sync::Arc;

use airdesk_outputs::black_box::{Heard, NameKept};
use airdesk_outputs::recorder::Names;

use super::names::{OnAir, ShowNames, origin};
use super::{Recorders, settings};
use crate::api::{CommandError, RecordingSettings};
use crate::black_box::clock;

/// Names what is kept, and says what people read in it.
///
/// # Errors
/// When the recorder's pattern cannot be used.
pub(crate) fn named(recorder: &RecordingSettings) -> Result<NameKept, CommandError> {
    let template = settings::template(&recorder.pattern)?;
    let (name, show) = (recorder.name.clone(), recorder.show.clone());
    Ok(Arc::new(move |heard: &Heard| {
        let on_air = OnAir::default();
        on_air.set(heard.on.clone());
        let mut names = ShowNames {
            template: template.clone(),
            show: show.clone(),
            on_air,
            hourly: false,
            rate: heard.rate,
        };
        // A wall clock that was set back since: it was heard just now.
        let ago = heard.began.elapsed().unwrap_or_default();
        let mut naming = names.next(&[&name], 1, ago).swap_remove(0);
        naming.origin = Some(origin(&clock(heard.began), heard.rate));
        naming
    }))
}

impl Recorders {
    /// The settings by which it is done: those of the first recorder.
    pub(crate) fn first_settings(&self) -> RecordingSettings {
        self.desks
            .first()
            .map(|desk| desk.settings().clone())
            .unwrap_or_default()
    }
}
