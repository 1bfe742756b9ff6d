//! What a recorder is fed from.

use airdesk_dsp::Frames;
use airdesk_engine::{StripId, TapPoint};
use airdesk_outputs::recorder::Feed;

use crate::api::{BusName, RecorderId, RecordingSettings, Severity, Stems};
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
        let latency = self.latency_beside(&buses);
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

    /// The programme is later than all else by what its limiter looks ahead.
    fn latency_beside(&self, buses: &[BusName]) -> Frames {
        if buses.contains(&BusName::Programme) {
            self.desk.latency_frames()
        } else {
            Frames(0)
        }
    }

    /// Strips that have come since a recording began have stems in it, too.
    pub(super) fn join_strips(&mut self, id: RecorderId) {
        let strips: Vec<_> = self
            .strips
            .states()
            .map(|strip| (strip.id, strip.name.clone()))
            .collect();
        for (strip, name) in strips {
            let settings = self.recorders.desk(id).ok().and_then(|desk| desk.wants_stem(strip));
            let Some(settings) = settings else { continue };
            let buses: Vec<BusName> = settings.source.bus().into_iter().chain(settings.buses).collect();
            let latency = self.latency_beside(&buses);
            let feed = self.feed_of_strip(strip, &name, settings.stems);
            if let (Some(feed), Ok(desk)) = (feed, self.recorders.desk(id)) {
                desk.join(feed.later_by(latency));
            }
        }
    }

    /// A feed of every strip.
    fn feeds_of_strips(&mut self, stems: Stems) -> Vec<(StripId, Feed)> {
        if stems == Stems::None {
            return Vec::new();
        }
        let strips: Vec<_> = self
            .strips
            .states()
            .map(|strip| (strip.id, strip.name.clone()))
            .collect();
        let feed = |(id, name): (StripId, String)| Some((id, self.feed_of_strip(id, &name, stems)?));
        strips.into_iter().filter_map(feed).collect()
    }

    /// A strip that has no place for another tap is told of and left out.
    fn feed_of_strip(&mut self, id: StripId, name: &str, stems: Stems) -> Option<Feed> {
        let point = match stems {
            Stems::None => return None,
            Stems::BeforeFaders => TapPoint::PreFader,
            Stems::AfterFaders => TapPoint::PostFader,
        };
        match self.desk.tap(id, point) {
            Ok(tap) => Some(Feed::strip(name, tap)),
            Err(error) => {
                let text = format!("strip {name} is not recorded: {}", error.message);
                self.notice(Severity::Error, text);
                None
            }
        }
    }
}
