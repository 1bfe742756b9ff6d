//! Every architecture of this machine against the scalar reference and against `std`.

use super::*;
use crate::SILENCE;

/// One method of [`Vector`] on two operands.
macro_rules! kernel {
    ($name:ident, |$a:ident, $b:ident| $result:expr) => {
        struct $name(Lanes, Lanes);
        impl Kernel for $name {
            type Output = Lanes;
            #[inline(always)]
            fn run<V: Vector>(self) -> Lanes {
                let ($a, $b) = (V::load(&self.0), V::load(&self.1));
                let mut result = Lanes::ZERO;
                V::store($result, &mut result);
                result
            }
        }
    };
}

kernel!(Sums, |a, b| a.add(b).mul(a.sub(b)).div(b.mul_add(b, V::splat(1.0))));
kernel!(Least, |a, b| a.min(b));
kernel!(Greatest, |a, b| a.max(b));
kernel!(Rooted, |a, b| a.abs().sqrt().mul(b.swap_sides()).round());
kernel!(Chosen, |a, b| a.select(a.greater(b), b.mul(b)));
kernel!(Logarithm, |a, _b| a.log2());
kernel!(Power, |a, _b| a.exp2());

struct AnyGreater(Lanes, Lanes);
impl Kernel for AnyGreater {
    type Output = bool;
    #[inline(always)]
    fn run<V: Vector>(self) -> bool {
        V::load(&self.0).greater(V::load(&self.1)).any()
    }
}

const A: Lanes = Lanes([0.5, -1.5, 2.5, -3.25, 1e-3, 100.0, -7.0, 0.0]);
const B: Lanes = Lanes([1.0, -2.0, 3.0, 4.5, -1e-3, 50.0, -7.0, 1e5]);

fn others() -> impl Iterator<Item = Arch> {
    Arch::here().filter(|arch| *arch != Arch::SCALAR)
}

fn assert_close(arch: Arch, what: &str, found: Lanes, expected: Lanes) {
    for (lane, (found, expected)) in found.0.into_iter().zip(expected.0).enumerate() {
        let allowed = 4e-7 * expected.abs();
        assert!(
            (found - expected).abs() <= allowed,
            "{what}, {}, lane {lane}: {found}, not {expected}",
            arch.name()
        );
    }
}

#[test]
fn every_architecture_computes_what_the_scalar_reference_does() {
    for arch in others() {
        let scalar = Arch::SCALAR;
        assert_close(arch, "sums", arch.run(Sums(A, B)), scalar.run(Sums(A, B)));
        assert_close(arch, "root", arch.run(Rooted(A, B)), scalar.run(Rooted(A, B)));
        assert_eq!(arch.run(Least(A, B)), scalar.run(Least(A, B)), "{}", arch.name());
        assert_eq!(arch.run(Greatest(A, B)), scalar.run(Greatest(A, B)), "{}", arch.name());
        assert_eq!(arch.run(Chosen(A, B)), scalar.run(Chosen(A, B)), "{}", arch.name());
    }
}

#[test]
fn the_scalar_reference_does_what_the_names_say() {
    let run = Arch::SCALAR;
    assert_eq!(run.run(Least(A, B)).0, [0.5, -2.0, 2.5, -3.25, -1e-3, 50.0, -7.0, 0.0]);
    assert_eq!(run.run(Greatest(A, B)).0, [1.0, -1.5, 3.0, 4.5, 1e-3, 100.0, -7.0, 1e5]);
    assert_eq!(
        run.run(Chosen(A, B)).0,
        [1.0, -1.5, 9.0, 20.25, 1e-3, 100.0, 49.0, 1e10]
    );
    let rooted = run.run(Rooted(Lanes::splat(4.0), B));
    assert_eq!(rooted.0, [-4.0, 2.0, 9.0, 6.0, 100.0, 0.0, 2e5, -14.0]);
}

