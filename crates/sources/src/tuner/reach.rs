//! Which machines a desk may listen to. What counts is the address that a name stands for at the moment of connecting,
//! and that very address is connected to: a name that means another machine the next time helps nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a stream's address may lead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Only machines on the Internet, none of this one's own network or this one itself. Off unless set: a
    /// studio's own servers are in its own network.
    pub refuse_private: bool,
}

/// What kind of place an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Public,
    /// This machine or its network.
    Private,
    /// Never a stream's: link-local and wherever else clouds keep their secrets, and what is no single machine's.
    Never,
}

impl Reach {
    /// Whether a stream may be heard from there.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        match place(address) {
            Place::Public => true,
            Place::Private => !self.refuse_private,
            Place::Never => false,
        }
    }

    /// How far somebody at this address may send the desk: nobody on the Internet into the desk's own network.
    pub(super) fn sent_from(self, address: IpAddr) -> Self {
        Self {
            refuse_private: self.refuse_private || place(address) == Place::Public,
        }
    }
}

pub(super) fn place(address: IpAddr) -> Place {
    match address.to_canonical() {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

/// Where clouds tell a machine its secrets, but for those that are link-local: Alibaba, Azure, Oracle.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
/// The same: Amazon, Google.
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// IANA's registry of special-purpose addresses.
fn place_v4(address: Ipv4Addr) -> Place {
    if METADATA_V4.contains(&address) {
        return Place::Never;
    }
    let [first, second, third, _] = address.octets();
    if address.is_link_local() || address.is_multicast() || address.is_broadcast() || first == 0 || first >= 240 {
        return Place::Never;
    }
    // Carriers' own networks; protocols' own addresses; measuring devices.
    let is_carriers = first == 100 && second & 0xc0 == 64;
    let is_special = first == 192 && second == 0 && third == 0 || first == 198 && second & 0xfe == 18;
    if address.is_private() || address.is_loopback() || is_carriers || is_special {
        return Place::Private;
    }
    Place::Public
}

fn place_v6(address: Ipv6Addr) -> Place {
    if METADATA_V6.contains(&address)
        || address.is_unicast_link_local()
        || address.is_multicast()
        || address.is_unspecified()
    {
        return Place::Never;
    }
    let [first, second, third, .., seventh, eighth] = address.segments();
    // fec0::/10 once meant a site's own.
    if address.is_loopback() || address.is_unique_local() || first & 0xffc0 == 0xfec0 {
        return Place::Private;
    }
    let within = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        place_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (first, second) {
        // IPv4 in IPv6: NAT64 (RFC 6052, 8215), 6to4, and the form that nobody uses any more.
        (0x64, 0xff9b) => within(seventh, eighth),
        (0x2002, _) => within(second, third),
        (0, 0) => within(seventh, eighth),
        _ => Place::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Place {
        place(address.parse().expect("an address"))
    }

    #[test]
    fn every_special_address_is_known_in_whatever_it_is_wrapped() {
        for never in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
            "fe80::1",
            "febf::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "100.100.100.200",
            "168.63.129.16",
            "::ffff:168.63.129.16",
            "192.0.0.192",
            "64:ff9b::6464:64c8",
            "fd00:ec2::254",
            "fd20:ce::254",
        ] {
            assert_eq!(of(never), Place::Never, "{never}");
        }
        for private in [
            "127.0.0.1",
            "127.255.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "::ffff:192.168.1.1",
            "100.64.0.1",
            "fc00::1",
            "fd12:3456::1",
            "64:ff9b::a00:1",
            "2002:c0a8:101::1",
        ] {
            assert_eq!(of(private), Place::Private, "{private}");
        }
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
        ] {
            assert_eq!(of(public), Place::Public, "{public}");
        }
    }

    #[test]
    fn the_desks_own_network_is_open_unless_it_was_closed_or_somebody_outside_sends_there() {
        let [metadata, studio, outside] =
            ["169.254.169.254", "192.168.1.9", "1.1.1.1"].map(|text| text.parse().expect("an address"));
        let open = Reach::default();
        let closed = Reach { refuse_private: true };
        assert_eq!(
            [metadata, studio, outside].map(|at| open.allows(at)),
            [false, true, true]
        );
        assert_eq!(
            [metadata, studio, outside].map(|at| closed.allows(at)),
            [false, false, true]
        );
        assert!(!open.sent_from(outside).allows(studio));
        assert!(open.sent_from(studio).allows(studio));
        assert!(!closed.sent_from(studio).allows(studio));
    }
}
