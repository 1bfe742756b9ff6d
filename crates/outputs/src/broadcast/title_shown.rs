//! Whether listeners see the title: the truth, read back from where they are.

use crate::icecast::SourceError;
use crate::title::Title;

/// What listeners see of the title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TitleShown {
    /// There is none to see.
    #[default]
    NotSet,
    /// It was sent, or is about to be, and nobody has looked yet.
    Waiting,
    /// Listeners see it.
    Shown,
    /// They do not, and why. It is sent again until they do, unless only the operator can help.
    NotShown(String),
    /// It was sent, and nobody can look, for this reason.
    CannotBeRead(String),
}

impl TitleShown {
    /// What the operator should know, when listeners do not see the title or nobody can tell.
    pub fn complaint(&self) -> Option<&str> {
        match self {
            Self::NotShown(reason) | Self::CannotBeRead(reason) => Some(reason),
            Self::NotSet | Self::Waiting | Self::Shown => None,
        }
    }
}

/// What a look at a server has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The title.
    Title,
    /// The title with letters that the mount's character set lacks: Icecast writes those as `&#8211;`.
    Mangled,
    /// Another one, or none.
    Other(Option<String>),
}

/// Compares what a server shows with what it was told.
pub(crate) fn compare(title: &Title, shown: Option<String>) -> Found {
    let Some(shown) = shown else {
        return Found::Other(None);
    };
    let is = |text: &str| text.trim() == shown.trim();
    if is(title.as_str()) || is(&title.icy()) || is(title.name()) {
        return Found::Title;
    }
    let beyond_latin = title.as_str().chars().find(|c| *c > '\u{ff}');
    let mangled = beyond_latin.map(|letter| format!("&#{};", u32::from(letter)));
    if mangled.is_some_and(|mangled| shown.contains(&mangled)) {
        return Found::Mangled;
    }
    Found::Other(Some(shown))
}

/// Why a look has failed, as the operator reads it.
pub(super) fn unreadable(error: &SourceError) -> TitleShown {
    TitleShown::CannotBeRead(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_known_again_however_a_server_shows_it() {
        let title = Title::by("Bjørk", "Jóga – it's';");
        for shown in ["Bjørk - Jóga – it's';", "Bjørk - Jóga – it's’; ", "Jóga – it's';"] {
            assert_eq!(compare(&title, Some(shown.into())), Found::Title, "{shown}");
        }
        assert_eq!(
            compare(&title, Some("Bjørk - Jóga &#8211; it's".into())),
            Found::Mangled
        );
        assert_eq!(
            compare(&title, Some("an old one".into())),
            Found::Other(Some("an old one".into()))
        );
        assert_eq!(compare(&title, None), Found::Other(None));
    }
}
