//! Denormal numbers count as zero, for as long as a [`Flushed`] lives and on its thread alone.
//!
//! A filter's tail decays into numbers below 1.2e-38, where a processor takes up to a hundred times as long
//! for each sum: silence would cost more than music. They are 700 dB below anything heard. On x86_64 results are
//! flushed and inputs read as zero (FTZ and DAZ of MXCSR: Intel SDM vol. 1, 10.2.3), on aarch64 both (FZ of FPCR:
//! Arm ARM, C5.2.8). Elsewhere nothing is done, nor is it under Miri. Real-time: a few nanoseconds, no call.

use std::marker::PhantomData;

/// Holds the setting, and puts back the one before when it is dropped. A callback runs on a thread of the
/// host's, which may want its denormals.
#[must_use = "denormals are flushed only while it lives"]
#[derive(Debug)]
pub struct Flushed {
    before: processor::Word,
    /// The setting is a thread's own: this must end where it began.
    here: PhantomData<*const ()>,
}

impl Flushed {
    /// Flushes from here on.
    pub fn begin() -> Self {
        let before = processor::read();
        processor::write(before | processor::FLUSH);
        Self {
            before,
            here: PhantomData,
        }
    }
}

impl Drop for Flushed {
    fn drop(&mut self) {
        processor::write(self.before);
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod processor {
    use std::arch::asm;

    pub(super) type Word = u32;

    /// Flush to zero (bit 15), denormals are zero (bit 6).
    pub(super) const FLUSH: Word = (1 << 15) | (1 << 6);

    pub(super) fn read() -> Word {
        let mut word: Word = 0;
        // SAFETY: writes the four bytes of MXCSR to `word`, which lives and is theirs.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags)) };
        word
    }

    pub(super) fn write(word: Word) {
        // SAFETY: `word` was read from the register, with at most two bits more that every x86_64 has: no
        // exception is unmasked and rounding is as it was. What the compiler works out beforehand it works out
        // with denormals; that a result is zero or 1e-39 decides nothing here.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack, preserves_flags)) };
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
mod processor {
    use std::arch::asm;

    pub(super) type Word = u64;

    /// Flush to zero (bit 24).
    pub(super) const FLUSH: Word = 1 << 24;

    pub(super) fn read() -> Word {
        let word: Word;
        // SAFETY: reads a register that every thread may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) word, options(nostack, preserves_flags)) };
        word
    }

    pub(super) fn write(word: Word) {
        // SAFETY: `word` was read from the register, with at most one bit more: no exception is trapped and
        // rounding is as it was. What the compiler works out beforehand it works out with denormals; that a result
        // is zero or 1e-39 decides nothing here.
        unsafe { asm!("msr fpcr, {}", in(reg) word, options(nostack, preserves_flags)) };
    }
}

#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod processor {
    pub(super) type Word = u32;

    /// No processor known here.
    pub(super) const FLUSH: Word = 0;

    pub(super) fn read() -> Word {
        0
    }

    pub(super) fn write(_word: Word) {}
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
mod tests {
    use std::hint::black_box;

    use super::*;

    /// What a one-pole low pass (a time constant of 100 samples) holds `samples` after a full-scale impulse.
    fn tail(samples: u32) -> f32 {
        (0..samples).fold(1.0, |held: f32, _| black_box(black_box(held) * 0.99))
    }

    fn has_denormals() -> bool {
        black_box(black_box(f32::MIN_POSITIVE) * 0.5) != 0.0
    }

    #[test]
    fn the_tail_of_a_filter_ends_in_nothing() {
        // Rounding holds it at a denormal for ever.
        assert!(tail(100_000).is_subnormal());
        let _flushed = Flushed::begin();
        assert_eq!(tail(100_000).to_bits(), 0);
    }

    #[test]
    fn a_denormal_that_comes_in_counts_as_zero() {
        let denormal = f32::from_bits(1);
        let amplified = || black_box(black_box(denormal) * 1e30);
        assert!(amplified() > 0.0);
        let _flushed = Flushed::begin();
        assert_eq!(amplified(), 0.0);
    }

    #[test]
    fn a_thread_that_is_not_ours_gets_its_denormals_back() {
        assert!(has_denormals());
        {
            let _callback = Flushed::begin();
            assert!(!has_denormals());
            {
                let _inner = Flushed::begin();
            }
            assert!(!has_denormals(), "the outer one still holds");
        }
        assert!(has_denormals());
        let fell = std::panic::catch_unwind(|| {
            let _callback = Flushed::begin();
            panic!("on purpose");
        });
        assert!(fell.is_err() && has_denormals());
    }
}
