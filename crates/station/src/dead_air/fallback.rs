//! What stands in for a dead programme: when it comes in and goes, and that it leaves the operator's hand alone. In virtual
//! time; what moves the fader is in [`super`].

use airdesk_dsp::Decibels;

/// After it has begun to go the programme is judged without it for so long, seconds: it is heard for as long as it fades.
const FADING_SECONDS: f64 = 3.0;

/// Where it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Fallback {
    /// It waits.
    #[default]
    Ready,
    /// It stands in; its fader goes back to where it was before.
    In { home: Decibels },
    /// It goes, for so many seconds more.
    Going { seconds: f64 },
    /// The operator has taken its fader while it stood in.
    Taken,
}

/// What is to be done with its fader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Move {
    In,
    Out { home: Decibels },
}

impl Fallback {
    /// The programme is to be judged without it: it is heard because there is nothing else.
    pub(crate) fn is_apart(&self) -> bool {
        matches!(self, Self::In { .. } | Self::Going { .. })
    }

    /// Where the fader was, while it stands in.
    pub(crate) fn home(&self) -> Option<Decibels> {
        match self {
            Self::In { home } => Some(*home),
            _ => None,
        }
    }

    /// `seconds` later the programme without it is dead, or is not. `home`: where its fader is, if it can stand in.
    pub(crate) fn look(&mut self, dead: bool, home: Option<Decibels>, seconds: f64) -> Option<Move> {
        match (*self, dead) {
            (Self::Ready | Self::Going { .. }, true) => {
                *self = Self::In { home: home? };
                Some(Move::In)
            }
            (Self::In { home }, false) => {
                *self = Self::Going {
                    seconds: FADING_SECONDS,
                };
                Some(Move::Out { home })
            }
            (Self::Going { seconds: left }, false) => {
                let left = left - seconds;
                *self = if left > 0.0 {
                    Self::Going { seconds: left }
                } else {
                    Self::Ready
                };
                None
            }
            (Self::Taken, false) => {
                *self = Self::Ready;
                None
            }
            (Self::Ready, false) | (Self::In { .. } | Self::Taken, true) => None,
        }
    }

    /// A hand has taken its fader. True: it stood in.
    pub(crate) fn take(&mut self) -> bool {
        let was_in = matches!(self, Self::In { .. });
        match self {
            Self::In { .. } => *self = Self::Taken,
            Self::Going { .. } => *self = Self::Ready,
            Self::Ready | Self::Taken => {}
        }
        was_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<Decibels> = Some(Decibels::SILENCE);

    #[test]
    fn it_comes_in_when_the_programme_is_dead_and_goes_when_it_is_back() {
        let mut fallback = Fallback::default();
        assert_eq!(fallback.look(false, HOME, 0.1), None);
        assert_eq!(fallback.look(true, None, 0.1), None, "it cannot");
        assert_eq!(fallback.look(true, HOME, 0.1), Some(Move::In), "now it can");
        assert_eq!(fallback.look(true, Some(Decibels::UNITY), 0.1), None, "it is in");
        assert!(fallback.is_apart());
        let out = fallback.look(false, Some(Decibels::UNITY), 0.1);
        assert_eq!(
            out,
            Some(Move::Out {
                home: Decibels::SILENCE
            }),
            "to where it was before"
        );
        assert!(fallback.is_apart(), "it fades");
        assert_eq!(fallback.look(false, HOME, 4.0), None);
        assert_eq!(fallback, Fallback::Ready);
    }

    #[test]
    fn what_a_hand_has_taken_is_left_alone_until_the_programme_has_come_back_by_itself() {
        let mut fallback = Fallback::default();
        fallback.look(true, HOME, 0.1);
        assert!(fallback.take());
        assert_eq!(fallback, Fallback::Taken);
        assert!(!fallback.is_apart(), "it is a source like any other");
        for _ in 0..100 {
            assert_eq!(fallback.look(true, HOME, 0.1), None);
        }
        assert_eq!(fallback.look(false, HOME, 0.1), None, "nor is it faded out");
        assert_eq!(
            fallback.look(true, HOME, 0.1),
            Some(Move::In),
            "the next time it stands in again"
        );
    }

    #[test]
    fn a_programme_that_dies_again_while_it_goes_has_it_back_at_once() {
        let mut fallback = Fallback::default();
        fallback.look(true, HOME, 0.1);
        fallback.look(false, HOME, 0.1);
        assert_eq!(fallback.look(true, HOME, 0.1), Some(Move::In));
        fallback.look(false, HOME, 0.1);
        assert!(!fallback.take(), "a fader that goes home is nobody's");
        assert_eq!(fallback, Fallback::Ready);
    }
}
