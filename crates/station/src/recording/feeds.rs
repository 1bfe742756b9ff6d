//! What a recorder is fed from.

use airdesk_dsp::Frames;
use airdesk_engine::{StripId, TapPoint};
use airdesk_outputs::recorder::Feed;

use crate::api::{BusName, RecordingSettings, Severity, Stems};
use crate::station::Core;

impl Core {
    /// What a recorder is fed from, and the strips among it.
    pub(super) fn feeds(&mut self, settings: &RecordingSettings) -> (Vec<Feed>, Vec<StripId>) {
        let Some(source) = settings.source.bus() else {
            return (vec![Feed::bus(&settings.name, self.air_tap().reader())], Vec::new());
        };
        let further = settings.buses.iter().copied().filter(|bus| *bus != source);
        let buses: Vec<BusName> = std::iter::once(source).chain(further).collect();
        let strips = self.feeds_of_strips(settings.stems);
        let ids = strips.iter().map(|(id, _)| *id).collect();
        // The programme is later than all else by what its limiter looks ahead.
        let latency = if buses.contains(&BusName::Programme) {
            self.desk.latency_frames()
        } else {
            Frames(0)
        };
        let of_bus = |(place, bus): (usize, BusName)| {
            let name = if place == 0 { settings.name.as_str() } else { bus.word() };
            let feed = Feed::bus(name, self.desk.bus(bus).reader());
            if bus == BusName::Programme {
                feed
            } else {
                feed.later_by(latency)
            }
        };
        let buses = buses.into_iter().enumerate().map(of_bus);
        let strips = strips.into_iter().map(|(_, feed)| feed.later_by(latency));
        (buses.chain(strips).collect(), ids)
    }

    /// A feed of every strip. One that has no place for another tap is told of and left out.
    pub(super) fn feeds_of_strips(&mut self, stems: Stems) -> Vec<(StripId, Feed)> {
        let point = match stems {
            Stems::None => return Vec::new(),
            Stems::BeforeFaders => TapPoint::PreFader,
            Stems::AfterFaders => TapPoint::PostFader,
        };
        let strips: Vec<_> = self
            .strips
            .states()
            .map(|strip| (strip.id, strip.name.clone()))
            .collect();
        let mut feeds = Vec::with_capacity(strips.len());
        for (id, name) in strips {
            match self.desk.tap(id, point) {
                Ok(tap) => feeds.push((id, Feed::strip(name, tap))),
                Err(error) => self.notice(
                    Severity::Error,
                    format!("strip {name} is not recorded: {}", error.message),
                ),
            }
        }
        feeds
    }
}
