//! Mending a session: what cannot be is left out, so that its usual value is used, and said. Of a stage with one value
//! that cannot be only that is left out.

use std::fs;
use std::path::Path;

use airdesk_dsp::equaliser::EqualiserSettings;
use serde_path_to_error::Segment;
use toml::{Table, Value};

use super::check::{Fault, Step, check};
use super::read::{check_whole, read};
use super::{Session, SessionError};

/// So many values are mended at most: a file with more is no session.
const MENDS_MAX: usize = 200;
/// So many are told; the rest is counted.
const MENDS_TOLD: usize = 5;

/// Reads a session without touching the file. Where values in it cannot be, the usual ones are used, and what was wrong is
/// said beside it.
///
/// # Errors
/// When it cannot be read or is no session.
pub fn read_mended(path: &Path) -> Result<(Session, Option<String>), SessionError> {
    let error = match read(path) {
        Ok(session) => return Ok((session, None)),
        Err(error) => error,
    };
    match fs::read_to_string(path).ok().and_then(|text| mend(&text)) {
        Some((session, faults)) => Ok((session, Some(faults))),
        None => Err(error),
    }
}

/// A session with everything in it that can be, and what was left out. `None` when there is nothing to mend: it is not
/// TOML, its end is missing, or what is wrong is no single value.
pub(super) fn mend(text: &str) -> Option<(Session, String)> {
    check_whole(text).ok()?;
    let mut table: Table = toml::from_str(text).ok()?;
    carry_over(&mut table);
    let mut faults = Vec::new();
    for _ in 0..MENDS_MAX {
        match try_to_read(&table) {
            Ok(session) => return Some((session, told(&faults))),
            Err(unfit) => {
                let at = narrowed(&table, &unfit);
                faults.push(unfit.fault.reason);
                leave_out(&mut table, &at)?;
            }
        }
    }
    None
}

/// What an older version wrote of its one server and its one recorder, as this one writes it.
fn carry_over(table: &mut Table) {
    for (older, list) in [("broadcast", "targets"), ("recording", "recorders")] {
        if let Some(one) = table.remove(older) {
            table.entry(list).or_insert_with(|| Value::Array(vec![one]));
        }
    }
}

/// The first thing that is wrong with a table.
struct Unfit {
    fault: Fault,
    /// The table could be read, and a value in it is out of its range.
    is_read: bool,
}

fn try_to_read(table: &Table) -> Result<Session, Unfit> {
    let unfit = |is_read, at, reason| Unfit {
        fault: Fault { at, reason },
        is_read,
    };
    let session: Session = serde_path_to_error::deserialize(Value::Table(table.clone())).map_err(|error| {
        let at = error.path().iter().filter_map(step).collect();
        unfit(false, at, format!("{}: {}", error.path(), first_line(error.inner())))
    })?;
    let rate = session
        .sample_rate()
        .map_err(|error| unfit(true, vec![Step::Key("rate".into())], error.to_string()))?;
    match check(&session, rate) {
        Ok(()) => Ok(session.carried_over()),
        Err(fault) => Err(Unfit { fault, is_read: true }),
    }
}

/// What says where a stream goes and as whom: with another value in the place of one of these it would go elsewhere.
const SERVER: [&str; 6] = ["host", "port", "tls", "pinnedCertificate", "mount", "user"];

/// The one value in a table of values without which the table can be, else the table. What says where a stream goes
/// stays together.
fn narrowed(table: &Table, unfit: &Unfit) -> Vec<Step> {
    let mut whole = unfit.fault.at.clone();
    let is_target = whole.first() == Some(&Step::Key("targets".into()));
    let is_server = |step: &Step| matches!(step, Step::Key(key) if SERVER.contains(&key.as_str()));
    if is_target && whole.get(2).is_some_and(is_server) {
        whole.truncate(2);
        return whole;
    }
    let Some(Value::Table(values)) = value_at(&mut table.clone(), &whole).cloned() else {
        return whole;
    };
    // Without its name a target is told under another one: that comes last.
    let is_label = |key: &&String| is_target && *key == "label";
    let keys = values.keys().filter(|key| !is_label(key));
    for key in keys.chain(values.keys().filter(is_label)) {
        if is_target && SERVER.contains(&key.as_str()) {
            continue;
        }
        let mut without = table.clone();
        let at = [whole.as_slice(), &[Step::Key(key.clone())]].concat();
        if leave_out(&mut without, &at).is_none() {
            continue;
        }
        let helps = match try_to_read(&without) {
            Ok(_) => true,
            Err(next) if unfit.is_read => next.is_read && next.fault != unfit.fault,
            // A table that misses a value is told in its own place.
            Err(next) => next.is_read || !whole.starts_with(&next.fault.at),
        };
        if helps {
            return at;
        }
    }
    whole
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
    if way.is_empty() {
        let Step::Key(key) = last else { return None };
        return table.remove(key).map(drop);
    }
    let usual = usual_in_band(way, last);
    match (last, value_at(table, way)?) {
        (Step::Key(key), Value::Table(table)) => match usual {
            // A band is nothing without one of its values: the usual one takes its place.
            Some(usual) => table.get_mut(key).map(|value| *value = usual),
            None => table.remove(key).map(drop),
        },
        (last, Value::Array(list)) => {
            let index = place_in(list, last)?;
            match usual {
                // There are as many bands as there are: another one takes its place.
                Some(usual) => list[index] = usual,
                None => drop(list.remove(index)),
            }
            Some(())
        }
        _ => None,
    }
}

/// The value at a place.
fn value_at<'a>(table: &'a mut Table, at: &[Step]) -> Option<&'a mut Value> {
    let (first, rest) = at.split_first()?;
    let Step::Key(key) = first else { return None };
    rest.iter()
        .try_fold(table.get_mut(key)?, |value, step| match (step, value) {
            (Step::Key(key), value) => value.get_mut(key.as_str()),
            (step, Value::Array(list)) => {
                let index = place_in(list, step)?;
                list.get_mut(index)
            }
            _ => None,
        })
}

/// Where in a list a step leads.
fn place_in(list: &[Value], step: &Step) -> Option<usize> {
    match step {
        Step::Key(_) => None,
        Step::Place(index) => Some(*index).filter(|index| *index < list.len()),
        Step::Send(bus) => {
            let to = Value::try_from(bus).ok()?;
            // Of two to the same bus the last one counts.
            list.iter().rposition(|send| send.get("to") == Some(&to))
        }
    }
}

/// What an equaliser has in this place unless it is set: a band, or one of its values.
fn usual_in_band(way: &[Step], last: &Step) -> Option<Value> {
    let (list, index, key) = match (way, last) {
        ([.., Step::Key(list)], Step::Place(index)) => (list, index, None),
        ([.., Step::Key(list), Step::Place(index)], Step::Key(key)) => (list, index, Some(key)),
        _ => return None,
    };
    let usual = EqualiserSettings::default();
    let band = usual.bands.get(*index).filter(|_| list == "bands")?;
    let band = Value::try_from(band).ok()?;
    key.map_or(Some(band.clone()), |key| band.get(key).cloned())
}

fn told(faults: &[String]) -> String {
    let more = faults.len().saturating_sub(MENDS_TOLD);
    let mut told = faults[..faults.len() - more].join("; ");
    if more > 0 {
        told += &format!("; and {more} more");
    }
    told
}
