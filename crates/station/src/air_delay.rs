//! The broadcast delay as the station drives it: what is aired comes from here, delayed or not.

use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_outputs::delay::{BroadcastDelay, DelayError, Dump, Phase};
use jiff::Zoned;

use crate::api::{
    AirDelayPhase, AirDelaySettings, AirDelayState, AirDump, BusName, CommandError, ErrorCode, Event, Happening,
    Severity,
};
use crate::desk::Desk;
use crate::station::Core;
use crate::timeline::Note;

/// The way from the programme to the air.
pub(crate) struct AirLine {
    delay: BroadcastDelay,
    settings: AirDelaySettings,
    last_dump: Option<AirDump>,
    told: Option<AirDelayState>,
}

impl AirLine {
    /// Begins to hand the programme on, without a delay.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(programme: &MixTap, rate: SampleRate) -> std::io::Result<Self> {
        let delay = BroadcastDelay::start(programme, rate).map_err(|error| match error {
            DelayError::Thread(refused) => refused,
            other => std::io::Error::other(other),
        })?;
        Ok(Self {
            delay,
            settings: AirDelaySettings::default(),
            last_dump: None,
            told: None,
        })
    }

    /// What is aired: follow it as a bus. Stays the same for as long as the station lives.
    pub(crate) fn tap(&self) -> &MixTap {
        self.delay.tap()
    }

    /// Follows the programme of a new engine; what is held is aired.
    pub(crate) fn follow(&self, programme: &MixTap) {
        self.delay.follow(programme);
    }

    pub(crate) fn settings(&self) -> AirDelaySettings {
        self.settings
    }

    fn set(&mut self, settings: AirDelaySettings) -> Result<(), CommandError> {
        self.delay.set(&settings).map_err(refused)?;
        self.settings = settings;
        Ok(())
    }

    fn dump(&mut self, seconds: Option<f32>) -> Result<Dump, CommandError> {
        let dump = self.delay.dump(seconds.map(f64::from)).map_err(refused)?;
        self.last_dump = Some(AirDump {
            first: dump.first,
            frames: dump.frames,
            aired_at: None,
            time: Zoned::now().strftime("%H:%M:%S").to_string(),
        });
        Ok(dump)
    }

    /// Takes in where dumps were joined.
    fn look(&mut self) {
        for join in self.delay.take_joins() {
            if let Some(dump) = self.last_dump.as_mut().filter(|dump| dump.first == join.first) {
                dump.aired_at = Some(join.aired_at);
            }
        }
    }

    /// By how much the air is later than the programme.
    pub(crate) fn held(&self) -> Duration {
        let state = self.delay.state();
        Duration::from_secs_f64(state.seconds(state.held))
    }

    pub(crate) fn state(&self) -> AirDelayState {
        let state = self.delay.state();
        AirDelayState {
            settings: self.settings,
            phase: match state.phase {
                Phase::Through => AirDelayPhase::Through,
                Phase::Building => AirDelayPhase::Building,
                Phase::Held => AirDelayPhase::Held,
                Phase::Returning => AirDelayPhase::Returning,
            },
            held: state.seconds(state.held),
            dumped: state.seconds(state.tally.dumped),
            frames_late: state.late,
            last_dump: self.last_dump.clone(),
        }
    }
}

fn refused(error: DelayError) -> CommandError {
    let code = match &error {
        DelayError::OutOfRange(_) => ErrorCode::OutOfRange,
        DelayError::NothingHeld => ErrorCode::NotRunning,
        _ => ErrorCode::Unavailable,
    };
    CommandError {
        code,
        message: error.to_string(),
    }
}

/// What streams send of a bus: of the programme what is aired.
pub(crate) fn aired(line: &AirLine, desk: &Desk, bus: BusName) -> MixTap {
    match bus {
        BusName::Programme => line.tap().clone(),
        other => desk.bus(other).clone(),
    }
}

impl Core {
    /// What goes on air: the programme, delayed where a delay is set. Encoders and recordings follow it as a bus.
    pub(crate) fn air_tap(&self) -> &MixTap {
        self.air_delay.tap()
    }

    pub(crate) fn set_air_delay(&mut self, settings: AirDelaySettings) -> Result<(), CommandError> {
        self.air_delay.set(settings)?;
        self.tell_air_delay();
        Ok(())
    }

    /// Drops the last seconds, or all that is held.
    pub(crate) fn dump(&mut self, seconds: Option<f32>) -> Result<(), CommandError> {
        let dump = self.air_delay.dump(seconds)?;
        let dropped = dump.frames as f64 / f64::from(self.desk.rate.hz());
        tracing::info!(first = dump.first, frames = dump.frames, "dumped");
        self.log(Note::new("the programme", Happening::Dumped { frames: dump.frames }).at(dump.first));
        let text = format!("{dropped:.1} s were dropped and are not aired; recordings of the programme have them");
        self.notice(Severity::Info, text);
        let frames = dump.first..dump.first + dump.frames;
        self.black_box.mark_dumped(&frames);
        self.recorders.dumped(frames, self.air_delay.held());
        self.titles_dumped(self.air_delay.held());
        self.tell_air_delay();
        Ok(())
    }

    /// Sets the delay up as the session says, which has been checked.
    pub(crate) fn take_up_air_delay(&mut self, settings: AirDelaySettings) {
        if let Err(error) = self.air_delay.set(settings) {
            self.notice(Severity::Error, error.message);
        }
    }

    /// Tells hosts of another phase at once, and of figures when they are asked for.
    pub(crate) fn look_after_air_delay(&mut self, figures: bool) {
        self.air_delay.look();
        let now = self.air_delay.state();
        let told = self.air_delay.told.as_ref();
        let same = told.is_some_and(|told| told.phase == now.phase && told.last_dump == now.last_dump);
        if !same || (figures && told != Some(&now)) {
            self.tell_air_delay();
        }
    }

    fn tell_air_delay(&mut self) {
        let state = self.air_delay.state();
        self.air_delay.told = Some(state.clone());
        self.tell(Event::AirDelay(state));
    }
}
