//! What is held, as hosts see it.

use std::time::SystemTime;

use airdesk_outputs::black_box::RunState;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::api::{BlackBoxLane, BlackBoxRun};

/// What is held of one engine.
pub(crate) fn run(state: &RunState) -> BlackBoxRun {
    let lanes = state.lanes.iter().map(|lane| BlackBoxLane {
        name: lane.name.clone(),
        seconds: lane.held.as_secs_f64(),
        frames_lost: lane.frames_lost,
    });
    BlackBoxRun {
        id: state.id.0,
        current: state.current,
        began: written(&clock(state.began)),
        seconds: state.held.as_secs_f64(),
        lanes: lanes.collect(),
    }
}

/// What the clock on the wall said then.
pub(crate) fn clock(moment: SystemTime) -> Zoned {
    let moment = Timestamp::try_from(moment).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::system())
}

/// A moment as hosts read it.
pub(super) fn written(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
