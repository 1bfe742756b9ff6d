//! The desk as hosts see it: snapshots, levels, and news from the engine and the sound systems.

use std::sync::Arc;

use airdesk_devices::DeviceList;
use airdesk_devices::mac::EXCLUSIVE_OUTPUTS;
use airdesk_engine::Notice as EngineNotice;

use crate::api::{
    BusMeters, ChannelPick, ClockSource, DeskMeters, DeviceState, EngineState, Event, Happening, OutputName,
    PlaybackState, Resampling, Severity, Snapshot, StripMeters, StripSource,
};
use crate::session::SessionStrip;
use crate::station::Core;
use crate::timeline::Note;

impl Core {
    pub(crate) fn hear_engine(&mut self, notice: EngineNotice) {
        let (severity, text) = match notice {
            EngineNotice::OutletStarved { missing, lead } => (
                Severity::Warning,
                format!(
                    "the main output had to wait for {missing} frames; the desk now runs {lead} frames ahead of it. \
                     Close other programs if this goes on"
                ),
            ),
            EngineNotice::OutletBroken => (
                Severity::Warning,
                "the main output stopped for a moment and was put back in time".into(),
            ),
            EngineNotice::Slept(seconds) => {
                let recorded = if self.recorders.note_slept(f64::from(seconds)) {
                    ", and the recording does not hold this time"
                } else {
                    ""
                };
                self.log(Note::new(
                    "machine",
                    Happening::MachineSlept {
                        seconds: f64::from(seconds),
                    },
                ));
                (
                    Severity::Warning,
                    format!("the machine slept for {seconds:.0} s; the desk goes on from now{recorded}"),
                )
            }
        };
        self.notice(severity, text);
    }

    pub(crate) fn hear_devices(&mut self, list: Arc<DeviceList>) {
        for notice in &list.notices {
            if !self.devices.notices.contains(notice) {
                self.notice(Severity::Warning, notice.to_string());
            }
        }
        self.devices = list;
        if !std::mem::replace(&mut self.scanned, true) && self.first_run {
            self.add_first_microphone();
        }
        self.tell(Event::Devices(self.device_states()));
        self.follow_captures();
        self.follow_playbacks();
    }

    /// A new user's microphone gets a strip, muted: nobody is put on air, or into a howl, unasked.
    pub(crate) fn add_first_microphone(&mut self) {
        let microphone = self
            .devices
            .devices
            .iter()
            .find(|device| device.default_input && !device.monitor);
        let Some(device) = microphone else { return };
        let mut strip = SessionStrip::new(
            "Mic",
            StripSource::Device {
                device: device.id.clone(),
                channels: ChannelPick::Mono { channel: 0 },
                resampling: Resampling::default(),
                buffer: None,
            },
        );
        strip.controls.mute = true;
        if let Err(error) = self.add_strip(&strip) {
            self.notice(Severity::Warning, error.message);
        }
    }

    pub(crate) fn device_states(&self) -> Vec<DeviceState> {
        self.devices.devices.iter().map(DeviceState::from).collect()
    }

    pub(crate) fn engine_state(&mut self) -> EngineState {
        let real_time = self.desk.is_real_time();
        let rate = self.desk.rate.hz();
        let health = self.desk.health();
        let main = self.playbacks.state(OutputName::Main);
        let clock = match (&main.playback, health.follows_outlet) {
            (PlaybackState::Playing { name, .. }, true) => ClockSource::Device { name: name.clone() },
            _ => ClockSource::Machine,
        };
        let out = match main.playback {
            PlaybackState::Playing { latency, .. } => Some(latency),
            _ => None,
        };
        EngineState {
            rate,
            seconds: health.frames as f64 / f64::from(rate),
            load: health.load,
            load_peak: health.load_peak,
            clock,
            latency: out.map(|out| self.strips.longest_latency() + self.desk.latency() + out),
            blocks_late: health.blocks_late,
            bad_samples: health.bad_samples,
            broken: self.is_silent(),
            real_time,
            losses: self.losses.all().to_vec(),
        }
    }

    pub(crate) fn snapshot(&mut self) -> Snapshot {
        Snapshot {
            version: env!("CARGO_PKG_VERSION").into(),
            session: self.file.path().to_string_lossy().into_owned(),
            strips: self.strips.states().cloned().collect(),
            decks: self.decks.states().collect(),
            carts: self.walls.states(),
            streams: self.strips.streams().cloned().collect(),
            buses: self.buses.to_vec(),
            vcas: self.vcas.to_vec(),
            limiter: self.limiter,
            talkover: self.talkover,
            loudness: self.meters.loudness(),
            scenes: self.scenes.names(),
            history: self.history.state(),
            outputs: OutputName::ALL.map(|output| self.playbacks.state(output)).to_vec(),
            exclusive_outputs: EXCLUSIVE_OUTPUTS,
            devices: self.device_states(),
            recorders: self.recorders.states(self.strips.states().count()),
            targets: self.air.states(),
            transports: self.air.transports(),
            title: self.air.title(),
            title_file: self.title_file.state(),
            announcer: self.announcer.state(),
            air_delay: self.air_delay.state(),
            black_box: self.black_box.state(),
            dead_air: self.dead_air_state(),
            listening: self.listening(),
            programs_at: self.programs_at.clone(),
            hls: self.hls.state(),
            library: self.tracks.state(),
            engine: self.engine_state(),
            notices: self.notices.all().to_vec(),
        }
    }

    pub(crate) fn meters(&mut self) -> DeskMeters {
        self.sequence = self.sequence.wrapping_add(1);
        let sequence = self.sequence;
        let order: Vec<_> = self.strips.states().map(|strip| strip.id).collect();
        let load = self.desk.health().load;
        let rate = f64::from(self.desk.rate.hz());
        let report = self.desk.report();
        let strips = order
            .into_iter()
            .map(|id| {
                // A strip that the engine has not mixed yet is silent.
                let heard = report.strips().find(|strip| strip.id == id);
                StripMeters {
                    id,
                    levels: heard.map(|strip| strip.levels).unwrap_or_default(),
                    reductions: heard.map(|strip| strip.reductions).unwrap_or_default(),
                }
            })
            .collect();
        DeskMeters {
            sequence,
            load,
            limiter: report.buses[0].limiter,
            ducking: report.ducking,
            seconds: report.health.frames as f64 / rate,
            buses: report.buses.map(|bus| BusMeters {
                levels: bus.levels,
                needles: bus.needles,
                compressor: bus.compressor,
            }),
            strips,
        }
    }
}
