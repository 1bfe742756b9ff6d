//! Text as it is searched and listed: neither case nor accents count.

/// Letters that are looked for without what is on, under or through them. The tokenizer of the library does the same for letters that
/// Unicode takes apart; these are also for the order of lists, and for letters that it does not.
const PLAIN: [(&str, char); 26] = [
    ("àáâãäåāăąǎ", 'a'),
    ("çćĉċč", 'c'),
    ("ďđð", 'd'),
    ("èéêëēĕėęě", 'e'),
    ("ĝğġģ", 'g'),
    ("ĥħ", 'h'),
    ("ìíîïĩīĭįı", 'i'),
    ("ĵ", 'j'),
    ("ķ", 'k'),
    ("ĺļľŀł", 'l'),
    ("ñńņňŉ", 'n'),
    ("òóôõöøōŏőǒ", 'o'),
    ("ŕŗř", 'r'),
    ("śŝşšș", 's'),
    ("ţťŧț", 't'),
    ("ùúûüũūŭůűųǔ", 'u'),
    ("ŵ", 'w'),
    ("ýÿŷ", 'y'),
    ("źżž", 'z'),
    ("ё", 'е'),
    ("й", 'и'),
    ("ά", 'α'),
    ("έ", 'ε'),
    ("ήή", 'η'),
    ("ίϊΐ", 'ι'),
    ("όώ", 'ο'),
];

/// Letters that are looked for as two.
const DOUBLE: [(char, &str); 4] = [('ß', "ss"), ('æ', "ae"), ('œ', "oe"), ('þ', "th")];

/// Text without case and accents. What has no spaces between its words (Chinese, Japanese) gets one around each letter.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii() {
            folded.push(letter);
        } else if ('\u{300}'..='\u{36f}').contains(&letter) {
            // An accent by itself: names of files on some systems are taken apart.
        } else if let Some((_, double)) = DOUBLE.iter().find(|(single, _)| *single == letter) {
            folded.push_str(double);
        } else if is_a_word(letter) {
            folded.extend([' ', letter, ' ']);
        } else {
            let plain = PLAIN.iter().find(|(letters, _)| letters.contains(letter));
            folded.push(plain.map_or(letter, |(_, plain)| *plain));
        }
    }
    folded
}

/// Kana and the letters of Chinese: no space is between words of them.
fn is_a_word(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_case_nor_accents_count_however_they_are_written() {
        for (text, folded) in [
            ("Björk", "bjork"),
            ("BJÖRK", "bjork"),
            ("Bjo\u{308}rk", "bjork"),
            ("Mø – Señorita", "mo – senorita"),
            ("Weiß Æon", "weiss aeon"),
            ("Łódź", "lodz"),
            ("İstanbul", "istanbul"),
            ("Ёлка", "елка"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
        assert_eq!(fold("東京A").split_whitespace().collect::<Vec<_>>(), ["東", "京", "a"]);
    }
}
