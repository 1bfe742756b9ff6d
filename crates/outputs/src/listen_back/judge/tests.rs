//! What is said of what listeners hear, and when. Time is made: every half second of it is judged once.

use airdesk_dsp::Frame;

use super::*;
use crate::listen_back::feature::FeatureMaker;
use crate::listen_back::sent::made_of;
use crate::listen_back::signals::{Chance, music, speech, tone};

const RATE: u32 = 48_000;
/// Features of a second.
const SECOND: usize = 100;

fn features(frames: &[Frame]) -> Vec<Feature> {
    let (mut maker, mut features) = (FeatureMaker::new(RATE), Vec::new());
    maker.feed(frames, |feature| features.push(feature));
    features
}

fn silence(seconds: f32) -> Vec<Frame> {
    vec![[0.0; 2]; (seconds * RATE as f32) as usize]
}

/// A stream and its listener, from the moment that it is on air.
struct Show {
    judge: Judge,
    sent: Sent,
    heard: Heard,
    air: OnAir,
    begin: Instant,
    now: Instant,
    /// What the bus plays, and what arrives at the listener.
    plays: Vec<Feature>,
    arrives: Vec<Feature>,
}

impl Show {
    fn new(plays: &[Frame], arrives: &[Frame]) -> Self {
        let begin = Instant::now() + Duration::from_secs(1000);
        let mut heard = Heard::new();
        heard.begin(Read::Title(None), begin);
        Self {
            judge: Judge::new(0.0, begin),
            sent: made_of(std::iter::empty(), begin),
            heard,
            air: OnAir {
                since: begin,
                title: None,
            },
            begin,
            now: begin,
            plays: features(plays),
            arrives: features(arrives),
        }
    }

    /// What is said after so many seconds more.
    fn after(&mut self, seconds: f64) -> Verdict {
        for _ in 0..(seconds * 2.0) as usize {
            self.step();
        }
        self.judge.told.clone()
    }

    fn step(&mut self) {
        self.now += Duration::from_millis(500);
        let due = (self.now - self.begin).as_millis() as usize * SECOND / 1000;
        for feature in self.plays.iter().take(due).skip(self.sent.track.numbers().end as usize) {
            self.sent.track.push(*feature);
        }
        let had = self.heard.track.numbers().end as usize;
        for feature in self.arrives.iter().take(due).skip(had) {
            self.heard.track.push(*feature);
            self.heard.arrived = Some(self.now);
            self.heard.plays = Some(self.begin);
        }
        self.judge.judge(&self.sent, &self.heard, &self.air, self.now);
    }

    /// Seconds until something is said that is so.
    fn until(&mut self, is: impl Fn(&Verdict) -> bool) -> f64 {
        for halves in 1..120 {
            self.step();
            if is(&self.judge.told) {
                return f64::from(halves) / 2.0;
            }
        }
        panic!("it was never said; last {:?}", self.judge.told);
    }
}

fn joined(parts: &[Vec<Frame>]) -> Vec<Frame> {
    parts.concat()
}

fn delay(verdict: &Verdict) -> Option<f64> {
    match verdict {
        Verdict::Heard(hearing) => Some(hearing.delay.as_secs_f64()),
        _ => None,
    }
}

fn is_heard(verdict: &Verdict) -> bool {
    delay(verdict).is_some()
}

#[test]
fn what_is_heard_is_known_within_ten_seconds_with_its_delay() {
    let sound = joined(&[speech(1, 20.0, RATE), music(2, 96.0, 20.0, RATE)]);
    let mut show = Show::new(&sound, &joined(&[silence(2.3), sound.clone()]));
    assert!(show.until(is_heard) <= 10.0);
    for _ in 0..20 {
        let delay = delay(&show.after(1.0)).expect("it goes on");
        assert!((delay - 2.3).abs() < 0.05, "{delay} s");
    }
}

