//! Names of recordings as a pattern: words in braces are filled in when a file begins.
//!
//! `{show}/{date} {time} {title}` makes a folder for every show. What is filled in is one name or a part of one: a
//! title with a slash makes no folder, and nothing leads out of the folder of recordings.

use super::file_name::usable_stem;
use crate::title::one_line;

/// Bytes of a pattern.
const BYTES_MAX: usize = 300;
/// Folders that a pattern may make, one in the other.
const FOLDERS_MAX: usize = 4;

/// A pattern for the names of recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Folders, and the name at the end.
    parts: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Word(Word),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Date,
    Time,
    Title,
    Artist,
    Show,
    Index,
    Strip,
}

const WORDS: [(&str, Word); 7] = [
    ("date", Word::Date),
    ("time", Word::Time),
    ("title", Word::Title),
    ("artist", Word::Artist),
    ("show", Word::Show),
    ("index", Word::Index),
    ("strip", Word::Strip),
];

/// What is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Local date, as `2026-11-22`.
    pub date: String,
    /// Local time of day, as `20-00-00`: no file system refuses it.
    pub time: String,
    /// The title of what is on air.
    pub title: String,
    /// Its artist.
    pub artist: String,
    /// The show.
    pub show: String,
    /// Which file of a recording, counted from 1.
    pub index: u32,
    /// The strip or bus that is in the file.
    pub strip: String,
}

/// Why a pattern is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// There is nothing in it that names a file.
    #[error("{0:?} names no file; write a pattern like \"{{date}} {{time}}\"")]
    Empty(String),
    /// It has more bytes than a path should.
    #[error("the pattern of file names is longer than {BYTES_MAX} bytes; shorten it")]
    Long,
    /// A word that there is not.
    #[error("{{{word}}} is no word of file names; there are {}", words())]
    Word {
        /// What stands in the braces.
        word: String,
    },
    /// A brace that is not closed, or was not opened.
    #[error("a brace in {0:?} has no partner; words stand in braces, like {{date}}")]
    Brace(String),
    /// It leads out of the folder, or too deep into it.
    #[error(
        "{0:?} leads out of the folder of recordings, or through more than {FOLDERS_MAX} folders; name the folders in it one after the other"
    )]
    Folder(String),
}

impl TemplateError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> crate::Recovery {
        match self {
            Self::Empty(_) | Self::Long | Self::Word { .. } | Self::Brace(_) | Self::Folder(_) => {
                crate::Recovery::AskOperator
            }
        }
    }
}

fn words() -> String {
    WORDS.map(|(name, _)| format!("{{{name}}}")).join(", ")
}

