//! Chooses, once, the instructions that a kernel runs on.

use super::Vector;
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::scalar::Scalar;
#[cfg(target_arch = "x86_64")]
use super::sse2::Sse2;

/// Work on lanes that is written once for all machines.
pub trait Kernel {
    /// What it leaves.
    type Output;
    /// Does it. To be marked `#[inline(always)]`, as must be all that it calls with a `V` in it: only what
    /// is inlined is compiled for the chosen instructions.
    fn run<V: Vector>(self) -> Self::Output;
}

/// The instructions that kernels run on. One that exists is one that this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arch(Instructions);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Arch {
    /// One lane after the other: the reference.
    pub const SCALAR: Self = Self(Instructions::Scalar);

    /// What every machine of this kind has: the same work everywhere, to count it.
    pub const COMMON: Self = Self(
        #[cfg(target_arch = "x86_64")]
        Instructions::Sse2,
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon,
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        Instructions::Scalar,
    );

    /// The fastest that this machine has. For constructors: the first call asks the processor.
    pub fn best() -> Self {
        Self::here().last().unwrap_or(Self::SCALAR)
    }

    /// All that this machine has, slowest first.
    #[cfg(target_arch = "x86_64")]
    pub fn here() -> impl Iterator<Item = Self> {
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx2 = has_avx2.then_some(Self(Instructions::Avx2));
        [Self::SCALAR, Self(Instructions::Sse2)].into_iter().chain(avx2)
    }

    /// All that this machine has, slowest first.
    #[cfg(target_arch = "aarch64")]
    pub fn here() -> impl Iterator<Item = Self> {
        [Self::SCALAR, Self(Instructions::Neon)].into_iter()
    }

    /// All that this machine has, slowest first.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub fn here() -> impl Iterator<Item = Self> {
        std::iter::once(Self::SCALAR)
    }

    /// Its name, for a table or a test.
    pub fn name(self) -> &'static str {
        match self.0 {
            Instructions::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Instructions::Sse2 => "SSE2",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => "NEON",
        }
    }

    /// Runs a kernel on these instructions. Real-time if the kernel is.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Instructions::Scalar => kernel.run::<Scalar>(),
            #[cfg(target_arch = "x86_64")]
            Instructions::Sse2 => kernel.run::<Sse2>(),
            // SAFETY: `Arch::here` makes this variant only where the processor has AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { run_avx2(kernel) },
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => kernel.run::<Neon>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}
