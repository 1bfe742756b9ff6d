//! The cards as a CPAL host.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    Data, DeviceDescription, DeviceDescriptionBuilder, Error, ErrorKind, FrameCount, HostId, InputCallbackInfo,
    OutputCallbackInfo, SampleFormat, StreamConfig, StreamInstant, SupportedBufferSize, SupportedStreamConfig,
    SupportedStreamConfigRange,
};

use super::SimulatedCards;
use super::card::Card;
use super::rig::{Failing, Work};

/// Any size of callback may be asked for.
const ANY_SIZE: SupportedBufferSize = SupportedBufferSize::Range { min: 1, max: 65_536 };

/// The host.
pub(super) struct SimulatedHost(pub(super) SimulatedCards);

impl SimulatedHost {
    fn default_device(&self, output: bool) -> Option<SimulatedDevice> {
        let id = self.0.lock().default(output).map(|card| card.id.clone())?;
        Some(SimulatedDevice {
            cards: self.0.clone(),
            id,
        })
    }
}

impl HostTrait for SimulatedHost {
    type Devices = std::vec::IntoIter<SimulatedDevice>;
    type Device = SimulatedDevice;

    fn is_available() -> bool {
        true
    }

    fn devices(&self) -> Result<Self::Devices, Error> {
        self.0.wait_while(|rig| rig.hung_listing);
        let device = |card: &Card| SimulatedDevice {
            cards: self.0.clone(),
            id: card.id.clone(),
        };
        let devices: Vec<_> = self.0.lock().cards().map(device).collect();
        Ok(devices.into_iter())
    }

    fn default_input_device(&self) -> Option<SimulatedDevice> {
        self.default_device(false)
    }

    fn default_output_device(&self) -> Option<SimulatedDevice> {
        self.default_device(true)
    }
}

/// One card.
#[derive(Clone)]
pub(super) struct SimulatedDevice {
    cards: SimulatedCards,
    id: String,
}

impl SimulatedDevice {
    fn read<T>(&self, what: impl FnOnce(&Card) -> T) -> Result<T, Error> {
        self.cards
            .lock()
            .card(&self.id)
            .map(what)
            .ok_or(Error::new(ErrorKind::DeviceNotAvailable))
    }

    fn default_config(&self, channels: fn(&Card) -> u16) -> Result<SupportedStreamConfig, Error> {
        let config = |card: &Card| SupportedStreamConfig::new(channels(card), card.rate, ANY_SIZE, card.format);
        let config = self.read(config)?;
        if config.channels() == 0 {
            return Err(Error::new(ErrorKind::UnsupportedOperation));
        }
        Ok(config)
    }

    fn ranges(&self, channels: fn(&Card) -> u16) -> Result<std::vec::IntoIter<SupportedStreamConfigRange>, Error> {
        let ranges = |card: &Card| {
            let channels = channels(card);
            let rates = [(card.rate, card.rate)].into_iter().chain(card.rates.iter().copied());
            let range = |(low, high)| SupportedStreamConfigRange::new(channels, low, high, ANY_SIZE, card.format);
            rates.filter(|_| channels > 0).map(range).collect::<Vec<_>>()
        };
        self.read(ranges).map(IntoIterator::into_iter)
    }

    fn open(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        work: Work,
        fail: Failing,
    ) -> Result<SimulatedStream, Error> {
        self.cards.wait_while(|rig| rig.hung_opening);
        let number = self.cards.lock().open(&self.id, config, format, work, fail)?;
        Ok(SimulatedStream {
            cards: self.cards.clone(),
            number,
        })
    }
}

impl PartialEq for SimulatedDevice {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for SimulatedDevice {}

impl Hash for SimulatedDevice {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl fmt::Debug for SimulatedDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl fmt::Display for SimulatedDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl DeviceTrait for SimulatedDevice {
    type SupportedInputConfigs = std::vec::IntoIter<SupportedStreamConfigRange>;
    type SupportedOutputConfigs = std::vec::IntoIter<SupportedStreamConfigRange>;
    type Stream = SimulatedStream;

    fn description(&self) -> Result<DeviceDescription, Error> {
        self.read(|card| DeviceDescriptionBuilder::new(&card.name).build())
    }

    fn id(&self) -> Result<cpal::DeviceId, Error> {
        Ok(cpal::DeviceId::new(HostId::Custom, &self.id))
    }

    fn supported_input_configs(&self) -> Result<Self::SupportedInputConfigs, Error> {
        self.ranges(|card| card.inputs)
    }

    fn supported_output_configs(&self) -> Result<Self::SupportedOutputConfigs, Error> {
        self.ranges(|card| card.outputs)
    }

    fn default_input_config(&self) -> Result<SupportedStreamConfig, Error> {
        self.default_config(|card| card.inputs)
    }

    fn default_output_config(&self) -> Result<SupportedStreamConfig, Error> {
        self.default_config(|card| card.outputs)
    }

    fn build_input_stream_raw<D, E>(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        data: D,
        error: E,
        _limit: Option<Duration>,
    ) -> Result<SimulatedStream, Error>
    where
        D: FnMut(&Data, &InputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        self.open(config, format, Work::Record(Box::new(data)), Box::new(error))
    }

    fn build_output_stream_raw<D, E>(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        data: D,
        error: E,
        _limit: Option<Duration>,
    ) -> Result<SimulatedStream, Error>
    where
        D: FnMut(&mut Data, &OutputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        self.open(config, format, Work::Play(Box::new(data)), Box::new(error))
    }
}

/// One stream of a card.
pub(super) struct SimulatedStream {
    cards: SimulatedCards,
    number: u64,
}

impl StreamTrait for SimulatedStream {
    fn play(&self) -> Result<(), Error> {
        let now = self.cards.now().seconds();
        self.cards.lock().play(self.number, now);
        Ok(())
    }

    fn pause(&self) -> Result<(), Error> {
        self.cards.lock().pause(self.number);
        Ok(())
    }

    fn now(&self) -> StreamInstant {
        StreamInstant::from_nanos(self.cards.now().0)
    }

    fn buffer_size(&self) -> Result<FrameCount, Error> {
        Ok(0)
    }
}

impl Drop for SimulatedStream {
    fn drop(&mut self) {
        self.cards.wait_while(|rig| rig.hung_opening);
        let calls = self.cards.lock().close(self.number);
        drop(calls); // without the lock: it drops what the desk put into its callbacks
    }
}
