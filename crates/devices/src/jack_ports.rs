//! How many inputs a JACK machine has, which CPAL does not tell: its device offers 1 to 64 on every one.
//! Any thread that may wait; not real-time.

/// The most that CPAL opens a stream with.
#[cfg(target_os = "linux")]
const MOST: u16 = 64;
/// Inputs where the server names no capture ports of its own (PipeWire in JACK's place does not): for what is connected by
/// hand.
#[cfg(target_os = "linux")]
const BY_HAND: u16 = 8;

/// The inputs to open for the server's capture ports, in their order: as many as it has. CPAL connects them.
#[cfg(target_os = "linux")]
pub(crate) fn inputs() -> u16 {
    let name = format!("airdesk_look_{}", std::process::id());
    let ports = jack::Client::new(&name, jack::ClientOptions::NO_START_SERVER).map_or(0, |(client, _)| {
        // The pattern CPAL connects by.
        client
            .ports(Some("system:capture_.*"), None, jack::PortFlags::empty())
            .len()
    });
    match u16::try_from(ports).unwrap_or(MOST) {
        0 => BY_HAND,
        ports => ports.min(MOST),
    }
}

/// CPAL's JACK is used on Linux alone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn inputs() -> u16 {
    0
}
