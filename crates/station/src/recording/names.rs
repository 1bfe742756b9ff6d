//! What the files of a recording are called, when they begin: by the pattern, the show, and what is on air.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_outputs::recorder::{Names, Naming, Template, Words};
use airdesk_outputs::sound_file::{Origin, Tags};
use airdesk_outputs::title::TitleWords;
use jiff::{SignedDuration, Unit, Zoned};

/// Bytes of a file's name without its ending: with a number and the gap log's ending it stays under 255.
const NAME_BYTES_MAX: usize = 200;

/// What is on air. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct OnAir(Arc<Mutex<TitleWords>>);

impl OnAir {
    /// Something is on. True: another title or artist than before.
    pub(crate) fn set(&self, next: TitleWords) -> bool {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *now, next);
        (before.title, before.artist) != (now.title.clone(), now.artist.clone())
    }

    pub(super) fn get(&self) -> TitleWords {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Names the files of one recording.
pub(super) struct ShowNames {
    pub(super) template: Template,
    /// The recorder's own, for while the title names none.
    pub(super) show: String,
    pub(super) on_air: OnAir,
    /// A new file begins at the hour.
    pub(super) hourly: bool,
    pub(super) rate: SampleRate,
}

impl Names for ShowNames {
    fn next(&mut self, reels: &[&str], index: u32, ago: Duration) -> Vec<Naming> {
        let began = SignedDuration::try_from(ago).unwrap_or_default();
        let began = Zoned::now().checked_sub(began).unwrap_or_else(|_| Zoned::now());
        let called = if self.hourly && index > 1 {
            hour_of(&began)
        } else {
            began.clone()
        };
        let TitleWords { title, artist, show } = self.on_air.get();
        let show = if show.trim().is_empty() {
            self.show.clone()
        } else {
            show
        };
        let words = |strip: &str| Words {
            date: called.strftime("%Y-%m-%d").to_string(),
            time: called.strftime("%H-%M-%S").to_string(),
            title: title.clone(),
            artist: artist.clone(),
            show: show.clone(),
            index,
            strip: strip.to_owned(),
        };
        let naming = |(place, reel): (usize, &&str)| {
            let mut names = self.template.fill(&words(reel));
            // A stem is told from its recording, whatever the pattern.
            if place > 0
                && !self.template.names_strip()
                && let Some(name) = names.last_mut()
            {
                let suffix = format!(" - {}", component(reel));
                // Both together are a name that file systems take, and the strip's part is never the one that is cut.
                name.truncate(name.floor_char_boundary(NAME_BYTES_MAX.saturating_sub(suffix.len())));
                name.push_str(&suffix);
            }
            Naming {
                names,
                tags: Tags {
                    title: title.clone(),
                    artist: artist.clone(),
                    show: show.clone(),
                    source: (*reel).to_owned(),
                },
                origin: Some(origin(&began, self.rate)),
            }
        };
        reels.iter().enumerate().map(naming).collect()
    }
}

/// When a file begins, to whoever looks for the hour that it holds: what was mixed a moment before the hour struck, and had not
/// been written by then, is in the new file. It is not to lie in the folder of the day before for that.
fn hour_of(began: &Zoned) -> Zoned {
    const MOMENT: SignedDuration = SignedDuration::from_secs(1);
    let later = began.checked_add(MOMENT);
    let strikes = later.is_ok_and(|later| later.hour() != began.hour());
    let hour = if strikes { began.round(Unit::Hour).ok() } else { None };
    hour.unwrap_or_else(|| began.clone())
}

/// The name of a strip as a part of a file's name.
fn component(strip: &str) -> String {
    let pattern = Template::parse("{strip}").map(|template| {
        template.fill(&Words {
            strip: strip.to_owned(),
            ..Words::default()
        })
    });
    pattern.ok().and_then(|mut names| names.pop()).unwrap_or_default()
}

pub(super) fn origin(began: &Zoned, rate: SampleRate) -> Origin {
    let time = began.time();
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let nanos = i64::from(time.subsec_nanosecond());
    let frames = (seconds as f64 + nanos as f64 / 1e9) * f64::from(rate.hz());
    Origin {
        date: began.strftime("%Y-%m-%d").to_string(),
        time: began.strftime("%H:%M:%S").to_string(),
        frames_since_midnight: frames.round() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_moment_before_the_hour_is_called_by_it_and_nothing_else_is() {
        for (began, called) in [
            ("2026-11-22T23:59:59.95", "2026-11-23T00:00:00"),
            ("2026-11-22T23:59:58.9", "2026-11-22T23:59:58.9"),
            ("2026-11-22T20:00:00.05", "2026-11-22T20:00:00.05"),
        ] {
            let [began, called] = [began, called].map(|time| format!("{time}[UTC]").parse::<Zoned>().expect("a time"));
            assert_eq!(hour_of(&began), called);
        }
    }

    #[test]
    fn stems_are_told_from_their_recording_and_a_hostile_title_stays_a_name() {
        let mut names = ShowNames {
            template: Template::parse("{show}/{title} {index}").expect("a pattern"),
            show: "Night".into(),
            on_air: OnAir::default(),
            hourly: false,
            rate: SampleRate::DESK,
        };
        let titled = |title: &str, show: &str| TitleWords {
            title: title.into(),
            show: show.into(),
            ..TitleWords::default()
        };
        let evil = titled("../../evil\r\n", " ");
        assert!(names.on_air.set(evil.clone()) && !names.on_air.set(evil));
        let named = names.next(&["Programme", "Mic/1"], 2, Duration::from_secs(5));
        assert_eq!(named[0].names, ["Night", "_.._evil 02"]);
        assert_eq!(named[1].names, ["Night", "_.._evil 02 - Mic_1"]);
        assert_eq!(named[1].tags.source, "Mic/1");
        assert!(
            !names.on_air.set(titled("../../evil\r\n", "Day/Shift")),
            "what is on goes on"
        );
        let shown = names.next(&["Programme"], 2, Duration::ZERO).swap_remove(0);
        assert_eq!(
            (shown.names[0].as_str(), shown.tags.show.as_str()),
            ("Day_Shift", "Day/Shift")
        );
        names.on_air.set(titled(&"🎵".repeat(200), ""));
        let long = names.next(&["Programme", &"é".repeat(40)], 3, Duration::ZERO);
        let stem = long[1].names.last().expect("a name");
        assert!(
            stem.len() <= 200 && stem.ends_with(&format!(" - {}", "é".repeat(40))),
            "{stem}"
        );
    }
}
