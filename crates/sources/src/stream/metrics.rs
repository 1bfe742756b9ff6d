//! What is known about a stream while it runs. Plain figures; a copy is taken whenever somebody asks.

/// The figures of one stream since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Metrics {
    /// From the start to the first byte or frame that came, seconds.
    pub first_byte: Option<f64>,
    /// From the start to the first frame that was given to be heard, seconds. What plays it adds its own delay.
    pub first_audio: Option<f64>,
    /// How often the audio ran out while more was to come.
    pub underruns: u64,
    /// Frames of silence because of that, at the desk's rate.
    pub frames_missing: u64,
    /// Buffered now, seconds.
    pub buffered: f64,
    /// The same, mean since the first frame was heard, seconds.
    pub buffered_mean: f64,
    /// What the buffer should hold, seconds: grows after an underrun.
    pub target: f64,
    /// Bytes taken since the start.
    pub bytes: u64,
    /// Bytes that came a second, mean since the first.
    pub throughput: f64,
    /// Chunks taken since the start, and parts of them where one did not fit at once.
    pub chunks: u64,
    /// Frames taken and given, at the desk's rate.
    pub frames_in: u64,
    /// Frames given to be heard, at the desk's rate; silence is none.
    pub frames_out: u64,
    /// Samples that were no numbers, and were silenced.
    pub samples_silenced: u64,
    /// Decoding one chunk, mean and longest, seconds; 0 where nothing is decoded.
    pub decode_mean: f64,
    /// The longest.
    pub decode_longest: f64,
    /// The far side's clock against ours, parts per million; positive is fast. 0 while it is not known.
    pub drift_ppm: f64,
    /// Frames left out and added by stretching time, not counting what follows the clock.
    pub frames_stretched: i64,
    /// How often the machine went to REBUFFERING.
    pub rebuffers: u64,
    /// How often the machine changed its state.
    pub transitions: u64,
}
