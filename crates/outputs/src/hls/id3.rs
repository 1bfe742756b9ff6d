//! The tag before the audio of an MP3 segment: when it begins (RFC 8216, 3.4), in an ID3v2.4 `PRIV` frame.

/// Who owns the frame.
const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
/// Ticks a second, as MPEG-2 transport streams have them.
const TICKS: u64 = 90_000;
/// They have 33 bits.
const WRAP: u64 = 1 << 33;

/// The tag of a segment that begins with this frame.
pub(super) fn tag(frame: u64, rate: u32) -> Vec<u8> {
    let seconds = frame / u64::from(rate);
    let rest = frame % u64::from(rate);
    let ticks = (seconds * TICKS + rest * TICKS / u64::from(rate)) % WRAP;
    let body = OWNER.len() + 8;
    let mut tag = b"ID3\x04\0\0".to_vec();
    tag.extend(size(10 + body));
    tag.extend(b"PRIV");
    tag.extend(size(body));
    tag.extend([0, 0]);
    tag.extend(OWNER);
    tag.extend(ticks.to_be_bytes());
    tag
}

/// Seven bits in each byte.
fn size(bytes: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (bytes >> shift & 0x7f) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_says_when_it_begins_to_a_tick_also_after_a_day_and_after_the_count_has_wrapped() {
        for (frame, ticks) in [
            (0, 0_u64),
            (48_000 * 6, 540_000),
            (1152, 2_160),
            (48_000 * 86_400, 7_776_000_000),
            (48_000 * 100_000, 9_000_000_000 - (1 << 33)),
        ] {
            let tag = tag(frame, 48_000);
            assert_eq!(tag[tag.len() - 8..], ticks.to_be_bytes(), "{frame}");
            assert_eq!(usize::from(tag[9]), tag.len() - 10);
        }
    }
}
