//! What strips want of capture devices.

use airdesk_devices::DeviceId;

use crate::api::StripSource;

/// Frames a callback that a strip means which leaves it to the desk: at 48 kHz, and in proportion.
const USUAL_BUFFER: u16 = 256;

/// A device that strips want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) device: DeviceId,
    /// The fewest frames a callback that one of them asks for.
    pub(super) buffer: Option<u16>,
    /// How many strips that are.
    pub(super) strips: usize,
}

impl Wanted {
    /// What these strips' sources want, each device once.
    pub(super) fn by<'a>(sources: impl Iterator<Item = &'a StripSource>) -> Vec<Self> {
        let mut wanted: Vec<Self> = Vec::new();
        for source in sources {
            let StripSource::Device { device, buffer, .. } = source else {
                continue;
            };
            match wanted.iter_mut().find(|wanted| wanted.device == *device) {
                Some(known) => {
                    known.strips += 1;
                    if frames(*buffer) < frames(known.buffer) {
                        known.buffer = *buffer;
                    }
                }
                None => wanted.push(Self {
                    device: device.clone(),
                    buffer: *buffer,
                    strips: 1,
                }),
            }
        }
        wanted
    }

    /// Whether a device that is open as `before` says has to be opened again. A strip that has left interrupts no other
    /// one: the buffer that it needed stays until the device is opened for another reason.
    pub(super) fn is_other_than(&self, before: &Self) -> bool {
        let has_left = self.strips < before.strips;
        frames(self.buffer) < frames(before.buffer) || (self.buffer != before.buffer && !has_left)
    }
}

fn frames(buffer: Option<u16>) -> u16 {
    buffer.unwrap_or(USUAL_BUFFER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ChannelPick, Resampling};

    #[test]
    fn strips_of_one_device_get_the_fewest_frames_that_one_of_them_asks_for() {
        let source = |id: &str, buffer| StripSource::Device {
            device: id.parse().expect("an id"),
            channels: ChannelPick::Mono { channel: 0 },
            resampling: Resampling::default(),
            buffer,
        };
        let sources = [
            source("alsa:one", Some(1024)),
            StripSource::Silent,
            source("alsa:two", None),
            source("alsa:one", None),
            source("alsa:three", None),
            source("alsa:three", Some(128)),
            source("alsa:two", Some(2048)),
        ];
        let found: Vec<_> = Wanted::by(sources.iter())
            .into_iter()
            .map(|wanted| (wanted.device.to_string(), wanted.buffer, wanted.strips))
            .collect();
        let expected = [
            ("alsa:one", None, 2),
            ("alsa:two", None, 2),
            ("alsa:three", Some(128), 2),
        ];
        assert_eq!(
            found,
            expected.map(|(id, buffer, strips)| (id.to_owned(), buffer, strips))
        );
    }

    #[test]
    fn who_needs_less_is_heard_though_another_leaves_at_the_same_time() {
        let wanted = |buffer, strips| Wanted {
            device: "alsa:one".parse().expect("an id"),
            buffer,
            strips,
        };
        assert!(
            !wanted(None, 1).is_other_than(&wanted(Some(64), 2)),
            "it is only not needed any more"
        );
        assert!(wanted(Some(64), 1).is_other_than(&wanted(None, 2)));
        assert!(wanted(Some(1024), 2).is_other_than(&wanted(None, 2)), "it was chosen");
    }
}
