//! How far each control goes. Whatever asks for a position, a command or a session's file, is checked here.

use airdesk_dsp::air_delay::AirDelaySettings;
use airdesk_dsp::delay::DelaySettings;
use airdesk_dsp::range::OutOfRange;
use airdesk_dsp::{Decibels, Pan};
use airdesk_engine::VCA_GROUPS;

use crate::api::{
    BusChainSettings, BusName, ChainSettings, CommandError, DeadAirSettings, DuckerSettings, ErrorCode,
    LimiterSettings, StripSource, WatchSettings,
};

/// Input trim, -20 to +40 dB.
pub(crate) fn trim(level: f32) -> Result<Decibels, CommandError> {
    decibels("trim", level, -20.0, 40.0, "")
}

/// A fader, -90 to +10 dB; `None` and minus infinity are off.
pub(crate) fn fader(control: &str, level: Option<f32>) -> Result<Decibels, CommandError> {
    match level {
        None | Some(f32::NEG_INFINITY) => Ok(Decibels::SILENCE),
        Some(level) => decibels(control, level, -90.0, 10.0, ", or is off"),
    }
}

/// Pan, -1 to +1.
pub(crate) fn pan(position: f32) -> Result<Pan, CommandError> {
    Pan::new(position).ok_or_else(|| {
        refusal(
            position,
            format!("pan is {position:?}; it goes from -1 (left) to +1 (right)"),
        )
    })
}

/// What feeds a strip: a device's buffer, 32 to 4096 frames; a stream's address.
pub(crate) fn source(source: &StripSource) -> Result<(), CommandError> {
    match source {
        StripSource::Device {
            buffer: Some(frames), ..
        } if !(32..=4096).contains(frames) => Err(refusal(
            f32::from(*frames),
            format!("the buffer is {frames} frames; it is 32 to 4096, or left to the desk"),
        )),
        _ => crate::streams::check(source),
    }
}

/// The programme's limiter.
pub(crate) fn limiter(settings: &LimiterSettings) -> Result<LimiterSettings, CommandError> {
    checked(settings, settings.check())
}

/// How music steps back.
pub(crate) fn talkover(settings: &DuckerSettings) -> Result<DuckerSettings, CommandError> {
    checked(settings, settings.check())
}

/// A strip's delay, 0 to 500 ms.
pub(crate) fn delay(settings: &DelaySettings) -> Result<DelaySettings, CommandError> {
    checked(settings, settings.check())
}

/// The broadcast delay, 0 to 30 s.
pub(crate) fn air_delay(settings: &AirDelaySettings) -> Result<AirDelaySettings, CommandError> {
    checked(settings, settings.check())
}

/// Seconds to drop, more than 0; a delay never holds more than 30 of them.
pub(crate) fn dump(seconds: f32) -> Result<f32, CommandError> {
    if seconds > 0.0 {
        return Ok(seconds);
    }
    let message = format!("{seconds:?} s cannot be dropped; name more than 0, or none for all that is held");
    Err(refusal(seconds, message))
}

/// The dead-air watch of the programme.
pub(crate) fn dead_air(settings: &DeadAirSettings) -> Result<DeadAirSettings, CommandError> {
    checked(settings, settings.check())
}

/// The dead-air watch of a strip.
pub(crate) fn watch(settings: &WatchSettings) -> Result<WatchSettings, CommandError> {
    checked(settings, settings.check())
}

/// A strip's stages.
pub(crate) fn chain(settings: &ChainSettings) -> Result<ChainSettings, CommandError> {
    checked(settings, settings.check())
}

/// A bus's stages.
pub(crate) fn bus_chain(settings: &BusChainSettings) -> Result<BusChainSettings, CommandError> {
    checked(settings, settings.check())
}

/// Which aux bus it is, counted from 0.
pub(crate) fn aux(bus: BusName) -> Result<u8, CommandError> {
    bus.aux().ok_or_else(|| CommandError {
        code: ErrorCode::Invalid,
        message: "programme and cue are no aux buses; name one from aux1 to aux8".into(),
    })
}

/// A VCA group, counted from 0.
pub(crate) fn vca(group: u8) -> Result<u8, CommandError> {
    if usize::from(group) < VCA_GROUPS {
        return Ok(group);
    }
    let last = VCA_GROUPS - 1;
    Err(CommandError {
        code: ErrorCode::OutOfRange,
        message: format!("there is no VCA group {group}; they go from 0 to {last}"),
    })
}

fn checked<T: Copy>(settings: &T, checked: Result<(), OutOfRange>) -> Result<T, CommandError> {
    checked
        .map(|()| *settings)
        .map_err(|refused| refusal(refused.value, refused.to_string()))
}

fn decibels(control: &str, level: f32, low: f32, high: f32, off: &str) -> Result<Decibels, CommandError> {
    Decibels::new(level)
        .filter(|_| (low..=high).contains(&level))
        .ok_or_else(|| {
            refusal(
                level,
                format!("{control} is {level:?} dB; it goes from {low} to {high:+} dB{off}"),
            )
        })
}

fn refusal(value: f32, out_of_range: String) -> CommandError {
    let code = if value.is_nan() {
        ErrorCode::Invalid
    } else {
        ErrorCode::OutOfRange
    };
    CommandError {
        code,
        message: out_of_range,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_beyond_a_controls_range_is_refused_with_the_control_the_value_and_the_range() {
        for (refused, sentence) in [
            (trim(55.0).err(), "trim is 55.0 dB; it goes from -20 to +40 dB"),
            (
                fader("fader", Some(10.5)).err(),
                "fader is 10.5 dB; it goes from -90 to +10 dB, or is off",
            ),
            (pan(3.0).err(), "pan is 3.0; it goes from -1 (left) to +1 (right)"),
            (
                limiter(&LimiterSettings {
                    ceiling_dbtp: 0.5,
                    ..LimiterSettings::default()
                })
                .err(),
                "limiter ceiling in dBTP goes from -20 to 0, not 0.5",
            ),
        ] {
            let refused = refused.expect(sentence);
            assert_eq!(
                (refused.code, refused.message.as_str()),
                (ErrorCode::OutOfRange, sentence)
            );
        }
        assert_eq!(
            trim(f32::NEG_INFINITY).err().map(|refused| refused.code),
            Some(ErrorCode::OutOfRange)
        );
        for (refused, range) in [
            (trim(f32::NAN).err(), "trim is NaN dB; it goes from -20 to +40 dB"),
            (
                fader("fader", Some(f32::NAN)).err(),
                "fader is NaN dB; it goes from -90",
            ),
            (pan(f32::NAN).err(), "pan is NaN; it goes from -1 (left)"),
        ] {
            let refused = refused.expect(range);
            assert_eq!(refused.code, ErrorCode::Invalid);
            assert!(refused.message.starts_with(range), "{}", refused.message);
        }
    }

    #[test]
    fn the_ends_of_a_range_and_off_are_taken() {
        assert!(trim(-20.0).is_ok() && trim(40.0).is_ok());
        assert!(fader("fader", Some(-90.0)).is_ok() && fader("fader", Some(10.0)).is_ok());
        assert_eq!(fader("fader", None), Ok(Decibels::SILENCE));
        assert_eq!(fader("fader", Some(f32::NEG_INFINITY)), Ok(Decibels::SILENCE));
        assert_eq!(pan(-1.0), Ok(Pan::LEFT));
    }
}
