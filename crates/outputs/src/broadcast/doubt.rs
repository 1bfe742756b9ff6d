//! A server that hangs up on the password says nothing, and so does a proxy while its server starts again. Which of them it
//! is shows when it is tried again: the password is wrong when that is all that ever happens.

use crate::icecast::SourceError;

/// So often in a row it may be an accident.
const UNANSWERED_MAX: u32 = 3;

/// How often in a row the server has hung up on the password.
#[derive(Debug, Default)]
pub(super) struct Doubt(u32);

impl Doubt {
    /// What an error means. A password that was `taken` once is right, whatever a server does that starts again.
    pub(super) fn judge(&mut self, error: SourceError, taken: bool) -> SourceError {
        let SourceError::PasswordUnanswered { host } = error else {
            self.0 = 0;
            return error;
        };
        self.0 += 1;
        if !taken && self.0 >= UNANSWERED_MAX {
            SourceError::PasswordRefused { host, times: self.0 }
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
    fn three_times_in_a_row_is_the_password_and_other_trouble_in_between_is_none() {
        let refused = SourceError::Refused {
            host: "radio".into(),
            port: 8001,
        };
        let mut doubt = Doubt::default();
        let mut recovery = |error| doubt.judge(error, false).recovery();
        let found = [hung_up(), hung_up(), refused, hung_up(), hung_up()].map(&mut recovery);
        assert_eq!(found, [Recovery::Retry; 5]);
        assert_eq!(recovery(hung_up()), Recovery::AskOperator);
    }

    #[test]
    fn a_password_that_was_taken_once_is_tried_for_ever() {
        let mut doubt = Doubt::default();
        assert!((0..100).all(|_| doubt.judge(hung_up(), true).recovery() == Recovery::Retry));
    }
}
