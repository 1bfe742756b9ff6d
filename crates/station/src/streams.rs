//! Strips that play what is at an address: what feeds them (`sources/src/tuner.rs`), and what hosts are told of it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;
use airdesk_engine::StripId;
use airdesk_engine::input::StripInput;
use airdesk_engine::transport::transport;
use airdesk_sources::stream::drive::ring_frames;
use airdesk_sources::stream::format::{Encoding, Format, FormatError};
use airdesk_sources::tuner::{
    Address, AddressError, Limits, Raw, Reach, Tuner, TunerPhase, TunerSettings, TunerStatus,
};

use crate::api::{
    CommandError, ErrorCode, Event, InputState, RawEncoding, RawFormat, StreamPhase, StreamState, StripSource,
};
use crate::station::Core;
use crate::strips::Feed;

/// Titles that are known and not heard yet.
const TITLES_MAX: usize = 16;

/// A strip's stream.
pub(crate) struct StreamDesk {
    tuner: Tuner,
    state: StreamState,
    /// Its titles are the desk's.
    names: bool,
    /// When which title will be heard.
    titles: VecDeque<(Instant, String)>,
}

impl StreamDesk {
    fn start(
        strip: StripId,
        settings: TunerSettings,
        names: bool,
        rate: SampleRate,
    ) -> Result<(Self, StripInput), String> {
        let (transport, staged) = transport(f64::from(rate.hz()), ring_frames(rate));
        let url = settings.address.to_string();
        let mut tuner = Tuner::start(settings, rate, transport)
            .map_err(|error| format!("its stream could not be started: {error}"))?;
        let state = state(strip, url, &tuner.status());
        let desk = Self {
            tuner,
            state,
            names,
            titles: VecDeque::new(),
        };
        Ok((desk, StripInput::Staged(staged)))
    }

    /// Looks what it does now.
    pub(crate) fn look(&mut self) {
        let now = state(
            self.state.strip,
            std::mem::take(&mut self.state.url),
            &self.tuner.status(),
        );
        if self.names
            && now.title != self.state.title
            && let Some(title) = &now.title
        {
            let heard = Instant::now() + Duration::from_secs_f32(now.buffered.max(0.0));
            self.titles.push_back((heard, title.clone()));
            if self.titles.len() > TITLES_MAX {
                self.titles.pop_front();
            }
        }
        self.state = now;
    }

    pub(crate) fn state(&self) -> &StreamState {
        &self.state
    }

    /// What a strip's source is doing, where its input is heard or not.
    pub(crate) fn input(&self, running: Option<InputState>) -> InputState {
        let missing = || InputState::Missing {
            reason: self.state.reason.clone().unwrap_or_default(),
        };
        match (self.state.phase, running) {
            (StreamPhase::Ended, _) => InputState::Ended,
            (_, Some(running)) => running,
            (StreamPhase::Reconnecting | StreamPhase::Failed, None) => missing(),
            _ => InputState::Opening,
        }
    }

    /// A title that is heard from now on.
    fn title(&mut self) -> Option<String> {
        let mut heard = None;
        while self.titles.front().is_some_and(|(at, _)| *at <= Instant::now()) {
            heard = self.titles.pop_front();
        }
        heard.map(|(_, title)| title)
    }
}

impl Core {
    /// Feeds a strip by a stream.
    pub(crate) fn feed_by_stream(
        &mut self,
        strip: StripId,
        url: &str,
        raw: Option<RawFormat>,
        titles: bool,
    ) -> (StripInput, Feed, InputState) {
        let settings = settings(url, raw, self.reach);
        let started = settings
            .map_err(|error| error.message)
            .and_then(|settings| StreamDesk::start(strip, settings, titles, self.desk.rate));
        match started {
            Ok((desk, input)) => {
                self.tell(Event::Stream(Box::new(desk.state().clone())));
                (input, Feed::Stream(Box::new(desk)), InputState::Opening)
            }
            Err(reason) => (StripInput::Silent, Feed::Nothing, InputState::Missing { reason }),
        }
    }

