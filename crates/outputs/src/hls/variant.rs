//! One codec: from its encoder to segments that are numbered, listed, and in the end removed.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use airdesk_engine::mix_queue::MixTap;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::folder::{self, Folder};
use super::fragment::Track;
use super::ogg_page;
use super::playlist::{Entry, Playlist};
use super::segment::{Cutter, Packing, Segment};
use super::settings::{HlsSettings, name};
use crate::encode::{
    Codec, EncodedPacket, EncoderError, EncoderSettings, Encoders, PacketKind, Shared, StreamLevel, Wanted,
};
use crate::title::Title;

/// Segments that wait for a disk. More than that is lost: who listens hears what is on, not what was.
const WAITING_MAX: usize = 3;

/// One codec.
pub(super) struct Variant {
    name: &'static str,
    encoder: EncoderSettings,
    segment_seconds: u8,
    place: Option<(Shared, Receiver<Arc<EncodedPacket>>)>,
    cutter: Option<Cutter>,
    playlist: Playlist,
    /// What is on now, and what was when the segment began that is being filled.
    title: Title,
    begun_with: Title,
    /// Segments, each with what is on when it begins.
    waiting: VecDeque<(Segment, Title)>,
    /// The file that players read before segments, once it is there.
    opening: Option<String>,
    /// Segments that are in the playlist no more, and may still be asked for.
    leaving: VecDeque<String>,
    leaving_max: usize,
    /// The next segment does not go on where the last one ended.
    breaks: bool,
    seconds_lost: f64,
}

