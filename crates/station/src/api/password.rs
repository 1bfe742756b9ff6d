//! A password on its way in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password that was typed. It can be read, but not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// What was typed.
    pub(crate) fn into_inner(self) -> String {
        self.0
    }
}

impl From<&str> for Password {
    fn from(typed: &str) -> Self {
        Self(typed.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use crate::api::AudioCommand;

    #[test]
    fn a_command_that_is_printed_does_not_show_it() {
        let json = r#"{"type":"setPassword","target":1,"password":"hackme"}"#;
        let command: AudioCommand = serde_json::from_str(json).expect("a command");
        assert_eq!(
            format!("{command:?}"),
            "SetPassword { target: TargetId(1), password: Password }"
        );
        assert_eq!(serde_json::to_string(&command).expect("JSON"), json);
    }
}
