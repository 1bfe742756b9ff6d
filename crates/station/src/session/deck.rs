//! A deck in a session's file.

use serde::{Deserialize, Serialize};

use super::is_usual;
use crate::api::{DeckSettings, ItemSettings};

/// What a strip that is a deck plays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SessionDeck {
    /// How it goes from one item to the next.
    #[serde(skip_serializing_if = "is_usual")]
    pub settings: DeckSettings,
    /// The item that was on, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<usize>,
    /// The playlist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<SessionItem>,
}

/// One item of a playlist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionItem {
    /// The file, as a path from the root.
    pub path: String,
    /// What is special about it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub settings: ItemSettings,
}
