//! What a server answers to a Shoutcast source's password: one line, in words.

use crate::icecast::{SourceError, SourceSettings};
use crate::title::{cut, one_line};

/// Bytes of a line before it is none.
pub(super) const LINE_BYTES_MAX: usize = 512;

/// What the line means for a source that came to `settings.port`.
pub(super) fn verdict(line: &str, settings: &SourceSettings) -> Result<(), SourceError> {
    let line = cut(&one_line(line), LINE_BYTES_MAX).to_owned();
    let lower = line.to_lowercase();
    let says = |words: &str| lower.contains(words);
    let (host, mount, port) = (settings.host.clone(), settings.mount.clone(), settings.port);
    if lower.starts_with("ok") {
        return Ok(());
    }
    Err(if says("http/1.") || says("ssh-") || says("ftp") {
        SourceError::NotAShoutcast { host, port }
    } else if says("password") || says("denied") || says("unauthorized") {
        SourceError::Unauthorized {
            host,
            user: settings.shoutcast_user().unwrap_or("the source").to_owned(),
        }
    } else if says("in use") || says("already") {
        SourceError::MountInUse { host, mount }
    } else if says("mountpoint") || says("stream id") || says("not found") {
        SourceError::UnknownMount { host, mount }
    } else if says("full") || says("too many") || says("busy") {
        SourceError::Busy {
            host,
            status: 0,
            reason: line,
        }
    } else {
        SourceError::NotAShoutcast { host, port }
    })
}