impl Variant {
    /// One that goes on from what is in the folder. `None` for a codec that HLS does not know.
    pub(super) fn new(encoder: EncoderSettings, settings: &HlsSettings, folder: &Folder) -> Option<Self> {
        let name = name(encoder.codec)?;
        let segments = usize::from(settings.segments);
        let before = folder.read(&file_of(name));
        let playlist = Playlist::new(name, before.as_deref(), u64::from(settings.segment_seconds), segments);
        // Those that the desk before had still kept. Others by such a name may be anybody's.
        let just_gone = playlist.first().saturating_sub(segments as u64 + 1)..playlist.first();
        let found = folder.segments(name).into_iter();
        let leaving = found.filter(|(number, _)| just_gone.contains(number));
        let leaving = leaving.map(|(_, file)| file).collect();
        Some(Self {
            name,
            encoder,
            segment_seconds: settings.segment_seconds,
            place: None,
            cutter: None,
            breaks: !playlist.is_empty(),
            playlist,
            title: Title::default(),
            begun_with: Title::default(),
            waiting: VecDeque::new(),
            opening: None,
            leaving,
            leaving_max: segments,
            seconds_lost: 0.0,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn encoder(&self) -> EncoderSettings {
        self.encoder
    }

    /// Something else is on: segments that begin from now on say so.
    pub(super) fn set_title(&mut self, title: &Title) {
        self.title.clone_from(title);
    }

    pub(super) fn seconds_lost(&self) -> f64 {
        self.seconds_lost
    }

    /// There are segments that are not in the folder yet.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes what the encoder has made, whose place is taken anew where it has ended.
    ///
    /// # Errors
    /// When nothing can be encoded.
    pub(super) fn gather(&mut self, tap: &MixTap, encoders: &Encoders) -> Result<(), EncoderError> {
        if self.place.is_none() {
            self.join(tap, encoders)?;
        }
        let mut batch = Vec::new();
        let ended = loop {
            let Some((_, packets)) = &mut self.place else {
                return Ok(());
            };
            match packets.try_recv() {
                Ok(packet) => batch.push(packet),
                Err(TryRecvError::Empty) => break false,
                Err(TryRecvError::Closed) => break true,
                Err(TryRecvError::Lagged(lost)) => {
                    self.take(&std::mem::take(&mut batch));
                    self.skip(lost);
                }
            }
        };
        self.take(&batch);
        if ended {
            self.end();
        }
        Ok(())
    }

    fn join(&mut self, tap: &MixTap, encoders: &Encoders) -> Result<(), EncoderError> {
        let wanted = Wanted {
            tap: tap.clone(),
            level: StreamLevel::default(),
            settings: self.encoder,
            // One that is never told a title, and so goes on without a seam.
            titles: "hls".into(),
        };
        let place = encoders.join(&wanted, &Title::default())?;
        let subscription = place.subscribe().ok_or(EncoderError::Ended)?;
        // Silent frames make a decoder ready that begins there. Ours begins anywhere.
        let opening = subscription
            .opening
            .into_iter()
            .filter(|_| self.encoder.codec != Codec::Mp3);
        let past: Vec<_> = opening.chain(subscription.recent).collect();
        self.place = Some((place, subscription.packets));
        self.take(&past);
        Ok(())
    }

    /// Takes packets that are there by now, the last of which has just been encoded.
    fn take(&mut self, batch: &[Arc<EncodedPacket>]) {
        let now = Timestamp::now();
        let mut left: u64 = batch.iter().map(|packet| u64::from(packet.frames)).sum();
        for packet in batch {
            let rate = f64::from(self.encoder.stream_rate());
            let ago = SignedDuration::from_micros((left as f64 * 1e6 / rate) as i64);
            left -= u64::from(packet.frames);
            self.take_one(packet, now.checked_sub(ago).unwrap_or(now));
        }
    }

    fn take_one(&mut self, packet: &EncodedPacket, at: Timestamp) {
        match (packet.kind, self.encoder.codec) {
            (PacketKind::Opening, _) => self.begin(ogg_page::packets(packet.bytes.clone()).first()),
            (PacketKind::Audio, Codec::Mp3) => {
                if self.cutter.is_none() {
                    self.begin(None);
                }
                self.push(packet.bytes.clone(), packet.frames, at);
            }
            (PacketKind::Audio, _) => {
                let parts = ogg_page::packets(packet.bytes.clone());
                let frames = packet.frames / (parts.len() as u32).max(1);
                for (number, part) in parts.into_iter().enumerate() {
                    let rate = f64::from(self.encoder.stream_rate());
                    let later = number as f64 * f64::from(frames) * 1e6 / rate;
                    let at = at.checked_add(SignedDuration::from_micros(later as i64)).unwrap_or(at);
                    self.push(part, frames, at);
                }
            }
        }
    }

    /// A stream begins, in Ogg with this header.
    fn begin(&mut self, header: Option<&Bytes>) {
        self.end_segment();
        self.begun_with = self.title.clone();
        let packing = match self.encoder.codec {
            Codec::Mp3 => Packing::Mp3 {
                rate: self.encoder.stream_rate(),
            },
            _ => match header.and_then(Track::of_ogg) {
                Some(track) => Packing::Fragments(track),
                None => return,
            },
        };
        self.opening = None;
        let number = self.playlist.next_number() + self.waiting.len() as u64;
        let cutter = Cutter::new(packing, self.segment_seconds, number);
        self.cutter = Some(cutter.begin_behind_a_break(self.breaks));
        self.breaks = true; // whatever comes after this stream
    }

    fn push(&mut self, packet: Bytes, frames: u32, at: Timestamp) {
        let segment = self.cutter.as_mut().and_then(|cutter| cutter.push(packet, frames, at));
        self.queue(segment);
        self.make_room();
    }

    /// A segment is complete, and the next one begins.
    fn queue(&mut self, segment: Option<Segment>) {
        if let Some(segment) = segment {
            let begun_with = std::mem::replace(&mut self.begun_with, self.title.clone());
            self.waiting.push_back((segment, begun_with));
        }
    }

    /// So many packets came too late to be taken.
    fn skip(&mut self, packets: u64) {
        let rate = self.encoder.stream_rate();
        let frames = packets * frames_of(self.encoder.codec);
        self.seconds_lost += frames as f64 / f64::from(rate);
        let segment = self.cutter.as_mut().and_then(|cutter| cutter.skip(frames));
        self.queue(segment);
        self.make_room();
    }

    fn make_room(&mut self) {
        while self.waiting.len() > WAITING_MAX
            && let Some((oldest, _)) = self.waiting.pop_front()
        {
            self.seconds_lost += oldest.frames as f64 / f64::from(self.encoder.stream_rate());
            if let Some((next, _)) = self.waiting.front_mut() {
                next.breaks = true;
            }
        }
    }

    /// What has begun is a segment, however short.
    pub(super) fn end_segment(&mut self) {
        let segment = self.cutter.as_mut().and_then(Cutter::cut);
        self.queue(segment);
    }

    /// Leaves the encoder.
    pub(super) fn end(&mut self) {
        self.end_segment();
        self.cutter = None;
        if let Some((place, _)) = self.place.take() {
            place.leave();
        }
    }

    /// Writes the segments that wait, and the playlist. Gives how many there were, and their bytes.
    ///
    /// # Errors
    /// When the folder does not take one: it waits on.
    pub(super) fn write(&mut self, folder: &Folder) -> io::Result<(u64, u64)> {
        let mut written = (0, 0);
        while let Some((segment, title)) = self.waiting.front() {
            let Some(packing) = self.cutter.as_ref().map(Cutter::packing) else {
                break;
            };
            if self.opening.is_none()
                && let Some(opening) = packing.opening()
            {
                let file = folder::opening(self.name, &opening);
                folder.write(&file, &opening)?;
                self.opening = Some(file);
            }
            let file = folder::segment(self.name, self.playlist.next_number());
            folder.write(&file, &segment.bytes)?;
            written = (written.0 + 1, written.1 + segment.bytes.len() as u64);
            let gone = self.playlist.push(Entry {
                file,
                seconds: segment.frames as f64 / f64::from(packing.rate()),
                title: title.as_str().to_owned(),
                begins: format!("{:.3}", segment.begins),
                breaks: segment.breaks,
                opening: self.opening.clone(),
            });
            self.leaving.extend(gone);
            self.waiting.pop_front();
            // The playlist at once: a segment that is in none is not heard.
            self.write_playlist(folder, false)?;
        }
        while self.leaving.len() > self.leaving_max
            && let Some(file) = self.leaving.pop_front()
        {
            folder.remove(self.name, &file);
        }
        Ok(written)
    }

    /// # Errors
    /// When the folder does not take it.
    pub(super) fn write_playlist(&self, folder: &Folder, ended: bool) -> io::Result<()> {
        folder.write(&file_of(self.name), self.playlist.text(ended).as_bytes())
    }

    /// Its playlist should be there, and is not.
    pub(super) fn is_missing(&self, folder: &Folder) -> bool {
        !self.playlist.is_empty() && !folder.has(&file_of(self.name))
    }

    /// What was written is gone.
    pub(super) fn forget(&mut self) {
        self.playlist.forget();
        self.leaving.clear();
        self.opening = None;
    }
}

fn file_of(name: &str) -> String {
    format!("{name}.m3u8")
}

/// Frames of one of an encoder's packets.
fn frames_of(codec: Codec) -> u64 {
    match codec {
        Codec::Mp3 => crate::encode::MP3_FRAME as u64,
        Codec::Opus => 4_800,
        Codec::Vorbis => 1_024,
        Codec::Flac(_) => crate::encode::FLAC_BLOCK as u64,
    }
}
