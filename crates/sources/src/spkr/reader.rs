//! Finds the samples in what a connection brings. It may be cut anywhere, and hold several frames at once. What a header announces
//! takes no memory: samples are passed on as they come. Any thread; no I/O. Untrusted.

use airdesk_dsp::{Frame, SampleRate};

use super::SpkrError;
use super::header::{HEADER_BYTES, Header, SAMPLE_BYTES};

/// Samples that are passed on at once.
const PART_SAMPLES: usize = 4_096;

/// What has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A block begins, with so many samples; there may be none.
    Chunk {
        /// Its number, as its sender counts.
        id: u32,
        /// How many.
        samples: u32,
    },
    /// Samples of the block, heard on both sides.
    Frames(SampleRate, Vec<Frame>),
    /// All was sent. Nothing is read behind it.
    End,
    /// The sender broke, and says why. Nothing is read behind it.
    Failed(String),
}

/// What is odd and is heard all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Blocks whose number is not the one after the last.
    pub out_of_order: u64,
    /// At the end so many blocks were declared, and so many had come.
    pub total: Option<(u32, u32)>,
}

impl Remarks {
    /// In words, where there is anything to say.
    pub fn sentence(&self) -> Option<String> {
        let order = (self.out_of_order > 0).then(|| {
            format!(
                "{} of its blocks do not have the number after the last one",
                self.out_of_order
            )
        });
        let total = self
            .total
            .map(|(declared, came)| format!("it says that there were {declared} blocks, and {came} have come"));
        let both: Vec<String> = order.into_iter().chain(total).collect();
        (!both.is_empty()).then(|| both.join("; "))
    }
}

/// Reads one message: blocks, and an end or an error.
#[derive(Debug, Default)]
pub struct Reader {
    at: At,
    /// Of a header or of a sample, what has come.
    begun: [u8; HEADER_BYTES],
    held: usize,
    chunks: u32,
    samples: u64,
    next_id: u32,
    remarks: Remarks,
    broken: Option<SpkrError>,
}

/// What comes next.
#[derive(Debug, Default)]
enum At {
    #[default]
    Header,
    Samples {
        chunk: u32,
        rate: SampleRate,
        place: u32,
        left: u32,
    },
    Message {
        text: Vec<u8>,
        left: usize,
    },
    Over,
}