#[test]
fn a_comparison_with_nan_is_false_and_a_bound_replaces_it() {
    let (nan, one) = (Lanes::splat(f32::NAN), Lanes::splat(1.0));
    for arch in Arch::here() {
        assert!(!arch.run(AnyGreater(nan, one)) && !arch.run(AnyGreater(one, nan)));
        assert_eq!(arch.run(Greatest(nan, one)), one, "{}", arch.name());
        assert_eq!(arch.run(Least(nan, one)), one, "{}", arch.name());
    }
}

#[test]
fn one_lane_of_eight_is_enough_for_any() {
    for arch in Arch::here() {
        assert!(!arch.run(AnyGreater(A, A)));
        for lane in 0..LANES {
            let mut above = A;
            above.0[lane] += 1.0;
            assert!(arch.run(AnyGreater(above, A)), "{}, lane {lane}", arch.name());
        }
    }
}

#[test]
fn logarithm_and_power_keep_their_stated_errors() {
    for arch in Arch::here() {
        for step in -1200_i32..1200 {
            let power = step as f32 / 9.7;
            let amplitude = power.exp2();
            let logarithm = arch.run(Logarithm(Lanes::splat(amplitude), A)).0[3];
            let exact = f64::from(amplitude).log2();
            let error = (f64::from(logarithm) - exact).abs();
            assert!(
                error < 2e-7 + 1e-7 * exact.abs(),
                "{}: log2 {amplitude}: {error:e}",
                arch.name()
            );
            let found = arch.run(Power(Lanes::splat(power), A)).0[5];
            let error = (f64::from(found) / f64::from(power).exp2() - 1.0).abs();
            assert!(error < 4e-7, "{}: exp2 {power}: {error:e}", arch.name());
        }
    }
}

#[test]
fn logarithm_and_power_stay_finite_beyond_their_range() {
    for arch in Arch::here() {
        for value in [0.0, -1.0, f32::NAN, 1e-42] {
            assert_eq!(arch.run(Logarithm(Lanes::splat(value), A)).0[0], -126.0, "{value}");
        }
        assert_eq!(arch.run(Power(Lanes::splat(-1e9), A)).0[0], f32::MIN_POSITIVE);
        assert_eq!(arch.run(Power(Lanes::splat(1e9), A)).0[0], 127.0_f32.exp2());
    }
}

#[test]
fn strips_come_out_of_their_lanes_as_they_went_in() {
    let strip = |n: f32| std::array::from_fn(|frame| [n + frame as f32, -n - frame as f32]);
    let (first, last) = (strip(1.0), strip(1000.0));
    let mut lanes = [Lanes::splat(9.0); BLOCK_FRAMES];
    interleave([Some(&first), None, None, Some(&last)], &mut lanes);
    let mut block = SILENCE;
    for (n, expected) in [first, SILENCE, SILENCE, last, SILENCE].iter().enumerate() {
        deinterleave(&lanes, n, &mut block);
        assert_eq!(block, *expected, "strip {n}");
    }
}

struct Moved<'a>(&'a [f32; 17], &'a mut [f32; 17]);
impl Kernel for Moved<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Vector>(self) {
        for place in 0..10 {
            if let (Some(from), Some(to)) = (self.0[place..].first_chunk(), self.1[place..].first_chunk_mut()) {
                V::load_samples(from).store_samples(to);
            }
        }
    }
}

#[test]
fn samples_are_read_and_written_wherever_they_lie() {
    let from = std::array::from_fn(|n| n as f32);
    for arch in Arch::here() {
        let mut to = [0.0; 17];
        arch.run(Moved(&from, &mut to));
        assert_eq!(to, from, "{}", arch.name());
    }
}

#[test]
fn a_value_set_for_a_strip_reaches_its_two_lanes_alone() {
    let mut lanes = Lanes::ZERO;
    lanes.set_strip(1, 2.0);
    lanes.set_strip(STRIPS, 3.0);
    assert_eq!(lanes.0, [0.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
}
