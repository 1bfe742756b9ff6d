//! The session: taken up when the station starts, and kept as the operator goes on.

use std::time::{Duration, Instant};

use airdesk_devices::mac::EXCLUSIVE_OUTPUTS;

use crate::api::{BusName, OutputName, Severity, StripState, TitleState};
use crate::breakdown::Breakdown;
use crate::control::BusControl;
use crate::session::{Session, SessionBus, SessionError, SessionStrip};
use crate::station::{Core, Internal};

/// A change is on disk this much later, so that a moving fader is saved once.
pub(crate) const SAVE_AFTER: Duration = Duration::from_millis(300);
/// A session that could not be saved is tried again this much later.
const SAVE_AGAIN: Duration = Duration::from_secs(5);

impl Core {
    /// Sets the desk up as the session says.
    pub(crate) fn take_up(&mut self, session: Session) {
        for (state, level) in self.vcas.iter_mut().zip(&session.vcas) {
            state.fader = *level;
        }
        for bus in &session.buses {
            let state = &mut self.buses[bus.bus.place()];
            (state.fader, state.stages) = (bus.fader, bus.stages());
        }
        self.send_buses();
        let mut strips = Vec::new();
        for strip in &session.strips {
            let added = self.add_strip(strip);
            if let Err(error) = &added {
                self.notice(Severity::Error, format!("strip {}: {error}", strip.name));
            }
            strips.push(added.ok());
        }
        for bus in &session.buses {
            // Only now does the strip that it leaves out have an id.
            let without = bus.without.and_then(|place| strips.get(place - 1).copied().flatten());
            if let Some(strip) = without
                && let Err(error) = self.control_bus(bus.bus, BusControl::Without(Some(strip)))
            {
                self.notice(Severity::Error, error.message);
            }
            let output = OutputName::of(bus.bus);
            self.playbacks.choose(output, bus.output.clone(), bus.playback);
            if bus.output.is_some() && bus.playback.exclusive && !EXCLUSIVE_OUTPUTS {
                let text = format!(
                    "the {} output is shared with other programs: this system cannot keep them away, as the session asks",
                    output.word()
                );
                self.notice(Severity::Warning, text);
            }
        }
        self.take_up_air_delay(session.air_delay);
        self.take_up_dead_air(&session.dead_air, &strips);
        self.take_up_title(&session.title, &session.artist, &session.show);
        self.take_up_title_file(session.title_file);
        self.listeners.introduce(self.air.introduction());
        self.take_up_mounts(session.mounts);
        self.take_up_hls(session.hls);
        if session.listening {
            self.set_listening(true);
        }
        self.unsaved = self.first_run.then(Instant::now);
    }

    /// As it is saved. What fades stands where it goes: half-way is nothing that anybody set, and a desk that is started
    /// again fades no more.
    pub(crate) fn session(&self) -> Session {
        let TitleState { title, artist, show } = self.air.title();
        Session {
            rate: self.desk.rate.hz(),
            limiter: self.limiter,
            talkover: self.talkover,
            vcas: self.vcas_as_set().map(|vca| vca.fader).collect(),
            listening: self.listeners.is_open() || matches!(self.breakdown, Breakdown::Final { listening: true }),
            mounts: self.mounts.clone(),
            hls: self.hls.settings().clone(),
            title,
            artist,
            show,
            title_file: self.title_file.settings(),
            announcer: self.announcer.session(),
            recording: None,
            recorders: self.recorders.settings(),
            targets: self.air.settings(),
            broadcast: None,
            air_delay: self.air_delay.settings(),
            black_box: self.black_box.settings().clone(),
            dead_air: self.session_dead_air(),
            buses: self.session_buses(),
            strips: {
                let with_files = |strip: &StripState| SessionStrip {
                    deck: self.decks.as_kept(strip.id),
                    carts: self.walls.as_kept(strip.id),
                    ..self.strip_as_set(strip)
                };
                self.strips.states().map(with_files).collect()
            },
            scenes: self.scenes.to_vec(),
            automation: self.automation.clone(),
        }
    }

    pub(crate) fn session_buses(&self) -> Vec<SessionBus> {
        let place = |id| {
            self.strips
                .states()
                .position(|strip| strip.id == id)
                .map(|index| index + 1)
        };
        let buses = self.buses.iter().map(|state| SessionBus {
            bus: state.bus,
            fader: self.fades.goal_of_bus(*state).fader,
            without: state.without.and_then(place),
            output: self.playbacks.choice(OutputName::of(state.bus)),
            playback: self.playbacks.settings(OutputName::of(state.bus)),
            equaliser: state.stages.equaliser,
            compressor: state.stages.compressor,
        });
        // A programme without an output was taken off it: that must be written too.
        buses
            .filter(|bus| bus.bus == BusName::Programme || *bus != SessionBus::new(bus.bus))
            .collect()
    }

    /// Something was set: it is saved soon.
    pub(crate) fn touch(&mut self) {
        self.unsaved.get_or_insert_with(Instant::now);
    }

    /// Saves on another thread, one save at a time: the last one wins.
    pub(crate) fn save(&mut self, session: Session) {
        (self.saving, self.unsaved) = (true, None);
        let (file, internal) = (self.file.clone(), self.internal.clone());
        tokio::task::spawn_blocking(move || {
            // The station waits for the last one when it ends, but not for ever.
            let _ = internal.send(Internal::Saved(file.save(&session)));
        });
    }

    pub(crate) fn saved(&mut self, result: Result<(), SessionError>) {
        self.saving = false;
        match result {
            Ok(()) => {
                if std::mem::replace(&mut self.save_after, SAVE_AFTER) == SAVE_AGAIN {
                    self.notice(Severity::Info, "the session is saved again".into());
                }
            }
            Err(error) => {
                self.unsaved = Some(Instant::now());
                self.save_after = SAVE_AGAIN;
                self.notice(Severity::Error, format!("{error}; until then it is tried every 5 s"));
            }
        }
    }
}