impl Reader {
    /// The next of what `bytes` bring, which are taken off their front. `None`: more have to come, or it is over.
    ///
    /// # Errors
    /// When it is no SPKR, or no sound; the same again from then on.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Part>, SpkrError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let read = self.read(bytes);
        if let Err(error) = &read {
            self.broken = Some(*error);
        }
        read
    }

    /// No more bytes will come.
    ///
    /// # Errors
    /// When the message is not whole.
    pub fn close(&self) -> Result<(), SpkrError> {
        match (&self.at, self.broken) {
            (_, Some(error)) => Err(error),
            (At::Over, None) => Ok(()),
            _ => Err(SpkrError::Incomplete),
        }
    }

    /// The end has come, or an error.
    pub fn is_over(&self) -> bool {
        matches!(self.at, At::Over)
    }

    /// Some of the message has come.
    pub fn has_begun(&self) -> bool {
        self.chunks > 0 || self.held > 0 || !matches!(self.at, At::Header)
    }

    /// Blocks and samples that have come.
    pub fn figures(&self) -> (u32, u64) {
        (self.chunks, self.samples)
    }

    /// What was odd.
    pub fn remarks(&self) -> Remarks {
        self.remarks
    }

    fn read(&mut self, bytes: &mut &[u8]) -> Result<Option<Part>, SpkrError> {
        match &mut self.at {
            At::Over => Ok(None),
            At::Header => {
                if !self.hold(bytes, HEADER_BYTES) {
                    return Ok(None);
                }
                match self.begin(Header::read(&self.begun)?) {
                    None => self.read(bytes),
                    part => Ok(part),
                }
            }
            At::Samples { .. } => self.samples(bytes),
            At::Message { text, left } => {
                let now = (*left).min(bytes.len());
                text.extend_from_slice(&bytes[..now]);
                *bytes = &bytes[now..];
                *left -= now;
                if *left > 0 {
                    return Ok(None);
                }
                let said = String::from_utf8_lossy(text).into_owned();
                self.at = At::Over;
                Ok(Some(Part::Failed(said)))
            }
        }
    }

    /// Collects `whole` bytes; true once they are there.
    fn hold(&mut self, bytes: &mut &[u8], whole: usize) -> bool {
        let now = (whole - self.held).min(bytes.len());
        self.begun[self.held..self.held + now].copy_from_slice(&bytes[..now]);
        *bytes = &bytes[now..];
        self.held += now;
        if self.held < whole {
            return false;
        }
        self.held = 0;
        true
    }

    fn begin(&mut self, header: Header) -> Option<Part> {
        match header {
            Header::Chunk { id, samples, rate } => {
                if id != self.next_id {
                    self.remarks.out_of_order += 1;
                }
                self.next_id = id.wrapping_add(1);
                self.chunks = self.chunks.saturating_add(1);
                if let Some(rate) = rate {
                    self.at = At::Samples {
                        chunk: id,
                        rate,
                        place: 0,
                        left: samples,
                    };
                }
                Some(Part::Chunk { id, samples })
            }
            Header::End(declared) => {
                self.remarks.total = (declared != self.chunks).then_some((declared, self.chunks));
                self.at = At::Over;
                Some(Part::End)
            }
            Header::Error(0) => {
                self.at = At::Over;
                Some(Part::Failed(String::new()))
            }
            Header::Error(left) => {
                self.at = At::Message {
                    text: Vec::new(),
                    left: left as usize,
                };
                None
            }
        }
    }

    fn samples(&mut self, bytes: &mut &[u8]) -> Result<Option<Part>, SpkrError> {
        let At::Samples {
            chunk,
            rate,
            mut place,
            mut left,
        } = self.at
        else {
            return Ok(None);
        };
        let first = (self.held > 0).then(|| {
            self.hold(bytes, SAMPLE_BYTES)
                .then(|| [self.begun[0], self.begun[1], self.begun[2], self.begun[3]])
        });
        let first = match first {
            Some(None) => return Ok(None),
            Some(first) => first,
            None => None,
        };
        let more = (left as usize)
            .saturating_sub(usize::from(first.is_some()))
            .min(PART_SAMPLES);
        let (whole, _) = bytes.as_chunks::<SAMPLE_BYTES>();
        let whole = &whole[..whole.len().min(more)];
        *bytes = &bytes[whole.len() * SAMPLE_BYTES..];
        let mut frames = Vec::with_capacity(whole.len() + 1);
        let mut fault = None;
        for sample in first.iter().chain(whole) {
            let value = f32::from_le_bytes(*sample);
            if !value.is_finite() {
                fault = Some(SpkrError::NoNumber {
                    chunk,
                    sample: place,
                    value,
                });
                break;
            }
            frames.push([value; 2]);
            place += 1;
            left -= 1;
        }
        self.samples += frames.len() as u64;
        self.at = match left {
            0 => At::Header,
            _ => At::Samples {
                chunk,
                rate,
                place,
                left,
            },
        };
        match fault {
            // What came before it is heard; the next question is answered with the fault.
            Some(fault) if !frames.is_empty() => self.broken = Some(fault),
            Some(fault) => return Err(fault),
            None if left > 0 && bytes.len() < SAMPLE_BYTES => {
                // The beginning of a sample is kept for the next bytes.
                self.hold(bytes, SAMPLE_BYTES);
            }
            None => {}
        }
        Ok((!frames.is_empty()).then_some(Part::Frames(rate, frames)))
    }
}
