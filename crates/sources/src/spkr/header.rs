//! The sixteen bytes before every frame, and how much one may announce.

use airdesk_dsp::SampleRate;

use super::SpkrError;
use crate::stream::format::rate_of;

/// What every frame begins with.
pub const MAGIC: [u8; 4] = *b"SPKR";
/// Bytes before what a frame carries.
pub const HEADER_BYTES: usize = 16;
/// The longest block, seconds at its rate.
pub const CHUNK_SECONDS_MAX: u32 = 60;
/// The largest block, bytes.
pub const CHUNK_BYTES_MAX: u32 = 32 * 1024 * 1024;
/// The longest message of an error, bytes.
pub const MESSAGE_BYTES_MAX: u32 = 64 * 1024;
/// Says that all was sent.
pub(super) const END: u32 = 0xffff_ffff;
/// Says that something broke.
pub(super) const ERROR: u32 = 0xffff_fffe;
/// Bytes of a sample.
pub(super) const SAMPLE_BYTES: usize = 4;

/// What a header announces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Header {
    /// Samples.
    Chunk {
        id: u32,
        samples: u32,
        /// None where there are no samples: it may then be anything.
        rate: Option<SampleRate>,
    },
    /// All was sent: so many chunks.
    End(u32),
    /// Something broke: so many bytes of a message.
    Error(u32),
}

impl Header {
    pub(super) fn read(bytes: &[u8; HEADER_BYTES]) -> Result<Self, SpkrError> {
        let word = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[at..at + 4]);
            word
        };
        let magic = word(0);
        if magic != MAGIC {
            return Err(SpkrError::Magic(magic));
        }
        let [id, count, hz] = [4, 8, 12].map(|at| u32::from_le_bytes(word(at)));
        match id {
            END => Ok(Self::End(count)),
            ERROR if count > MESSAGE_BYTES_MAX => Err(SpkrError::LongMessage { bytes: count }),
            ERROR => Ok(Self::Error(count)),
            chunk => Ok(Self::Chunk {
                id: chunk,
                samples: count,
                rate: rate(chunk, count, hz)?,
            }),
        }
    }
}

fn rate(chunk: u32, samples: u32, hz: u32) -> Result<Option<SampleRate>, SpkrError> {
    if samples == 0 {
        return Ok(None);
    }
    let rate = rate_of(hz).map_err(|_| SpkrError::Rate { chunk, rate: hz })?;
    let most = (CHUNK_SECONDS_MAX * hz).min(CHUNK_BYTES_MAX / SAMPLE_BYTES as u32);
    if samples > most {
        return Err(SpkrError::TooLong {
            chunk,
            samples,
            rate: hz,
            most,
        });
    }
    Ok(Some(rate))
}
