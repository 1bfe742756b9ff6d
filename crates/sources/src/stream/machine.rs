//! What a stream does, and what makes it do something else: the client machine of the streaming protocols.
//!
//! The rules are a table, [`RULES`], after section 4.3 of the protocols' description and with what section 5 adds to it: an
//! error while it plays is reported after the last frame was heard, and a cancelled stream neither finished nor failed.
//! Any thread; does not allocate.

/// What a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It has not begun.
    Idle,
    /// It collects audio for the first time, and is silent.
    Buffering,
    /// It sounds.
    Playing,
    /// There is too little. It sounds until nothing is left, and is then silent until there is enough again.
    Rebuffering,
    /// Nothing more comes; what is there is played to its last frame.
    Draining,
    /// All was heard.
    Finished,
    /// It broke; what had come before was heard.
    Error,
    /// Somebody stopped it.
    Cancelled,
}

impl State {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Idle,
        Self::Buffering,
        Self::Playing,
        Self::Rebuffering,
        Self::Draining,
        Self::Finished,
        Self::Error,
        Self::Cancelled,
    ];

    /// Nothing changes it any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Error | Self::Cancelled)
    }

    /// The protocols' own word, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "IDLE",
            Self::Buffering => "BUFFERING",
            Self::Playing => "PLAYING",
            Self::Rebuffering => "REBUFFERING",
            Self::Draining => "DRAINING",
            Self::Finished => "FINISHED",
            Self::Error => "ERROR",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// What happens to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// It is to begin.
    Start,
    /// Audio has come.
    ChunkReceived,
    /// Asked now and then: is it too little?
    BufferLow,
    /// Asked now and then: is it enough again?
    BufferOk,
    /// The last frame was heard.
    BufferEmpty,
    /// The sender has sent all.
    GenerationComplete,
    /// The sender, or the way to it, broke.
    GenerationError,
    /// Somebody wants it to stop.
    Cancel,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::ChunkReceived,
        Self::BufferLow,
        Self::BufferOk,
        Self::BufferEmpty,
        Self::GenerationComplete,
        Self::GenerationError,
        Self::Cancel,
    ];
}

/// What must be true of the buffer, or of what happened before, for a rule to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Always,
    /// At least the initial threshold is buffered.
    Initial,
    /// Less than the minimum is.
    Low,
    /// At least what it resumes with is.
    Resume,
    /// Nothing broke before.
    Sound,
    /// The sender had broken.
    Broken,
}

/// From one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// In this state,
    pub from: State,
    /// when this happens
    pub event: Event,
    /// and this is true,
    pub when: Condition,
    /// it goes on here.
    pub to: State,
}

const fn rule(from: State, event: Event, when: Condition, to: State) -> Rule {
    Rule { from, event, when, to }
}

/// All there is. What no rule names changes nothing.
pub const RULES: [Rule; 18] = {
    use Condition::{Always, Broken, Initial, Low, Resume, Sound};
    use Event::{BufferEmpty, BufferLow, BufferOk, Cancel, ChunkReceived, GenerationComplete, GenerationError, Start};
    use State::{Buffering, Cancelled, Draining, Error, Finished, Idle, Playing, Rebuffering};
    [
        rule(Idle, Start, Always, Buffering),
        rule(Buffering, ChunkReceived, Initial, Playing),
        rule(Buffering, GenerationComplete, Always, Draining),
        rule(Buffering, GenerationError, Always, Error),
        rule(Playing, BufferLow, Low, Rebuffering),
        rule(Playing, GenerationComplete, Always, Draining),
        rule(Playing, GenerationError, Always, Draining),
        rule(Rebuffering, ChunkReceived, Resume, Playing),
        rule(Rebuffering, BufferOk, Resume, Playing),
        rule(Rebuffering, GenerationComplete, Always, Draining),
        rule(Rebuffering, GenerationError, Always, Draining),
        rule(Draining, BufferEmpty, Sound, Finished),
        rule(Draining, BufferEmpty, Broken, Error),
        rule(Idle, Cancel, Always, Cancelled),
        rule(Buffering, Cancel, Always, Cancelled),
        rule(Playing, Cancel, Always, Cancelled),
        rule(Rebuffering, Cancel, Always, Cancelled),
        rule(Draining, Cancel, Always, Cancelled),
    ]
};

/// The least that can be asked for as the minimum, seconds: a sound that runs out fades within half of it.
pub const MINIMUM_LEAST: f64 = 0.010;

/// How much is buffered when, seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    initial: f64,
    minimum: f64,
    resume: f64,
    maximum: f64,
    /// How far ahead of the ear who reads is, and how much is read at once, seconds.
    lead: f64,
    round: f64,
}

/// Why thresholds make no sense. The operator, or the client that asked for them, changes one.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ThresholdError {
    /// Not a number, or negative.
    #[error("the {name} of {seconds} s is no length of time; choose 0.01 s or more")]
    NoTime {
        /// Which one.
        name: &'static str,
        /// What it was.
        seconds: f64,
    },
    /// Less than a fade takes.
    #[error("a minimum of {0} s is too short to fade out in; choose {MINIMUM_LEAST} s or more")]
    Short(f64),
    /// One that has to be reached first is larger.
    #[error("the {smaller} of {low} s is longer than the {larger} of {high} s; make it shorter")]
    Order {
        /// Which should be smaller.
        smaller: &'static str,
        /// Its value.
        low: f64,
        /// Which should be larger.
        larger: &'static str,
        /// Its value.
        high: f64,
    },
}

