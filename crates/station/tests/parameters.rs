//! The console's knobs go exactly as far as the station's ranges: `ui/src/stages/parameters.json`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::de_esser::DeEsserSettings;
use airdesk_dsp::equaliser::EqualiserSettings;
use airdesk_dsp::gate::GateSettings;
use airdesk_dsp::high_pass::HighPassSettings;
use airdesk_station::api::{DelaySettings, DuckerSettings, LimiterSettings};
use serde_json::{Value, json};

/// Settings that nobody has touched, and whether settings are taken.
struct Section {
    usual: Value,
    takes: fn(Value) -> bool,
}

/// A section whose settings are read, and then checked.
macro_rules! section {
    ($settings:ty) => {
        section!($settings, |settings: $settings| settings.check().is_ok())
    };
    ($settings:ty, $check:expr) => {
        Section {
            usual: serde_json::to_value(<$settings>::default()).expect("plain data"),
            takes: |value| serde_json::from_value::<$settings>(value).is_ok_and($check),
        }
    };
}

fn section(name: &str) -> Section {
    match name {
        "delay" => section!(DelaySettings),
        "highPass" => section!(HighPassSettings, |_| true),
        "gate" => section!(GateSettings),
        "equaliser" => section!(EqualiserSettings, |_| true),
        "compressor" => section!(CompressorSettings),
        "deEsser" => section!(DeEsserSettings),
        "talkover" => section!(DuckerSettings),
        "limiter" => section!(LimiterSettings),
        other => panic!("the console has knobs for {other}, the station has no such settings"),
    }
}

/// Where a parameter is in its settings: each band has its own, and a ratio says that it is none to infinity.
fn places(section: &str, parameter: &str) -> Vec<String> {
    match (section, parameter) {
        ("equaliser", _) => (0..4).map(|band| format!("/bands/{band}/{parameter}")).collect(),
        ("compressor", "ratio") => vec!["/ratio/to".into()],
        _ => vec![format!("/{parameter}")],
    }
}

/// What of the settings is a number, or none: all that a knob is for.
fn numbers(settings: &Value, found: &mut BTreeSet<String>) {
    match settings {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::Number(_) | Value::Null => {
                        found.insert(if key == "to" { "ratio".into() } else { key.clone() });
                    }
                    inner => numbers(inner, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|item| numbers(item, found)),
        _ => {}
    }
}

#[test]
fn every_knob_goes_as_far_as_the_station_lets_it_and_starts_where_it_starts() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/stages/parameters.json");
    let text = fs::read_to_string(file).expect("the console's parameters");
    let sections: Value = serde_json::from_str(&text).expect("JSON");
    for (name, parameters) in sections.as_object().expect("sections") {
        let settings = section(name);
        assert!((settings.takes)(settings.usual.clone()), "{name}");
        let mut wanted = BTreeSet::new();
        numbers(&settings.usual, &mut wanted);
        let there: BTreeSet<_> = parameters.as_object().expect("parameters").keys().cloned().collect();
        assert_eq!(there, wanted, "knobs of {name}");
        for (parameter, range) in parameters.as_object().expect("parameters") {
            for (index, place) in places(name, parameter).iter().enumerate() {
                let with = |number: f64| {
                    let mut changed = settings.usual.clone();
                    *changed
                        .pointer_mut(place)
                        .unwrap_or_else(|| panic!("{name} has no {place}")) = json!(number);
                    (settings.takes)(changed)
                };
                let (min, max) = (range["min"].as_f64().expect("min"), range["max"].as_f64().expect("max"));
                let beyond = (max - min) * 1e-3;
                assert!(
                    with(min) && with(max),
                    "{name} {parameter} does not go from {min} to {max}"
                );
                assert!(
                    !with(min - beyond) && !with(max + beyond),
                    "{name} {parameter} goes further"
                );
                let usual = range["usual"].get(index).unwrap_or(&range["usual"]);
                let starts = settings.usual.pointer(place).expect("a place");
                let differ = match (usual.as_f64(), starts.as_f64()) {
                    (Some(usual), Some(starts)) => (usual - starts).abs() > 1e-6,
                    _ => usual != starts,
                };
                assert!(!differ, "{name} {parameter} starts at {starts}, not at {usual}");
            }
        }
    }
}
