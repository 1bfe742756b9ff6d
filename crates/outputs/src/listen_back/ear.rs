//! The thread that listens: it tunes in as any listener does, without a login, and decodes what comes. With low priority,
//! and only while somebody wants to know. Untrusted: whatever a server sends costs itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::address::Address;
use super::decode::{Decoder, Hearer, Undecodable};
use super::heard::{Deaf, Fresh, Heard, Read};
use super::icy::Stripper;
use crate::black_box::priority;
use crate::icecast::connect::connect;
use crate::icecast::line::Line;
use crate::icecast::patience::{SLICE, must_wait};
use crate::icecast::reply::{NoReply, Reply, parse};
use crate::icecast::request::push_host;
use crate::icecast::tuned::listener_head;
use crate::icecast::{Patience, SourceError, SourceSettings};
use crate::title::{cut, one_line};

/// How long a server may take to begin.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long it may send nothing.
const SILENCE_LIMIT: Duration = Duration::from_secs(5);
/// How often it may send the desk elsewhere.
const MOVES_MAX: usize = 5;
/// Bytes of an answer before it is no answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Bytes taken at once, and how many a second may come beyond a first burst: twice what FLAC needs.
const READ_BYTES: usize = 8 * 1024;
const BURST_BYTES: f64 = 2e6;
const BYTES_A_SECOND: f64 = 1e6;
/// What a player would still have to play is not taken: nobody needs to hear half a minute ahead.
const AHEAD_MAX: Duration = Duration::from_secs(30);
/// The first wait after a connection has ended, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// A connection that has lasted this long begins with the first wait again.
const LASTING: Duration = Duration::from_secs(10);

/// Listens at one place.
pub(super) struct Ear {
    /// The target that is listened to.
    pub(super) source: SourceSettings,
    /// Nobody has said where listeners are: it listens where the target streams to.
    pub(super) is_guess: bool,
    pub(super) address: Address,
    pub(super) heard: Arc<Mutex<Heard>>,
    /// Somebody wants to know at the moment: the target is on air.
    pub(super) is_wanted: Arc<AtomicBool>,
    pub(super) patience: Patience,
}

