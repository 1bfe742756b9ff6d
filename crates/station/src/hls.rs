//! HLS as the station drives it.

use std::path::{Path, PathBuf};

use airdesk_dsp::SampleRate;
use airdesk_outputs::encode::{Codec, EncoderSettings, Encoders};
use airdesk_outputs::hls::{Ending, Hls, HlsError, HlsSettings as Outward, HlsState as Running};
use airdesk_outputs::title::Title;
use tokio::sync::watch;

use crate::api::{CommandError, ErrorCode, Event, Happening, HlsSettings, HlsState, HlsWriting, Severity};
use crate::listening::{lossless, plan};
use crate::station::Core;
use crate::timeline::Note;

/// Where it is written unless told otherwise, in the desk's data.
const FOLDER: &str = "hls";

/// The way from the air to HLS's folder.
pub(crate) struct HlsLine {
    encoders: Encoders,
    usual_folder: PathBuf,
    settings: HlsSettings,
    hls: Option<Hls>,
    /// What has been told to end: the next one begins after it.
    ending: Option<Hls>,
    told: Option<HlsState>,
    /// What was noted in the timeline last.
    log: Logged,
    /// The folder, while there is something to serve from it.
    served: watch::Sender<Option<PathBuf>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Logged {
    Off,
    Starting,
    On,
    Fault(String),
}

/// Refuses what cannot be, of a command and of a session.
pub(crate) fn check(settings: &HlsSettings, rate: SampleRate) -> Result<(), CommandError> {
    outward(settings, Path::new(FOLDER), rate).map(drop)
}

fn outward(settings: &HlsSettings, usual_folder: &Path, rate: SampleRate) -> Result<Outward, CommandError> {
    let named = settings.folder.trim();
    if !named.is_empty() && !Path::new(named).is_absolute() {
        let message = format!("the folder for HLS is \"{named}\"; name it from the root, or name none");
        return Err(CommandError {
            code: ErrorCode::Invalid,
            message,
        });
    }
    let plans = [
        plan(Codec::Mp3, settings.mp3, rate),
        plan(Codec::Opus, settings.opus, rate),
        lossless(settings.flac, rate)?,
    ];
    for plan in plans {
        plan.encoder.check().map_err(|error| refused(&error.into()))?; // also of one that is not written
    }
    let encoders: Vec<EncoderSettings> = plans.iter().filter(|plan| plan.open).map(|plan| plan.encoder).collect();
    let outward = Outward {
        folder: folder(settings, usual_folder),
        encoders,
        segment_seconds: settings.segment_seconds,
        segments: settings.segments,
    };
    match outward.check() {
        // Without a codec there is nothing to turn on, and nothing wrong with that.
        Err(HlsError::NoCodec) if !settings.on => Ok(outward),
        checked => checked.map(|()| outward).map_err(|error| refused(&error)),
    }
}

fn folder(settings: &HlsSettings, usual: &Path) -> PathBuf {
    match settings.folder.trim() {
        "" => usual.to_owned(),
        folder => folder.into(),
    }
}

fn refused(error: &HlsError) -> CommandError {
    let code = match error {
        HlsError::SegmentSeconds(_) | HlsError::Segments(_) => ErrorCode::OutOfRange,
        HlsError::Thread(_) => ErrorCode::Unavailable,
        _ => ErrorCode::Invalid,
    };
    CommandError {
        code,
        message: error.to_string(),
    }
}

impl HlsLine {
    /// One that is off.
    pub(crate) fn new(encoders: Encoders, data: &Path, served: watch::Sender<Option<PathBuf>>) -> Self {
        Self {
            encoders,
            usual_folder: data.join(FOLDER),
            settings: HlsSettings::default(),
            hls: None,
            ending: None,
            told: None,
            log: Logged::Off,
            served,
        }
    }

    pub(crate) fn settings(&self) -> &HlsSettings {
        &self.settings
    }

    pub(crate) fn state(&self) -> HlsState {
        let writing = match self.hls.as_ref().map(Hls::state) {
            None => HlsWriting::Off,
            Some(Running::Starting) => HlsWriting::Starting,
            Some(Running::On {
                segments,
                bytes,
                seconds_lost,
            }) => HlsWriting::On {
                segments,
                bytes,
                seconds_lost,
            },
            Some(Running::Fault { reason, seconds_lost }) => HlsWriting::Fault { reason, seconds_lost },
        };
        HlsState {
            settings: self.settings.clone(),
            folder: folder(&self.settings, &self.usual_folder).display().to_string(),
            writing,
        }
    }

