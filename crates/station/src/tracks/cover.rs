//! The picture of a file, for consoles. Blocks; never on the station's thread.

use std::path::Path;

use airdesk_sources::decode::{Cover, DecodeError, Decoder};

/// Larger pictures are not shown, bytes.
const BYTES_MAX: usize = 2 << 20;
/// Kinds that every browser shows, by their first bytes.
const KINDS: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// The picture that a file has of itself: JPEG, PNG or WebP of 2 MB at the most. `None`: it has none.
///
/// # Errors
/// When it is no sound file that can be played.
pub fn cover(path: &Path) -> Result<Option<Cover>, DecodeError> {
    let cover = Decoder::open(path)?.cover();
    Ok(cover.filter(is_shown))
}

/// Whether a console shows it.
pub(crate) fn is_shown(cover: &Cover) -> bool {
    cover.bytes.len() <= BYTES_MAX && KINDS.contains(&cover.media_type)
}
