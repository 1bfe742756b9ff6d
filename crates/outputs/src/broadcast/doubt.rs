//! A server that hangs up on the password says nothing, and so does a proxy while its server starts again. Which of them it
//! is shows when it is tried again: the password is wrong when that is all that ever happens.

use std::time::{Duration, Instant};

use crate::icecast::SourceError;

/// So often in a row it may be an accident.
const UNANSWERED_MAX: u32 = 3;
/// For so long it may be a server that starts.
const STARTS: Duration = Duration::from_secs(20);

/// How often in a row the server has hung up on the password, and since when.
#[derive(Debug, Default)]
pub(super) struct Doubt(Option<(u32, Instant)>);

impl Doubt {
    /// What an error means. A password that was `taken` once is right, whatever a server does that starts again.
    pub(super) fn judge(&mut self, error: SourceError, taken: bool, now: Instant) -> SourceError {
        let SourceError::PasswordUnanswered { host } = error else {
            self.0 = None;
            return error;
        };
        let (before, since) = self.0.unwrap_or((0, now));
        let times = before + 1;
        self.0 = Some((times, since));
        if !taken && times >= UNANSWERED_MAX && now.saturating_duration_since(since) >= STARTS {
            SourceError::PasswordRefused { host, times }
        } else {
            SourceError::PasswordUnanswered { host }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recovery;

    fn hung_up() -> SourceError {
        SourceError::PasswordUnanswered { host: "radio".into() }
    }

    #[test]
    fn to_hang_up_for_twenty_seconds_is_the_password_and_other_trouble_in_between_is_none() {
        let refused = SourceError::Refused {
            host: "radio".into(),
            port: 8001,
        };
        let (mut doubt, begun) = (Doubt::default(), Instant::now());
        let mut recovery = |error, seconds| {
            let now = begun + Duration::from_secs(seconds);
            doubt.judge(error, false, now).recovery()
        };
        let tried = [hung_up(), hung_up(), refused, hung_up(), hung_up(), hung_up()];
        // A server that starts hangs up often, and soon.
        for (error, seconds) in tried.into_iter().zip([0, 20, 40, 41, 42, 60]) {
            assert_eq!(recovery(error, seconds), Recovery::Retry, "after {seconds} s");
        }
        assert_eq!(recovery(hung_up(), 61), Recovery::AskOperator);
    }

    #[test]
    fn a_password_that_was_taken_once_is_tried_for_ever() {
        let mut doubt = Doubt::default();
        let begun = Instant::now();
        let mut recovery = |minutes: u64| {
            let now = begun + Duration::from_secs(60 * minutes);
            doubt.judge(hung_up(), true, now).recovery()
        };
        assert!((0..100).all(|minutes| recovery(minutes) == Recovery::Retry));
    }
}
