//! What is on, and what is aired: with a broadcast delay streams are told of a title when its sound goes out.

use std::time::{Duration, Instant};

use airdesk_dsp::BLOCK_FRAMES;
use airdesk_outputs::title::{Title, TitleTemplate, TitleWords};

use super::{Air, TITLE_CHARS};
use crate::aired_later::AiredLater;
use crate::api::{BusName, TitleState};
use crate::station::Core;

/// What is on, and since when.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) words: TitleWords,
    pub(super) since: Instant,
}

impl Words {
    fn now(words: TitleWords) -> Self {
        Self {
            words,
            since: Instant::now(),
        }
    }
}

/// The titles of the programme and of the air.
pub(super) struct Titles {
    on: Words,
    aired: Words,
    waiting: AiredLater<TitleWords>,
}

impl Titles {
    pub(super) fn new() -> Self {
        let nothing = Words::now(TitleWords::default());
        Self {
            on: nothing.clone(),
            aired: nothing,
            waiting: AiredLater::default(),
        }
    }

    /// Those of what this bus sounds like to listeners: only the programme is delayed.
    pub(super) fn of(&self, bus: BusName) -> &Words {
        match bus {
            BusName::Programme => &self.aired,
            _ => &self.on,
        }
    }

    fn set(&mut self, words: TitleWords, aired_at: Instant) {
        self.waiting.push(words.clone(), aired_at);
        self.on = Words::now(words);
    }

    /// Takes what is aired from now on. True: there is something.
    fn air(&mut self, now: Instant) -> bool {
        let words = self.waiting.due(now);
        let any = words.is_some();
        if let Some(words) = words {
            self.aired = Words::now(words);
        }
        any
    }
}

impl Air {
    /// Something else is on, and aired after `held`. No `show` leaves the show as it is.
    pub(crate) fn set_title(&mut self, title: &str, artist: &str, show: Option<&str>, held: Duration) {
        let line = |text: &str| text.chars().filter(|c| !c.is_control()).take(TITLE_CHARS).collect();
        let titles = &mut self.common.titles;
        let words = TitleWords {
            title: line(title),
            artist: line(artist),
            show: show.map_or_else(|| titles.on.words.show.clone(), line),
        };
        titles.set(words, Instant::now() + held);
        self.announce(|bus| bus != BusName::Programme);
    }

    fn announce(&self, of: impl Fn(BusName) -> bool) {
        for target in self
            .targets
            .iter()
            .filter(|target| target.bus_on_air().is_some_and(&of))
        {
            target.announce(&self.common);
        }
    }

    /// Tells listeners of a title that is aired by now. False: there is no other.
    fn air_titles(&mut self, now: Instant) -> bool {
        let any = self.common.titles.air(now);
        if any {
            self.announce(|bus| bus == BusName::Programme);
        }
        any
    }

    /// What is on.
    pub(crate) fn title(&self) -> TitleState {
        let TitleWords { title, artist, show } = self.common.titles.on.words.clone();
        TitleState { title, artist, show }
    }

    /// What listeners of the desk's own mounts read: what is aired.
    pub(crate) fn title_line(&self) -> Title {
        TitleTemplate::default().fill(&self.common.titles.aired.words, "")
    }
}

impl Core {
    /// Something else is on. Whoever names what is aired hears of it when its sound is aired.
    pub(crate) fn set_title(&mut self, title: &str, artist: &str, show: Option<&str>) {
        self.note_title(title, artist, show, self.air_delay.held());
        self.air_titles();
    }

    /// What was on when the desk ended is on again: nothing has happened.
    pub(crate) fn take_up_title(&mut self, title: &str, artist: &str, show: &str) {
        self.note_title(title, artist, Some(show), Duration::ZERO);
        self.tell_aired_title();
    }

    fn note_title(&mut self, title: &str, artist: &str, show: Option<&str>, held: Duration) {
        self.air.set_title(title, artist, show, held);
        let words = self.air.common.titles.on.words.clone();
        let frame = self.desk.programme().published() * BLOCK_FRAMES as u64;
        self.black_box.set_title(words.clone(), frame);
        self.recorders.set_title(words, held);
    }

    /// Titles whose sound is aired by now are told, and have happened.
    pub(crate) fn air_titles(&mut self) {
        if self.tell_aired_title() {
            self.log_title();
        }
    }

    /// True: another title is aired.
    fn tell_aired_title(&mut self) -> bool {
        let now = Instant::now();
        self.recorders.air_titles(now);
        let any = self.air.air_titles(now);
        if any {
            let line = self.air.title_line();
            self.listeners.set_title(&line);
            self.title_hls(&line);
        }
        any
    }

    /// Frames of the programme were dumped, and `held` is still aired: what was dumped is named no later than that.
    pub(crate) fn titles_dumped(&mut self, held: Duration) {
        self.air.common.titles.waiting.dumped(Instant::now() + held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_aired_as_late_as_its_sound_and_what_was_dumped_no_later() {
        let (mut titles, now) = (Titles::new(), Instant::now());
        let in_s = |seconds| now + Duration::from_secs(seconds);
        let named = |title: &str| TitleWords {
            title: title.into(),
            ..TitleWords::default()
        };
        titles.set(named("A"), in_s(8));
        titles.set(named("B"), in_s(9));
        let of = |titles: &Titles, bus| titles.of(bus).words.title.clone();
        assert!(!titles.air(in_s(7)));
        assert_eq!(of(&titles, BusName::Programme), "");
        assert_eq!(of(&titles, BusName::Aux1), "B", "which is not delayed");
        titles.waiting.dumped(in_s(8));
        assert!(titles.air(in_s(8)));
        assert_eq!(of(&titles, BusName::Programme), "B");
        assert!(!titles.air(in_s(9)));
    }
}
