//! The figures of one session of a program, under the names that the protocol gives them.
//!
//! Times are milliseconds since the daemon was started, as the protocol has them; inside they are seconds. What has not
//! happened yet is 0. Any thread.

use serde_json::{Value, json};

/// Nobody expects more time than this beside the audio itself, milliseconds.
const BESIDE_MOST: f64 = 50.0;

/// One session, from its first message to its last frame. Times in seconds since the daemon was started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Figures {
    /// Chunks and bytes that came.
    pub(super) chunks: u64,
    pub(super) bytes: u64,
    /// How long what came sounds, seconds.
    pub(super) seconds: f64,
    pub(super) first_chunk: Option<f64>,
    pub(super) last_chunk: Option<f64>,
    /// Of what came, given to be heard, seconds.
    pub(super) given: f64,
    pub(super) underruns: u64,
    /// When the first frame was given to be heard, and when the last was heard.
    pub(super) began: Option<f64>,
    pub(super) ended: Option<f64>,
}

/// What the figures are seen against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    /// Now, seconds.
    pub(super) now: f64,
    /// Now, milliseconds since 1970.
    pub(super) epoch: u64,
    pub(super) plays: bool,
    pub(super) paused: bool,
    /// All has come.
    pub(super) finished: bool,
    /// What the strip's buffer holds when it is full, seconds, and what a second is, bytes.
    pub(super) capacity: f64,
    pub(super) rate: f64,
    /// The bytes of a frame.
    pub(super) frame: u64,
}

impl Figures {
    /// What came and was not given to be heard yet, seconds.
    pub(super) fn waits(&self) -> f64 {
        (self.seconds - self.given).max(0.0)
    }

    /// Bytes given to be heard, whole frames of `frame` bytes; all of them when it has ended.
    fn position(&self, frame: u64) -> u64 {
        if self.ended.is_some() || self.seconds <= 0.0 {
            return if self.ended.is_some() { self.bytes } else { 0 };
        }
        let share = (self.given / self.seconds).min(1.0);
        (self.bytes as f64 * share) as u64 / frame.max(1) * frame.max(1)
    }

    /// How long it should take to hear it, milliseconds.
    fn expected(&self) -> f64 {
        let milliseconds = 1_000.0 * self.seconds;
        milliseconds + (0.01 * milliseconds).min(BESIDE_MOST)
    }

    /// How long it takes, milliseconds.
    fn actual(&self, now: f64) -> f64 {
        self.began
            .map_or(0.0, |began| 1_000.0 * (self.ended.unwrap_or(now) - began))
    }

    /// By how much that is more than expected; 0 before it has ended.
    fn overhead(&self) -> f64 {
        self.ended.map_or(0.0, |ended| self.actual(ended) - self.expected())
    }

    /// What was expected of what it took, per cent; 0 before it has ended.
    fn accuracy(&self) -> f64 {
        match self.ended.map(|ended| self.actual(ended)) {
            Some(actual) if actual > 0.0 => 100.0 * self.expected() / actual,
            _ => 0.0,
        }
    }

    fn average_chunk(&self) -> f64 {
        self.bytes as f64 / self.chunks.max(1) as f64
    }

    /// How full the buffer is, 0 to 1.
    pub(super) fn utilization(&self, frame: &Frame) -> f64 {
        if frame.plays {
            (self.waits() / frame.capacity).min(1.0)
        } else {
            0.0
        }
    }

    /// What `status` and `completed` carry.
    pub(super) fn status(&self, state: &str, frame: &Frame) -> Value {
        json!({
            "state": state,
            "bufferUtilization": self.utilization(frame),
            "audioPosition": self.position(frame.frame),
            "audioSeconds": (1e6 * self.ended.map_or(self.given, |_| self.seconds)).round() / 1e6,
            "performance": self.performance(frame),
        })
    }

    fn stats(&self, frame: &Frame) -> Value {
        json!({
            "chunksReceived": self.chunks,
            "bytesProcessed": self.bytes,
            "audioPosition": self.position(frame.frame),
            "underruns": self.underruns,
            "bufferUtilization": self.utilization(frame),
            "expectedDuration": self.expected(),
            "actualDuration": self.actual(frame.now),
            "playbackStartTime": milliseconds(self.began),
            "playbackEndTime": milliseconds(self.ended),
            "firstChunkTime": milliseconds(self.first_chunk),
            "lastChunkTime": milliseconds(self.last_chunk),
            "totalChunksReceived": self.chunks,
            "averageChunkSize": self.average_chunk(),
            "processingOverhead": self.overhead(),
            "timingAccuracy": self.accuracy(),
        })
    }

    fn performance(&self, frame: &Frame) -> Value {
        json!({
            "isPlaying": frame.plays,
            "isPaused": frame.paused,
            "bufferUtilization": self.utilization(frame),
            "stats": self.stats(frame),
            "lastHeartbeat": frame.epoch,
            "timing": {
                "expectedDuration": self.expected(),
                "actualDuration": self.actual(frame.now),
                "playbackStartTime": milliseconds(self.began),
                "playbackEndTime": milliseconds(self.ended),
                "accuracy": format!("{:.1}%", self.accuracy()),
                "processingOverhead": format!("{:.2}ms", self.overhead()),
                "totalChunks": self.chunks,
                "averageChunkSize": format!("{:.0} bytes", self.average_chunk()),
                "firstChunkTime": milliseconds(self.first_chunk),
                "lastChunkTime": milliseconds(self.last_chunk),
            },
        })
    }

