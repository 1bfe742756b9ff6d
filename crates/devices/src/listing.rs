//! What one host has, as the desk lists it: names made readable, what cannot be used left out.
//!
//! ALSA is asked with care, since asking a PCM what it can do opens it: each is asked once and the answer
//! kept until somebody asks for a refresh. One that is held by a program, this one too, does not answer: what
//! it said before stands, and it is asked again. Blocks; on the host's own thread.

use std::collections::{HashMap, HashSet};

use airdesk_dsp::SampleRate;
use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{DeviceDirection, SupportedStreamConfig, SupportedStreamConfigRange};

use crate::device::Withheld;
use crate::sample::rank;
use crate::stream::config::input_channels;
use crate::{Device, DeviceId, hosts};

/// Looks after which a PCM that did not say what it can is asked again.
const ASK_AGAIN: u32 = 5;

/// What was learnt of a PCM.
#[derive(Default)]
struct Asked {
    device: Option<Device>,
    withheld: Option<Withheld>,
    /// Looks since.
    looks: u32,
}

/// What one look at a device found.
#[derive(Default)]
struct Described {
    device: Option<Device>,
    /// Why its inputs, and its outputs, are not in it.
    withheld: [Option<Withheld>; 2],
}

impl Asked {
    /// It is to be asked. `fresh`: somebody wants to know.
    fn is_due(&mut self, fresh: bool) -> bool {
        self.looks += 1;
        fresh || (self.withheld.is_some() && self.looks > ASK_AGAIN)
    }

    /// Takes in an answer. What is withheld in it is as it was before.
    fn heard(&mut self, described: Described) {
        let [inputs, outputs] = described.withheld;
        let before = self.device.take().filter(|_| inputs.or(outputs).is_some());
        self.device = match (described.device, before) {
            (Some(mut now), Some(before)) => {
                if inputs.is_some() {
                    (now.input_channels, now.input_rates) = (before.input_channels, before.input_rates);
                    now.monitor = before.monitor;
                }
                if outputs.is_some() {
                    (now.output_channels, now.output_rates) = (before.output_channels, before.output_rates);
                }
                Some(now)
            }
            (now, before) => now.or(before),
        };
        (self.withheld, self.looks) = (inputs.or(outputs), 0);
    }
}

/// What one look at a host found.
pub(crate) struct Found {
    pub(crate) devices: Vec<Device>,
    /// Devices that did not say what they can.
    pub(crate) withheld: Vec<(DeviceId, Withheld)>,
}

/// Looks at one host again and again.
#[derive(Default)]
pub(crate) struct Lister {
    asked: HashMap<DeviceId, Asked>,
    /// The host of the last look. Kept until the next one is there: with the last one PipeWire's library
    /// would be unloaded and loaded again.
    held: Option<cpal::Host>,
}

