//! From a strip's source to the player that renders it.

use std::path::Path;
use std::sync::{Arc, Weak};

use airdesk_dsp::{Frame, SampleRate};
use airdesk_sources::material::{Loop, pad, rhythm, voice};
use airdesk_sources::wav::{self, WavError};
use airdesk_sources::{Player, SourceError};

use crate::api::{Material, StripSource};
use crate::desk::Piece;

/// Opens a player, on whatever thread may wait for it.
pub(crate) type Opener = Box<dyn FnOnce() -> Result<Box<dyn Player>, SourceError> + Send>;

/// Why a source cannot be heard, in a sentence that names the file.
pub(crate) fn explain(source: &StripSource, error: &SourceError) -> String {
    match (source, error) {
        // Each of them names its file.
        (_, SourceError::Wav(WavError::Open { .. } | WavError::NotAFile { .. }) | SourceError::Decode(_)) => {
            error.to_string()
        }
        (StripSource::File { path, .. }, error) => format!("{path}: {error}"),
        (_, error) => error.to_string(),
    }
}

/// Computes each piece once for as long as somebody plays it.
#[derive(Default)]
pub(crate) struct Pieces {
    pieces: Vec<(Material, Weak<[Frame]>)>,
}

impl Pieces {
    /// What opens the player of a source that is no device; `None` for the others. A file is touched only
    /// when the opener is called, which may block.
    ///
    /// # Errors
    /// When built-in material cannot be made.
    pub(crate) fn opener(&mut self, source: &StripSource, rate: SampleRate) -> Result<Option<Opener>, String> {
        Ok(match source {
            StripSource::Silent
            | StripSource::Device { .. }
            | StripSource::Deck
            | StripSource::Carts
            | StripSource::Stream { .. }
            | StripSource::Programs => None,
            StripSource::Material { material } => {
                let piece = self.piece(*material, rate)?;
                Some(Box::new(move || Ok(Box::new(Loop::new(piece)) as Box<dyn Player>)))
            }
            StripSource::File { path, looped } => {
                let (path, looped) = (path.clone(), *looped);
                Some(Box::new(move || {
                    Ok(Box::new(wav::open(Path::new(&path), rate, looped)?) as Box<dyn Player>)
                }))
            }
        })
    }

    fn piece(&mut self, material: Material, rate: SampleRate) -> Result<Piece, String> {
        self.pieces.retain(|(_, piece)| piece.strong_count() > 0);
        let found = self.pieces.iter().find(|(kept, _)| *kept == material);
        if let Some(piece) = found.and_then(|(_, piece)| piece.upgrade()) {
            return Ok(piece);
        }
        let piece = match material {
            Material::Rhythm => rhythm(rate),
            Material::Pad => pad(rate),
            Material::Voice => voice(rate).map_err(|error| error.to_string())?,
        };
        self.pieces.push((material, Arc::downgrade(&piece)));
        Ok(piece)
    }
}
