//! Which piece is next, from one state of a list to the next: none twice, none left out that is still there.

use std::collections::VecDeque;

use super::list::{Media, Piece};

/// A live stream is joined so many times its longest piece before its end (RFC 8216, 6.3.3).
const BEHIND: f64 = 3.0;

/// What waits to be heard.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// The number of the next piece, once that is known.
    next: Option<u64>,
    /// It and what follows.
    waiting: VecDeque<Piece>,
    ended: bool,
    /// What comes next does not go on where the one before ended.
    breaks: bool,
}

/// What a newer list has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// Pieces, and how many had gone before they could be heard.
    More { lost: u64 },
    /// Nothing, or an old state of it.
    Nothing,
}

impl Schedule {
    /// One that goes on with a piece that was next before, as long as it is there.
    pub(super) fn resuming(next: Option<u64>) -> Self {
        Self {
            next,
            ..Self::default()
        }
    }

    /// Joins the stream, or goes on with a piece that was next in another attempt.
    pub(super) fn join(&mut self, media: Media) {
        let is_there = |next: &u64| (media.first..=media.end()).contains(next);
        let next = self.next.filter(is_there).unwrap_or_else(|| joined_at(&media));
        self.next = Some(next);
        self.keep(media, next);
    }

    /// Takes a newer state of the list. One that ends before what was heard already is an old one, as a cache may give it; or its
    /// server counts anew, which is believed where `is_still`: nothing else has come for long.
    pub(super) fn take(&mut self, media: Media, is_still: bool) -> Brought {
        let next = match self.next {
            Some(next) if media.end() >= next => next,
            Some(_) if !is_still => return Brought::Nothing,
            before => {
                (self.next, self.breaks) = (None, before.is_some());
                self.join(media);
                return Brought::More { lost: 0 };
            }
        };
        let before = next + self.waiting.len() as u64;
        let lost = media.first.saturating_sub(next);
        let (end, ended) = (media.end(), media.ended);
        self.breaks |= lost > 0;
        self.next = Some(next + lost);
        self.keep(media, next + lost);
        if end > before || ended || lost > 0 {
            Brought::More { lost }
        } else {
            Brought::Nothing
        }
    }

    fn keep(&mut self, media: Media, next: u64) {
        let passed = usize::try_from(next - media.first).unwrap_or(usize::MAX);
        self.ended = media.ended;
        self.waiting = media.pieces.into_iter().skip(passed).collect();
    }

    /// What is to be heard now.
    pub(super) fn next(&self) -> Option<(u64, Piece)> {
        let mut piece = self.waiting.front()?.clone();
        piece.breaks |= self.breaks;
        Some((self.next?, piece))
    }

    /// The number of what is next.
    pub(super) fn place(&self) -> Option<u64> {
        self.next
    }

    /// The next one was heard, or is gone (`lost`).
    pub(super) fn pass(&mut self, lost: bool) {
        if self.waiting.pop_front().is_some() {
            self.next = self.next.map(|next| next + 1);
            self.breaks = lost;
        }
    }

    /// There is nothing after what waits.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

fn joined_at(media: &Media) -> u64 {
    if media.ended {
        return media.first;
    }
    let mut seconds = 0.0;
    let before_end = media.pieces.iter().rev().take_while(|piece| {
        let is_needed = seconds < BEHIND * media.target;
        seconds += piece.seconds;
        is_needed
    });
    media.end() - before_end.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(numbers: std::ops::Range<u64>, ended: bool) -> Media {
        let piece = |number: u64| Piece {
            title: Some(number.to_string()),
            seconds: 6.0,
            ..Piece::default()
        };
        Media {
            first: numbers.start,
            target: 6.0,
            ended,
            pieces: numbers.map(piece).collect(),
        }
    }

    /// The numbers of all that waits, and whether each breaks.
    fn heard(schedule: &mut Schedule) -> Vec<(String, bool)> {
        let mut all = Vec::new();
        while let Some((number, piece)) = schedule.next() {
            assert_eq!(piece.title, Some(number.to_string()));
            all.push((number.to_string(), piece.breaks));
            schedule.pass(false);
        }
        all
    }

    fn numbers(range: std::ops::Range<u64>) -> Vec<(String, bool)> {
        range.map(|number| (number.to_string(), false)).collect()
    }

    #[test]
    fn live_begins_three_pieces_before_the_end_and_hears_each_once() {
        let mut schedule = Schedule::default();
        schedule.join(media(100..110, false));
        assert_eq!(heard(&mut schedule), numbers(107..110));
        assert_eq!(schedule.take(media(100..110, false), false), Brought::Nothing);
        assert_eq!(schedule.take(media(102..112, false), false), Brought::More { lost: 0 });
        assert_eq!(schedule.take(media(103..113, false), false), Brought::More { lost: 0 });
        assert_eq!(heard(&mut schedule), numbers(110..113));
        // An old state of the list, as a cache may give it.
        assert_eq!(schedule.take(media(101..111, false), false), Brought::Nothing);
        assert!(heard(&mut schedule).is_empty());
        assert_eq!(schedule.take(media(104..114, true), false), Brought::More { lost: 0 });
        assert_eq!(heard(&mut schedule), numbers(113..114));
        assert!(schedule.has_ended());
    }

    #[test]
    fn what_is_gone_is_counted_and_what_follows_breaks() {
        let mut schedule = Schedule::default();
        schedule.join(media(0..3, false));
        assert_eq!(heard(&mut schedule), numbers(0..3));
        assert_eq!(schedule.take(media(7..9, false), false), Brought::More { lost: 4 });
        assert_eq!(heard(&mut schedule), [("7".into(), true), ("8".into(), false)]);
        schedule.take(media(8..11, false), false);
        schedule.pass(true);
        assert_eq!(heard(&mut schedule), [("10".into(), true)]);
    }

    #[test]
    fn another_attempt_goes_on_where_the_first_was_and_a_new_count_is_joined() {
        let mut schedule = Schedule::resuming(Some(5));
        schedule.join(media(0..10, false));
        assert_eq!(heard(&mut schedule), numbers(5..10));
        assert_eq!(schedule.take(media(0..2, false), false), Brought::Nothing);
        assert_eq!(schedule.take(media(0..2, false), true), Brought::More { lost: 0 });
        assert_eq!(heard(&mut schedule), [("0".into(), true), ("1".into(), false)]);
        let mut schedule = Schedule::resuming(Some(50));
        schedule.join(media(0..10, false));
        assert_eq!(heard(&mut schedule), numbers(7..10));
        let mut recorded = Schedule::default();
        recorded.join(media(0..10, true));
        assert_eq!(heard(&mut recorded), numbers(0..10));
    }
}
