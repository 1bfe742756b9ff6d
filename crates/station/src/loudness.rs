//! Loudness meters on buses, the programme's always, and one spectrum.

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_outputs::loudness::{BANDS, LoudnessMeter, SpectrumMeter, nominal_mid_frequency_hz};

use crate::api::{BusName, CommandError, ErrorCode, Event, LoudnessState, Severity, SpectrumState};
use crate::station::Core;

/// The meters that run.
#[derive(Default)]
pub(crate) struct Meters {
    loudness: Vec<(BusName, LoudnessMeter)>,
    spectrum: Option<(BusName, SpectrumMeter)>,
}

impl Meters {
    pub(crate) fn loudness(&self) -> Vec<LoudnessState> {
        let states = self.loudness.iter();
        states
            .map(|(bus, meter)| LoudnessState::new(*bus, &meter.reading()))
            .collect()
    }

    fn spectrum(&self) -> Option<SpectrumState> {
        let (bus, meter) = self.spectrum.as_ref()?;
        let levels = meter.reading().bands.map(|level| level.db());
        Some(SpectrumState {
            bus: *bus,
            frequencies: (0..BANDS).filter_map(nominal_mid_frequency_hz).collect(),
            levels: levels.iter().map(|db| db.is_finite().then_some(*db)).collect(),
        })
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

    /// Looks at the spectrum of a bus, or of none.
    pub(crate) fn show_spectrum(&mut self, bus: Option<BusName>) -> Result<(), CommandError> {
        self.meters.spectrum = match bus {
            Some(bus) => {
                let meter = SpectrumMeter::start(self.desk.bus(bus), self.desk.rate).map_err(no_thread)?;
                Some((bus, meter))
            }
            None => None,
        };
        Ok(())
    }

    /// Follows the buses of a new engine.
    pub(crate) fn follow_with_meters(&mut self) {
        for (bus, meter) in &self.meters.loudness {
            meter.follow(self.desk.bus(*bus));
        }
        if let Some((bus, meter)) = &self.meters.spectrum {
            meter.follow(self.desk.bus(*bus));
        }
    }

    /// Tells hosts what is measured, ten times a second.
    pub(crate) fn tell_meters(&self) {
        for state in self.meters.loudness() {
            self.tell(Event::Loudness(state));
        }
        if let Some(state) = self.meters.spectrum() {
            self.tell(Event::Spectrum(state));
        }
    }
}