    fn let_go(&mut self, ending: Ending) {
        if let Some(hls) = self.hls.take() {
            hls.let_go(ending);
            self.ending = Some(hls);
        }
    }
}

impl Core {
    pub(crate) fn set_hls(&mut self, settings: HlsSettings) -> Result<(), CommandError> {
        let outward = outward(&settings, &self.hls.usual_folder, self.desk.rate)?;
        if settings == self.hls.settings && settings.on == self.hls.hls.is_some() {
            return Ok(());
        }
        if settings.on {
            self.desk.check()?;
        }
        let ending = if settings.on { Ending::Pause } else { Ending::ForGood };
        self.hls.let_go(ending);
        self.look_after_hls(false); // while what it was is known
        let on = settings.on;
        self.hls.settings = settings;
        if on {
            let hls = Hls::start(
                self.air_tap().clone(),
                self.hls.encoders.clone(),
                outward,
                self.hls.ending.take(),
            );
            self.hls.hls = Some(hls.map_err(|error| refused(&error))?);
            self.title_hls(&self.air.title_line());
        }
        self.look_after_hls(true);
        Ok(())
    }

    /// Something else is aired.
    pub(crate) fn title_hls(&self, title: &Title) {
        if let Some(hls) = &self.hls.hls {
            hls.set_title(title);
        }
    }

    /// Sets HLS up as the session says, which has been checked.
    pub(crate) fn take_up_hls(&mut self, settings: HlsSettings) {
        if let Err(error) = self.set_hls(settings) {
            self.notice(Severity::Error, error.message);
        }
    }

    /// The program ends: players wait until it is back.
    pub(crate) fn let_go_of_hls(&mut self) {
        self.hls.let_go(Ending::Pause);
    }

    /// Its last segment is in the folder.
    pub(crate) fn is_hls_settled(&self) -> bool {
        self.hls.ending.as_ref().is_none_or(Hls::has_ended)
    }

    /// There is nothing to write any more, and nothing looks as if there were.
    pub(crate) fn silence_hls(&mut self) {
        self.hls.let_go(Ending::Pause);
        self.look_after_hls(true);
    }

    /// Tells hosts of another state at once, and of figures when they are asked for.
    pub(crate) fn look_after_hls(&mut self, figures: bool) {
        let now = self.hls.state();
        let told = self.hls.told.as_ref();
        let same = told.is_some_and(|told| {
            let kinds = [told, &now].map(|state| std::mem::discriminant(&state.writing));
            kinds[0] == kinds[1] && told.settings == now.settings
        });
        if !same || (figures && told != Some(&now)) {
            // Also while one that was set otherwise makes way for the next.
            let is_served = self.hls.settings.on;
            self.hls
                .served
                .send_replace(is_served.then(|| now.folder.clone().into()));
            self.hls.told = Some(now.clone());
            self.tell(Event::Hls(now.clone()));
        }
        self.log_hls(&now);
    }

    /// Notes each turn once.
    fn log_hls(&mut self, now: &HlsState) {
        let next = match &now.writing {
            HlsWriting::Off => Logged::Off,
            HlsWriting::Starting => Logged::Starting,
            HlsWriting::On { .. } => Logged::On,
            HlsWriting::Fault { reason, .. } => Logged::Fault(reason.clone()),
        };
        if next == self.hls.log {
            return;
        }
        let before = std::mem::replace(&mut self.hls.log, next.clone());
        let subject = now.folder.clone();
        match (before, next) {
            (_, Logged::On) => self.log(Note::new(subject, Happening::HlsOn)),
            (_, Logged::Off) => self.log(Note::new(subject, Happening::HlsOff)),
            (_, Logged::Fault(reason)) => {
                self.notice(Severity::Error, format!("HLS: {reason}"));
                self.log(Note::new(subject, Happening::HlsFault).because(reason));
            }
            (_, Logged::Starting) => {}
        }
    }
}
