//! Loudness meters on buses, the programme's always, and spectra of buses and strips for as long as somebody looks.

use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_engine::{EngineCommand, SCOPES, StripId};
use airdesk_outputs::loudness::{BANDS, LoudnessMeter, SpectrumMeter, nominal_mid_frequency_hz};

use crate::api::{BusName, CommandError, ErrorCode, Event, LoudnessState, Severity, SpectrumOf, SpectrumState};
use crate::station::Core;

/// How long a spectrum is shown to who has asked for it once.
const LOOK: Duration = Duration::from_secs(3);

/// The meters that run.
#[derive(Default)]
pub(crate) struct Meters {
    loudness: Vec<(BusName, LoudnessMeter)>,
    looks: Vec<Look>,
}

/// A spectrum that somebody looks at.
struct Look {
    at: Looked,
    meter: SpectrumMeter,
    until: Instant,
}

/// What it is the spectrum of.
#[derive(Clone, Copy)]
enum Looked {
    Bus(BusName),
    /// Through one of the engine's scopes.
    Strip(StripId, u8),
}

impl Look {
    fn of(&self) -> SpectrumOf {
        match self.at {
            Looked::Bus(bus) => SpectrumOf::Bus(bus),
            Looked::Strip(strip, _) => SpectrumOf::Strip(strip),
        }
    }

    fn state(&self) -> SpectrumState {
        let levels = self.meter.reading().bands.map(|level| level.db());
        SpectrumState {
            of: self.of(),
            frequencies: (0..BANDS).filter_map(nominal_mid_frequency_hz).collect(),
            levels: levels.iter().map(|db| db.is_finite().then_some(*db)).collect(),
        }
    }
}

impl Meters {
    pub(crate) fn loudness(&self) -> Vec<LoudnessState> {
        let states = self.loudness.iter();
        states
            .map(|(bus, meter)| LoudnessState::new(*bus, &meter.reading()))
            .collect()
    }

    /// A scope that looks at no strip.
    fn free_scope(&self) -> Option<u8> {
        let is_used = |scope: &u8| {
            let used = |look: &Look| matches!(look.at, Looked::Strip(_, used) if used == *scope);
            self.looks.iter().any(used)
        };
        (0..SCOPES as u8).find(|scope| !is_used(scope))
    }

    fn start(&mut self, bus: BusName, tap: &MixTap, rate: SampleRate) -> Result<(), CommandError> {
        if self.loudness.iter().all(|(measured, _)| *measured != bus) {
            let meter = LoudnessMeter::start(tap, rate).map_err(no_thread)?;
            self.loudness.push((bus, meter));
        }
        Ok(())
    }
}

fn no_thread(error: airdesk_outputs::loudness::StartError) -> CommandError {
    CommandError {
        code: ErrorCode::Unavailable,
        message: format!("{error}; end other programs and try again"),
    }
}

impl Core {
    /// Begins to measure the programme. Without a meter the desk runs on.
    pub(crate) fn start_meters(&mut self) {
        let started = self
            .meters
            .start(BusName::Programme, self.desk.programme(), self.desk.rate);
        if let Err(error) = started {
            self.notice(Severity::Warning, error.message);
        }
    }

    /// Measures a bus, or does so no more. The programme is always measured.
    pub(crate) fn measure_loudness(&mut self, bus: BusName, on: bool) -> Result<(), CommandError> {
        if on {
            return self.meters.start(bus, self.desk.bus(bus), self.desk.rate);
        }
        if bus == BusName::Programme {
            return Err(CommandError {
                code: ErrorCode::Invalid,
                message: "the programme is always measured; choose another bus".into(),
            });
        }
        self.meters.loudness.retain(|(measured, _)| *measured != bus);
        self.tell(Event::LoudnessEnded(bus));
        Ok(())
    }

    /// Begins integrated loudness, range and maxima again.
    pub(crate) fn reset_loudness(&mut self, bus: BusName) -> Result<(), CommandError> {
        let found = self.meters.loudness.iter().find(|(measured, _)| *measured == bus);
        let (_, meter) = found.ok_or_else(|| CommandError {
            code: ErrorCode::NotRunning,
            message: format!("the loudness of {} is not measured; begin that first", bus.word()),
        })?;
        meter.reset();
        Ok(())
    }

    /// Shows the spectrum of a bus or a strip, or goes on showing it.
    pub(crate) fn show_spectrum(&mut self, of: SpectrumOf) -> Result<(), CommandError> {
        let until = Instant::now() + LOOK;
        if let Some(look) = self.meters.looks.iter_mut().find(|look| look.of() == of) {
            look.until = until;
            return Ok(());
        }
        let at = match of {
            SpectrumOf::Bus(bus) => Looked::Bus(bus),
            SpectrumOf::Strip(strip) => Looked::Strip(strip, self.scope_for(strip)?),
        };
        let meter = SpectrumMeter::start(self.tap_of(at), self.desk.rate).map_err(no_thread)?;
        self.aim_scope(at, true)?;
        self.meters.looks.push(Look { at, meter, until });
        Ok(())
    }

    fn scope_for(&mut self, strip: StripId) -> Result<u8, CommandError> {
        self.strips.check(strip)?;
        self.meters.free_scope().ok_or_else(|| CommandError {
            code: ErrorCode::TooManyStrips,
            message: format!("the spectra of {SCOPES} strips are looked at already; close one of them first"),
        })
    }

    fn tap_of(&self, at: Looked) -> &MixTap {
        match at {
            Looked::Bus(bus) => self.desk.bus(bus),
            Looked::Strip(_, scope) => self.desk.scope(scope),
        }
    }

    fn aim_scope(&mut self, at: Looked, on: bool) -> Result<(), CommandError> {
        match at {
            Looked::Bus(_) => Ok(()),
            Looked::Strip(strip, scope) => self.desk.send(EngineCommand::SetScope(scope, on.then_some(strip))),
        }
    }

    /// Ends the looks at what `gone` says.
    fn look_away(&mut self, gone: impl Fn(&Look) -> bool) {
        for look in self.meters.looks.extract_if(.., |look| gone(look)).collect::<Vec<_>>() {
            // A broken engine has no scope that would have to look away.
            let _ = self.aim_scope(look.at, false);
        }
    }

    /// Nobody can look at a strip that is gone.
    pub(crate) fn look_away_from(&mut self, strip: StripId) {
        self.look_away(|look| look.of() == SpectrumOf::Strip(strip));
    }

    /// Follows the buses and strips of a new engine.
    pub(crate) fn follow_with_meters(&mut self) {
        for (bus, meter) in &self.meters.loudness {
            meter.follow(self.desk.bus(*bus));
        }
        for look in &self.meters.looks {
            look.meter.follow(self.tap_of(look.at));
        }
        for at in self.meters.looks.iter().map(|look| look.at).collect::<Vec<_>>() {
            // Without an engine there is nothing to see, and that is what the spectrum shows.
            let _ = self.aim_scope(at, true);
        }
    }

    /// Tells hosts what is measured, ten times a second.
    pub(crate) fn tell_meters(&mut self) {
        let now = Instant::now();
        self.look_away(|look| look.until < now);
        for state in self.meters.loudness() {
            self.tell(Event::Loudness(state));
        }
        for look in &self.meters.looks {
            self.tell(Event::Spectrum(look.state()));
        }
    }
}
