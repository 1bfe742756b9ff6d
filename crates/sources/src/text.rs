//! Text that other programs have written: UTF-8, UTF-16 with its mark, or else Windows-1252.

/// What some editors begin UTF-8 with.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Windows-1252 from 0x80 on, where Latin-1 has nothing to see; the rest of both is the beginning of Unicode.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of these bytes, which are all there are.
pub fn decode(bytes: &[u8]) -> String {
    decode_as(bytes, false)
}

/// The text of the beginning of something longer: a last character that was cut off is left out.
pub fn decode_beginning(bytes: &[u8]) -> String {
    decode_as(bytes, true)
}

fn decode_as(bytes: &[u8], is_cut: bool) -> String {
    match bytes {
        [0xff, 0xfe, wide @ ..] => return decode_wide(wide, u16::from_le_bytes),
        [0xfe, 0xff, wide @ ..] => return decode_wide(wide, u16::from_be_bytes),
        _ => {}
    }
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) if is_cut && error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => bytes.iter().map(|byte| windows(*byte)).collect(),
    }
}

/// The same of UTF-16, which Windows calls Unicode.
fn decode_wide(bytes: &[u8], number: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks();
    let mut characters = char::decode_utf16(pairs.iter().map(|pair| number(*pair))).peekable();
    let mut text = String::new();
    while let Some(read) = characters.next() {
        match read {
            Ok(character) => text.push(character),
            // Half a character: at the end the other half is not written yet.
            Err(_) if characters.peek().is_none() => {}
            Err(_) => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    text
}

fn windows(byte: u8) -> char {
    let place = usize::from(byte).checked_sub(0x80);
    place
        .and_then(|place| WINDOWS.get(place))
        .copied()
        .unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        assert_eq!(decode("Ólafur – Þú".as_bytes()), "Ólafur – Þú");
        assert_eq!(decode(b"\xef\xbb\xbfA"), "A");
        assert_eq!(decode(b"\xff\xfeA\0\xd3\0"), "AÓ");
        assert_eq!(decode(b"\xfe\xff\0A\0\xd3"), "AÓ");
        assert_eq!(decode(b"D\xf6ner \x96 5 \x80"), "Döner – 5 €");
    }

    #[test]
    fn a_character_that_was_cut_off_is_left_out() {
        assert_eq!(decode_beginning(&"Aé".as_bytes()[..2]), "A");
        assert_eq!(decode_beginning(b"\xff\xfeA\0\xd3"), "A");
    }

    #[test]
    fn what_is_whole_may_end_in_a_letter_of_another_alphabet_and_lose_one_in_its_midst() {
        assert_eq!(decode(b"Beyonc\xe9"), "Beyoncé");
        assert_eq!(decode(b"\xff\xfeA\0\0\xd8B\0"), "A\u{fffd}B");
    }
}
