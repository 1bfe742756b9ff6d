//! libFLAC's encoder (RFC 9639): samples in, FLAC frames out, and nothing of its files.
//!
//! In C. The one in Rust that was here before took four times the processor's time for the same bytes: 0.8 % of a core for a
//! stereo recording, and sixteen times that for the stems of a show.

use std::ffi::{CStr, c_void};
use std::ptr::{self, NonNull};

use airdesk_dsp::SampleRate;
use libflac_sys as sys;

/// As the reference encoder is unless told otherwise.
const LEVEL: u32 = 5;

/// One stream's encoder: it is given samples, and finished.
pub(super) struct LibFlac {
    encoder: NonNull<sys::FLAC__StreamEncoder>,
    /// Where libFLAC's calls put the bytes of a FLAC frame. Ours alone, but for as long as a call lasts.
    bytes: NonNull<Vec<u8>>,
}

// SAFETY: libFLAC keeps all of an encoder in what the pointer leads to, and no thread has another one to it or to the bytes.
unsafe impl Send for LibFlac {}

impl LibFlac {
    /// Begins a stream whose FLAC frames are counted from nought. Allocates.
    ///
    /// # Errors
    /// When FLAC has no such stream, or there is no memory.
    pub(super) fn begin(rate: SampleRate, bits: u32, block: u32) -> Result<Self, String> {
        // SAFETY: takes nothing; what it gives is an encoder or null.
        let encoder = NonNull::new(unsafe { sys::FLAC__stream_encoder_new() });
        let begun = Self {
            encoder: encoder.ok_or("no memory is left")?,
            bytes: NonNull::from(Box::leak(Box::default())),
        };
        let encoder = begun.encoder.as_ptr();
        // SAFETY: the encoder is ours and is not at work; the bytes live as long as it, and the callback is one of this kind.
        let status = unsafe {
            sys::FLAC__stream_encoder_set_channels(encoder, 2);
            sys::FLAC__stream_encoder_set_bits_per_sample(encoder, bits);
            sys::FLAC__stream_encoder_set_sample_rate(encoder, rate.hz());
            sys::FLAC__stream_encoder_set_compression_level(encoder, LEVEL);
            sys::FLAC__stream_encoder_set_blocksize(encoder, block);
            let bytes = begun.bytes.as_ptr().cast();
            sys::FLAC__stream_encoder_init_stream(encoder, Some(take), None, None, None, bytes)
        };
        if status == sys::FLAC__STREAM_ENCODER_INIT_STATUS_OK {
            Ok(begun)
        } else {
            Err(format!("it takes no {bits} bits at {} Hz (status {status})", rate.hz()))
        }
    }

    /// Takes samples, left and right in turn. A FLAC frame comes out when the first sample of the next one is there.
    ///
    /// # Errors
    /// When it has not begun, or there is no memory.
    pub(super) fn take_in(&mut self, samples: &[i32]) -> Result<(), String> {
        // SAFETY: the encoder is ours, and reads as many frames of two samples as there are.
        let taken = unsafe {
            let frames = (samples.len() / 2) as u32;
            sys::FLAC__stream_encoder_process_interleaved(self.encoder.as_ptr(), samples.as_ptr(), frames)
        };
        if taken == 0 { Err(self.state()) } else { Ok(()) }
    }

    /// Ends the stream: what is left comes out as a last, shorter FLAC frame.
    ///
    /// # Errors
    /// When there is no memory.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        // SAFETY: the encoder is ours.
        let finished = unsafe { sys::FLAC__stream_encoder_finish(self.encoder.as_ptr()) };
        if finished == 0 { Err(self.state()) } else { Ok(()) }
    }

    /// What has come out.
    pub(super) fn take(&mut self) -> Vec<u8> {
        // SAFETY: no call of libFLAC lasts, so nobody else has the bytes.
        std::mem::take(unsafe { self.bytes.as_mut() })
    }

    /// What is the matter, in libFLAC's words.
    fn state(&self) -> String {
        // SAFETY: the encoder is ours; the string is one of libFLAC's constants.
        let words = unsafe {
            CStr::from_ptr(sys::FLAC__stream_encoder_get_resolved_state_string(
                self.encoder.as_ptr(),
            ))
        };
        words.to_string_lossy().into_owned()
    }
}

impl Drop for LibFlac {
    fn drop(&mut self) {
        // SAFETY: both are ours and are not used again; the encoder, which may call back when it ends, goes first.
        unsafe {
            sys::FLAC__stream_encoder_delete(self.encoder.as_ptr());
            drop(Box::from_raw(self.bytes.as_ptr()));
        }
    }
}

/// Keeps the bytes of FLAC frames. What holds no samples is the beginning of a file, which is not wanted.
unsafe extern "C" fn take(
    _encoder: *const sys::FLAC__StreamEncoder,
    buffer: *const sys::FLAC__byte,
    bytes: usize,
    samples: u32,
    _frame: u32,
    kept: *mut c_void,
) -> sys::FLAC__StreamEncoderWriteStatus {
    if samples > 0 && !ptr::eq(buffer, ptr::null()) {
        // SAFETY: libFLAC says so many bytes are there, and gives what `begin` gave it.
        unsafe { (*kept.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(buffer, bytes)) };
    }
    sys::FLAC__STREAM_ENCODER_WRITE_STATUS_OK
}