impl Thresholds {
    /// Those of the SPKR protocol's client.
    pub const SPKR: Self = Self {
        initial: 3.0,
        minimum: 1.0,
        resume: 2.0,
        maximum: 10.0,
        lead: 0.0,
        round: 0.0,
    };
    /// Those for speech: what is heard first counts.
    pub const SPEECH: Self = Self {
        initial: 0.150,
        minimum: 0.020,
        resume: 0.150,
        maximum: 2.0,
        lead: 0.0,
        round: 0.0,
    };

    /// Sounds with `initial` buffered, is short of audio below `minimum`, sounds again with `resume`, and takes no
    /// more than `maximum`. Seconds.
    ///
    /// # Errors
    /// When one is no time, or cannot be reached because of another.
    pub fn new(initial: f64, minimum: f64, resume: f64, maximum: f64) -> Result<Self, ThresholdError> {
        for (name, seconds) in [
            ("initial buffer", initial),
            ("minimum", minimum),
            ("resume threshold", resume),
            ("maximum", maximum),
        ] {
            if !seconds.is_finite() || seconds < 0.0 {
                return Err(ThresholdError::NoTime { name, seconds });
            }
        }
        if minimum < MINIMUM_LEAST {
            return Err(ThresholdError::Short(minimum));
        }
        for (smaller, low, larger, high) in [
            ("minimum", minimum, "initial buffer", initial),
            ("minimum", minimum, "resume threshold", resume),
            ("initial buffer", initial, "maximum", maximum),
            ("resume threshold", resume, "maximum", maximum),
        ] {
            if low > high {
                return Err(ThresholdError::Order {
                    smaller,
                    low,
                    larger,
                    high,
                });
            }
        }
        Ok(Self {
            initial,
            minimum,
            resume,
            maximum,
            lead: 0.0,
            round: 0.0,
        })
    }

    /// The same for a reader that takes `lead` seconds at once when it begins, and then what a `round` of so many seconds
    /// needs. None of that is left to wait with.
    pub fn read_ahead(self, lead: f64, round: f64) -> Self {
        Self { lead, round, ..self }
    }

    /// What is buffered before it begins: the initial threshold beside the lead, and no more than there can be.
    fn begins_with(&self) -> f64 {
        (self.initial + self.lead).min(self.maximum)
    }

    /// What is read at once, seconds.
    pub fn round(&self) -> f64 {
        self.round
    }

    /// Buffered before it sounds first, seconds.
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// Below this it is short of audio, seconds.
    pub fn minimum(&self) -> f64 {
        self.minimum
    }

    /// Buffered before it sounds again, seconds.
    pub fn resume(&self) -> f64 {
        self.resume
    }

    /// No more than this is taken, seconds.
    pub fn maximum(&self) -> f64 {
        self.maximum
    }
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Before.
    pub from: State,
    /// What happened.
    pub event: Event,
    /// Now.
    pub to: State,
}

/// The machine of one stream.
#[derive(Debug, Clone)]
pub struct Machine {
    thresholds: Thresholds,
    /// What it resumes with now, seconds: it grows when it was not enough.
    resume: f64,
    state: State,
    broken: bool,
    transitions: u64,
    rebuffers: u64,
}

impl Machine {
    /// A stream that has not begun.
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            resume: thresholds.resume,
            state: State::Idle,
            broken: false,
            transitions: 0,
            rebuffers: 0,
        }
    }

    /// Takes in what happened while `buffered` seconds were there. Returns what it changed.
    pub fn on(&mut self, event: Event, buffered: f64) -> Option<Change> {
        let holds = |rule: &&Rule| rule.from == self.state && rule.event == event && self.is(rule.when, buffered);
        let rule = *RULES.iter().find(holds)?;
        self.broken |= event == Event::GenerationError;
        self.state = rule.to;
        self.transitions += 1;
        self.rebuffers += u64::from(rule.to == State::Rebuffering);
        Some(Change {
            from: rule.from,
            event,
            to: rule.to,
        })
    }

    fn is(&self, condition: Condition, buffered: f64) -> bool {
        match condition {
            Condition::Always => true,
            Condition::Initial => buffered >= self.thresholds.begins_with(),
            Condition::Low => buffered < self.thresholds.minimum,
            Condition::Resume => buffered >= self.resume,
            Condition::Sound => !self.broken,
            Condition::Broken => self.broken,
        }
    }

    /// Resumes with `seconds` from now on; never with less than was configured, nor with more than the maximum.
    pub fn resume_with(&mut self, seconds: f64) {
        self.resume = seconds.clamp(self.thresholds.resume, self.thresholds.maximum);
    }

    /// What it does.
    pub fn state(&self) -> State {
        self.state
    }

    /// The sender broke, now or before the last frame was heard.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// What was configured.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// How often its state has changed.
    pub fn transitions(&self) -> u64 {
        self.transitions
    }

    /// How often it became short of audio.
    pub fn rebuffers(&self) -> u64 {
        self.rebuffers
    }
}

#[cfg(test)]
mod tests;
