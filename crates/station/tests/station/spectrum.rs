//! Spectra through the station: what is looked at is shown, whose it is, and for how long.

use std::ops::Deref;
use std::time::{Duration, Instant};

use airdesk_station::api::{AudioCommand, BusName, ErrorCode, Event, SpectrumOf, SpectrumState, StripSource};
use airdesk_station::session::{Session, SessionStrip};
use airdesk_station::{HostChoice, StripId};
use tokio::time::timeout;

use crate::desk::{self, Desk};

/// Mid-band frequencies of the tones of the strips, Hz.
const TONES: [f32; 5] = [250.0, 1_000.0, 4_000.0, 500.0, 2_000.0];

/// A desk with a tone on each strip.
struct Tones {
    desk: Desk,
    strips: Vec<StripId>,
}

impl Tones {
    async fn start() -> Self {
        let folder = desk::folder();
        let strip = |hz: f32| {
            let path = folder.path().join(format!("{hz}.wav"));
            let source = StripSource::File {
                path: tone(&path, hz),
                looped: true,
            };
            SessionStrip::new(&format!("{hz} Hz"), source)
        };
        let session = Session {
            strips: TONES.map(strip).to_vec(),
            ..Session::default()
        };
        let desk = Desk::start(folder, &session, HostChoice::none());
        Self {
            strips: desk.ids().await,
            desk,
        }
    }

    /// The next spectrum of `of` that says what is wanted.
    async fn see(&self, of: SpectrumOf, wanted: impl Fn(&SpectrumState) -> bool) -> SpectrumState {
        let mut events = self.handle.events();
        let mut asked: Option<Instant> = None;
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if asked.is_none_or(|at| at.elapsed() > Duration::from_secs(1)) {
                self.ask(AudioCommand::ShowSpectrum { of }).await;
                asked = Some(Instant::now());
            }
            assert!(Instant::now() < end, "waited for a spectrum of {of:?}");
            if let Ok(Ok(Event::Spectrum(spectrum))) = timeout(Duration::from_millis(200), events.recv()).await
                && spectrum.of == of
                && wanted(&spectrum)
            {
                return spectrum;
            }
        }
    }

    /// Whether `of` is told within the next half second.
    async fn is_told(&self, of: SpectrumOf) -> bool {
        let mut events = self.handle.events();
        let told = async {
            loop {
                if matches!(events.recv().await, Ok(Event::Spectrum(spectrum)) if spectrum.of == of) {
                    return;
                }
            }
        };
        timeout(Duration::from_millis(500), told).await.is_ok()
    }

    async fn stop(mut self) {
        self.desk.stop().await;
    }
}

