//! Small least-squares problems in `f64`, without an allocation.

/// Equations that are added side by side.
pub(super) const SIDE_BY_SIDE: usize = 4;

/// The normal equations of four unknowns, and the squared error that there is, as partial sums.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Normal {
    /// The lower half, row by row.
    matrix: [[f64; SIDE_BY_SIDE]; 10],
    right: [[f64; SIDE_BY_SIDE]; 4],
    cost: [f64; SIDE_BY_SIDE],
}

impl Normal {
    /// Some errors, and how each changes with each unknown.
    #[inline(always)]
    pub(super) fn add(&mut self, rows: &[[f64; SIDE_BY_SIDE]; 4], errors: &[f64; SIDE_BY_SIDE]) {
        for n in 0..SIDE_BY_SIDE {
            for i in 0..4 {
                for j in 0..=i {
                    self.matrix[i * (i + 1) / 2 + j][n] += rows[i][n] * rows[j][n];
                }
                self.right[i][n] -= rows[i][n] * errors[n];
            }
            self.cost[n] += errors[n] * errors[n];
        }
    }

    /// The squared error.
    pub(super) fn cost(&self) -> f64 {
        self.cost.iter().sum()
    }

    /// The step that makes the errors least, with each unknown held by `damped` of its own weight.
    pub(super) fn step(&self, damped: f64) -> [f64; 4] {
        // On unit diagonal, for `u` spans twelve decades; then by Cholesky, whose pivots the damping keeps above zero.
        let matrix = self.matrix.map(|sums| sums.iter().sum::<f64>());
        let right = self.right.map(|sums| sums.iter().sum::<f64>());
        let at = |i: usize, j: usize| matrix[i * (i + 1) / 2 + j];
        let scale: [f64; 4] = std::array::from_fn(|i| (at(i, i) * (1.0 + damped)).max(1e-280).sqrt().recip());
        let mut lower = [[0.0_f64; 4]; 4];
        let mut step = [0.0; 4];
        for i in 0..4 {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                lower[i][j] = if i == j {
                    (1.0 - known).max(1e-15).sqrt()
                } else {
                    (at(i, j) * scale[i] * scale[j] - known) / lower[j][j]
                };
            }
            let known: f64 = (0..i).map(|k| lower[i][k] * step[k]).sum();
            step[i] = (right[i] * scale[i] - known) / lower[i][i];
        }
        for i in (0..4).rev() {
            let known: f64 = (i + 1..4).map(|k| lower[k][i] * step[k]).sum();
            step[i] = (step[i] - known) / lower[i][i];
        }
        std::array::from_fn(|i| step[i] * scale[i])
    }
}

/// The two unknowns whose `row · unknowns` is nearest to each right side. `None` where there is no one solution.
pub(super) fn pair(rows: impl Iterator<Item = ([f64; 2], f64)>) -> Option<[f64; 2]> {
    let (mut matrix, mut right) = ([0.0; 3], [0.0; 2]);
    for ([p, q], side) in rows {
        matrix = [matrix[0] + p * p, matrix[1] + p * q, matrix[2] + q * q];
        right = [right[0] + p * side, right[1] + q * side];
    }
    let [pp, pq, qq] = matrix;
    let determinant = pp * qq - pq * pq;
    (determinant > 0.0).then(|| {
        [
            (right[0] * qq - right[1] * pq) / determinant,
            (right[1] * pp - right[0] * pq) / determinant,
        ]
    })
}
