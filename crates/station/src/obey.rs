//! What hosts ask, obeyed: each command checked, passed to the engine, and told to everybody.

use std::time::Instant;

use airdesk_engine::EngineCommand;

use crate::air_delay::aired;
use crate::api::{
    AudioCommand, BroadcastSettings, BusName, CommandError, DuckerSettings, ErrorCode, Event, LimiterSettings, Reply,
    Severity, TargetId, VcaState,
};
use crate::broadcast::{Refused, Said};
use crate::control::{BusControl, Control};
use crate::password::Kept;
use crate::range;
use crate::recording::Answer;
use crate::scenes::Recall;
use crate::session::SessionStrip;
use crate::station::Core;

impl Core {
    /// Obeys a host, and remembers to save. What may block answers later.
    pub(crate) fn obey(&mut self, command: AudioCommand, answer: Answer) {
        match command {
            AudioCommand::StartRecording { recorder } => self.start_recorders(recorder, answer),
            AudioCommand::StopRecording { recorder } => self.stop_recorders(recorder, answer),
            AudioCommand::KeepLast { seconds, run, folder } => self.keep_last(seconds, run, folder, answer),
            AudioCommand::SetPassword { target, password } => {
                if let Err(Refused(error, answer)) = self.air.set_password(target, password.into_inner(), answer) {
                    // A host that has gone does not want the answer.
                    let _ = answer.send(Err(error));
                }
            }
            AudioCommand::SetTarget { target, settings } => self.set_target(target, *settings, answer),
            AudioCommand::GoLive { target } => self.go_live(target, answer),
            AudioCommand::Announcer { command } => self.announce(command, answer),
            AudioCommand::ReadTimeline { .. } => self.read_timeline(command, answer),
            // Folders are this machine's: nothing of them is in the session.
            AudioCommand::Library { command } => self.library(command, answer),
            AudioCommand::SearchTracks { .. } | AudioCommand::ReadPlays { .. } | AudioCommand::ReadWaveform { .. } => {
                self.read_library(command, answer);
            }
            AudioCommand::ShowSpectrum { of } => {
                // Asked for every second, and nothing of it is saved. A host that has gone does not want the answer.
                let _ = answer.send(self.show_spectrum(of).map(|()| Reply::Done));
            }
            AudioCommand::Carts { strip, command } if !command.sets() => {
                // Nothing of it is saved. A host that has gone does not want the answer.
                let _ = answer.send(self.carts(strip, command).map(|()| Reply::Done));
            }
            command => {
                let action = self.action(&command);
                let before = action.map(|action| (action, self.console_state()));
                let result = self.dispatch(command);
                if result.is_ok() {
                    self.touch();
                    if let Some((action, before)) = before {
                        self.remember(&action, before);
                    }
                }
                // A host that has gone does not want the answer.
                let _ = answer.send(result);
            }
        }
    }

