//! What a sound file says about itself: at its beginning, and when it is over.

use airdesk_dsp::SampleRate;

use crate::title::Title;

/// What is known when a file begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The desk's rate.
    pub rate: SampleRate,
    /// What people read.
    pub tags: Tags,
    /// When and by whom; nothing of it is written where it is not known.
    pub origin: Option<Origin>,
}

impl Opening {
    /// A file of a desk at `rate`, of which nothing else is known.
    pub fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            tags: Tags::default(),
            origin: None,
        }
    }
}

/// What people read of a file. What is empty is not written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// Title.
    pub title: String,
    /// Artist, or who speaks.
    pub artist: String,
    /// The show, as an album is written.
    pub show: String,
    /// The strip or bus that the file is of, as a comment.
    pub source: String,
}

/// When a file began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Local date, `YYYY-MM-DD`.
    pub date: String,
    /// Local time of day, `HH:MM:SS`.
    pub time: String,
    /// Frames at the desk's rate from midnight, local time, to the file's first frame.
    pub frames_since_midnight: u64,
}

/// What is known when a file is over.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closing {
    /// What began where, in order.
    pub marks: Vec<Mark>,
    /// Integrated loudness, LUFS, where it was measured.
    pub loudness: Option<f32>,
    /// Loudness range, LU.
    pub loudness_range: Option<f32>,
    /// Highest true peak, dBTP.
    pub true_peak: Option<f32>,
    /// Highest momentary loudness, LUFS.
    pub momentary_max: Option<f32>,
    /// Highest short-term loudness, LUFS.
    pub short_term_max: Option<f32>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its frame, counted from the file's first.
    pub frame: u64,
    /// What begins there, and whose it is.
    pub title: Title,
}
