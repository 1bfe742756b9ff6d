//! Titles for formats that carry none: a request of its own to the server, beside the stream.

use std::thread;
use std::time::{Duration, Instant};

use super::connect::connect;
use super::patience::Patience;
use super::reply::{NoReply, parse, verdict};
use super::request::{status_head, title_head};
use super::{Secret, SourceError, SourceSettings};
use crate::title::Title;

const ANSWER_LIMIT: Duration = Duration::from_secs(4);
/// A title is in the status page only when some more audio has come.
const SHOWN_AFTER: Duration = Duration::from_secs(1);
/// Bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// Sets the title of a mount.
#[derive(Debug, Clone)]
pub struct TitleClient {
    settings: SourceSettings,
    secret: Secret,
}

impl TitleClient {
    /// For the mount that the settings name.
    pub fn new(settings: SourceSettings, secret: Secret) -> Self {
        Self { settings, secret }
    }

    /// Sets the title. Blocks for some seconds at most, or until the patience ends.
    ///
    /// # Errors
    /// When the server cannot be reached, does not take it, or cannot show it.
    pub fn set(&self, title: &Title, patience: &Patience) -> Result<(), SourceError> {
        let head = title_head(title, &self.settings, &self.secret);
        judge(&self.ask(&head, patience)?, &self.settings)?;
        match title.as_str().chars().find(|c| *c > '\u{ff}') {
            Some(beyond_latin) => self.look(beyond_latin, patience),
            None => Ok(()),
        }
    }

    /// Icecast gives an MP3 mount Latin-1 unless it is configured, and writes what that lacks as `&#8211;`.
    fn look(&self, letter: char, patience: &Patience) -> Result<(), SourceError> {
        let shown = Instant::now() + SHOWN_AFTER;
        while Instant::now() < shown && !patience.has_ended() {
            thread::sleep(Duration::from_millis(50));
        }
        let status = self.ask(&status_head(&self.settings), patience)?;
        let mangled = format!("&#{};", u32::from(letter));
        if String::from_utf8_lossy(&status).contains(&mangled) {
            return Err(SourceError::TitleMangled {
                host: self.settings.host.clone(),
                mount: self.settings.mount.clone(),
            });
        }
        Ok(())
    }

    fn ask(&self, head: &str, patience: &Patience) -> Result<Vec<u8>, SourceError> {
        let mut line = connect(&self.settings, patience)?;
        let step = patience.step(&self.settings.host, "answer", ANSWER_LIMIT);
        line.write_all(head.as_bytes(), &step)?;
        let mut answer = Vec::new();
        let mut bytes = [0; 4096];
        while answer.len() < ANSWER_BYTES_MAX {
            match step.repeat(|| line.read_some(&mut bytes))? {
                Ok(0) | Err(_) => break, // servers end an answer in many ways; what came is judged
                Ok(count) => answer.extend_from_slice(&bytes[..count]),
            }
        }
        Ok(answer)
    }
}

fn judge(answer: &[u8], settings: &SourceSettings) -> Result<(), SourceError> {
    let refused = |reason: &str| settings.title_refused(reason);
    let reply = match parse(answer) {
        Ok(Some(reply)) => reply,
        Ok(None) | Err(NoReply::Closed | NoReply::Garbage) => return Err(refused("it gave no answer")),
        Err(NoReply::Fault(error)) => return Err(error),
    };
    if reply.status == 401 {
        return verdict(&reply, settings);
    }
    if !(200..300).contains(&reply.status) {
        return Err(refused(&format!("{} {}", reply.status, reply.reason)));
    }
    let text = String::from_utf8_lossy(answer);
    if text.contains("<return>0</return>") {
        let message = text
            .split("<message>")
            .nth(1)
            .and_then(|rest| rest.split("</message>").next());
        return Err(refused(message.unwrap_or("it gave no reason")));
    }
    Ok(())
}
