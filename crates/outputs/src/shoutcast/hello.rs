//! From settings to a stream that a Shoutcast server has accepted. Blocks for some seconds at most.

use std::time::Duration;

use super::answer::{LINE_BYTES_MAX, verdict};
use super::words::{introduction, password};
use crate::icecast::connect;
use crate::icecast::line::Line;
use crate::icecast::patience::{Patience, Step};
use crate::icecast::reply;
use crate::icecast::{Secret, Source, SourceError, SourceSettings};

const ANSWER_LIMIT: Duration = Duration::from_secs(4);
/// A server that minds what it was told after the password says so within this, or while it is being sent to.
const OBJECTION_LIMIT: Duration = Duration::from_millis(300);

/// Asks the server to take the stream.
///
/// # Errors
/// When the server cannot be reached or refuses, or the settings cannot be said in its language.
pub(crate) fn connect(settings: &SourceSettings, secret: &Secret, patience: &Patience) -> Result<Source, SourceError> {
    settings.check()?;
    let password = password(settings, secret)?;
    let mut door = settings.clone();
    door.port += 1; // checked: there is one
    let mut line = connect::connect(&door, patience)?;
    let step = patience.step(&settings.host, "answer", ANSWER_LIMIT);
    line.write_all(format!("{password}\r\n").as_bytes(), &step)?;
    let answer = read_line(&mut line, &step)?;
    if answer.is_empty() {
        return Err(SourceError::PasswordUnanswered {
            host: settings.host.clone(),
        });
    }
    verdict(&answer, &door)?;
    line.write_all(introduction(settings).as_bytes(), &step)?;
    hear_objection(&mut line, settings, patience)?;
    Source::accepted(line, settings)
}

/// The first line of the answer, or what there is of it. Empty: the server hung up.
fn read_line(line: &mut Line, step: &Step) -> Result<String, SourceError> {
    let (mut answer, mut bytes) = (Vec::new(), [0; 256]);
    while !is_whole(&answer) && answer.len() < LINE_BYTES_MAX {
        match step.repeat(|| line.read_some(&mut bytes)) {
            Ok(Ok(count @ 1..)) => answer.extend_from_slice(&bytes[..count]),
            Err(error) if answer.is_empty() => return Err(error),
            Ok(_) | Err(_) => break, // what came is judged
        }
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A refusal is one line; "OK2" is followed by what the server can do and an empty line.
fn is_whole(answer: &[u8]) -> bool {
    let accepts = answer.starts_with(b"OK");
    answer.contains(&b'\n') && (!accepts || answer.ends_with(b"\r\n\r\n") || answer.ends_with(b"\n\n"))
}

/// Icecast takes the password first and looks for a free mount afterwards. A server that has no objection says nothing.
fn hear_objection(line: &mut Line, settings: &SourceSettings, patience: &Patience) -> Result<(), SourceError> {
    let step = patience.step(&settings.host, "object", OBJECTION_LIMIT);
    match reply::read_reply(line, &step) {
        Ok(reply) => reply::verdict(&reply, settings),
        Err(reply::NoReply::Closed) => Err(settings.lost("it was closed after the password was accepted")),
        Err(reply::NoReply::Fault(SourceError::TimedOut { .. }) | reply::NoReply::Garbage) => Ok(()),
        Err(reply::NoReply::Fault(error)) => Err(error),
    }
}
