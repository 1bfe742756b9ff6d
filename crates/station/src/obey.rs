//! What hosts ask, obeyed: each command checked, passed to the engine, and told to everybody.

use std::time::Instant;

use airdesk_engine::EngineCommand;

use crate::api::{
    AudioCommand, BroadcastSettings, BusName, BusState, CommandError, ErrorCode, Event, ListeningState, Reply, Severity,
};
use crate::breakdown::Breakdown;
use crate::broadcast::Refused;
use crate::password::Kept;
use crate::range;
use crate::recording::Answer;
use crate::session::SessionStrip;
use crate::station::Core;

impl Core {
    /// Obeys a host, and remembers to save. What may block answers later.
    pub(crate) fn obey(&mut self, command: AudioCommand, answer: Answer) {
        match command {
            AudioCommand::StartRecording => match self.desk.check() {
                Ok(()) => {
                    self.recording.start(self.desk.programme.reader(), answer);
                    self.tell_recorder();
                }
                Err(error) => {
                    // A host that has gone does not want the answer.
                    let _ = answer.send(Err(error));
                }
            },
            AudioCommand::StopRecording => {
                self.recording.stop(answer);
                self.tell_recorder();
            }
            AudioCommand::SetPassword { password } => self.air.set_password(password, answer),
            AudioCommand::SetBroadcast { settings } => self.set_broadcast(settings, answer),
            command => {
                let result = self.dispatch(command);
                if result.is_ok() {
                    self.unsaved.get_or_insert_with(Instant::now);
                }
                // A host that has gone does not want the answer.
                let _ = answer.send(result);
            }
        }
    }

    pub(crate) fn dispatch(&mut self, command: AudioCommand) -> Result<Reply, CommandError> {
        match command {
            AudioCommand::AddStrip { name, source } => {
                let strip = SessionStrip::new(&checked_name(&name)?, source);
                return self.add_strip(&strip).map(|id| Reply::Strip { id });
            }
            AudioCommand::RemoveStrip { strip } => self.remove_strip(strip)?,
            AudioCommand::RenameStrip { strip, name } => {
                let name = checked_name(&name)?;
                self.change_strip(strip, |state| state.name = name)?;
            }
            AudioCommand::SetSource { strip, source } => self.set_source(strip, source)?,
            AudioCommand::SetTrim { strip, level } => {
                let level = range::trim(level)?;
                self.control(strip, EngineCommand::SetTrim(strip, level), |state| state.trim = level)?;
            }
            AudioCommand::SetFader { strip, level } => {
                let level = range::fader("fader", level)?;
                self.control(strip, EngineCommand::SetFader(strip, level), |state| {
                    state.fader = level
                })?;
            }
            AudioCommand::SetPan { strip, pan } => {
                let pan = range::pan(pan)?;
                self.control(strip, EngineCommand::SetPan(strip, pan), |state| state.pan = pan)?;
            }
            AudioCommand::SetMute { strip, on } => {
                self.control(strip, EngineCommand::SetMute(strip, on), |state| state.mute = on)?;
            }
            AudioCommand::SetSolo { strip, on } => {
                self.control(strip, EngineCommand::SetSolo(strip, on), |state| state.solo = on)?;
            }
            AudioCommand::SetSoloSafe { strip, on } => {
                self.control(strip, EngineCommand::SetSoloSafe(strip, on), |state| {
                    state.solo_safe = on
                })?;
            }
            AudioCommand::SetCue { strip, on } => {
                self.control(strip, EngineCommand::SetCue(strip, on), |state| state.cue = on)?;
            }
            AudioCommand::SetBusFader { bus, level } => {
                let fader = range::fader("bus fader", level)?;
                let state = BusState { bus, fader };
                self.send_bus(state)?;
                self.buses[bus as usize] = state;
                self.tell(Event::Bus(state));
            }
            AudioCommand::SetLimiter { settings } => {
                let limiter = range::limiter(&settings)?;
                self.desk.send(EngineCommand::SetLimiter(limiter))?;
                self.limiter = settings;
                self.tell(Event::Limiter(settings));
            }
            AudioCommand::SetOutput { output, device } => self.set_output(output, device)?,
            AudioCommand::RefreshDevices => self.scanner.refresh(),
            AudioCommand::SetRecording { settings } => {
                self.recording.set(settings)?;
                self.tell_recorder();
            }
            AudioCommand::SetListening { on } => {
                if on {
                    self.desk.check()?;
                }
                self.set_listening(on);
            }
            AudioCommand::ClearClips => self.desk.send(EngineCommand::ClearClips)?,
            AudioCommand::DismissNotice { id } => {
                if self.notices.dismiss(id) {
                    self.tell(Event::NoticeDismissed(id));
                }
            }
            other => self.dispatch_broadcast(other)?,
        }
        Ok(Reply::Done)
    }

