//! A parameter outside its range: refused by name, with the range, and never silently bent.

/// A value that a parameter does not take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfRange {
    /// The parameter and its unit, as the operator reads it: `frequency in Hz`.
    pub name: &'static str,
    /// What was asked for.
    pub value: f32,
    /// The least and the greatest that is taken.
    pub range: (f32, f32),
}

impl std::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (least, greatest) = self.range;
        write!(f, "{} goes from {least} to {greatest}, not {}", self.name, self.value)
    }
}

impl std::error::Error for OutOfRange {}

/// Returns `value`, or says why it is refused. NaN is in no range.
pub fn within(name: &'static str, value: f32, range: (f32, f32)) -> Result<f32, OutOfRange> {
    if value >= range.0 && value <= range.1 {
        Ok(value)
    } else {
        Err(OutOfRange { name, value, range })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_parameter_its_range_and_the_value() {
        let refused = within("frequency in Hz", 7.5, (20.0, 20_000.0)).expect_err("too low");
        assert_eq!(refused.to_string(), "frequency in Hz goes from 20 to 20000, not 7.5");
        assert!(within("Q", f32::NAN, (0.1, 20.0)).is_err());
        assert_eq!(within("Q", 20.0, (0.1, 20.0)), Ok(20.0));
    }
}