impl Lister {
    /// Lists what `host` has, and what of it did not say what it can. `fresh`: do not trust what was learnt before.
    /// `served`: a sound server is running, so that ALSA need list only what is not the server's.
    pub(crate) fn look(
        &mut self,
        host: cpal::Host,
        label: &str,
        fresh: bool,
        served: bool,
    ) -> Result<Found, cpal::Error> {
        let defaults = Defaults::of(&host);
        let (mut devices, mut withheld, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for device in host.devices()? {
            let Some(id) = hosts::id_of(&device) else { continue };
            if !worth_listing(&id, served) {
                continue;
            }
            if id.host() != "alsa" {
                devices.extend(describe(&device, &id, label, &defaults).device);
                continue;
            }
            let new = !self.asked.contains_key(&id);
            let asked = self.asked.entry(id.clone()).or_default();
            if asked.is_due(fresh || new) {
                asked.heard(describe(&device, &id, label, &defaults));
            }
            devices.extend(asked.device.clone());
            if asked.device.is_none() {
                withheld.extend(asked.withheld.map(|why| (id.clone(), why)));
            }
            seen.insert(id);
        }
        self.asked.retain(|id, _| seen.contains(id));
        self.held = Some(host);
        devices.sort_by(|a, b| (!stands_for_default(a), &a.name, &a.id).cmp(&(!stands_for_default(b), &b.name, &b.id)));
        devices.dedup_by(|a, b| a.id == b.id);
        Ok(Found { devices, withheld })
    }
}

/// The host's defaults.
struct Defaults {
    input: Option<DeviceId>,
    output: Option<DeviceId>,
}

impl Defaults {
    fn of(host: &cpal::Host) -> Self {
        Self {
            input: host.default_input_device().as_ref().and_then(hosts::id_of),
            output: host.default_output_device().as_ref().and_then(hosts::id_of),
        }
    }
}

fn stands_for_default(device: &Device) -> bool {
    device.default_input || device.default_output
}

/// Names of ALSA PCMs that convert or route and are no device.
const ALSA_PLUGINS: [&str; 14] = [
    "null",
    "oss",
    "lavrate",
    "samplerate",
    "speexrate",
    "speex",
    "upmix",
    "vdownmix",
    "usbstream",
    "hdmi",
    "iec958",
    "jack",
    "dmix",
    "dsnoop",
];

/// Leaves out what nobody could want to choose.
fn worth_listing(id: &DeviceId, served: bool) -> bool {
    match id.host() {
        "alsa" => worth_listing_of_alsa(id.id(), served),
        _ => true,
    }
}

/// Hardware by its stable name (`hw:CARD=PCH,DEV=0`; the numbered twin changes with the order of plugging).
/// Of the rest, what the user has defined; and without a sound server the system's default.
fn worth_listing_of_alsa(pcm: &str, served: bool) -> bool {
    if let Some(place) = pcm.strip_prefix("hw:CARD=") {
        return !place.starts_with(|first: char| first.is_ascii_digit());
    }
    let base = pcm.split(':').next().unwrap_or(pcm);
    match base {
        "default" => pcm == "default" && !served,
        "pipewire" | "pulse" => false,
        _ => !pcm.contains(':') && !ALSA_PLUGINS.contains(&base),
    }
}

/// Why an answer is none, where it may be one later.
fn withheld<T>(answer: &Result<T, cpal::Error>) -> Option<Withheld> {
    match answer.as_ref().err()?.kind() {
        cpal::ErrorKind::DeviceBusy => Some(Withheld::Busy),
        cpal::ErrorKind::PermissionDenied => Some(Withheld::NotAllowed),
        _ => None,
    }
}

/// A device as the desk lists it. None: it can neither record nor play, does not say so, or is no device.
fn describe(device: &cpal::Device, id: &DeviceId, label: &str, defaults: &Defaults) -> Described {
    let (input, output) = (device.default_input_config(), device.default_output_config());
    Described {
        withheld: [withheld(&input), withheld(&output)],
        device: described(device, id, (label, defaults), [input.ok(), output.ok()]),
    }
}

/// The same of its default configurations, as far as it has them.
fn described(
    device: &cpal::Device,
    id: &DeviceId,
    (label, defaults): (&str, &Defaults),
    [input, output]: [Option<SupportedStreamConfig>; 2],
) -> Option<Device> {
    let description = device.description().ok()?;
    // JACK's input says that it can play, and its output that it can record.
    let direction = description.direction();
    let (records, plays) = (
        direction != DeviceDirection::Output,
        direction != DeviceDirection::Input,
    );
    let input = input.filter(|config| records && config.channels() > 0);
    let output = output.filter(|config| plays && config.channels() > 0);
    let rate = input
        .as_ref()
        .or(output.as_ref())
        .map(SupportedStreamConfig::sample_rate)?;
    let mut output_channels = output.as_ref().map_or(0, SupportedStreamConfig::channels);
    let mut output_rates = output.as_ref().map_or_else(Vec::new, |base| {
        let ranges = device.supported_output_configs().map(Iterator::collect::<Vec<_>>);
        rates(&ranges.unwrap_or_default(), base.channels(), base.sample_rate())
    });
    let (mut input_channels, mut input_rates) = input.as_ref().map_or((0, Vec::new()), |base| {
        let ranges = device.supported_input_configs().map(Iterator::collect::<Vec<_>>);
        let ranges = ranges.unwrap_or_default();
        let channels = input_channels(base, &ranges, id.host(), device);
        (channels, rates(&ranges, channels, base.sample_rate()))
    });
    let mut monitor = false;
    match id.host() {
        "pipewire" if is_program(id, description.name(), input_channels, output_channels) => return None,
        "pipewire" => {
            monitor = input_channels > 0 && output_channels > 0;
            if id.id() == PIPEWIRE_DEFAULT_SINK {
                (output_channels, output_rates) = (0, Vec::new()); // the same as the default output, but for its monitor
            }
        }
        // Opened for input, a device that only plays gives what it plays.
        "wasapi" | "coreaudio" if input_channels == 0 => {
            (input_channels, monitor) = (output_channels, true);
            input_rates.clone_from(&output_rates);
        }
        _ => {}
    }
    Some(Device {
        name: readable(id, description.name()),
        host: label.to_owned(),
        input_channels,
        output_channels,
        rate: SampleRate::new(rate)?,
        input_rates,
        output_rates,
        monitor,
        default_input: defaults.input.as_ref() == Some(id),
        default_output: defaults.output.as_ref() == Some(id),
        id: id.clone(),
    })
}

/// The rates that people choose, Hz.
const USUAL_RATES: [u32; 12] = [
    8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000,
];

/// The rates of a device with so many channels in a format known here, from the lowest: of a range the usual ones in
/// it, and `default` in any case.
fn rates(ranges: &[SupportedStreamConfigRange], channels: u16, default: u32) -> Vec<SampleRate> {
    let mut rates = vec![default];
    let fitting =
        |range: &&SupportedStreamConfigRange| range.channels() == channels && rank(range.sample_format()).is_some();
    for range in ranges.iter().filter(fitting) {
        let (low, high) = (range.min_sample_rate(), range.max_sample_rate());
        rates.extend(USUAL_RATES.into_iter().filter(|rate| range.contains_rate(*rate)));
        rates.extend((low == high).then_some(low));
    }
    rates.sort_unstable();
    rates.dedup();
    rates.into_iter().filter_map(SampleRate::new).collect()
}

/// What stands for PipeWire's default sink, in both directions.
const PIPEWIRE_DEFAULT_SINK: &str = "sink_default";

/// CPAL lists the programs that play and record on PipeWire, this one too, among its devices. A sink also
/// records (its monitor), so what only plays is a program; a source has a description, a program has none.
fn is_program(id: &DeviceId, description: &str, inputs: u16, outputs: u16) -> bool {
    match id.id() {
        "input_default" | "output_default" | PIPEWIRE_DEFAULT_SINK => false,
        _ => inputs == 0 || (outputs == 0 && description == "unknown"),
    }
}

/// The host's name for a device, or a better one.
pub(crate) fn readable(id: &DeviceId, name: &str) -> String {
    match (id.host(), id.id()) {
        ("pipewire", PIPEWIRE_DEFAULT_SINK) => "What plays on the default output".to_owned(),
        ("pipewire", "input_default") => "Default input".to_owned(),
        ("pipewire", "output_default") | ("alsa", "default") => "Default output".to_owned(),
        _ if name.is_empty() || name == "unknown" => id.id().to_owned(),
        _ => name.lines().next().unwrap_or(name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use cpal::{SampleFormat, SupportedBufferSize};

    use super::*;

    fn listed(id: &str, served: bool) -> bool {
        worth_listing(&id.parse().expect("an id"), served)
    }

    #[test]
    fn alsa_lists_hardware_by_its_stable_name_and_what_the_user_defined() {
        assert!(listed("alsa:hw:CARD=PCH,DEV=0", true));
        assert!(!listed("alsa:hw:CARD=0,DEV=0", false));
        assert!(!listed("alsa:plughw:CARD=PCH,DEV=0", false));
        assert!(!listed("alsa:surround51:CARD=PCH,DEV=0", false));
        assert!(!listed("alsa:null", false) && !listed("alsa:pipewire", false) && !listed("alsa:pulse", false));
        assert!(listed("alsa:mixer_bus_3", true));
    }

    #[test]
    fn the_default_of_alsa_is_hidden_behind_a_sound_server() {
        assert!(listed("alsa:default", false));
        assert!(!listed("alsa:default", true));
    }

    fn card(input_channels: u16, output_channels: u16) -> Option<Device> {
        let rates = |channels| {
            if channels > 0 {
                vec![SampleRate::DESK]
            } else {
                Vec::new()
            }
        };
        Some(Device {
            id: "alsa:hw:CARD=PCH,DEV=0".parse().expect("an id"),
            name: "PCH".to_owned(),
            host: "ALSA".to_owned(),
            input_channels,
            output_channels,
            rate: SampleRate::DESK,
            input_rates: rates(input_channels),
            output_rates: rates(output_channels),
            monitor: false,
            default_input: false,
            default_output: false,
        })
    }

    fn whole(device: Option<Device>) -> Described {
        Described {
            device,
            withheld: [None; 2],
        }
    }

    #[test]
    fn a_card_that_is_held_at_the_first_look_is_asked_until_it_answers() {
        let mut asked = Asked::default();
        assert!(asked.is_due(true));
        asked.heard(Described {
            device: None,
            withheld: [Some(Withheld::Busy); 2],
        });
        assert_eq!((asked.device.clone(), asked.withheld), (None, Some(Withheld::Busy)));
        let looks = (1..20).find(|_| asked.is_due(false)).expect("it is asked again");
        assert!(looks > 1, "asking opens it: not at every look");
        asked.heard(whole(card(2, 2)));
        assert_eq!((asked.device.clone(), asked.withheld), (card(2, 2), None));
        assert!(
            !(1..100).any(|_| asked.is_due(false)),
            "what is known need not be asked"
        );
    }

    #[test]
    fn what_the_desk_itself_holds_stays_listed_when_somebody_looks_again() {
        let mut asked = Asked::default();
        asked.heard(whole(card(2, 6)));
        assert!(asked.is_due(true));
        // It plays, and is asked for its inputs alone.
        asked.heard(Described {
            device: card(2, 0),
            withheld: [None, Some(Withheld::Busy)],
        });
        assert_eq!(asked.device, card(2, 6));
        asked.heard(Described {
            device: None,
            withheld: [Some(Withheld::Busy); 2],
        });
        assert_eq!(asked.device, card(2, 6));
        asked.heard(whole(card(2, 0)));
        assert_eq!(asked.device, card(2, 0), "it has lost its outputs, and says so");
    }

    #[test]
    fn the_rates_of_a_device_are_the_usual_ones_in_its_ranges_and_each_that_stands_alone() {
        let range = |channels, low, high, format| {
            SupportedStreamConfigRange::new(channels, low, high, SupportedBufferSize::Unknown, format)
        };
        let ranges = [
            range(2, 44_100, 96_000, SampleFormat::I16),
            range(2, 48_000, 48_000, SampleFormat::F32),
            range(2, 37_800, 37_800, SampleFormat::I32),
            range(8, 8_000, 8_000, SampleFormat::I16),
            range(2, 176_400, 192_000, SampleFormat::DsdU8),
            range(2, 4_000, 4_000, SampleFormat::I16),
        ];
        let found = |channels, default| rates(&ranges, channels, default).into_iter().map(SampleRate::hz);
        assert!(found(2, 50_000).eq([37_800, 44_100, 48_000, 50_000, 88_200, 96_000]));
        assert!(found(8, 8_000).eq([8_000]));
        assert!(rates(&[], 2, 48_000).into_iter().eq([SampleRate::DESK]));
        let any = [range(2, 1, 384_000, SampleFormat::F32)];
        assert!(rates(&any, 2, 48_000).into_iter().map(SampleRate::hz).eq(USUAL_RATES));
    }

    #[test]
    fn programs_on_pipewire_are_no_devices() {
        let program = |id: &str, description, inputs, outputs| {
            is_program(&id.parse().expect("an id"), description, inputs, outputs)
        };
        assert!(program("pipewire:firefox", "unknown", 0, 2) && program("pipewire:obs", "unknown", 2, 0));
        assert!(!program("pipewire:echo-cancel-source", "Echo-Cancel Source", 1, 0));
        assert!(!program("pipewire:out1", "unknown", 2, 2) && !program("pipewire:output_default", "x", 0, 2));
    }
}