impl Deref for Tones {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

/// A second of a sine of whole periods at -20 dBFS, both sides. Returns the path as text.
fn tone(path: &std::path::Path, hz: f32) -> String {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wave = hound::WavWriter::create(path, spec).expect("a file");
    for n in 0..48_000_u16 {
        let phase = std::f32::consts::TAU * (f32::from(n) * hz / 48_000.0).fract();
        wave.write_sample(0.1 * phase.sin()).expect("written");
    }
    wave.finalize().expect("whole");
    path.to_string_lossy().into_owned()
}

/// The level of the band at `hz`, dBFS; silence is -200.
fn band(spectrum: &SpectrumState, hz: f32) -> f32 {
    let place = spectrum.frequencies.iter().position(|at| *at == hz).expect("a band");
    spectrum.levels[place].unwrap_or(-200.0)
}

/// The tone is there at its level, -23 dBFS RMS, and none of the others.
fn is_of(spectrum: &SpectrumState, hz: f32) -> bool {
    (band(spectrum, hz) + 23.0).abs() < 0.5
        && TONES
            .iter()
            .filter(|other| **other != hz)
            .all(|other| band(spectrum, *other) < -60.0)
}

#[tokio::test]
async fn the_spectrum_of_a_bus_has_all_that_it_carries_and_ends_when_nobody_asks_for_it_again() {
    let desk = Tones::start().await;
    let of = SpectrumOf::Bus(BusName::Programme);
    assert!(!desk.is_told(of).await, "nobody looks yet");
    let all = |spectrum: &SpectrumState| TONES.iter().all(|hz| band(spectrum, *hz) > -40.0);
    let spectrum = desk.see(of, all).await;
    assert_eq!(spectrum.frequencies.len(), spectrum.levels.len());
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert!(!desk.is_told(of).await, "3 s have passed");
    desk.stop().await;
}

#[tokio::test]
async fn the_spectrum_of_a_strip_has_its_tone_alone_also_while_it_is_muted_and_others_are_soloed() {
    let desk = Tones::start().await;
    let strip = desk.strips[1];
    let of = SpectrumOf::Strip(strip);
    desk.see(of, |spectrum| is_of(spectrum, 1_000.0)).await;
    desk.ask(AudioCommand::SetFader { strip, level: None }).await;
    desk.ask(AudioCommand::SetMute { strip, on: true }).await;
    let other = desk.strips[0];
    desk.ask(AudioCommand::SetSolo { strip: other, on: true }).await;
    let programme = SpectrumOf::Bus(BusName::Programme);
    desk.see(programme, |spectrum| band(spectrum, 1_000.0) < -60.0).await;
    desk.see(of, |spectrum| is_of(spectrum, 1_000.0)).await;
    desk.ask(AudioCommand::SetTrim { strip, level: -20.0 }).await;
    desk.see(of, |spectrum| (band(spectrum, 1_000.0) + 43.0).abs() < 0.5)
        .await;
    desk.stop().await;
}

#[tokio::test]
async fn several_strips_are_looked_at_side_by_side_and_one_more_than_there_are_scopes_is_refused() {
    let desk = Tones::start().await;
    let four = desk.strips.iter().zip(TONES).take(4);
    for (strip, hz) in four.clone() {
        desk.see(SpectrumOf::Strip(*strip), |spectrum| is_of(spectrum, hz))
            .await;
    }
    for (strip, _) in four.clone() {
        let of = SpectrumOf::Strip(*strip);
        desk.ask(AudioCommand::ShowSpectrum { of }).await;
    }
    let fifth = SpectrumOf::Strip(desk.strips[4]);
    let refused = desk.handle.send(AudioCommand::ShowSpectrum { of: fifth }).await;
    let error = refused.expect_err("four are looked at");
    assert_eq!(error.code, ErrorCode::TooManyStrips);
    assert!(error.message.contains("close one"), "{}", error.message);
    desk.ask(AudioCommand::RemoveStrip { strip: desk.strips[0] }).await;
    desk.see(fifth, |spectrum| is_of(spectrum, 2_000.0)).await;
    desk.stop().await;
}

#[tokio::test]
async fn the_spectrum_of_a_strip_ends_with_the_strip() {
    let desk = Tones::start().await;
    let strip = desk.strips[1];
    let of = SpectrumOf::Strip(strip);
    desk.see(of, |spectrum| is_of(spectrum, 1_000.0)).await;
    desk.ask(AudioCommand::RemoveStrip { strip }).await;
    assert!(!desk.is_told(of).await);
    let refused = desk.handle.send(AudioCommand::ShowSpectrum { of }).await;
    assert_eq!(refused.expect_err("it is gone").code, ErrorCode::NoSuchStrip);
    desk.stop().await;
}

#[tokio::test]
async fn a_look_at_a_strip_goes_on_with_the_engine_that_takes_the_place_of_a_broken_one() {
    let desk = Tones::start().await;
    let of = SpectrumOf::Strip(desk.strips[2]);
    desk.see(of, |spectrum| is_of(spectrum, 4_000.0)).await;
    desk.handle.break_engine().await.expect("a station");
    desk.see(of, |spectrum| band(spectrum, 4_000.0) < -100.0).await;
    desk.see(of, |spectrum| is_of(spectrum, 4_000.0)).await;
    desk.stop().await;
}