#[test]
fn a_delay_that_changes_is_known_again() {
    let sound = music(3, 120.0, 60.0, RATE);
    let jumped = joined(&[
        sound[..20 * RATE as usize].to_vec(),
        sound[25 * RATE as usize..].to_vec(),
    ]);
    let mut show = Show::new(&sound, &joined(&[silence(7.0), jumped]));
    assert!((delay(&show.after(20.0)).expect("it is heard") - 7.0).abs() < 0.05);
    let later = show.after(14.0);
    assert!(
        (delay(&later).expect("it is heard again") - 2.0).abs() < 0.05,
        "{later:?}"
    );
}

#[test]
fn silence_and_other_sounds_are_told_within_ten_seconds_and_end_when_they_end() {
    let sound = music(4, 128.0, 60.0, RATE);
    let other = music(5, 128.0, 15.0, RATE);
    for (instead, verdict) in [
        (silence(15.0), Verdict::Silence),
        (other, Verdict::OtherSound),
        (tone(1000.0, 15.0, RATE), Verdict::OtherSound),
    ] {
        let heard = [
            sound[..20 * RATE as usize].to_vec(),
            instead,
            sound[35 * RATE as usize..].to_vec(),
        ];
        let mut show = Show::new(&sound, &joined(&heard));
        assert!(is_heard(&show.after(20.0)));
        let late = show.until(|said| !is_heard(said));
        assert_eq!(show.judge.told, verdict);
        assert!(late <= 8.0, "{verdict:?} after {late} s");
        assert!(show.judge.told.is_alarm() && show.judge.told.reason_to_reconnect().is_some());
        show.after(15.0 - late);
        assert!(show.until(is_heard) <= 8.0);
    }
}

#[test]
fn another_source_from_the_beginning_is_told_within_ten_seconds() {
    for (instead, verdict) in [
        (speech(6, 20.0, RATE), Verdict::OtherSound),
        (silence(20.0), Verdict::Silence),
    ] {
        let mut show = Show::new(&music(7, 100.0, 20.0, RATE), &instead);
        assert!(show.until(|said| *said == verdict) <= 10.0);
    }
}

#[test]
fn a_programme_without_a_feature_raises_no_alarm() {
    let around = |quiet: Vec<Frame>| joined(&[speech(8, 15.0, RATE), quiet, speech(9, 15.0, RATE)]);
    for (quiet, why) in [
        (silence(20.0), Featureless::Silent),
        (tone(440.0, 20.0, RATE), Featureless::Steady),
    ] {
        let sound = around(quiet.clone());
        let mut show = Show::new(&sound, &joined(&[silence(1.5), sound.clone()]));
        let mut said = Vec::new();
        for _ in 0..90 {
            let verdict = show.after(0.5);
            assert!(!verdict.is_alarm(), "{verdict:?}");
            said.push(verdict);
        }
        assert!(said.contains(&Verdict::CannotCompare(why)));
        assert!(is_heard(&said[said.len() - 1]));
        // And from the beginning, where no delay is known.
        let mut show = Show::new(&quiet, &joined(&[silence(0.7), quiet.clone()]));
        assert_eq!(show.after(15.0), Verdict::CannotCompare(why));
    }
    // A room's noise, of which a codec leaves another one.
    let noise = |seed: u64| -> Vec<Frame> {
        let mut chance = Chance::new(seed);
        (0..20 * RATE).map(|_| [chance.next() * 0.0017; 2]).collect()
    };
    let heard = joined(&[speech(8, 15.0, RATE), noise(2), speech(9, 15.0, RATE)]);
    let mut show = Show::new(&around(noise(1)), &heard);
    for _ in 0..90 {
        let verdict = show.after(0.5);
        assert!(!verdict.is_alarm(), "{verdict:?}");
    }
    assert_eq!(
        Show::new(&noise(3), &noise(4)).after(15.0),
        Verdict::CannotCompare(Featureless::Silent)
    );
    let mut show = Show::new(&silence(20.0), &music(10, 100.0, 20.0, RATE));
    assert_eq!(show.after(12.0), Verdict::OtherSound, "a silent programme is not music");
}

