//! How many messages are taken: so many in any second from one connection, and from one address, whose count outlives its
//! connections. What is refused is not counted. Time is the caller's.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(1);
const CONNECTION_MAX: usize = 10;
const ADDRESS_MAX: usize = 30;
/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 4096;

/// What came within the last second.
#[derive(Debug, Default)]
struct Window(VecDeque<Instant>);

impl Window {
    fn has_room(&mut self, now: Instant, most: usize) -> bool {
        while self.0.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            self.0.pop_front();
        }
        self.0.len() < most
    }
}

/// Of all addresses.
#[derive(Debug, Default)]
pub(super) struct AddressLimits(HashMap<IpAddr, Window>);

/// Of one connection.
#[derive(Debug, Default)]
pub(super) struct ConnectionLimit(Window);

impl ConnectionLimit {
    /// Whether a message is taken now; if so it counts.
    pub(super) fn admit(&mut self, addresses: &mut AddressLimits, address: IpAddr, now: Instant) -> bool {
        if !self.0.has_room(now, CONNECTION_MAX) {
            return false;
        }
        let known = &mut addresses.0;
        if known.len() >= ADDRESSES_MAX {
            known.retain(|_, window| !(window.has_room(now, 1)));
        }
        let window = known.entry(address).or_default();
        if !window.has_room(now, ADDRESS_MAX) {
            return false;
        }
        window.0.push_back(now);
        self.0.0.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn ten_are_taken_in_any_second_and_the_second_slides() {
        let (mut all, mut one) = (AddressLimits::default(), ConnectionLimit::default());
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let taken = |one: &mut ConnectionLimit, all: &mut AddressLimits, ms| one.admit(all, HERE, at(ms));
        for n in 0..10 {
            assert!(taken(&mut one, &mut all, n * 50), "{n}");
        }
        for (ms, expected) in [
            (500, false),
            (999, false),
            (1000, true),
            (1049, false),
            (1050, true),
            (1051, false),
        ] {
            assert_eq!(taken(&mut one, &mut all, ms), expected, "after {ms} ms");
        }
        assert!((0..10).all(|_| taken(&mut one, &mut all, 3000)));
    }

    #[test]
    fn an_address_has_thirty_over_all_its_connections_also_those_that_are_gone() {
        let mut all = AddressLimits::default();
        let now = Instant::now();
        for _ in 0..3 {
            let mut one = ConnectionLimit::default();
            assert!((0..10).all(|_| one.admit(&mut all, HERE, now)));
        }
        let mut fourth = ConnectionLimit::default();
        assert!(!fourth.admit(&mut all, HERE, now), "another connection does not help");
        assert!(fourth.admit(&mut all, THERE, now), "another address has its own");
        assert!(fourth.admit(&mut all, HERE, now + WINDOW));
    }
}
