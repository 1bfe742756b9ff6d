//! A digital second-order response as close to an analogue one as four free numbers allow.
//!
//! Matching the power response and leaving the phase to follow is the idea of M. Vicanek, "Matched Second Order
//! Digital Filters" (2016), and so is the start: the poles mapped by `z = exp(sT)`. He then matches a few frequencies
//! exactly; here the zeros, and then all of it, are brought nearest to the whole range by least squares (K. Levenberg
//! 1944, D. Marquardt 1963). A cut is fitted as the inverse of its boost. The tests say how close that comes.
//!
//! Powers are quotients of quadratics `(1 - a u)² + b² u` in `u = tan²(ω/2) / tan²(ω₀/2)`: whatever `a` and `b` are,
//! there is a filter that has them, and its coefficients are read off without going through `z`.
//! Bounded: at most [`ROUNDS`] rounds and [`LAST_ROUNDS`] more, of which three or four are needed up to Q 2.

use std::f64::consts::PI;

use super::least_squares::{Normal, SIDE_BY_SIDE, pair};
use super::prototype::Prototype;

/// The part of the sampling rate up to which the response is matched: 16.8 kHz at 48 kHz.
const MATCHED: f64 = 0.35;
/// At 44.1 kHz it is matched up to here, in Hz, too: all that is promised, and as little of the rest.
const PROMISED: f64 = 16_500.0;
/// The part up to which a resonance above that still pulls a little.
const LOOKED_AT: f64 = 0.49;
/// The weight of what lies between the two.
const PULL: f64 = 0.05;
/// The part beyond which no resonance sets out.
const START: f64 = 0.46;
/// `tan²` of half the angle beyond which nothing resonates: at 0.465 of the rate.
const FURTHEST: f64 = 80.0;
/// At most so many steps.
const ROUNDS: usize = 8;
/// As many more, once the points are weighed by their errors.
const LAST_ROUNDS: usize = 1;
/// A step that takes less than this part of the squared error was the last.
const WORTH_IT: f64 = 0.02;
/// How little, of the largest, a point may weigh for its small error.
const LEAST_WEIGHT: f64 = 0.1;
/// Close enough: a hundredth of a dB on average.
const CLOSE: f64 = 1e-4;
/// Marquardt's damping at first, after a step that was wrong, and after one that was right.
const DAMPING: (f64, f64, f64) = (1e-3, 8.0, 0.1);
/// At most so many frequencies are matched.
const POINTS: usize = 32;
const _: () = assert!(POINTS.is_multiple_of(SIDE_BY_SIDE));

/// `(n₀ + n₁ u + n₂ u²) / (d₀ + d₁ u + d₂ u²)`: a squared magnitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct Power {
    pub(super) numerator: [f64; 3],
    pub(super) denominator: [f64; 3],
}

/// The frequencies that are matched. Where there are fewer, the last ones weigh nothing.
#[derive(Debug, Clone, Copy)]
struct Points {
    u: [f64; POINTS],
    /// What is wanted, relative to DC.
    power: [f64; POINTS],
    weight: [f64; POINTS],
}

impl Points {
    /// Gives more weight to what is further off, so that the largest error shrinks (C. Lawson 1961): one round of it.
    fn weigh_by_error(&mut self, [zeros, poles]: Pair) {
        let errors: [f64; POINTS] = std::array::from_fn(|n| {
            let ratio = zeros.at(self.u[n]) / (poles.at(self.u[n]) * self.power[n]);
            (ratio - 1.0).abs() * self.weight[n]
        });
        let largest = errors.iter().fold(0.0, |a: f64, b| a.max(*b));
        for (weight, error) in self.weight.iter_mut().zip(errors) {
            *weight *= (error / largest).max(LEAST_WEIGHT).sqrt();
        }
    }
}

/// `tan²(ω/2)` at `hz`.
pub(super) fn warped(hz: f64, rate: f64) -> f64 {
    (PI * hz / rate).tan().powi(2)
}

/// The frequency to which `u` is relative.
pub(super) fn reference(prototype: &Prototype, rate: f64) -> f64 {
    warped(prototype.frequency.min(0.45 * rate), rate)
}

impl Power {
    /// What the bilinear transform makes of the prototype.
    pub(super) fn bilinear(prototype: &Prototype) -> Self {
        let square = |c: [f64; 3]| [c[0] * c[0], c[1] * c[1] - 2.0 * c[0] * c[2], c[2] * c[2]];
        Self {
            numerator: square(prototype.numerator),
            denominator: square(prototype.denominator),
        }
    }

    fn inverse(self) -> Self {
        Self {
            numerator: self.denominator,
            denominator: self.numerator,
        }
    }
}

/// The best fit of a bell or a shelf.
pub(super) fn fit(prototype: &Prototype, rate: f64) -> Power {
    if prototype.power(prototype.frequency) < prototype.power(0.0) {
        return fit_rising(&prototype.inverse(), rate).inverse();
    }
    fit_rising(prototype, rate)
}

/// `(1 - a u)² + b² u`.
#[derive(Debug, Clone, Copy)]
struct Quadratic {
    a: f64,
    b: f64,
}

