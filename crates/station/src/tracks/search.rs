//! Finding tracks by words. A page costs milliseconds, however many tracks there are: what holds the words is found by their index, and a
//! page is read in the order in which tracks are listed.

use rusqlite::Connection;

use super::fold::fold;

/// More tracks that hold the words than this are not sorted: the list of all is gone through instead, where some will come soon.
const SORTED_MAX: usize = 2_000;
/// Words that are looked at.
const WORDS_MAX: usize = 16;

/// Which tracks are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Those that hold each of these words, or words that begin with them, in title, artist, album or file name; all where there is
    /// none. Neither case nor accents count.
    pub words: String,
    /// Without so many of the first.
    pub offset: u32,
    /// How many at the most.
    pub limit: u32,
}

/// The numbers of the tracks on a page, and how many there are in all.
pub(super) fn find(connection: &Connection, search: &Search) -> rusqlite::Result<(Vec<i64>, u32)> {
    let (offset, limit) = (search.offset as usize, search.limit as usize);
    let Some(wanted) = question(&search.words) else {
        let sql = "SELECT track FROM tracks WHERE gone = 0 ORDER BY place LIMIT ?1 OFFSET ?2";
        let mut rows = connection.prepare(sql)?;
        let page = rows.query_map([search.limit, search.offset], |row| row.get(0))?;
        let total = "SELECT count(*) FROM tracks WHERE gone = 0";
        return Ok((
            page.collect::<Result<_, _>>()?,
            connection.query_row(total, [], |row| row.get(0))?,
        ));
    };
    let mut rows = connection.prepare("SELECT rowid FROM words WHERE words MATCH ?1")?;
    // In the order of their numbers: that is how the index has them.
    let mut found: Vec<i64> = rows.query_map([wanted], |row| row.get(0))?.collect::<Result<_, _>>()?;
    found.sort_unstable();
    let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let page = if found.len() <= SORTED_MAX {
        sorted(connection, &found)?
            .into_iter()
            .skip(offset)
            .take(limit)
            .collect()
    } else {
        let mut rows = connection.prepare("SELECT track FROM tracks WHERE gone = 0 ORDER BY place")?;
        let mut rows = rows.query([])?;
        let (mut page, mut passed) = (Vec::new(), 0);
        while page.len() < limit
            && let Some(row) = rows.next()?
        {
            let track = row.get(0)?;
            if found.binary_search(&track).is_err() {
                continue;
            }
            passed += 1;
            if passed > offset {
                page.push(track);
            }
        }
        page
    };
    Ok((page, total))
}

/// In the order in which tracks are listed.
fn sorted(connection: &Connection, found: &[i64]) -> rusqlite::Result<Vec<i64>> {
    let mut place = connection.prepare("SELECT place FROM tracks WHERE track = ?1 AND gone = 0")?;
    let mut places = Vec::with_capacity(found.len());
    for track in found {
        let mut rows = place.query([track])?;
        if let Some(row) = rows.next()? {
            places.push((row.get::<_, String>(0)?, *track));
        }
    }
    places.sort_unstable();
    Ok(places.into_iter().map(|(_, track)| track).collect())
}

/// The words as the index is asked. `None`: there is none.
fn question(words: &str) -> Option<String> {
    let folded = fold(words);
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    // Nothing but letters and digits is between the quotes: no word of it is an order.
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(|word| format!("\"{word}\"*"))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_typed_is_an_order_to_the_index() {
        for (typed, asked) in [
            ("Björk  Jóga", Some("\"bjork\"* \"joga\"*")),
            ("a\" OR title:*", Some("\"a\"* \"or\"* \"title\"*")),
            ("AC/DC", Some("\"ac\"* \"dc\"*")),
            (" -!*\"' ", None),
            ("", None),
        ] {
            assert_eq!(question(typed).as_deref(), asked, "{typed}");
        }
    }
}
