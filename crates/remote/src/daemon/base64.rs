//! Base64 as programs send it: with line breaks, and without the padding at the end. Any thread.

/// Where base64 stops making sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadBase64 {
    /// A character that there is none of in base64, counted from 0.
    #[error("character {at} is no base64")]
    Character {
        /// Its place in the text, bytes.
        at: usize,
    },
    /// The last group has one character, which is less than a byte.
    #[error("it is cut off at character {at}")]
    CutOff {
        /// How long the text is, bytes.
        at: usize,
    },
}

/// What `text` stands for.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, BadBase64> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut held, mut bits) = (0_u32, 0);
    let mut padded = false;
    for (at, character) in text.bytes().enumerate() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'=' => {
                padded = true;
                continue;
            }
            _ => return Err(BadBase64::Character { at }),
        };
        if padded {
            return Err(BadBase64::Character { at });
        }
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    // What is left of a whole group is no bits, or 2 or 4 that say nothing.
    if bits == 6 {
        return Err(BadBase64::CutOff { at: text.len() });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_and_missing_padding_make_no_difference() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("QQ==", b"A"),
            ("QQ", b"A"),
            ("QUI=", b"AB"),
            ("QUI", b"AB"),
            ("QUJD", b"ABC"),
            ("QU\r\nJD\n", b"ABC"),
            (" Q U I = \n", b"AB"),
            ("+/+/", &[0xfb, 0xff, 0xbf]),
        ] {
            assert_eq!(decode(text).as_deref(), Ok(bytes), "{text:?}");
        }
    }

    #[test]
    fn what_is_broken_is_named_by_its_place() {
        for (text, at) in [("QU*D", 2), ("QQ==QUJD", 4), ("QU\n\u{e9}", 3), ("-_", 0)] {
            assert_eq!(decode(text), Err(BadBase64::Character { at }), "{text:?}");
        }
        assert_eq!(decode("QUJDQ"), Err(BadBase64::CutOff { at: 5 }));
    }
}
