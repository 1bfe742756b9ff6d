//! Fences inside a crate, which no dependency edge shows: words that only one place may say.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::repository;

/// A word and the one place that may say it.
struct Fence {
    word: &'static str,
    searched: &'static str,
    kinds: &'static [&'static str],
    place: &'static str,
}

const FENCES: &[Fence] = &[
    // Raw, the queue can stop the audio thread; the gate in this module is the cure.
    Fence {
        word: "spmcq::",
        searched: "crates",
        kinds: &["rs"],
        place: "crates/engine/src/mix_queue.rs",
    },
    // The same console runs in a browser.
    Fence {
        word: "@tauri-apps/",
        searched: "ui/src",
        kinds: &["ts", "js", "svelte"],
        place: "ui/src/platform",
    },
];

/// Crates whose code runs on the audio threads: each has lints of its own.
const REAL_TIME: &[&str] = &["crates/dsp", "crates/engine"];

/// Everything that stands on the wrong side of a fence, in words.
pub(crate) fn broken_fences() -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for fence in FENCES {
        let of_kind = |path: &Path| {
            path.extension()
                .is_some_and(|kind| fence.kinds.iter().any(|known| kind == *known))
        };
        for file in repository::files(&repository::root().join(fence.searched), &of_kind) {
            let path = file.strip_prefix(repository::root()).expect("found below the root");
            let content = fs::read_to_string(&file)?;
            broken.extend(fence.lines_outside(path, &content).map(|line| {
                format!(
                    "{}:{line} says `{}`: only {} may",
                    path.display(),
                    fence.word,
                    fence.place
                )
            }));
        }
    }
    for folder in REAL_TIME {
        if !repository::root().join(folder).join("clippy.toml").is_file() {
            broken.push(format!(
                "{folder}/clippy.toml is missing: it forbids what must not run in real time"
            ));
        }
    }
    Ok(broken)
}

impl Fence {
    fn lines_outside<'a>(&'a self, path: &'a Path, content: &'a str) -> impl Iterator<Item = usize> + 'a {
        let outside = !path.starts_with(self.place);
        content
            .lines()
            .enumerate()
            .filter(move |(_, line)| outside && line.contains(self.word))
            .map(|(line, _)| line + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_outside_its_place_only() {
        let outside = |path: &str| {
            FENCES[0]
                .lines_outside(Path::new(path), "fn\nuse spmcq::ring;\n")
                .collect::<Vec<_>>()
        };
        assert_eq!(outside("crates/outputs/src/recorder.rs"), [2]);
        assert!(outside("crates/engine/src/mix_queue.rs").is_empty());
    }
}
