//! What can be done about a failure of an output.

/// Who can help. Every way in which an output fails says it, so that nobody waits for what cannot come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Trying again may help.
    Retry,
    /// Only the operator can help; the message says what to change.
    AskOperator,
}