#[test]
fn a_mount_that_gives_nothing_is_told_with_its_reason_and_one_that_lets_nobody_in_is_no_alarm() {
    let mut show = Show::new(&speech(11, 40.0, RATE), &speech(11, 10.0, RATE));
    assert!(is_heard(&show.after(10.0)));
    show.heard
        .end(Some(Deaf::Absent("radio/live: it ends the stream".into())));
    assert!(show.until(Verdict::is_alarm) <= 8.0);
    let Verdict::Nothing { reason } = &show.judge.told else {
        panic!("{:?}", show.judge.told);
    };
    assert!(reason.contains("it ends the stream"));
    show.heard.end(Some(Deaf::Refused("radio/live: it answers 401".into())));
    let verdict = show.after(1.0);
    assert!(matches!(&verdict, Verdict::CannotListen { reason } if reason.contains("401")));
    assert!(!verdict.is_alarm() && verdict.reason_to_reconnect().is_none());
    let mut show = Show::new(&speech(12, 20.0, RATE), &[]);
    assert!(show.until(Verdict::is_alarm) <= 10.0);
}

#[test]
fn a_server_that_serves_no_listeners_at_its_own_address_is_no_alarm_and_may_yet_begin_to() {
    let sound = speech(14, 40.0, RATE);
    let mut show = Show::new(&sound, &[]);
    let reason = "the server at radio:8005 serves no listeners there".to_owned();
    show.heard.end(Some(Deaf::Elsewhere(reason.clone())));
    // A mount may be missing for a moment after it went on air.
    assert_eq!(show.after(5.0), Verdict::Waiting);
    let verdict = show.after(5.0);
    assert_eq!(verdict, Verdict::CannotListen { reason });
    assert!(!verdict.is_alarm() && verdict.reason_to_reconnect().is_none());
    show.arrives = features(&sound);
    show.heard.begin(Read::Nowhere, show.now);
    assert!(show.until(is_heard) <= 10.0);
}

#[test]
fn a_title_may_be_on_its_way_for_a_while_and_is_old_after_that() {
    let sound = speech(13, 60.0, RATE);
    let mut show = Show::new(&sound, &joined(&[silence(1.0), sound.clone()]));
    let title = |verdict: &Verdict| match verdict {
        Verdict::Heard(hearing) => Some(hearing.title),
        _ => None,
    };
    assert_eq!(title(&show.after(8.0)), Some(TitleHeard::NotSet));
    show.air.title = Some(Title::by("Bjørk", "Jóga"));
    assert_eq!(title(&show.after(2.0)), Some(TitleHeard::Waiting));
    show.heard.title = Read::Title(Some("Bjørk - Jóga".into()));
    assert_eq!(title(&show.after(1.0)), Some(TitleHeard::AsSet));
    show.air.title = Some(Title::new("Jóga – live"));
    show.heard.title = Read::Title(Some("Jóga &#8211; live".into()));
    assert_eq!(title(&show.after(9.0)), Some(TitleHeard::Garbled));
    show.heard.title = Read::Title(Some("Bjørk - Jóga".into()));
    show.air.title = Some(Title::new("the next"));
    assert_eq!(title(&show.after(5.0)), Some(TitleHeard::Waiting));
    assert!(show.until(Verdict::is_alarm) + 5.0 <= 10.0);
    let old = Some("Bjørk - Jóga".to_owned());
    assert!(matches!(&show.judge.told, Verdict::OldTitle { title, .. } if *title == old));
    assert!(show.judge.told.reason_to_reconnect().is_none());
    show.heard.title = Read::Nowhere;
    assert_eq!(title(&show.after(1.0)), Some(TitleHeard::CannotBeRead));
}
