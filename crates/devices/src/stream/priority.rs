//! Real-time priority for the threads that call our callbacks.
//!
//! JACK, CoreAudio and WASAPI see to it themselves. On Linux CPAL's threads for PipeWire and ALSA run
//! like any other thread. CPAL can ask the rtkit daemon, but that sets the process's limit of real-time
//! CPU to one callback's length, and whoever exceeds it (a catching-up engine too) is killed by SIGXCPU.
//! So the first callback leaves its thread's number here, and the thread that opened the stream asks the
//! kernel: granted to root and to users with an `rtprio` limit, refused without harm to others.

#[cfg(target_os = "linux")]
mod linux {
    use std::time::{Duration, Instant};

    use audio_thread_priority::{RtPriorityThreadInfo, get_current_thread_info, promote_thread_to_real_time};
    use rtrb::{Consumer, Producer, RingBuffer};

    use crate::stream::health::Pulse;

    /// The callback's end.
    pub(crate) struct Volunteer {
        said: Option<Producer<RtPriorityThreadInfo>>,
        done: bool,
    }

    /// The opener's end.
    pub(crate) struct Candidate(Option<Consumer<RtPriorityThreadInfo>>);

    /// Makes both ends for a stream on `host`.
    pub(crate) fn volunteer(host: &str) -> (Volunteer, Candidate) {
        if !matches!(host, "pipewire" | "alsa") {
            return (Volunteer { said: None, done: true }, Candidate(None));
        }
        // Capacity: one thread, said once.
        let (said, heard) = RingBuffer::new(1);
        (
            Volunteer {
                said: Some(said),
                done: false,
            },
            Candidate(Some(heard)),
        )
    }

    impl Volunteer {
        /// Says once which thread this is. The only system calls of a callback, in its first run.
        pub(crate) fn step_forward(&mut self) {
            if self.done {
                return;
            }
            self.done = true;
            if let (Some(said), Ok(thread)) = (&mut self.said, get_current_thread_info()) {
                // The ring was made for this one push.
                let _ = said.push(thread);
            }
        }
    }

    /// Waits for the first callback and promotes its thread. Blocks for up to three seconds.
    pub(crate) fn promote(candidate: Candidate, pulse: &Pulse) {
        let Candidate(Some(mut heard)) = candidate else { return };
        let deadline = Instant::now() + Duration::from_secs(3);
        while Instant::now() < deadline && !heard.is_abandoned() {
            if let Ok(thread) = heard.pop() {
                if promote_thread_to_real_time(thread, 256, 48_000).is_ok() {
                    pulse.set_promoted();
                }
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use crate::stream::health::Pulse;

    /// The callback's end.
    pub(crate) struct Volunteer;

    /// The opener's end.
    pub(crate) struct Candidate;

    /// Makes both ends.
    pub(crate) fn volunteer(_host: &str) -> (Volunteer, Candidate) {
        (Volunteer, Candidate)
    }

    impl Volunteer {
        /// The host has given the thread its priority.
        pub(crate) fn step_forward(&mut self) {}
    }

    /// Nothing to do.
    pub(crate) fn promote(_candidate: Candidate, _pulse: &Pulse) {}
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{Candidate, Volunteer, promote, volunteer};
#[cfg(target_os = "linux")]
pub(crate) use linux::{Candidate, Volunteer, promote, volunteer};
