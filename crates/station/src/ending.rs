//! The end of a station, in order: what is being recorded becomes whole, and the session is saved as it is.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::session::{Session, SessionError};
use crate::station::{Core, Internal};

/// How long the end of a desk waits for a disk.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// How often it looks whether HLS has ended.
const HLS_ROUND: Duration = Duration::from_millis(20);

impl Core {
    pub(crate) async fn stop(&mut self, internal: &mut mpsc::UnboundedReceiver<Internal>) -> Result<(), SessionError> {
        let until = tokio::time::Instant::now() + STOP_LIMIT;
        let session = self.session(); // before the mounts are closed: they are open again next time
        self.end_announcer();
        self.recorders.finish();
        self.black_box.finish();
        self.tell_recorders();
        self.air.finish();
        self.log_air();
        self.listeners.close();
        self.let_go_of_hls();
        self.finish_library();
        self.end_plays();
        let saved = self.settle(session, internal, until).await;
        while !self.is_hls_settled() && tokio::time::Instant::now() < until {
            tokio::time::sleep(HLS_ROUND).await;
        }
        self.finish_timeline().await;
        if let Err(error) = &saved {
            tracing::error!("{error}; the changes since it was last saved are lost");
        }
        tracing::info!("the desk has stopped");
        saved
    }

    /// Waits until the recording is whole and the session is saved as it is now.
    async fn settle(
        &mut self,
        session: Session,
        internal: &mut mpsc::UnboundedReceiver<Internal>,
        until: tokio::time::Instant,
    ) -> Result<(), SessionError> {
        let (mut last, mut saved) = (Some(session), None);
        loop {
            if !self.saving
                && let Some(session) = last.take()
            {
                self.save(session);
            }
            if self.recorders.are_settled()
                && self.black_box.is_settled()
                && let Some(saved) = saved.take()
            {
                return saved;
            }
            match tokio::time::timeout_at(until, internal.recv()).await {
                Ok(Some(Internal::Saved(result))) => {
                    self.saving = false;
                    // One that was under way before is not the last.
                    saved = last.is_none().then_some(result);
                }
                Ok(Some(message @ (Internal::Recording(..) | Internal::BlackBox(_)))) => self.hear(message),
                Ok(Some(_)) => {} // a device that opens now closes here
                Ok(None) | Err(_) => break,
            }
        }
        if !self.recorders.are_settled() {
            tracing::error!(
                "the disk has not finished the recording within {} s",
                STOP_LIMIT.as_secs()
            );
        }
        if !self.black_box.is_settled() {
            tracing::error!(
                "the disk has not finished the black box within {} s",
                STOP_LIMIT.as_secs()
            );
        }
        saved.unwrap_or_else(|| Err(self.file.not_in_time()))
    }
}
