//! Stamps: what a step was last done from, so that it is done again only when that has changed.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repository;

/// A file that remembers the state of a step's inputs.
pub(crate) struct Stamp {
    path: PathBuf,
    inputs: String,
}

impl Stamp {
    /// A stamp kept at `path` for a step that is made from `inputs` (names and contents count) and `version`.
    pub(crate) fn new(path: PathBuf, inputs: &[PathBuf], version: &str) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        version.hash(&mut hasher);
        for input in inputs {
            name(input).hash(&mut hasher);
            fs::read(input)
                .with_context(|| format!("{} cannot be read", input.display()))?
                .hash(&mut hasher);
        }
        Ok(Self {
            path,
            inputs: format!("{:016x}\n", hasher.finish()),
        })
    }

    /// Whether the step has been done from exactly these inputs.
    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|kept| kept == self.inputs)
    }

    /// Remembers that the step has been done.
    pub(crate) fn set(&self) -> Result<()> {
        fs::write(&self.path, &self.inputs).with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

fn name(input: &Path) -> &Path {
    input.strip_prefix(repository::root()).unwrap_or(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_due_until_it_was_done_and_again_when_an_input_changes() {
        let folder = repository::target().join("tmp/stamp-test");
        fs::create_dir_all(&folder).unwrap();
        let input = folder.join("input");
        let stamp = |content: &str| {
            fs::write(&input, content).unwrap();
            Stamp::new(folder.join("stamp"), std::slice::from_ref(&input), "1").unwrap()
        };
        let _ = fs::remove_file(folder.join("stamp")); // it may not be there
        assert!(!stamp("one").is_current());
        stamp("one").set().unwrap();
        assert!(stamp("one").is_current());
        assert!(!stamp("two").is_current());
    }
}
