//! The desk's own listener mounts as the station drives them.

use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_outputs::encode::{Codec, EncoderSettings, FlacDepth};
use airdesk_outputs::listen::{ListenSettings, ListenSettingsError, Mount, MountPlan, MountStatistics};

use crate::api::{
    CommandError, ErrorCode, Event, ListeningSettings, ListeningState, LosslessMountSettings, MountSettings,
    MountState, Severity, StreamCodec,
};
use crate::breakdown::Breakdown;
use crate::station::Core;

/// Refuses what no mount could be, of a command and of a session.
pub(crate) fn check(settings: &ListeningSettings, rate: SampleRate) -> Result<ListenSettings, CommandError> {
    let burst = Duration::try_from_secs_f32(settings.burst_seconds).map_err(|_| CommandError {
        code: ErrorCode::OutOfRange,
        message: format!("a burst of {} s cannot be; choose 0 to 20 s", settings.burst_seconds),
    })?;
    let outward = ListenSettings {
        mounts: [
            plan(Codec::Mp3, settings.mp3, rate),
            plan(Codec::Opus, settings.opus, rate),
            plan(Codec::Vorbis, settings.vorbis, rate),
            lossless(settings.flac, rate)?,
        ],
        listeners_max: settings.listeners_max,
        burst,
        ..ListenSettings::at(rate)
    };
    outward.check().map_err(|error| refused(&error))?;
    Ok(outward)
}

/// A codec with a bit rate as a mount has it: Opus constrained, the others constant.
pub(crate) fn plan(codec: Codec, settings: MountSettings, rate: SampleRate) -> MountPlan {
    let encoder = EncoderSettings {
        codec,
        bit_rate: settings.bit_rate,
        variable: codec == Codec::Opus,
        rate,
    };
    MountPlan {
        open: settings.open,
        encoder,
    }
}

/// FLAC as a mount has it.
pub(crate) fn lossless(settings: LosslessMountSettings, rate: SampleRate) -> Result<MountPlan, CommandError> {
    let depth = match settings.bits {
        16 => FlacDepth::Bits16,
        24 => FlacDepth::Bits24,
        other => {
            return Err(CommandError {
                code: ErrorCode::OutOfRange,
                message: format!("FLAC cannot have {other} bits here; choose 16 or 24"),
            });
        }
    };
    Ok(MountPlan {
        open: settings.open,
        encoder: EncoderSettings::flac(depth, rate),
    })
}

fn refused(error: &ListenSettingsError) -> CommandError {
    let code = match error {
        ListenSettingsError::Encoder(_) => ErrorCode::Invalid,
        _ => ErrorCode::OutOfRange,
    };
    CommandError {
        code,
        message: error.to_string(),
    }
}

fn state(told: &MountStatistics) -> MountState {
    MountState {
        path: told.mount.path().into(),
        codec: match told.encoder.codec {
            Codec::Mp3 => StreamCodec::Mp3,
            Codec::Opus => StreamCodec::Opus,
            Codec::Vorbis => StreamCodec::Vorbis,
            Codec::Flac(FlacDepth::Bits16) => StreamCodec::Flac16,
            Codec::Flac(FlacDepth::Bits24) => StreamCodec::Flac24,
        },
        bit_rate: told.encoder.byte_rate() / 125,
        open_seconds: told.open_for.map(|time| time.as_secs_f64()),
        listeners: told.listeners,
        peak: told.peak,
        total: told.total,
        evicted: told.evicted,
        bytes_sent: told.bytes_sent,
    }
}

impl Core {
    pub(crate) fn set_listening(&mut self, on: bool) {
        if on {
            self.listeners.set_title(&self.air.title_line());
            self.listeners.open();
        } else {
            self.listeners.close();
            if let Breakdown::Final { listening } = &mut self.breakdown {
                *listening = false;
            }
        }
        self.tell_listening();
    }

    pub(crate) fn set_mounts(&mut self, settings: ListeningSettings) -> Result<(), CommandError> {
        let outward = check(&settings, self.desk.rate)?;
        self.listeners.set(outward).map_err(|error| refused(&error))?;
        self.mounts = settings;
        self.tell_listening();
        Ok(())
    }

    /// Sets the mounts up as the session says, which has been checked.
    pub(crate) fn take_up_mounts(&mut self, settings: ListeningSettings) {
        if let Err(error) = self.set_mounts(settings) {
            self.notice(Severity::Error, error.message);
        }
    }

    pub(crate) fn listening(&self) -> ListeningState {
        let mounts = self.listeners.statistics();
        let set = &self.mounts;
        let open = [set.mp3.open, set.opus.open, set.vorbis.open, set.flac.open];
        let is_there = |url: &&String| {
            let mut all = Mount::ALL.into_iter().zip(open);
            all.any(|(mount, open)| open && url.ends_with(mount.path()))
        };
        ListeningState {
            on: self.listeners.is_open(),
            settings: set.clone(),
            urls: self.urls.iter().filter(is_there).cloned().collect(),
            listeners: mounts.iter().map(|told| told.listeners).sum(),
            mounts: mounts.iter().map(state).collect(),
            frames_lost: self.listeners.frames_lost(),
        }
    }

    pub(crate) fn tell_listening(&self) {
        self.tell(Event::Listening(self.listening()));
    }
}
