//! What is on now, and what is aired now: with a broadcast delay a title is aired as late as its sound.

use std::time::Instant;

use airdesk_outputs::title::{Title, TitleWords};

use super::names::OnAir;
use crate::aired_later::AiredLater;

/// The titles of the programme and of the air.
#[derive(Default)]
pub(super) struct Titles {
    pub(super) programme: OnAir,
    pub(super) aired: OnAir,
    waiting: AiredLater<TitleWords>,
}

impl Titles {
    /// A title is on from now on, and aired then. True: it is another than before.
    pub(super) fn set(&mut self, words: TitleWords, aired_at: Instant) -> bool {
        self.waiting.push(words.clone(), aired_at);
        self.programme.set(words)
    }

    /// What is held ends then: titles of what was dumped are aired no later.
    pub(super) fn dumped(&mut self, held_until: Instant) {
        self.waiting.dumped(held_until);
    }

    /// The title that is aired from now on, where it is another than before.
    pub(super) fn look(&mut self, now: Instant) -> Option<Title> {
        let words = self.waiting.due(now)?;
        let title = words.line();
        self.aired.set(words).then_some(title)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_title_is_aired_as_late_as_its_sound_and_what_was_dumped_no_later() {
        let (mut titles, now) = (Titles::default(), Instant::now());
        let in_s = |seconds| now + Duration::from_secs(seconds);
        let named = |title: &str, show: &str| TitleWords {
            title: title.into(),
            show: show.into(),
            ..TitleWords::default()
        };
        assert!(titles.set(named("A", ""), in_s(8)) && titles.set(named("B", "Night"), in_s(9)));
        assert_eq!(titles.look(in_s(7)), None);
        titles.dumped(in_s(8));
        assert_eq!(titles.aired.get().show, "");
        assert_eq!(titles.look(in_s(8)), Some("B".into()));
        assert_eq!(titles.aired.get().show, "Night", "a show is aired with its title");
        assert_eq!(titles.look(in_s(9)), None);
        titles.set(named("B", "Day"), in_s(20));
        assert_eq!(titles.look(in_s(20)), None, "the title is the same");
        assert_eq!(titles.aired.get().show, "Day");
    }
}