    /// What `timing_analysis` carries.
    pub(super) fn timing(&self, frame: &Frame) -> Value {
        let (size, capacity) = self.ring(frame);
        let delivery = self
            .first_chunk
            .zip(self.last_chunk)
            .map_or(0.0, |(first, last)| 1_000.0 * (last - first));
        let gaps = self.chunks.saturating_sub(1).max(1);
        let actual = self.actual(frame.now);
        let effective = if actual > 0.0 {
            self.position(frame.frame) as f64 / actual * 1_000.0
        } else {
            0.0
        };
        json!({
            "basic": {
                "expectedDuration": self.expected(),
                "actualDuration": actual,
                "accuracy": self.accuracy(),
                "processingOverhead": self.overhead(),
            },
            "chunkAnalysis": {
                "totalChunks": self.chunks,
                "averageChunkSize": self.average_chunk(),
                "firstChunkTime": milliseconds(self.first_chunk),
                "lastChunkTime": milliseconds(self.last_chunk),
                "chunkDeliveryTime": delivery,
                "averageChunkDeliveryTime": delivery / gaps as f64,
            },
            "playbackAnalysis": {
                "playbackStartTime": milliseconds(self.began),
                "playbackEndTime": milliseconds(self.ended),
                "playbackDuration": actual,
                "bufferUtilization": self.utilization(frame),
                "underruns": self.underruns,
            },
            "performance": {
                "bytesPerSecond": frame.rate,
                "totalBytesProcessed": self.bytes,
                "bufferCapacity": capacity,
                "bufferSize": size,
                "effectiveBytesPerSecond": effective,
            },
        })
    }

    /// What the health page says of a strip.
    pub(super) fn health(&self, frame: &Frame) -> Value {
        let (size, capacity) = self.ring(frame);
        json!({
            "isPlaying": frame.plays,
            "isPaused": frame.paused,
            "bufferUtilization": self.utilization(frame),
            "ringBuffer": {
                "size": size,
                "capacity": capacity,
                "utilization": self.utilization(frame),
                "isFinished": frame.finished,
            },
            "audioContext": false,
            "stats": self.stats(frame),
            "performance": self.performance(frame),
            "timingAnalysis": self.timing(frame),
        })
    }

    /// What the buffer holds, and what it may hold, bytes.
    fn ring(&self, frame: &Frame) -> (u64, u64) {
        let capacity = frame.capacity * frame.rate;
        ((self.utilization(frame) * capacity) as u64, capacity as u64)
    }
}

fn milliseconds(seconds: Option<f64>) -> f64 {
    seconds.map_or(0.0, |seconds| 1_000.0 * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        now: 11.0,
        epoch: 1_700_000_000_000,
        plays: true,
        paused: false,
        finished: false,
        capacity: 2.0,
        rate: 48_000.0,
        frame: 2,
    };

    #[test]
    fn half_of_a_second_that_was_heard_is_half_its_bytes_and_the_rest_waits() {
        let mut figures = Figures {
            chunks: 10,
            bytes: 48_000,
            seconds: 1.0,
            first_chunk: Some(10.0),
            last_chunk: Some(10.45),
            given: 0.500_03,
            began: Some(10.25),
            ..Figures::default()
        };
        let status = figures.status("playing", &FRAME);
        assert_eq!(status["audioPosition"], 24_000, "whole frames");
        assert_eq!(status["performance"]["stats"]["expectedDuration"], 1_010.0);
        assert_eq!(status["performance"]["stats"]["actualDuration"], 750.0);
        assert_eq!(status["performance"]["timing"]["accuracy"], "0.0%", "it goes on");
        assert_eq!(status["performance"]["timing"]["averageChunkSize"], "4800 bytes");
        let utilization = status["bufferUtilization"].as_f64().expect("a number");
        assert!((utilization - 0.25).abs() < 1e-3, "{utilization}");
        let timing = figures.timing(&FRAME);
        assert_eq!(timing["performance"]["bufferCapacity"], 96_000);
        let average = timing["chunkAnalysis"]["averageChunkDeliveryTime"]
            .as_f64()
            .expect("a number");
        assert!((average - 50.0).abs() < 1e-6, "{average}");

        figures.ended = Some(11.36);
        let over = Frame { plays: false, ..FRAME };
        let status = figures.status("completed", &over);
        assert_eq!(
            (&status["audioPosition"], &status["bufferUtilization"]),
            (&json!(48_000), &json!(0.0))
        );
        assert_eq!(status["audioSeconds"], 1.0);
        assert_eq!(status["performance"]["timing"]["accuracy"], "91.0%");
        assert_eq!(status["performance"]["timing"]["processingOverhead"], "100.00ms");
    }

    #[test]
    fn before_anything_came_all_of_it_is_nought() {
        let status = Figures::default().status("idle", &Frame { plays: false, ..FRAME });
        assert_eq!(
            (&status["audioPosition"], &status["bufferUtilization"]),
            (&json!(0), &json!(0.0))
        );
        let stats = status["performance"]["stats"].as_object().expect("an object");
        assert!(stats.values().all(|value| value.as_f64() == Some(0.0)), "{stats:?}");
    }
}
