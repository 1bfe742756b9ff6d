//! The session's automation in the order in which a rendering comes to it.

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};

use super::RenderError;
use crate::automation::Change;
use crate::session::Session;

/// Changes, each with the block before which it is made.
pub(super) struct Timeline {
    changes: Vec<(u64, Change)>,
    next: usize,
}

impl Timeline {
    /// What the session asks for. Changes of one block keep the list's order.
    pub(super) fn new(session: &Session, rate: SampleRate) -> Result<Self, RenderError> {
        let mut changes = Vec::with_capacity(session.automation.len());
        for (index, automation) in session.automation.iter().enumerate() {
            let change = automation
                .change(&session.strips)
                .map_err(|reason| RenderError::Automation {
                    number: index + 1,
                    at: automation.at,
                    reason,
                })?;
            changes.push((first_block(automation.at, rate), change));
        }
        changes.sort_by_key(|(block, _)| *block);
        Ok(Self { changes, next: 0 })
    }

    /// The next change that is due before `block`.
    pub(super) fn due(&mut self, block: u64) -> Option<Change> {
        let (at, change) = self.changes.get(self.next)?;
        (*at <= block).then(|| {
            self.next += 1;
            change.clone()
        })
    }
}

/// The first block that begins at a moment or after it. The moment is rounded to a frame first: 0.1 s is no sum of
/// powers of two.
fn first_block(seconds: f64, rate: SampleRate) -> u64 {
    let frame = (seconds * f64::from(rate.hz())).round() as u64;
    frame.div_ceil(BLOCK_FRAMES as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_waits_for_the_block_that_begins_then_or_next() {
        let rate = SampleRate::DESK;
        let frames = |frames: f64| first_block(frames / 48_000.0, rate);
        assert_eq!([0.0, 1.0, 63.0, 64.0, 65.0, 4_800.0].map(frames), [0, 1, 1, 1, 2, 75]);
        // A moment as it is written, not as it is divided.
        assert_eq!(first_block(0.7 + 0.1, rate), 600);
    }
}
