//! The file with the title in a session's file.

use serde::{Deserialize, Serialize};

/// Which file is followed, and how far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SessionTitleFile {
    /// Its whole path; empty: there is none.
    pub path: String,
    /// The line that was taken last: a title set by hand since stays until there is another one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub taken: String,
}
