//! Chooses a stream's configuration: rate, channels, format and the size of callbacks to ask for.

use airdesk_dsp::{Frames, SampleRate};
use cpal::traits::DeviceTrait;
use cpal::{
    BufferSize, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfig, SupportedStreamConfigRange,
};

use crate::jack_ports;
use crate::sample::rank;

/// Frames a callback is asked for at 48 kHz: 5.3 ms.
const CALLBACK_FRAMES: u32 = 256;
/// More channels than this are a plug-in's boast, not a device's.
const CHANNELS_BELIEVED: u16 = 64;

/// What to open a device with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen {
    pub(crate) config: StreamConfig,
    pub(crate) format: SampleFormat,
}

/// What the caller would like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    /// The rate, where the device has it.
    pub(crate) rate: Option<SampleRate>,
    /// Frames a callback; none: 256 at 48 kHz.
    pub(crate) buffer: Option<Frames>,
}

/// The configuration to record `device` of `host` with, or what it lacks.
pub(crate) fn for_capture(device: &cpal::Device, host: &str, wish: Wish) -> Result<Chosen, cpal::Error> {
    let ranges: Vec<_> = device
        .supported_input_configs()
        .map(Iterator::collect)
        .unwrap_or_default();
    // A device that only plays is recorded by its loop-back, in the format it plays.
    let base = device
        .default_input_config()
        .or_else(|refusal| device.default_output_config().map_err(|_| refusal))?;
    let channels = input_channels(&base, &ranges, host, device);
    choose(&base, &ranges, channels, wish)
}

/// The configuration to play on `device` with, or what it lacks.
pub(crate) fn for_playback(device: &cpal::Device, wish: Wish) -> Result<Chosen, cpal::Error> {
    let ranges: Vec<_> = device
        .supported_output_configs()
        .map(Iterator::collect)
        .unwrap_or_default();
    let base = device.default_output_config()?;
    choose(&base, &ranges, base.channels(), wish)
}

/// How many channels a device that records by default with `base` can record.
pub(crate) fn input_channels(
    base: &SupportedStreamConfig,
    ranges: &[SupportedStreamConfigRange],
    host: &str,
    device: &cpal::Device,
) -> u16 {
    match host {
        "jack" => jack_ports::inputs(),
        // ALSA's default is stereo wherever a card has it; a plug-in will convert to any number.
        "alsa" if device.id().is_ok_and(|id| id.id().starts_with("hw:")) => {
            let widest = ranges
                .iter()
                .map(SupportedStreamConfigRange::channels)
                .filter(|it| *it <= CHANNELS_BELIEVED);
            widest.max().unwrap_or(0).max(base.channels())
        }
        _ => base.channels(),
    }
}

fn choose(
    base: &SupportedStreamConfig,
    ranges: &[SupportedStreamConfigRange],
    channels: u16,
    wish: Wish,
) -> Result<Chosen, cpal::Error> {
    let fitting = |rate: u32| {
        ranges
            .iter()
            .filter(move |range| range.channels() == channels && range.contains_rate(rate))
            .filter_map(|range| Some((rank(range.sample_format())?, range)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, range)| range)
    };
    let rates = [wish.rate.map(SampleRate::hz), Some(base.sample_rate())];
    let found = rates
        .into_iter()
        .flatten()
        .find_map(|rate| Some((rate, fitting(rate)?)));
    let (rate, channels, format, sizes) = match found {
        Some((rate, range)) => (rate, channels, range.sample_format(), *range.buffer_size()),
        None => (
            base.sample_rate(),
            base.channels(),
            base.sample_format(),
            *base.buffer_size(),
        ),
    };
    if rank(format).is_none() || channels == 0 {
        let message = format!("its format ({channels} channels of {format}) is not known here");
        return Err(cpal::Error::with_message(cpal::ErrorKind::UnsupportedConfig, message));
    }
    let buffer_size = BufferSize::Fixed(callback_frames(wish.buffer, rate, sizes));
    Ok(Chosen {
        config: StreamConfig {
            channels,
            sample_rate: rate,
            buffer_size,
        },
        format,
    })
}

/// Frames to ask for. A power of two unless asked otherwise: ALSA through PipeWire stumbles over others.
fn callback_frames(wish: Option<Frames>, rate: u32, sizes: SupportedBufferSize) -> u32 {
    let usual = (CALLBACK_FRAMES * rate.div_ceil(48_000)).next_power_of_two();
    let frames = wish.map_or(usual, |wish| wish.0.max(1));
    match sizes {
        // A host that has not yet heard from its server says 0 to 0.
        SupportedBufferSize::Range { min, max } if max > 0 && min <= max => frames.clamp(min, max),
        _ => frames,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY_SIZE: SupportedBufferSize = SupportedBufferSize::Range { min: 32, max: 8192 };

    fn range(channels: u16, low: u32, high: u32, format: SampleFormat) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, low, high, ANY_SIZE, format)
    }

    fn wish(rate: u32) -> Wish {
        Wish {
            rate: SampleRate::new(rate),
            buffer: None,
        }
    }

    #[test]
    fn the_rate_wished_for_is_taken_where_the_device_has_it() {
        let base = SupportedStreamConfig::new(2, 44_100, ANY_SIZE, SampleFormat::I16);
        let ranges = [
            range(2, 44_100, 48_000, SampleFormat::I16),
            range(2, 44_100, 48_000, SampleFormat::I32),
        ];
        let chosen = choose(&base, &ranges, 2, wish(48_000)).expect("fits");
        assert_eq!((chosen.config.sample_rate, chosen.format), (48_000, SampleFormat::I32));
        let chosen = choose(&base, &ranges, 2, wish(96_000)).expect("fits");
        assert_eq!(
            (chosen.config.sample_rate, chosen.config.buffer_size),
            (44_100, BufferSize::Fixed(256))
        );
    }

    #[test]
    fn a_format_nobody_knows_is_refused() {
        let base = SupportedStreamConfig::new(2, 48_000, ANY_SIZE, SampleFormat::DsdU8);
        let refusal = choose(&base, &[], 2, wish(48_000)).expect_err("no format");
        assert_eq!(refusal.kind(), cpal::ErrorKind::UnsupportedConfig);
    }

    #[test]
    fn callbacks_last_five_milliseconds_or_what_the_host_insists_on() {
        assert_eq!(callback_frames(None, 96_000, ANY_SIZE), 512);
        assert_eq!(callback_frames(None, 44_100, SupportedBufferSize::Unknown), 256);
        assert_eq!(
            callback_frames(None, 48_000, SupportedBufferSize::Range { min: 1024, max: 1024 }),
            1024
        );
        assert_eq!(callback_frames(Some(Frames(64)), 48_000, ANY_SIZE), 64);
        assert_eq!(
            callback_frames(None, 48_000, SupportedBufferSize::Range { min: 0, max: 0 }),
            256
        );
    }
}
