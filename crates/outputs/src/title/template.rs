//! Templates for titles: `{artist} - {title}`, `{title} | {show}`. What is empty takes the text before it along.

use std::fmt;
use std::str::FromStr;

use super::Title;
use crate::Recovery;

/// What a template may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Artist,
    Show,
    Station,
}

impl Field {
    const ALL: [(&str, Self); 4] = [
        ("title", Self::Title),
        ("artist", Self::Artist),
        ("show", Self::Show),
        ("station", Self::Station),
    ];
}

/// A template longer than this is no title's, characters.
const TEMPLATE_CHARS_MAX: usize = 200;

/// What is on, in its parts. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TitleWords {
    /// The name of what is on.
    pub title: String,
    /// Who made it.
    pub artist: String,
    /// The programme that it is part of.
    pub show: String,
}

impl TitleWords {
    /// Artist and title as they are read together, and still told apart.
    pub fn line(&self) -> Title {
        Title::by(&self.artist, &self.title)
    }
}

/// How titles are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleTemplate {
    /// Each field with the text before it.
    fields: Vec<(String, Field)>,
    /// The text behind the last.
    end: String,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It names what there is not.
    #[error("a title's template knows no {{{0}}}; it knows {{title}}, {{artist}}, {{show}} and {{station}}")]
    Unknown(String),
    /// A brace has no other half.
    #[error(
        "a brace in the title's template {0:?} has no other half; write {{title}}, {{artist}}, {{show}} or {{station}}"
    )]
    Brace(String),
    /// It names nothing: every title would be the same.
    #[error("the title's template {0:?} has no {{title}} in it; write it like {{artist}} - {{title}}")]
    NoTitle(String),
    /// It is too long.
    #[error("a title's template has 200 characters at most; this one has {0}")]
    TooLong(usize),
}

impl TemplateError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Unknown(_) | Self::Brace(_) | Self::NoTitle(_) | Self::TooLong(_) => Recovery::AskOperator,
        }
    }
}

impl TitleTemplate {
    /// The title of what is on, on a station of this name. Text between two fields is there when both are; a field that
    /// is empty takes the text before it along, and the last one the text behind it.
    pub fn fill(&self, words: &TitleWords, station: &str) -> Title {
        let mut filled = String::new();
        let mut any = false;
        let mut last = false;
        for (place, (before, field)) in self.fields.iter().enumerate() {
            let value = match field {
                Field::Title => &words.title,
                Field::Artist => &words.artist,
                Field::Show => &words.show,
                Field::Station => station,
            }
            .trim();
            last = !value.is_empty();
            if !last {
                continue;
            }
            let text = if any || place == 0 { before } else { &self.fields[0].0 };
            filled.push_str(text);
            filled.push_str(value);
            any = true;
        }
        if last {
            filled.push_str(&self.end);
        }
        Title::new(&filled)
    }
}

impl Default for TitleTemplate {
    /// `{artist} - {title}`.
    fn default() -> Self {
        Self {
            fields: vec![(String::new(), Field::Artist), (" - ".into(), Field::Title)],
            end: String::new(),
        }
    }
}

impl FromStr for TitleTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let chars = text.chars().count();
        if chars > TEMPLATE_CHARS_MAX {
            return Err(TemplateError::TooLong(chars));
        }
        let brace = || TemplateError::Brace(text.to_owned());
        let mut fields = Vec::new();
        let mut rest = text;
        while let Some((before, opened)) = rest.split_once('{') {
            let (name, after) = opened.split_once('}').ok_or_else(brace)?;
            if before.contains('}') || name.contains('{') {
                return Err(brace());
            }
            let known = Field::ALL.iter().find(|(known, _)| *known == name);
            let (_, field) = known.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
            fields.push((before.to_owned(), *field));
            rest = after;
        }
        if rest.contains('}') {
            return Err(brace());
        }
        if !fields.iter().any(|(_, field)| *field == Field::Title) {
            return Err(TemplateError::NoTitle(text.to_owned()));
        }
        Ok(Self {
            fields,
            end: rest.to_owned(),
        })
    }
}

impl fmt::Display for TitleTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (before, field) in &self.fields {
            let named = Field::ALL.iter().find(|(_, known)| known == field);
            write!(f, "{before}{{{}}}", named.map_or("", |(name, _)| name))?;
        }
        f.write_str(&self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, title: &str, artist: &str, show: &str) -> String {
        let words = TitleWords {
            title: title.into(),
            artist: artist.into(),
            show: show.into(),
        };
        let template: TitleTemplate = template.parse().expect("a template");
        template.fill(&words, "Radio X").as_str().to_owned()
    }

    #[test]
    fn what_is_known_is_put_together_and_what_is_not_leaves_no_trace() {
        let usual = TitleTemplate::default().to_string();
        assert_eq!(filled(&usual, "Jóga", "Björk", ""), "Björk - Jóga");
        assert_eq!(filled(&usual, "News", "", ""), "News");
        let all = "Now: {artist} - {title} | {show} on {station}!";
        assert_eq!(
            filled(all, "Jóga", "Björk", "Morning"),
            "Now: Björk - Jóga | Morning on Radio X!"
        );
        assert_eq!(filled(all, "News", "", ""), "Now: News on Radio X!");
        assert_eq!(filled("{title} ({show})", "News", "", ""), "News");
        assert_eq!(filled("{title} ({show})", "News", "", "Morning"), "News (Morning)");
        assert_eq!(
            filled("{title}", "a {artist}", "b", ""),
            "a {artist}",
            "what is put in is not filled again"
        );
    }

    #[test]
    fn a_template_that_cannot_be_is_refused_with_what_can() {
        let refused = |text: &str| text.parse::<TitleTemplate>().expect_err(text).to_string();
        assert!(refused("{titel}").contains("no {titel}; it knows {title}, {artist}, {show} and {station}"));
        for torn in ["{title", "title}", "{title} }", "{ti{title}"] {
            assert!(refused(torn).contains("other half"), "{torn}: {}", refused(torn));
        }
        assert!(refused("Radio X").contains("no {title} in it"));
        assert!(refused(&format!("{{title}}{}", "x".repeat(300))).contains("this one has 307"));
    }
}