impl Quadratic {
    fn at(self, u: f64) -> f64 {
        (1.0 - self.a * u).powi(2) + self.b * self.b * u
    }

    /// `1 + c₁ u + c₂ u²`, where that is above zero for every `u` above zero.
    fn of(c1: f64, c2: f64) -> Option<Self> {
        let a = c2.max(0.0).sqrt();
        (c2 > 0.0 && c1 + 2.0 * a > 0.0).then(|| Self {
            a,
            b: (c1 + 2.0 * a).sqrt(),
        })
    }

    fn moved(self, a: f64, b: f64) -> Self {
        Self {
            a: self.a + a,
            b: self.b + b,
        }
    }

    fn coefficients(self) -> [f64; 3] {
        // Nothing of a term so small is left in the range, but the filter's frequency stays finite.
        let a = self.a.abs().max(1e-9);
        [1.0, self.b * self.b - 2.0 * self.a, a * a]
    }

    /// Not ringing more than twice as long as the circuit does: what is beyond the range must not be lifted for its
    /// sake. `unit` is where `u` is 1.
    fn tamed(self, damping: f64, unit: f64) -> Self {
        let a = self.a.max(unit / FURTHEST);
        // The same width in Hz is a wider one of `u`, the more so next to Nyquist.
        let tangent = (unit / a).sqrt();
        let stretch = tangent.atan() * (1.0 + tangent * tangent) / tangent;
        let least = 0.5 * damping.min(1.0) * stretch * a.sqrt();
        Self {
            a,
            b: self.b.abs().max(least),
        }
    }
}

/// A numerator and a denominator.
type Pair = [Quadratic; 2];

fn fit_rising(prototype: &Prototype, rate: f64) -> Power {
    let unit = reference(prototype, rate);
    let mut points = points(prototype, rate, unit);
    let mut search = Search {
        best: start(prototype, rate, unit, &points),
        dampings: [prototype.numerator, prototype.denominator].map(damping),
        unit,
    };
    if search.descend(&points, ROUNDS) > CLOSE {
        points.weigh_by_error(search.best);
        search.descend(&points, LAST_ROUNDS);
    }
    let [zeros, poles] = search.best;
    let at_dc = prototype.power(0.0);
    Power {
        numerator: zeros.coefficients().map(|n| n * at_dc),
        denominator: poles.coefficients(),
    }
}

/// The way to the best fit.
struct Search {
    best: Pair,
    /// Of the circuit.
    dampings: [f64; 2],
    unit: f64,
}

impl Search {
    /// Takes steps while they are worth it. Gives the squared error that is left.
    fn descend(&mut self, points: &Points, rounds: usize) -> f64 {
        let mut damped = DAMPING.0;
        let mut normal = linearised(points, self.best);
        for _ in 0..rounds {
            if normal.cost() < CLOSE {
                break;
            }
            let ([a0, b0, a1, b1], [zeros, poles]) = (normal.step(damped), self.best);
            let next = [
                zeros.moved(a0, b0).tamed(self.dampings[0], self.unit),
                poles.moved(a1, b1).tamed(self.dampings[1], self.unit),
            ];
            let there = linearised(points, next);
            let left = there.cost() / normal.cost();
            if left < 1.0 {
                (self.best, normal) = (next, there);
                damped *= DAMPING.2;
                if left > 1.0 - WORTH_IT {
                    break;
                }
            } else {
                damped *= DAMPING.1;
            }
        }
        normal.cost()
    }
}

fn damping(c: [f64; 3]) -> f64 {
    c[1] / (c[0] * c[2]).sqrt()
}

fn centre(prototype: &Prototype, c: [f64; 3]) -> f64 {
    prototype.frequency * (c[0] / c[2]).sqrt()
}

/// The poles where the circuit's go by `z = exp(sT)`, and the zeros that fit them best.
fn start(prototype: &Prototype, rate: f64, unit: f64, points: &Points) -> Pair {
    let poles = mapped(prototype, rate, unit);
    let rows = (0..POINTS).map(|n| {
        let (u, weight) = (points.u[n], points.weight[n]);
        let relative = weight / (points.power[n] * poles.at(u));
        ([u * relative, u * u * relative], weight - relative)
    });
    let zeros = pair(rows)
        .and_then(|[c1, c2]| Quadratic::of(c1, c2))
        .unwrap_or_else(|| {
            let a = unit / warped(centre(prototype, prototype.numerator).min(START * rate), rate);
            Quadratic {
                a,
                b: damping(prototype.numerator) * a.sqrt(),
            }
        });
    [zeros, poles]
}

