//! Mending a session: what cannot be is left out, so that its usual value is used, and said.

use serde_path_to_error::Segment;
use toml::{Table, Value};

use super::Session;
use super::check::{Step, check};
use super::read::check_whole;

/// So many values are mended at most: a file with more is no session.
const MENDS_MAX: usize = 200;
/// So many are told; the rest is counted.
const MENDS_TOLD: usize = 5;

/// A session with everything in it that can be, and what was left out. `None` when there is nothing to mend: it is not
/// TOML, its end is missing, or what is wrong is no single value.
pub(super) fn mend(text: &str) -> Option<(Session, String)> {
    check_whole(text).ok()?;
    let mut table: Table = toml::from_str(text).ok()?;
    let mut faults = Vec::new();
    for _ in 0..MENDS_MAX {
        let (at, reason) = match serde_path_to_error::deserialize::<_, Session>(Value::Table(table.clone())) {
            Ok(session) => match session.sample_rate() {
                Err(error) => (vec![Step::Key("rate".into())], error.to_string()),
                Ok(rate) => match check(&session, rate) {
                    Ok(()) => return Some((session, told(&faults))),
                    Err(fault) => (fault.at, fault.reason),
                },
            },
            Err(error) => {
                let at = error.path().iter().filter_map(step).collect();
                (at, format!("{}: {}", error.path(), first_line(error.inner())))
            }
        };
        faults.push(reason);
        leave_out(&mut table, &at)?;
    }
    None
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Seq { index } => Some(Step::Place(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        _ => None,
    }
}

fn first_line(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or_default().to_owned()
}

/// Takes the value at a place out. `None` when there is none.
fn leave_out(table: &mut Table, at: &[Step]) -> Option<()> {
    let (last, way) = at.split_last()?;
    let mut place = table.get_mut(match way.first() {
        Some(Step::Key(key)) => key,
        Some(Step::Place(_)) => return None,
        None => {
            let Step::Key(key) = last else { return None };
            return table.remove(key).map(drop);
        }
    })?;
    for step in &way[1..] {
        place = match step {
            Step::Key(key) => place.get_mut(key.as_str())?,
            Step::Place(index) => place.get_mut(*index)?,
        };
    }
    match (last, place) {
        (Step::Key(key), Value::Table(table)) => table.remove(key).map(drop),
        (Step::Place(index), Value::Array(list)) if *index < list.len() => {
            list.remove(*index);
            Some(())
        }
        _ => None,
    }
}

fn told(faults: &[String]) -> String {
    let more = faults.len().saturating_sub(MENDS_TOLD);
    let mut told = faults[..faults.len() - more].join("; ");
    if more > 0 {
        told += &format!("; and {more} more");
    }
    told
}