    pub(crate) fn dispatch_broadcast(&mut self, command: AudioCommand) -> Result<(), CommandError> {
        match command {
            AudioCommand::TrustCertificate { fingerprint } => self.air.trust(&fingerprint)?,
            AudioCommand::GoLive => {
                self.desk.check()?;
                self.air.go_live(&self.desk.programme)?;
            }
            AudioCommand::GoOffAir => self.air.go_off_air(),
            AudioCommand::SetTitle { title } => {
                self.air.set_title(&title);
                self.listeners.set_title(self.air.title());
            }
            _ => {}
        }
        self.tell(Event::Broadcast(self.air.state()));
        Ok(())
    }

    fn set_broadcast(&mut self, settings: BroadcastSettings, answer: Answer) {
        let (answer, result) = match self.air.set(settings, answer) {
            Ok(answer) => (answer, Ok(Reply::Done)),
            Err(Refused(error, answer)) => (Some(answer), Err(error)),
        };
        if result.is_ok() {
            self.unsaved.get_or_insert_with(Instant::now);
            self.listeners.introduce(self.air.introduction());
            self.tell(Event::Broadcast(self.air.state()));
        }
        if let Some(answer) = answer {
            // A host that has gone does not want the answer.
            let _ = answer.send(result);
        }
    }

    /// Takes in what the keeper of passwords has done.
    pub(crate) fn hear_password(&mut self, kept: Kept) {
        let (result, answer) = self.air.password_kept(kept);
        if result.is_ok()
            && let Some(warning) = self.air.warning()
        {
            self.notice(Severity::Warning, warning);
        }
        self.tell(Event::Broadcast(self.air.state()));
        if let Some(answer) = answer {
            // A host that has gone does not want the answer.
            let _ = answer.send(result.map(|()| Reply::Done));
        }
    }

    /// Sets a fresh engine's buses up.
    pub(crate) fn send_buses(&mut self) {
        let limiter = range::limiter(&self.limiter).map(EngineCommand::SetLimiter);
        let sent = limiter.and_then(|limiter| self.desk.send(limiter));
        let buses = self.buses.map(|bus| self.send_bus(bus));
        for error in buses.into_iter().chain([sent]).filter_map(Result::err) {
            self.notice(Severity::Error, error.message);
        }
    }

    fn send_bus(&mut self, state: BusState) -> Result<(), CommandError> {
        let bus = match state.bus {
            BusName::Programme => airdesk_engine::BusId::Programme,
            BusName::Cue => airdesk_engine::BusId::Cue,
        };
        self.desk.send(EngineCommand::SetBusFader(bus, state.fader))
    }

    pub(crate) fn set_listening(&mut self, on: bool) {
        if on {
            self.listeners.set_title(self.air.title());
            self.listeners.open();
        } else {
            self.listeners.close();
            if let Breakdown::Final { listening } = &mut self.breakdown {
                *listening = false;
            }
        }
        self.tell_listening();
    }

    pub(crate) fn listening(&self) -> ListeningState {
        ListeningState {
            on: self.listeners.is_open(),
            urls: self.urls.clone(),
            listeners: self.listeners.listeners(),
            frames_lost: self.listeners.frames_lost(),
        }
    }

    pub(crate) fn tell_listening(&self) {
        self.tell(Event::Listening(self.listening()));
    }
}

/// A strip's name: 1 to 40 characters, none of them invisible.
pub(crate) fn checked_name(name: &str) -> Result<String, CommandError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 40 || name.chars().any(char::is_control) {
        return Err(CommandError {
            code: ErrorCode::Invalid,
            message: format!(
                "\"{}\" cannot be a strip's name; use 1 to 40 characters",
                name.escape_debug()
            ),
        });
    }
    Ok(name.to_owned())
}
