//! Reading a session: what is no session, and what no command could have set, is refused with its place.

use std::fs;
use std::path::Path;

use super::check::check;
use super::file::{FIRST_LINE, LAST_LINE};
use super::{Session, SessionError};

/// Reads a session without touching the file.
///
/// # Errors
/// When it cannot be read or is no session.
pub fn read(path: &Path) -> Result<Session, SessionError> {
    let bytes = fs::read(path).map_err(|source| SessionError::Read {
        path: path.to_owned(),
        source,
    })?;
    let broken = |reason: String| SessionError::Broken {
        path: path.to_owned(),
        reason,
    };
    // A value's reason says what it may be; a file's says nothing of what to do.
    let unreadable = |reason: String| broken(format!("{reason}; mend it or name another session"));
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = place(error.as_bytes(), error.utf8_error().valid_up_to());
        unreadable(format!("it is not UTF-8 text ({place})"))
    })?;
    check_whole(&text).map_err(unreadable)?;
    let session: Session = toml::from_str(&text).map_err(|error| unreadable(one_line(&error, &text)))?;
    let rate = session.sample_rate().map_err(|error| broken(error.to_string()))?;
    let session = session.carried_over();
    check(&session, rate).map_err(|fault| broken(fault.reason))?;
    Ok(session)
}

/// Finds a file that was cut short.
pub(super) fn check_whole(text: &str) -> Result<(), String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().all(|line| line.starts_with('#')) {
        return Err("there is nothing in it".into());
    }
    if lines().next() == Some(FIRST_LINE) && lines().next_back() != Some(LAST_LINE) {
        return Err("its end is missing".into());
    }
    Ok(())
}

/// A parser's message in one line, with its place.
pub(crate) fn one_line(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().replace('\n', ", ");
    match error.span() {
        Some(span) => format!("{message} ({})", place(text.as_bytes(), span.start)),
        None => message,
    }
}

/// Where a byte is, as an editor counts.
fn place(text: &[u8], byte: usize) -> String {
    let before = String::from_utf8_lossy(&text[..byte.min(text.len())]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}