/// `|1 + a₁ z⁻¹ + a₂ z⁻²|² = A₀ cos² + A₁ sin² - 16 a₂ sin² cos²` of half the angle, over its value at DC.
fn mapped(prototype: &Prototype, rate: f64, unit: f64) -> Quadratic {
    let turn = 2.0 * PI * centre(prototype, prototype.denominator) / rate;
    let half = damping(prototype.denominator) / 2.0;
    let root = (1.0 - half * half).abs().sqrt() * turn;
    let radius = (-half * turn).exp();
    let (a1, a2) = if half < 1.0 {
        (-2.0 * radius * root.min(2.0 * PI * START).cos(), radius * radius)
    } else {
        let (slow, fast) = ((root - half * turn).exp(), (-root - half * turn).exp());
        (-slow - fast, slow * fast)
    };
    let (at_dc, at_nyquist) = ((1.0 + a1 + a2).powi(2), (1.0 - a1 + a2).powi(2));
    let a = unit * (at_nyquist / at_dc).sqrt();
    let c1 = unit * (at_dc + at_nyquist - 16.0 * a2) / at_dc;
    Quadratic {
        a,
        b: (c1 + 2.0 * a).max(0.0).sqrt(),
    }
}

/// Frequencies spread over the range and gathered around both resonances.
fn points(prototype: &Prototype, rate: f64, unit: f64) -> Points {
    let top = (MATCHED * rate).max(PROMISED.min(0.4 * rate));
    let spread = (1..=8).map(|n| top * f64::from(n) / 8.0);
    let around = [0.1, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 10.0, 30.0].map(|part| prototype.frequency * part);
    let resonances = [prototype.denominator, prototype.numerator].into_iter().flat_map(|c| {
        let centre = centre(prototype, c);
        // A quarter, a half and all of the width.
        let near = (0.35 * damping(c).min(1.4)).exp2();
        let (half, full) = (near * near, near.powi(4));
        [full.recip(), half.recip(), near.recip(), 1.0, near, half, full].map(|part| centre * part)
    });
    let at_dc = prototype.power(0.0);
    let frequencies = spread
        .chain(around.into_iter().filter(|hz| *hz < top))
        .chain(resonances);
    let (mut hz, mut weight) = ([0.0; POINTS], [0.0; POINTS]);
    for ((hz, weight), there) in hz
        .iter_mut()
        .zip(&mut weight)
        .zip(frequencies.filter(|hz| *hz < LOOKED_AT * rate))
    {
        (*hz, *weight) = (there, if there <= top { 1.0 } else { PULL });
    }
    Points {
        u: hz.map(|hz| squared_tangent((PI * hz / rate).powi(2)) / unit),
        power: hz.map(|hz| prototype.power(hz) / at_dc),
        weight,
    }
}

/// `tan²` of the root of `square`, which is less than 2.4: by the series of `sin²`, whose error is under 1e-9. A point
/// need not be where it was meant to be, but within a part in 10,000 of its power.
fn squared_tangent(square: f64) -> f64 {
    const TERMS: [f64; 12] = terms();
    let sine = square * TERMS.iter().rev().fold(0.0, |sum, term| sum * square + term);
    sine / (1.0 - sine)
}

/// `2^(2k-1) / (2k)!` with alternating signs: of `(1 - cos 2x) / 2`, over `x²`.
const fn terms() -> [f64; 12] {
    let mut terms = [1.0; 12];
    let mut k = 1;
    // `for` does not run at compile time.
    while k < 12 {
        let n = 2.0 * k as f64;
        terms[k] = -terms[k - 1] * 4.0 / ((n + 1.0) * (n + 2.0));
        k += 1;
    }
    terms
}

/// The errors at all points and their slopes. With `r` what is found over what is wanted, the error is `(r - 1/r) / 2`,
/// which is the logarithm of it where it matters and costs less.
fn linearised(points: &Points, [zeros, poles]: Pair) -> Normal {
    let mut normal = Normal::default();
    let (us, _) = points.u.as_chunks::<SIDE_BY_SIDE>();
    let (powers, _) = points.power.as_chunks::<SIDE_BY_SIDE>();
    let (weights, _) = points.weight.as_chunks::<SIDE_BY_SIDE>();
    for ((us, powers), weights) in us.iter().zip(powers).zip(weights) {
        let (mut rows, mut errors) = ([[0.0; SIDE_BY_SIDE]; 4], [0.0; SIDE_BY_SIDE]);
        for n in 0..SIDE_BY_SIDE {
            let (u, power, weight) = (us[n], powers[n], weights[n]);
            let (zero_slope, pole_slope) = (1.0 - zeros.a * u, 1.0 - poles.a * u);
            let found = zero_slope * zero_slope + zeros.b * zeros.b * u;
            let divisor = pole_slope * pole_slope + poles.b * poles.b * u;
            let wanted = power * divisor;
            // One division for all.
            let both = 1.0 / (found * wanted);
            let (up, down) = (found * found * both, wanted * wanted * both);
            let slope = u * weight * (up + down) * both;
            let (of_zeros, of_poles) = (slope * wanted, slope * power * found);
            rows[0][n] = -of_zeros * zero_slope;
            rows[1][n] = of_zeros * zeros.b;
            rows[2][n] = of_poles * pole_slope;
            rows[3][n] = -of_poles * poles.b;
            errors[n] = weight * 0.5 * (up - down);
        }
        normal.add(&rows, &errors);
    }
    normal
}

#[cfg(test)]
mod tests;
