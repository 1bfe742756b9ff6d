//! The arrow check: crates depend on each other in one direction only.
//!
//! `dsp <- engine <- {devices, sources, outputs} <- station <- remote <- {desktop, cli}`, and a host
//! (remote, desktop, cli) sees the station but no audio type below it.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::program::{self, cargo};

/// Each crate and the crates of ours that it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("airdesk-dsp", &[]),
    ("airdesk-engine", &["airdesk-dsp"]),
    ("airdesk-devices", &["airdesk-dsp", "airdesk-engine"]),
    // The tests of this and of the next two borrow the lab's Icecast.
    ("airdesk-sources", &["airdesk-dsp", "airdesk-engine", "airdesk-tests"]),
    // Its tests borrow the material that comes with the desk, too.
    (
        "airdesk-outputs",
        &["airdesk-dsp", "airdesk-engine", "airdesk-sources", "airdesk-tests"],
    ),
    (
        "airdesk-station",
        &[
            "airdesk-dsp",
            "airdesk-engine",
            "airdesk-devices",
            "airdesk-sources",
            "airdesk-outputs",
            "airdesk-tests",
        ],
    ),
    ("airdesk-remote", &["airdesk-station"]),
    ("airdesk-cli", &["airdesk-station", "airdesk-remote"]),
    ("airdesk-desktop", &["airdesk-station", "airdesk-remote"]),
    // The acceptance tests stand outside, as users do.
    ("airdesk-tests", &[]),
    // Benchmarks look at the engine alone, and from outside with the tests' lab.
    (
        "airdesk-benches",
        &["airdesk-devices", "airdesk-dsp", "airdesk-engine", "airdesk-tests"],
    ),
    ("airdesk-counts", &["airdesk-dsp", "airdesk-engine"]),
    ("xtask", &[]),
];

/// Crates of other people that only one of ours may use: what the others do not know of, they cannot block on.
const OWNERS: &[(&str, &str)] = &[
    ("spmcq", "airdesk-engine"),
    ("cpal", "airdesk-devices"),
    ("shout", "airdesk-outputs"),
    ("axum", "airdesk-remote"),
    ("tauri", "airdesk-desktop"),
];

/// One crate depends on another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    from: String,
    to: String,
}

/// Every edge that points the wrong way, in words.
pub(crate) fn wrong_arrows() -> Result<Vec<String>> {
    let metadata = program::read(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--offline"]))
        .or_else(|| program::read(cargo().args(["metadata", "--format-version", "1", "--no-deps"])))
        .context("cargo metadata does not answer")?;
    Ok(wrong(&edges(&serde_json::from_str(&metadata)?)))
}

fn edges(metadata: &Value) -> Vec<Edge> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .flat_map(|package| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            dependencies.map(|dependency| Edge {
                from: text(&package["name"]),
                to: text(&dependency["name"]),
            })
        })
        .collect()
}

fn wrong(edges: &[Edge]) -> Vec<String> {
    edges.iter().filter_map(fault).collect()
}

fn fault(edge: &Edge) -> Option<String> {
    let Edge { from, to } = edge;
    if from == to {
        return None; // a crate's own tests, with a feature switched on
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == from) else {
        return Some(format!(
            "{from} is not in the picture: give it a place in xtask/src/arrows.rs"
        ));
    };
    if ARROWS.iter().any(|(name, _)| name == to) {
        return (!allowed.contains(&to.as_str())).then(|| format!("{from} must not depend on {to}"));
    }
    let (_, owner) = OWNERS.iter().find(|(name, _)| name == to)?;
    (owner != from).then(|| format!("{from} must not depend on {to}: only {owner} does"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str) -> Edge {
        Edge {
            from: from.into(),
            to: to.into(),
        }
    }

    #[test]
    fn an_edge_down_the_picture_is_right() {
        let edges = [
            edge("airdesk-station", "airdesk-engine"),
            edge("airdesk-engine", "spmcq"),
            edge("xtask", "clap"),
        ];
        assert_eq!(wrong(&edges), Vec::<String>::new());
    }

    #[test]
    fn an_edge_up_the_picture_is_named() {
        assert_eq!(
            wrong(&[edge("airdesk-engine", "airdesk-outputs")]),
            ["airdesk-engine must not depend on airdesk-outputs"]
        );
        assert_eq!(
            wrong(&[edge("airdesk-cli", "airdesk-engine")]),
            ["airdesk-cli must not depend on airdesk-engine"]
        );
    }

    #[test]
    fn the_mix_queue_stays_in_the_engine() {
        let wrong = wrong(&[edge("airdesk-outputs", "spmcq")]);
        assert_eq!(
            wrong,
            ["airdesk-outputs must not depend on spmcq: only airdesk-engine does"]
        );
    }

    #[test]
    fn a_crate_without_a_place_is_named() {
        assert!(wrong(&[edge("airdesk-common", "serde")])[0].starts_with("airdesk-common is not in the picture"));
    }

    #[test]
    fn edges_are_read_from_the_metadata() {
        let metadata = serde_json::json!({ "packages": [{ "name": "a", "dependencies": [{ "name": "b" }] }] });
        assert_eq!(edges(&metadata), [edge("a", "b")]);
    }
}
