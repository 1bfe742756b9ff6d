//! Titles for formats that carry none: a request of its own to the server, beside the stream. Blocks for some seconds.

use std::time::Duration;

use super::connect::connect;
use super::patience::Patience;
use super::reply::{NoReply, parse, verdict};
use super::request::title_head;
use super::sentence::page_text;
use super::{Protocol, Secret, SourceError, SourceSettings, tuned};
use crate::shoutcast;
use crate::title::{Title, cut};

const ANSWER_LIMIT: Duration = Duration::from_secs(4);
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

    /// Sets the title. Blocks for some seconds at most, or until the patience ends. That the server has taken it does
    /// not mean that it shows it.
    ///
    /// # Errors
    /// When the server cannot be reached or does not take it.
    pub fn set(&self, title: &Title, patience: &Patience) -> Result<(), SourceError> {
        let head = match self.settings.protocol {
            Protocol::Icecast => title_head(title, &self.settings, &self.secret),
            Protocol::Shoutcast { .. } => shoutcast::title_head(title, &self.settings, &self.secret),
        };
        judge(&self.ask(&head, patience)?, &self.settings)
    }

    /// The title that a listener who comes now reads; `None` when there is none. Blocks for some seconds at most.
    ///
    /// # Errors
    /// When the server cannot be reached or lets no listener in.
    pub fn read(&self, patience: &Patience) -> Result<Option<String>, SourceError> {
        tuned::title(&self.settings, patience)
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
        // Shoutcast 1 may hang up without a word and has taken the title.
        Ok(None) | Err(_) if answer.is_empty() && settings.protocol != Protocol::Icecast => return Ok(()),
        Ok(None) | Err(NoReply::Closed | NoReply::Garbage) => return Err(refused("it gave no answer")),
        Err(NoReply::Fault(error)) => return Err(error),
    };
    if reply.status == 401 {
        return verdict(&reply, settings);
    }
    let text = String::from_utf8_lossy(answer);
    if !(200..300).contains(&reply.status) {
        let said = page_text(text.get(reply.head_bytes..).unwrap_or_default());
        let said = if said.is_empty() {
            &reply.reason
        } else {
            cut(&said, 200)
        };
        return Err(refused(&format!("{} {said}", reply.status)));
    }
    if text.contains("<return>0</return>") {
        let message = text
            .split("<message>")
            .nth(1)
            .and_then(|rest| rest.split("</message>").next());
        return Err(refused(message.unwrap_or("it gave no reason")));
    }
    Ok(())
}
