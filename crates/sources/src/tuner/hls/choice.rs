//! Which variant of a stream is heard: sound alone before sound with a film, what is certainly decoded before what may be, and then
//! the one with the most bits.

use super::list::Variant;

/// Variants that are tried.
const TRIED_MAX: usize = 8;

/// What can be made of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fitness {
    /// Nothing.
    Never,
    /// Its lower half: AAC with spectral band replication.
    InPart,
    Whole,
}

/// Where to look, the best place first.
///
/// # Errors
/// When none has sound that can be decoded: what the first of them has instead.
pub(super) fn places(variants: &[Variant]) -> Result<Vec<String>, String> {
    let mut fit: Vec<_> = variants
        .iter()
        .filter(|variant| fitness(variant) > Fitness::Never)
        .collect();
    if fit.is_empty() {
        let codecs = variants.first().map(|variant| variant.codecs.join(", "));
        return Err(codecs.unwrap_or_default());
    }
    fit.sort_by_key(|variant| std::cmp::Reverse((is_sound_alone(variant), fitness(variant), variant.bandwidth)));
    let place = |variant: &Variant| variant.sound.clone().unwrap_or_else(|| variant.uri.clone());
    let mut places: Vec<String> = Vec::new();
    for place in fit.into_iter().map(place) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.truncate(TRIED_MAX);
    Ok(places)
}

fn is_sound_alone(variant: &Variant) -> bool {
    let is_sound = |codec: &String| of_sound(codec).is_some();
    variant.sound.is_some() || (!variant.is_seen && variant.codecs.iter().all(is_sound))
}

/// Of its sound; who says nothing may have any.
fn fitness(variant: &Variant) -> Fitness {
    let sounds = || variant.codecs.iter().filter_map(|codec| of_sound(codec));
    match sounds().max() {
        Some(fitness) => fitness,
        None if variant.codecs.is_empty() || variant.sound.is_some() => Fitness::Whole,
        None => Fitness::Never,
    }
}

/// RFC 6381, 3.3. `None`: it is no codec of sound.
fn of_sound(codec: &str) -> Option<Fitness> {
    Some(match codec {
        "mp4a.40.2" | "mp4a.40.34" | "mp4a.69" | "mp4a.6b" | "mp3" | "opus" | "flac" | "alac" => Fitness::Whole,
        "mp4a.40.5" | "mp4a.40.29" => Fitness::InPart,
        _ => {
            let kinds = ["mp4a", "ac-3", "ec-3", "ac-4", "mha", "mhm", "dts"];
            return kinds
                .iter()
                .any(|kind| codec.starts_with(kind))
                .then_some(Fitness::Never);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(uri: &str, bandwidth: u64, codecs: &[&str], is_seen: bool) -> Variant {
        Variant {
            uri: uri.into(),
            bandwidth,
            codecs: codecs.iter().map(|codec| (*codec).to_owned()).collect(),
            is_seen,
            sound: None,
        }
    }

    #[test]
    fn sound_alone_comes_first_then_the_most_bits_that_can_be_decoded() {
        let variants = [
            variant("film", 3_000_000, &["avc1.64001f", "mp4a.40.2"], true),
            variant("he", 96_000, &["mp4a.40.5"], false),
            variant("low", 64_000, &["mp4a.40.2"], false),
            variant("high", 320_000, &["mp4a.40.2"], false),
            variant("dolby", 640_000, &["ec-3"], false),
        ];
        let expected = ["high", "low", "he", "film"].map(str::to_owned);
        assert_eq!(places(&variants), Ok(expected.into()));
        assert_eq!(places(&variants[4..]), Err("ec-3".into()));
        assert_eq!(places(&[variant("any", 0, &[], false)]), Ok(vec!["any".into()]));
        let mut film = variants[0].clone();
        film.sound = Some("its sound".into());
        assert_eq!(places(&[film.clone(), film]), Ok(vec!["its sound".into()]));
    }
}