impl Template {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it names no file, or one outside of the folder.
    pub fn parse(pattern: &str) -> Result<Self, TemplateError> {
        if pattern.len() > BYTES_MAX {
            return Err(TemplateError::Long);
        }
        let names: Vec<&str> = pattern.split(['/', '\\']).collect();
        let leads_out = |name: &&str| name.trim_matches([' ', '.']).is_empty();
        match names.split_last() {
            Some((last, _)) if leads_out(last) => return Err(TemplateError::Empty(pattern.to_owned())),
            Some((_, folders)) if folders.len() > FOLDERS_MAX || folders.iter().any(leads_out) => {
                return Err(TemplateError::Folder(pattern.to_owned()));
            }
            _ => {}
        }
        let parts = names.into_iter().map(|name| pieces(name, pattern));
        Ok(Self {
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a file's name says which strip or bus is in it.
    pub fn names_strip(&self) -> bool {
        self.parts
            .iter()
            .flatten()
            .any(|piece| *piece == Piece::Word(Word::Strip))
    }

    /// Fills the words in: folders, and the file's name without its ending. Each is a name that file systems take.
    pub fn fill(&self, words: &Words) -> Vec<String> {
        let filled = self.parts.iter().map(|pieces| {
            let text: String = pieces.iter().map(|piece| piece.fill(words)).collect();
            // What a word that is empty leaves behind: "20-00-00 - ".
            usable_stem(spaced_once(&one_line(&text)).trim_matches([' ', '-', '_'])).unwrap_or_else(|| "Airdesk".into())
        });
        filled.collect()
    }
}

/// With one space where there were more.
fn spaced_once(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pieces(name: &str, pattern: &str) -> Result<Vec<Piece>, TemplateError> {
    let alone = || TemplateError::Brace(pattern.to_owned());
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some((text, after)) = rest.split_once('{') {
        if text.contains('}') {
            return Err(alone());
        }
        let (word, after) = after.split_once('}').ok_or_else(alone)?;
        let known = WORDS.iter().find(|(name, _)| *name == word.trim());
        let (_, known) = known.ok_or_else(|| TemplateError::Word {
            word: word.escape_debug().to_string(),
        })?;
        pieces.extend([Piece::Text(text.to_owned()), Piece::Word(*known)]);
        rest = after;
    }
    if rest.contains('}') {
        return Err(alone());
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

impl Piece {
    fn fill(&self, words: &Words) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Word(Word::Date) => words.date.clone(),
            Self::Word(Word::Time) => words.time.clone(),
            Self::Word(Word::Title) => words.title.clone(),
            Self::Word(Word::Artist) => words.artist.clone(),
            Self::Word(Word::Show) => words.show.clone(),
            Self::Word(Word::Index) => format!("{:02}", words.index),
            Self::Word(Word::Strip) => words.strip.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words {
            date: "2026-11-22".into(),
            time: "20-00-00".into(),
            title: "Jóga".into(),
            artist: "Björk".into(),
            show: "Night/Shift".into(),
            index: 3,
            strip: "Mic 1".into(),
        }
    }

    fn filled(pattern: &str) -> Vec<String> {
        Template::parse(pattern).expect("a pattern").fill(&words())
    }

    #[test]
    fn words_are_filled_in_and_a_slash_in_one_makes_no_folder() {
        assert_eq!(
            filled("{show}/{date} {time} {artist} - {title} {index}"),
            ["Night_Shift", "2026-11-22 20-00-00 Björk - Jóga 03"]
        );
        assert!(Template::parse("a {strip}").expect("a pattern").names_strip());
        assert!(!Template::parse("a {time}").expect("a pattern").names_strip());
    }

    #[test]
    fn a_word_that_is_empty_leaves_no_dash_behind() {
        let template = Template::parse("{time} - {title}").expect("a pattern");
        let untitled = Words {
            title: " \u{7}".into(),
            ..words()
        };
        assert_eq!(template.fill(&untitled), ["20-00-00"]);
        let nothing = Template::parse("{title}").expect("a pattern");
        assert_eq!(nothing.fill(&untitled), ["Airdesk"]);
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        for pattern in [
            "../{time}",
            "/etc/{time}",
            "a/../../b",
            "{show}/./{time}",
            "a\\..\\b",
            "C:\\\\x",
            "1/2/3/4/5/6",
        ] {
            let refused = Template::parse(pattern);
            assert!(
                matches!(refused, Err(TemplateError::Folder(_))),
                "{pattern}: {refused:?}"
            );
        }
        let hostile = Words {
            title: "../../etc/passwd\0\r\n".into(),
            ..words()
        };
        let names = Template::parse("{title}").expect("a pattern").fill(&hostile);
        assert_eq!(names, ["_.._etc_passwd"]);
    }

    #[test]
    fn a_pattern_that_is_none_says_what_it_may_be() {
        let said = |pattern: &str| Template::parse(pattern).expect_err("no pattern").to_string();
        assert!(said("{dat}").contains("{dat} is no word of file names; there are {date}, {time}"));
        assert!(said("{date").contains("no partner") && said("date}").contains("no partner"));
        assert!(said("  ").contains("names no file") && said("{show}/").contains("names no file"));
        assert!(said(&"x".repeat(301)).contains("longer than 300"));
    }
}
