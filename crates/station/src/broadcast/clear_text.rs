//! Streams that anybody on the way can read and take over: those without TLS that leave the machine.

use std::net::IpAddr;

use crate::api::{BroadcastSettings, ServerProtocol};

/// What the operator should know before others do; nothing where the stream is encrypted or stays on the machine.
pub(super) fn warning(settings: &BroadcastSettings) -> Option<String> {
    let host = settings.host.trim();
    if settings.tls || stays_here(host) {
        return None;
    }
    let called = settings.called();
    let what = format!("{called}: the password and the audio go in clear text to {host}");
    Some(match settings.protocol {
        ServerProtocol::Icecast => format!("{what}; turn on TLS if the server has it"),
        ServerProtocol::Shoutcast => {
            format!("{what}, because Shoutcast has no TLS; use a password that opens nothing else")
        }
    })
}

fn stays_here(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(address) => address.to_canonical().is_loopback(),
        // RFC 6761, section 6.3: names below it are this machine, too.
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str, tls: bool, protocol: ServerProtocol) -> Option<String> {
        warning(&BroadcastSettings {
            host: host.into(),
            tls,
            protocol,
            ..BroadcastSettings::default()
        })
    }

    #[test]
    fn only_what_leaves_the_machine_without_tls_is_warned_of() {
        for here in [
            "localhost",
            "LocalHost ",
            "radio.localhost",
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "[::1]",
        ] {
            assert_eq!(to(here, false, ServerProtocol::Icecast), None, "{here}");
        }
        for there in ["radio.example.org", "192.0.2.1", "localhost.example.org", "2001:db8::1"] {
            assert!(to(there, false, ServerProtocol::Icecast).is_some(), "{there}");
            assert_eq!(to(there, true, ServerProtocol::Icecast), None, "{there}");
        }
    }

    #[test]
    fn nobody_is_told_to_turn_on_what_shoutcast_has_not() {
        let told = to("radio.example.org", false, ServerProtocol::Shoutcast).expect("a warning");
        assert!(
            told.contains("Shoutcast has no TLS") && !told.contains("turn on"),
            "{told}"
        );
    }
}
