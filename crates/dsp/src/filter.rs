//! Second-order filters on lanes: from the analogue response that is wanted, by way of coefficients that
//! are worked out in `f64` when a control moves, to sections that run and glide in `f32`.

mod cascade;
mod design;
mod fit;
mod least_squares;
mod prototype;
mod section;

pub use cascade::{Cascade, Leap};
pub use design::design;
pub use prototype::Prototype;
pub use section::Coefficients;