    pub(crate) fn dispatch(&mut self, command: AudioCommand) -> Result<Reply, CommandError> {
        if let Some((strip, control)) = Control::read(&command)? {
            self.fades.let_go_of(strip, &control);
            self.take_fallback(strip, &control);
            return self.control(strip, control).map(|()| Reply::Done);
        }
        if let Some((bus, control)) = BusControl::read(&command)? {
            self.fades.let_go_of_bus(bus, &control);
            return self.control_bus(bus, control).map(|()| Reply::Done);
        }
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
            AudioCommand::Deck { strip, command } => self.deck(strip, command)?,
            AudioCommand::Carts { strip, command } => self.carts(strip, command)?,
            AudioCommand::SetVcaFader { vca, level } => {
                let (vca, fader) = (range::vca(vca)?, range::fader("VCA fader", level)?);
                self.fades.let_go_of_vca(vca);
                self.set_vca(VcaState { vca, fader })?;
            }
            AudioCommand::SetTalkover { settings } => self.set_talkover(range::talkover(&settings)?)?,
            AudioCommand::SetLimiter { settings } => self.set_limiter(range::limiter(&settings)?)?,
            AudioCommand::Undo => self.undo()?,
            AudioCommand::Redo => self.redo()?,
            AudioCommand::StoreScene { name } => self.store_scene(&name)?,
            AudioCommand::RemoveScene { name } => self.remove_scene(&name)?,
            AudioCommand::RecallScene {
                name,
                parts,
                strips,
                fade,
            } => {
                let recall = Recall {
                    parts: &parts,
                    strips: &strips,
                };
                self.recall_scene(&name, &recall, fade)?;
            }
            AudioCommand::SetOutput { output, device } => self.set_output(output, device)?,
            AudioCommand::SetOutputSettings { output, settings } => self.set_output_settings(output, settings)?,
            AudioCommand::RefreshDevices => self.scanner.refresh(),
            AudioCommand::AddRecorder { settings } => {
                return self.add_recorder(*settings).map(|id| Reply::Recorder { id });
            }
            AudioCommand::RemoveRecorder { recorder } => self.remove_recorder(recorder)?,
            AudioCommand::SetRecording { recorder, settings } => self.set_recorder(recorder, *settings)?,
            AudioCommand::SplitRecording { recorder } => self.split_recorders(recorder)?,
            AudioCommand::SetAirDelay { settings } => self.set_air_delay(range::air_delay(&settings)?)?,
            AudioCommand::Dump { seconds } => self.dump(seconds.map(range::dump).transpose()?)?,
            AudioCommand::SetBlackBox { settings } => self.set_black_box(settings)?,
            AudioCommand::SetDeadAir { settings } => self.set_dead_air(range::dead_air(&settings)?)?,
            AudioCommand::SetStripWatch { strip, watch } => {
                self.watch_strip(strip, watch.as_ref().map(range::watch).transpose()?)?;
            }
            AudioCommand::SetListening { on } => {
                if on {
                    self.desk.check()?;
                }
                self.set_listening(on);
            }
            AudioCommand::SetMounts { settings } => self.set_mounts(settings)?,
            AudioCommand::SetHls { settings } => self.set_hls(settings)?,
            AudioCommand::MeasureLoudness { bus, on } => self.measure_loudness(bus, on)?,
            AudioCommand::ResetLoudness { bus } => self.reset_loudness(bus)?,
            AudioCommand::ClearClips => self.desk.send(EngineCommand::ClearClips)?,
            AudioCommand::DismissNotice { id } => {
                if self.notices.dismiss(id) {
                    self.tell(Event::NoticeDismissed(id));
                }
            }
            other => return self.dispatch_broadcast(other),
        }
        Ok(Reply::Done)
    }

    pub(crate) fn dispatch_broadcast(&mut self, command: AudioCommand) -> Result<Reply, CommandError> {
        match command {
            AudioCommand::AddTarget { settings } => {
                let id = self.air.add(*settings)?;
                self.targets_changed();
                return Ok(Reply::Target { id });
            }
            AudioCommand::RemoveTarget { target } => {
                self.air.remove(target)?;
                self.tell(Event::TargetRemoved(target));
                self.targets_changed();
            }
            AudioCommand::TrustCertificate { target, fingerprint } => {
                self.air.trust(target, &fingerprint)?;
                self.tell_targets();
            }
            AudioCommand::GoOffAir { target } => {
                self.count_losses();
                let said = self.air.go_off_air(target, &Ok(()))?;
                self.tell_targets();
                answer_all(said);
            }
            AudioCommand::SetTitle { title, artist, show } => {
                self.set_title(&title, &artist, show.as_deref());
                self.tell(Event::Title(self.air.title()));
            }
            AudioCommand::SetTitleFile { path } => self.set_title_file(path.trim())?,
            _ => {}
        }
        Ok(Reply::Done)
    }

    /// There are other targets, or other settings.
    fn targets_changed(&mut self) {
        self.listeners.introduce(self.air.introduction());
        self.tell_targets();
    }

    /// Tells of every target: some things that are done to one are seen of others.
    pub(crate) fn tell_targets(&mut self) {
        self.log_air();
        for state in self.air.states() {
            self.tell(Event::Target(state));
        }
    }

    fn set_target(&mut self, target: TargetId, settings: BroadcastSettings, answer: Answer) {
        let (answer, result) = match self.air.set(target, settings, answer) {
            Ok(answer) => (answer, Ok(Reply::Done)),
            Err(Refused(error, answer)) => (Some(answer), Err(error)),
        };
        if result.is_ok() {
            self.unsaved.get_or_insert_with(Instant::now);
            self.targets_changed();
        }
        if let Some(answer) = answer {
            // A host that has gone does not want the answer.
            let _ = answer.send(result);
        }
    }

    /// Goes live; the answer may have to wait for the keeper of passwords.
    fn go_live(&mut self, target: Option<TargetId>, answer: Answer) {
        let said = match self.desk.check() {
            Ok(()) => self
                .air
                .go_live(target, &|bus| aired(&self.air_delay, &self.desk, bus), answer),
            Err(error) => vec![(answer, Err(error))],
        };
        self.tell_targets();
        answer_all(said);
    }

    /// Takes in what the keeper of passwords has done.
    pub(crate) fn hear_password(&mut self, kept: Kept) {
        let known = self.air.password_fault();
        let account = kept.account.clone();
        let (result, answer) = self.air.password_kept(kept);
        let fault = self.air.password_fault().filter(|fault| known.as_ref() != Some(fault));
        if let Some(fault) = fault {
            self.notice(Severity::Error, fault);
        }
        if result.is_ok()
            && let Some(warning) = self.air.warning(&account)
        {
            self.notice(Severity::Warning, warning);
        }
        let at_last = self.air.go_live_at_last(&|bus| aired(&self.air_delay, &self.desk, bus));
        self.tell_targets();
        let asked = answer.map(|answer| (answer, result.map(|()| Reply::Done)));
        answer_all(asked.into_iter().chain(at_last));
    }

    /// Moves a bus's control: the engine first, and once it has agreed everybody is told.
    pub(crate) fn control_bus(&mut self, bus: BusName, control: BusControl) -> Result<(), CommandError> {
        if let BusControl::Without(Some(strip)) = control {
            self.strips.check(strip)?;
        }
        self.desk.send(control.command(bus))?;
        let state = &mut self.buses[bus.place()];
        control.write(state);
        let state = *state;
        self.tell(Event::Bus(state));
        Ok(())
    }

    pub(crate) fn set_limiter(&mut self, settings: LimiterSettings) -> Result<(), CommandError> {
        self.desk.send(EngineCommand::SetLimiter(settings))?;
        self.limiter = settings;
        self.tell(Event::Limiter(settings));
        Ok(())
    }

    pub(crate) fn set_talkover(&mut self, settings: DuckerSettings) -> Result<(), CommandError> {
        self.desk.send(EngineCommand::SetDucker(settings))?;
        self.talkover = settings;
        self.tell(Event::Talkover(settings));
        Ok(())
    }

    pub(crate) fn set_vca(&mut self, state: VcaState) -> Result<(), CommandError> {
        self.desk.send(EngineCommand::SetVca(state.vca, state.fader))?;
        self.vcas[usize::from(state.vca)] = state;
        self.tell(Event::Vca(state));
        Ok(())
    }

    /// Sets a fresh engine's buses, groups and talkover up.
    pub(crate) fn send_buses(&mut self) {
        let buses = self.buses.iter().flat_map(|bus| {
            let name = bus.bus;
            BusControl::all(bus)
                .into_iter()
                .map(move |control| control.command(name))
        });
        let vcas = self.vcas.iter().map(|vca| EngineCommand::SetVca(vca.vca, vca.fader));
        let commands: Vec<_> = buses
            .chain(vcas)
            .chain([
                EngineCommand::SetLimiter(self.limiter),
                EngineCommand::SetDucker(self.talkover),
            ])
            .collect();
        for command in commands {
            if let Err(error) = self.desk.send(command) {
                self.notice(Severity::Error, error.message);
            }
        }
    }
}

/// Once everybody has been told.
pub(crate) fn answer_all(said: impl IntoIterator<Item = <Said as IntoIterator>::Item>) {
    for (answer, result) in said {
        // A host that has gone does not want the answer.
        let _ = answer.send(result);
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
