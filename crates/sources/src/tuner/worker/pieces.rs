//! A stream in pieces, as the tuner's thread hears it.

use std::time::Instant;

use super::{ByteRate, Worker};
use crate::tuner::decode::{Heard, NO_SOUND};
use crate::tuner::error::TuneError;
use crate::tuner::hls::{self, Listener, Told};
use crate::tuner::tune::Text;
use crate::tuner::{TunerPhase, lock};

struct Hearing<'a> {
    worker: &'a mut Worker,
    rate: ByteRate,
    /// Since when it is looked for, until its first byte has come.
    looked_for: Option<Instant>,
}

impl Worker {
    /// Hears what a list names; `Ok`: that was a recording, to its end.
    pub(super) fn hear_pieces(&mut self, list: Text, began: Instant) -> Result<(), TuneError> {
        let (settings, patience, mut place) = (self.settings.clone(), self.patience.clone(), self.place.take());
        let mut hearing = Hearing {
            worker: self,
            rate: ByteRate::default(),
            looked_for: Some(began),
        };
        let over = hls::play(list, &settings, &patience, &mut place, &mut hearing);
        self.place = place;
        over?;
        if self.since.is_none() {
            return Err(TuneError::Undecodable {
                host: settings.address.to_string(),
                why: NO_SOUND,
            });
        }
        self.feed.end()?;
        Ok(())
    }
}

impl Listener for Hearing<'_> {
    fn hear(&mut self, codec: Option<&'static str>, heard: Heard, bytes: usize, took: f64) -> Result<(), TuneError> {
        if let Some(began) = self.looked_for.take() {
            lock(&self.worker.shared).status.first_byte = Some(began.elapsed().as_secs_f64());
        }
        let kbits = self.rate.kbits(bytes, &heard.pieces);
        self.worker.note(codec, &heard, None, kbits);
        Ok(self.worker.give(heard, bytes, took)?)
    }

    fn tell(&mut self, told: Told<'_>) {
        let worker = &mut *self.worker;
        match told {
            Told::Begins { is_recording } => {
                worker.is_file = is_recording;
                worker.comes();
                let mut now = lock(&worker.shared);
                (now.status.title, now.status.station, now.status.kbits) = (None, None, None);
                (now.status.first_byte, now.status.first_audio) = (None, None);
            }
            Told::Title(title) => lock(&worker.shared).status.title = Some(title),
            Told::Broken(error) => worker.tell(TunerPhase::Reconnecting, Some(error.to_string())),
            Told::Again => lock(&worker.shared).status.reconnects += 1,
            Told::Comes => worker.comes(),
            Told::Lost(count, host) => {
                let mut now = lock(&worker.shared);
                now.status.lost_pieces += count;
                let all = now.status.lost_pieces;
                let reason = match all {
                    1 => format!("a piece of {host} was gone before it could be heard"),
                    _ => format!("{all} pieces of {host} were gone before they could be heard"),
                };
                now.status.reason = Some(reason);
            }
        }
    }
}
