//! What recorders do by themselves, ten times a second: start and stop, keep the last seconds, and say when they have stopped.

use std::time::{Duration, Instant};

use airdesk_outputs::recorder::RecordingState as Running;
use jiff::Zoned;

use super::recorder::Phase;
use super::triggers::Sight;
use crate::api::{BusName, RecorderId, RecordingSettings, Stems};
use crate::station::Core;

impl Core {
    /// Notices recordings that have stopped by themselves, and starts and stops those that no hand does. `figures`: tell
    /// hosts how it is going.
    pub(crate) fn look_after_recorders(&mut self, figures: bool) {
        self.follow_triggers();
        let ids: Vec<RecorderId> = self.recorders.desks.iter().map(|desk| desk.id).collect();
        for id in ids {
            self.look_after_recorder(id);
            self.join_strips(id);
            self.keep_pre_roll(id);
            if figures && self.recorders.desk(id).is_ok_and(|desk| desk.is_running()) {
                self.tell_recorder(id);
            }
        }
    }

    fn look_after_recorder(&mut self, id: RecorderId) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        let Phase::Running(recording) = &desk.phase else { return };
        let status = recording.status();
        let failure = match status.state.clone() {
            Running::Failed { reason } => Some(reason),
            _ => None,
        };
        let file = status.file().to_owned();
        let turns = desk.is_news(matches!(status.state, Running::Stalled { .. }));
        if desk.has_split(status.parts) {
            self.log_split(&status);
        }
        self.remark(id, &file, status.gap_log_fault.clone(), failure.clone());
        self.tell_files(id, status.seam_fault.as_ref(), &status.remarks);
        self.tell_moved(id, status.moved.as_ref());
        if let Some(reason) = &failure {
            self.log_failed(&status, reason);
        }
        if let Some(reason) = failure
            && let Ok(desk) = self.recorders.desk(id)
        {
            desk.phase = Phase::Failed {
                file: Some(file.to_string_lossy().into_owned()),
                reason,
            };
            self.tell_recorder(id);
        } else if turns {
            // Before the next figures: half a second more would be half a second of a lie.
            self.tell_recorder(id);
        }
    }

    fn follow_triggers(&mut self) {
        let (on_air, wanted) = (self.air.is_live(), self.air.is_wanted());
        let (clock, now) = (Zoned::now().datetime(), Instant::now());
        for (id, settings) in self.recorder_settings() {
            let report = self.desk.report();
            let bus = settings.source.bus();
            let peak = report.buses[bus.unwrap_or(BusName::Programme).place()].levels.peak;
            let sight = Sight {
                on_air,
                wanted,
                peak: peak[0].max(peak[1]),
                late: if bus.is_none() {
                    self.air_delay.held()
                } else {
                    Duration::ZERO
                },
                clock,
                now,
            };
            let start = self.recorders.desk(id).ok().and_then(|desk| desk.follow(&sight));
            if let Some(starter) = start
                && self.desk.check().is_ok()
            {
                self.start_recorder(id, starter, None);
            }
        }
    }

    /// Keeps the last seconds of what is recorded from, where a recording shall begin with them.
    fn keep_pre_roll(&mut self, id: RecorderId) {
        if self.is_silent() {
            return;
        }
        let Ok(desk) = self.recorders.desk(id) else { return };
        let settings = desk.settings().clone();
        let stems = settings.stems != Stems::None;
        let strips = self.strips.states().map(|strip| strip.id).filter(|_| stems);
        let Ok(desk) = self.recorders.desk(id) else { return };
        if !desk.wants_arming() || desk.is_armed_with(strips) {
            return;
        }
        let (feeds, strips) = self.feeds(&settings);
        if let Ok(desk) = self.recorders.desk(id)
            && let Err(error) = desk.arm(feeds, strips)
        {
            tracing::debug!(%error, "no seconds before the recording are kept"); // tried again at the next look
        }
    }

    /// The engine broke and was started again: new files take over. What is aired goes on in the same ones.
    pub(crate) fn recorders_go_on(&mut self) {
        for (id, _) in self.recorder_settings() {
            let Ok(desk) = self.recorders.desk(id) else { continue };
            if desk.takes_air() && desk.is_running() {
                continue;
            }
            let settings = desk.in_force().clone();
            let (feeds, strips) = self.feeds(&settings);
            if let Ok(desk) = self.recorders.desk(id) {
                desk.go_on(feeds, strips);
            }
        }
    }

    fn recorder_settings(&self) -> Vec<(RecorderId, RecordingSettings)> {
        let desks = self.recorders.desks.iter();
        desks.map(|desk| (desk.id, desk.settings().clone())).collect()
    }
}
