//! What a file says about itself, in one form whatever wrote it. Text is cut to a length; a number that is none is left out.

use std::borrow::Cow;

use symphonia::core::formats::FormatReader;
use symphonia::core::meta::{MetadataRevision, RawValue, StandardTag, StandardVisualKey, Tag, Visual};

use super::m4a::{self, Part};

/// The longest text that is kept, in characters.
const TEXT_MAX: usize = 500;
/// The largest picture that is given, in bytes.
const COVER_MAX: usize = 4 << 20;
/// R128 aims at -23 LUFS and ReplayGain at -18.
const REPLAY_GAIN_OVER_R128_DB: f32 = 5.0;

/// What a file says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tags {
    /// The title.
    pub title: Option<String>,
    /// Who performs it.
    pub artist: Option<String>,
    /// Where it appeared.
    pub album: Option<String>,
    /// What kind of music it is.
    pub genre: Option<String>,
    /// The year it appeared.
    pub year: Option<u16>,
    /// Its place on the album.
    pub track_number: Option<u32>,
    /// Beats a minute, over 0 and up to 1000.
    pub bpm: Option<f32>,
    /// By how much it should be made louder or softer.
    pub replay_gain: ReplayGain,
}

/// Levels that bring pieces to one loudness, -18 LUFS. What R128 tags say relative to -23 LUFS is converted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReplayGain {
    /// For this piece by itself, dB, within ±60.
    pub track_db: Option<f32>,
    /// The highest sample of this piece, linear.
    pub track_peak: Option<f32>,
    /// For the whole album, dB, within ±60.
    pub album_db: Option<f32>,
    /// The highest sample of the album, linear.
    pub album_peak: Option<f32>,
}

/// A picture of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Its media type, such as `image/jpeg`, by its first bytes.
    pub media_type: &'static str,
    /// The file of the picture, at most 4 MiB.
    pub bytes: Vec<u8>,
}

/// All that a file says.
#[derive(Default)]
pub(super) struct About {
    pub(super) tags: Tags,
    /// The picture that is most likely the cover, and how unlikely it is.
    cover: Option<(u8, Cover)>,
    /// What iTunes says is heard of it.
    pub(super) itunes_part: Option<Part>,
}

/// Reads all the tags that Symphonia has found.
pub(super) fn take(format: &mut dyn FormatReader) -> About {
    let mut about = About::default();
    let mut metadata = format.metadata();
    loop {
        if let Some(revision) = metadata.current() {
            about.include(revision);
        }
        if metadata.pop().is_none() {
            return about;
        }
    }
}

impl About {
    pub(super) fn into_tags_and_cover(self) -> (Tags, Option<Cover>) {
        (self.tags, self.cover.map(|(_, cover)| cover))
    }

    /// Adds what is not known yet.
    pub(super) fn include(&mut self, revision: &MetadataRevision) {
        let tracks = revision.per_track.iter().flat_map(|track| &track.metadata.tags);
        for tag in revision.media.tags.iter().chain(tracks) {
            if let Some(standard) = &tag.std {
                self.tags.include_standard(standard);
            }
            self.tags.include_raw(tag);
            if let RawValue::String(value) = &tag.raw.value
                && tag.raw.key.ends_with("iTunSMPB")
            {
                self.itunes_part = m4a::itunes_part(value);
            }
        }
        let tracks = revision.per_track.iter().flat_map(|track| &track.metadata.visuals);
        for visual in revision.media.visuals.iter().chain(tracks) {
            let rank = rank(visual);
            // The front before any other.
            if self.cover.as_ref().is_none_or(|(best, _)| rank < *best)
                && let Some(picture) = picture(visual)
            {
                self.cover = Some((rank, picture));
            }
        }
    }
}

impl Tags {
    pub(super) fn include_standard(&mut self, tag: &StandardTag) {
        match tag {
            StandardTag::TrackTitle(value) => set_text(&mut self.title, value),
            StandardTag::Artist(value) => set_text(&mut self.artist, value),
            StandardTag::Album(value) => set_text(&mut self.album, value),
            StandardTag::Genre(value) => set_text(&mut self.genre, value),
            StandardTag::TrackNumber(value) => set(&mut self.track_number, u32::try_from(*value).ok()),
            StandardTag::RecordingYear(value) | StandardTag::ReleaseYear(value) => set(&mut self.year, Some(*value)),
            StandardTag::RecordingDate(value) | StandardTag::ReleaseDate(value) => set(&mut self.year, year(value)),
            StandardTag::Bpm(value) => set(&mut self.bpm, bpm(*value as f32)),
            StandardTag::ReplayGainTrackGain(value) => set(&mut self.replay_gain.track_db, decibels(value)),
            StandardTag::ReplayGainTrackPeak(value) => set(&mut self.replay_gain.track_peak, peak(value)),
            StandardTag::ReplayGainAlbumGain(value) => set(&mut self.replay_gain.album_db, decibels(value)),
            StandardTag::ReplayGainAlbumPeak(value) => set(&mut self.replay_gain.album_peak, peak(value)),
            _ => {}
        }
    }