impl Ear {
    /// Until its patience ends.
    pub(super) fn run(&self) {
        priority::lower();
        let mut wait = FIRST_WAIT;
        while !self.patience.has_ended() {
            if !self.is_wanted() {
                wait = FIRST_WAIT;
                thread::sleep(SLICE);
                continue;
            }
            let began = Instant::now();
            // What a decoder does not expect must not end the desk's hearing.
            let over = catch_unwind(AssertUnwindSafe(|| self.listen()));
            let why = over.unwrap_or_else(|_| Err(self.refused("it sends what breaks the decoder")));
            tracing::debug!(host = self.address.host(), ?why, "a listen-back has ended");
            lock(&self.heard).end(why.err());
            if began.elapsed() > LASTING {
                wait = FIRST_WAIT;
            }
            self.pause(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn is_wanted(&self) -> bool {
        // Relaxed: a wish, it orders nothing.
        self.is_wanted.load(Ordering::Relaxed) && !self.patience.has_ended()
    }

    fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        while self.is_wanted() && Instant::now() < until {
            thread::sleep(SLICE);
        }
    }

    /// One connection, from its first attempt to its end.
    fn listen(&self) -> Result<(), Deaf> {
        let (mut line, address, reply, first) = self.tune_in()?;
        let peer = line.socket().peer_addr().ok();
        let is_at_source = address.is_mount_of(&self.source, peer);
        let (mut decoder, mut fresh) = (Decoder::new(), Fresh::new());
        let mut stripper = Stripper::new(reply.icy_interval);
        // An Ogg stream has them in it.
        let titles = if stripper.has_titles() {
            Read::Title(None)
        } else {
            Read::Nowhere
        };
        {
            let mut heard = lock(&self.heard);
            heard.begin(titles, Instant::now());
            heard.is_at_source = is_at_source;
        }
        let began = Instant::now();
        let (mut bytes, mut taken, mut last) = (vec![0; READ_BYTES], 0.0, Instant::now());
        let mut hear = |bytes: &[u8]| -> Result<(), Deaf> {
            let mut outcome = Ok(());
            let title = stripper.strip(bytes, |audio| {
                if outcome.is_ok() {
                    outcome = decoder.feed(audio, &mut fresh);
                }
            });
            if let Some(title) = title {
                fresh.read(Some(title));
            }
            lock(&self.heard).take(&mut fresh, Instant::now());
            outcome.map_err(|Undecodable| {
                self.refused("it sends nothing that is MP3, Opus, Vorbis or FLAC of 8 to 192 kHz")
            })
        };
        hear(&first)?;
        while self.is_wanted() {
            let allowed = BURST_BYTES + BYTES_A_SECOND * began.elapsed().as_secs_f64();
            if taken > allowed || lock(&self.heard).ahead(Instant::now()) > AHEAD_MAX {
                thread::sleep(SLICE);
                last = Instant::now();
                continue;
            }
            match line.read_some(&mut bytes) {
                Ok(0) => return Err(self.absent("it ends the stream")),
                Ok(count) => {
                    taken += count as f64;
                    last = Instant::now();
                    hear(&bytes[..count])?;
                }
                Err(error) if must_wait(&error) && last.elapsed() < SILENCE_LIMIT => {}
                Err(error) if must_wait(&error) => return Err(self.absent("it sends nothing")),
                Err(error) => return Err(self.absent(&format!("the connection was lost: {error}"))),
            }
        }
        Ok(())
    }

    /// Connects until there is a stream: the connection, where it leads, the answer, and what has come behind it.
    fn tune_in(&self) -> Result<(Line, Address, Reply, Vec<u8>), Deaf> {
        let mut address = self.address.clone();
        for _ in 0..=MOVES_MAX {
            let settings = address.settings(&self.source);
            let mut line = connect(&settings, &self.patience).map_err(|error| unreached(&error))?;
            let (reply, rest) = self.ask(&mut line, &address, &settings)?;
            match (reply.status, &reply.location) {
                (200, _) => return Ok((line, address, reply, rest)),
                (300..=399, Some(location)) => {
                    address = address
                        .moved(location)
                        .map_err(|error| Deaf::Refused(error.to_string()))?;
                }
                _ => return Err(self.status(&reply, &address)),
            }
        }
        Err(self.refused("it sends its listeners in circles"))
    }

    fn ask(&self, line: &mut Line, address: &Address, settings: &SourceSettings) -> Result<(Reply, Vec<u8>), Deaf> {
        let step = self.patience.step(address.host(), "play its own stream", ANSWER_LIMIT);
        let mut head = listener_head(address.path());
        push_host(&mut head, settings);
        head.push_str("\r\n");
        line.write_all(head.as_bytes(), &step)
            .map_err(|error| unreached(&error))?;
        let (mut answer, mut bytes) = (Vec::new(), [0; 2048]);
        loop {
            let count = step
                .repeat(|| line.read_some(&mut bytes))
                .map_err(|error| unreached(&error))?
                .map_err(|error| unreached(&step.lost(&error)))?;
            if count == 0 {
                return Err(self.absent("it closes the connection without an answer"));
            }
            answer.extend_from_slice(&bytes[..count]);
            match parse(&answer) {
                Ok(Some(reply)) => {
                    let rest = answer.split_off(reply.head_bytes);
                    return Ok((reply, rest));
                }
                Ok(None) if answer.len() <= HEAD_BYTES_MAX => {}
                Err(NoReply::Fault(error)) => return Err(unreached(&error)),
                Ok(None) | Err(NoReply::Closed | NoReply::Garbage) => {
                    return Err(self.refused("it does not answer as a server of streams does"));
                }
            }
        }
    }

    /// A refusal says something about this listener, about all of them, or about a place that was never one for them: the
    /// port where Liquidsoap takes sources knows no listeners, and the stream is fine.
    fn status(&self, reply: &Reply, address: &Address) -> Deaf {
        let says = format!("it answers {} {}", reply.status, cut(&reply.reason, 200));
        match reply.status {
            401 | 403 | 407 | 429 | 503 => self.refused(&format!("{says}; let the desk listen there")),
            400 | 404 | 405 | 501 if self.may_be_elsewhere(address) => Deaf::Elsewhere(format!(
                "the server at {} serves no listeners there ({}); name where they tune in",
                address.host_and_port(),
                one_line(&says),
            )),
            _ => self.absent(&says),
        }
    }

    /// Nothing says that listeners are at `address`: nobody has named it, and nothing was ever heard there.
    fn may_be_elsewhere(&self, address: &Address) -> bool {
        self.is_guess && *address == self.address && lock(&self.heard).arrived.is_none()
    }

    fn absent(&self, what: &str) -> Deaf {
        Deaf::Absent(self.sentence(what))
    }

    fn refused(&self, what: &str) -> Deaf {
        Deaf::Refused(self.sentence(what))
    }

    fn sentence(&self, what: &str) -> String {
        format!("{}: {}", self.address.shown(), one_line(what))
    }
}

/// Of a server that cannot be reached, or not in confidence: then it is the desk that does not trust it.
fn unreached(error: &SourceError) -> Deaf {
    match error {
        SourceError::UntrustedCertificate { .. } | SourceError::CertificateChanged { .. } | SourceError::Tls { .. } => {
            Deaf::Refused(error.to_string())
        }
        _ => Deaf::Absent(error.to_string()),
    }
}

/// What was heard.
pub(super) fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    // What is guarded is written in whole steps: a panic elsewhere leaves nothing that the next connection does not replace.
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear(url: Option<&str>) -> Ear {
        let source = SourceSettings::example();
        let address = url.map_or_else(
            || Address::of_target(&source),
            |url| Address::parse(url).expect("it is one"),
        );
        Ear {
            source,
            is_guess: url.is_none(),
            address,
            heard: Arc::new(Mutex::new(Heard::new())),
            is_wanted: Arc::default(),
            patience: Patience::default(),
        }
    }

    fn answer(status: u16) -> Reply {
        let head = format!("HTTP/1.0 {status} Something\r\n\r\n");
        parse(head.as_bytes()).expect("an answer").expect("it is whole")
    }

    #[test]
    fn a_place_that_nobody_named_and_where_nothing_was_heard_may_be_none_for_listeners() {
        let elsewhere = "radio.example.org:8000 serves no listeners there (it answers 404 Something); name where";
        let (guess, named) = (ear(None), ear(Some("http://relay/live?token=secret")));
        for status in [400, 404, 405, 501] {
            let told = guess.status(&answer(status), &guess.address);
            assert!(matches!(told, Deaf::Elsewhere(_)), "{status}: {told:?}");
            let told = named.status(&answer(status), &named.address);
            assert!(matches!(told, Deaf::Absent(_)), "{status}: {told:?}");
        }
        assert!(
            matches!(guess.status(&answer(404), &guess.address), Deaf::Elsewhere(told) if told.contains(elsewhere))
        );
        assert!(matches!(guess.status(&answer(500), &guess.address), Deaf::Absent(_)));
        assert!(matches!(guess.status(&answer(401), &guess.address), Deaf::Refused(_)));
        // Where the server has sent its listeners.
        assert!(matches!(guess.status(&answer(404), &named.address), Deaf::Absent(_)));
        // Once it was heard, it is gone.
        lock(&guess.heard).arrived = Some(Instant::now());
        lock(&guess.heard).begin(Read::Nowhere, Instant::now());
        assert!(matches!(guess.status(&answer(404), &guess.address), Deaf::Absent(_)));
    }

    #[test]
    fn no_reason_has_the_query_of_an_address_in_it() {
        let ear = ear(Some("https://relay/live?token=secret"));
        for told in [ear.status(&answer(404), &ear.address), ear.refused("it sends rubbish")] {
            let (Deaf::Absent(told) | Deaf::Refused(told) | Deaf::Elsewhere(told)) = told;
            assert!(told.starts_with("relay/live: it"), "{told}");
        }
    }
}
