//! Titles from a text file, as a host sets and sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The file whose first line is the title, and what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TitleFileState {
    /// Its whole path; empty: there is none.
    pub path: String,
    /// What is read there.
    pub reading: TitleFileReading,
}

/// What is read in the file with the title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TitleFileReading {
    /// No file is followed.
    #[default]
    Off,
    /// It is read for the first time.
    Looking,
    /// It is followed.
    Followed {
        /// What its first line says.
        line: String,
    },
    /// There is no title in it: the title stays as it is.
    Missing {
        /// Why.
        reason: String,
    },
}
