//! How much room to leave for something that comes late: twice the worst that has been seen.
//!
//! A gap says that there was too little room when it is too late. Lateness that did no harm says so
//! before: most machines are late by 3 and by 5 ms often before they are late by 9. The room grows and
//! shrinks at a pace that a resampler follows without being heard. Seconds; no threads, no allocation.

/// Room for each second of lateness.
const ROOM: f64 = 2.0;
/// What was late once and never again is forgotten at this pace, seconds a second: a millisecond in ten minutes.
const FORGET: f64 = 0.001 / 600.0;
/// The most that is lent, seconds: who has to become shorter by more is sooner done by starting anew.
const LENT_MOST: f64 = 0.100;

/// The room.
#[derive(Debug, Clone)]
pub struct Margin {
    least: f64,
    most: f64,
    /// How fast it may change, seconds a second.
    pace: f64,
    worst: f64,
    now: f64,
    /// Room beside that, which is given back at the pace.
    lent: f64,
}

impl Margin {
    /// Room from `least` to `most` seconds that changes by `pace` seconds a second.
    pub fn new(least: f64, most: f64, pace: f64) -> Self {
        Self {
            least,
            most,
            pace,
            worst: 0.0,
            now: least,
            lent: 0.0,
        }
    }

    /// The least room is `least` from now on.
    pub fn leave_at_least(&mut self, least: f64) {
        self.least = least.min(self.most);
    }

    /// Something was late by `seconds`.
    pub fn was_late(&mut self, seconds: f64) {
        self.worst = self.worst.max(seconds);
    }

    /// There was not room enough: there is `step` seconds more at once.
    pub fn was_short(&mut self, step: f64) {
        self.now = (self.now + step).min(self.most);
        self.worst = self.worst.max(self.now / ROOM);
    }

    /// What is needed beside this room has become `longer`, or shorter, by so many seconds. Shorter, it is lent, so that the
    /// whole becomes shorter at the usual pace; longer, it is taken from what is still lent.
    pub fn beside(&mut self, longer: f64) {
        let lent = (self.lent - longer).max(0.0);
        self.lent = if lent > LENT_MOST { 0.0 } else { lent };
    }

    /// Takes all the room that is wanted at once: nothing sounds that could notice.
    pub fn settle(&mut self) {
        (self.now, self.lent) = (self.wanted(), 0.0);
    }

    /// Lets `elapsed` seconds pass.
    pub fn pass(&mut self, elapsed: f64) {
        self.worst = (self.worst - FORGET * elapsed).max(0.0);
        let step = self.pace * elapsed;
        let moved = (self.wanted() - self.now).clamp(-step, step);
        self.now += moved;
        // Both together fall no faster.
        self.lent = (self.lent - (step + moved.min(0.0))).max(0.0);
    }

    /// The room there is.
    pub fn seconds(&self) -> f64 {
        self.now + self.lent
    }

    fn wanted(&self) -> f64 {
        (ROOM * self.worst).clamp(self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_before_it_is_needed_and_not_faster_than_it_may() {
        let mut margin = Margin::new(0.003, 0.100, 0.001);
        margin.was_late(0.001);
        margin.pass(1.0);
        assert_eq!(margin.seconds(), 0.003);
        margin.was_late(0.005);
        margin.pass(2.0);
        assert!((margin.seconds() - 0.005).abs() < 1e-9);
        margin.pass(10.0);
        assert!((margin.seconds() - 0.010).abs() < 0.001);
    }

    #[test]
    fn the_least_room_may_be_moved_and_is_made_at_the_same_pace() {
        let mut margin = Margin::new(0.003, 0.100, 0.001);
        margin.leave_at_least(0.005);
        margin.pass(1.0);
        assert!((margin.seconds() - 0.004).abs() < 1e-9);
        margin.pass(10.0);
        assert_eq!(margin.seconds(), 0.005);
        margin.leave_at_least(0.003);
        margin.pass(1.0);
        assert!((margin.seconds() - 0.004).abs() < 1e-9);
        margin.leave_at_least(1.0);
        margin.settle();
        assert_eq!(margin.seconds(), 0.100);
    }

    #[test]
    fn what_is_not_needed_beside_it_any_more_is_given_back_at_the_same_pace_and_not_learnt() {
        let is = |margin: &Margin, seconds: f64| (margin.seconds() - seconds).abs() < 1e-9;
        let mut margin = Margin::new(0.003, 0.100, 0.001);
        margin.beside(-0.080);
        assert!(is(&margin, 0.083));
        margin.pass(10.0);
        assert!(is(&margin, 0.073));
        // Needed again, it need not be made again.
        margin.beside(0.050);
        assert!(is(&margin, 0.023));
        // A gap meanwhile asks for a step, and not for all that there was.
        margin.was_short(0.001);
        assert!(is(&margin, 0.024));
        margin.pass(30.0);
        assert!(margin.seconds() < 0.004_1, "{}", margin.seconds());
        margin.beside(0.080);
        assert!(margin.seconds() > 0.003_8, "nothing was lent");
    }

    #[test]
    fn what_would_take_minutes_to_give_back_is_not_lent() {
        let mut margin = Margin::new(0.003, 0.100, 0.001);
        margin.beside(-0.250);
        assert_eq!(margin.seconds(), 0.003);
    }

    #[test]
    fn what_happened_once_is_forgotten_in_time() {
        let mut margin = Margin::new(0.003, 0.100, 0.001);
        margin.was_late(0.010);
        margin.settle();
        assert_eq!(margin.seconds(), 0.020);
        for _ in 0..100 {
            margin.pass(60.0);
        }
        assert_eq!(margin.seconds(), 0.003);
    }

    #[test]
    fn room_that_was_too_small_is_larger_at_once_up_to_the_limit() {
        let mut margin = Margin::new(0.003, 0.004, 0.001);
        margin.was_short(0.0005);
        assert_eq!(margin.seconds(), 0.0035);
        margin.pass(0.1);
        assert!(margin.seconds() > 0.00349);
        margin.was_short(0.01);
        assert_eq!(margin.seconds(), 0.004);
    }
}