    /// What has no standard name, or under which the number does not stand as a whole one.
    fn include_raw(&mut self, tag: &Tag) {
        let RawValue::String(value) = &tag.raw.value else {
            return;
        };
        // iTunes writes `com.apple.iTunes:name`, ID3 `TXXX:name`.
        let name = tag.raw.key.rsplit(':').next().unwrap_or_default().to_ascii_uppercase();
        match name.as_str() {
            "R128_TRACK_GAIN" => set(&mut self.replay_gain.track_db, r128(value)),
            "R128_ALBUM_GAIN" => set(&mut self.replay_gain.album_db, r128(value)),
            "REPLAYGAIN_TRACK_GAIN" => set(&mut self.replay_gain.track_db, decibels(value)),
            "REPLAYGAIN_TRACK_PEAK" => set(&mut self.replay_gain.track_peak, peak(value)),
            "REPLAYGAIN_ALBUM_GAIN" => set(&mut self.replay_gain.album_db, decibels(value)),
            "REPLAYGAIN_ALBUM_PEAK" => set(&mut self.replay_gain.album_peak, peak(value)),
            "BPM" | "TBPM" | "TEMPO" => set(&mut self.bpm, value.trim().parse().ok().and_then(bpm)),
            "DATE" | "TDRC" | "TYER" | "TDRL" | "YEAR" => set(&mut self.year, year(value)),
            _ => {}
        }
    }
}

/// The first that is known stays.
fn set<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

fn set_text(place: &mut Option<String>, value: &str) {
    let value = mended(value);
    let shown = value.chars().filter(|character| !character.is_control());
    let text: String = shown.take(TEXT_MAX).collect();
    set(place, Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
}

/// Text that was written in UTF-8 where the format wants Latin-1, as many programs do, and was read as such: no other text
/// looks like it.
fn mended(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let utf8 = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    utf8.map_or(text.into(), Cow::Owned)
}

/// `-6.48 dB`, with or without the unit.
fn decibels(value: &str) -> Option<f32> {
    let number = value
        .trim()
        .trim_end_matches(|unit: char| unit.is_alphabetic() || unit.is_whitespace());
    number.parse().ok().filter(|db: &f32| db.abs() <= 60.0)
}

/// A fixed-point number with eight binary places (RFC 7845, 5.2.1).
fn r128(value: &str) -> Option<f32> {
    let steps: i16 = value.trim().parse().ok()?;
    Some(f32::from(steps) / 256.0 + REPLAY_GAIN_OVER_R128_DB).filter(|db| db.abs() <= 60.0)
}

fn peak(value: &str) -> Option<f32> {
    value
        .trim()
        .parse()
        .ok()
        .filter(|peak: &f32| (0.0..=100.0).contains(peak))
}

fn bpm(value: f32) -> Option<f32> {
    (value > 0.0 && value <= 1000.0).then_some(value)
}

/// The year that a date begins with.
fn year(date: &str) -> Option<u16> {
    let digits: String = date.trim().chars().take_while(char::is_ascii_digit).take(4).collect();
    digits.parse().ok().filter(|year| *year > 0)
}

/// The lower, the more a picture is the cover.
fn rank(visual: &Visual) -> u8 {
    match visual.usage {
        Some(StandardVisualKey::FrontCover) => 0,
        None | Some(StandardVisualKey::Other) => 1,
        Some(StandardVisualKey::FileIcon | StandardVisualKey::OtherIcon) => 3,
        Some(_) => 2,
    }
}

/// A picture that a browser can show, by its first bytes: what a file says of its own is often wrong.
fn picture(visual: &Visual) -> Option<Cover> {
    let media_type = match &visual.data[..] {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'B', b'M', ..] => "image/bmp",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return None,
    };
    (visual.data.len() <= COVER_MAX).then(|| Cover {
        media_type,
        bytes: visual.data.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_as_they_are_written_and_numbers_that_are_none_are_left_out() {
        assert_eq!(decibels("-6.48 dB"), Some(-6.48));
        assert_eq!(decibels("+3.5dB"), Some(3.5));
        assert_eq!(decibels(" 2 "), Some(2.0));
        for wrong in ["", "dB", "loud", "NaN", "inf dB", "1e9 dB"] {
            assert_eq!(decibels(wrong), None, "{wrong}");
        }
        assert_eq!(r128("-2560"), Some(-5.0));
        assert_eq!(r128("70000"), None);
        assert_eq!(peak("0.988"), Some(0.988));
        assert_eq!(peak("NaN"), None);
        assert_eq!(year("1998-04-01"), Some(1998));
        assert_eq!(year("unknown"), None);
    }

    #[test]
    fn text_that_was_written_as_utf_8_where_it_should_not_be_is_read_as_it_was_meant() {
        for (read, meant) in [
            ("TÃ³n", "Tón"),
            ("Tón", "Tón"),
            ("Ã", "Ã"),
            ("日本", "日本"),
            ("Tone", "Tone"),
        ] {
            assert_eq!(mended(read), meant);
        }
    }

    #[test]
    fn text_is_cut_and_the_first_of_several_stays() {
        let mut title = None;
        set_text(&mut title, "  \0\u{7} ");
        assert_eq!(title, None);
        set_text(&mut title, &"ä".repeat(10_000));
        assert_eq!(title.as_ref().map(|title| title.chars().count()), Some(TEXT_MAX));
        set_text(&mut title, "another");
        assert!(title.is_some_and(|title| title.starts_with('ä')));
    }
}