    /// Looks at every stream, ten times a second, and tells hosts twice a second what has changed.
    pub(crate) fn look_after_streams(&mut self, figures: bool) {
        let (mut events, mut titles) = (Vec::new(), Vec::new());
        for slot in self.strips.slots_mut() {
            if let Feed::Programs(desk) = &mut slot.feed {
                let before = desk.state().clone();
                desk.look();
                let now = desk.state();
                let is_new = (now.phase, &now.reason, &now.url) != (before.phase, &before.reason, &before.url);
                if is_new || (figures && now.phase != StreamPhase::Waiting) {
                    events.push(Event::Stream(Box::new(now.clone())));
                }
                continue;
            }
            let Feed::Stream(desk) = &mut slot.feed else { continue };
            let before = desk.state.clone();
            desk.look();
            titles.extend(desk.title());
            let now = desk.state();
            let is_new = (now.phase, &now.reason, &now.title) != (before.phase, &before.reason, &before.title);
            if is_new || (figures && !matches!(now.phase, StreamPhase::Failed | StreamPhase::Ended)) {
                events.push(Event::Stream(Box::new(now.clone())));
            }
        }
        for title in titles {
            let (artist, title) = title.split_once(" - ").unwrap_or(("", &title));
            self.set_title(title, artist, None);
            self.touch(); // the session has it, too
            self.tell(Event::Title(self.air.title()));
        }
        for event in events {
            self.tell(event);
        }
    }
}

/// Whether a source can be listened to.
pub(crate) fn check(source: &StripSource) -> Result<(), CommandError> {
    match source {
        StripSource::Stream { url, raw, .. } => settings(url, *raw, Reach::default()).map(drop),
        _ => Ok(()),
    }
}

fn settings(url: &str, raw: Option<RawFormat>, reach: Reach) -> Result<TunerSettings, CommandError> {
    let refused = |code, message: String| CommandError { code, message };
    let address = Address::parse(url).map_err(|error: AddressError| refused(ErrorCode::Invalid, error.to_string()))?;
    let raw = raw.map(raw_of).transpose();
    Ok(TunerSettings {
        address,
        raw: raw.map_err(|error| refused(ErrorCode::OutOfRange, error.to_string()))?,
        reach,
        limits: Limits::default(),
        agent: format!("Airdesk/{}", env!("CARGO_PKG_VERSION")),
    })
}

fn raw_of(raw: RawFormat) -> Result<Raw, FormatError> {
    let encoding = match raw.encoding {
        RawEncoding::U8 => Encoding::U8,
        RawEncoding::S16 => Encoding::S16,
        RawEncoding::S24 => Encoding::S24,
        RawEncoding::S32 => Encoding::S32,
        RawEncoding::F32 => Encoding::F32,
    };
    Ok(Raw {
        format: Format::new(encoding, raw.channels.into(), raw.rate)?,
        big_endian: raw.big_endian,
    })
}

fn state(strip: StripId, url: String, status: &TunerStatus) -> StreamState {
    let milliseconds = |seconds: Option<f64>| seconds.map(|seconds| (seconds * 1_000.0) as f32);
    StreamState {
        strip,
        url,
        phase: match status.phase {
            TunerPhase::Connecting => StreamPhase::Connecting,
            TunerPhase::Buffering => StreamPhase::Buffering,
            TunerPhase::Playing => StreamPhase::Playing,
            TunerPhase::Rebuffering => StreamPhase::Rebuffering,
            TunerPhase::Reconnecting => StreamPhase::Reconnecting,
            TunerPhase::Failed => StreamPhase::Failed,
            TunerPhase::Ended => StreamPhase::Ended,
        },
        reason: status.reason.clone(),
        title: status.title.clone(),
        station: status.station.clone(),
        codec: status.codec.map(str::to_owned),
        kbits: status.kbits,
        buffered: status.metrics.buffered as f32,
        target: status.metrics.target as f32,
        underruns: status.underruns,
        reconnects: status.reconnects,
        spoilt: status.spoilt,
        drift_ppm: status.metrics.drift_ppm as f32,
        time_to_first_byte: milliseconds(status.first_byte),
        time_to_first_audio: milliseconds(status.first_audio),
    }
}
