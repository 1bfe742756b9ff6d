//! A cart wall in a session's file.

use serde::{Deserialize, Serialize};

use crate::api::PadSettings;

/// What a strip that is a cart wall plays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SessionCarts {
    /// Its banks, 8 at most.
    pub banks: Vec<SessionBank>,
}

/// A bank of pads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionBank {
    /// Its name.
    pub name: String,
    /// The pads that are set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pads: Vec<SessionPad>,
}

/// A pad that is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionPad {
    /// Its place in the bank, 1 to 16.
    pub pad: u8,
    /// How it is set.
    pub settings: PadSettings,
}
