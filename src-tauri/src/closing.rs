//! Closing the window ends the desk. While that would cost a recording or listeners, the operator is asked first:
//! by the console, and by the system where the console has not answered when the window is closed again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use airdesk_station::StationHandle;
use airdesk_station::api::{AirState, RecordingState, Snapshot};
use tauri::{Emitter, Manager, Runtime, WebviewWindow, Window};
use tokio::time::timeout;

/// The event by which the console is told to ask.
const CLOSING: &str = "closing";
/// A desk that takes longer to say what it does may be at work.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the question stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Question {
    /// Nobody is asked.
    #[default]
    None,
    /// The console asks.
    InConsole,
    /// A native dialog asks.
    InDialog,
}

/// How the next request to close is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Close,
    AskInConsole,
    AskInDialog,
    /// It is being asked.
    Wait,
}

/// Whether the operator is being asked. One per app.
#[derive(Debug, Default)]
pub struct Closing(Mutex<Question>);

impl Closing {
    /// The operator has answered.
    pub(crate) fn answer<R: Runtime>(&self, window: &WebviewWindow<R>, stop: bool) {
        *self.question() = Question::None;
        if stop {
            close(window);
        }
    }

    /// Decides how a request to close is met, and notes what is asked.
    async fn next(&self, station: &StationHandle) -> Step {
        let idle = match timeout(PATIENCE, station.snapshot()).await {
            Ok(Ok(snapshot)) => !is_at_work(&snapshot),
            Ok(Err(_)) => true, // it has ended: nothing is lost any more
            Err(_) => false,
        };
        let mut question = self.question();
        let (next, step) = match (idle, *question) {
            (true, _) => (Question::None, Step::Close),
            (false, Question::None) => (Question::InConsole, Step::AskInConsole),
            (false, Question::InConsole) => (Question::InDialog, Step::AskInDialog),
            (false, Question::InDialog) => (Question::InDialog, Step::Wait),
        };
        *question = next;
        step
    }

    fn question(&self) -> MutexGuard<'_, Question> {
        // It is replaced whole: a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Meets a request to close. False where there is no desk yet, and the window may go.
pub(crate) fn asks<R: Runtime>(window: &Window<R>) -> bool {
    let app = window.app_handle();
    let (Some(station), Some(window)) = (app.try_state::<StationHandle>(), app.get_webview_window(window.label()))
    else {
        return false;
    };
    let station = station.inner().clone();
    tauri::async_runtime::spawn(async move {
        let closing = window.state::<Closing>();
        match closing.next(&station).await {
            Step::Close => close(&window),
            Step::AskInConsole => {
                if let Err(error) = window.emit(CLOSING, ()) {
                    tracing::warn!("the window did not take the question whether to close: {error}");
                }
            }
            Step::AskInDialog => {
                let stop = crate::dialogs::stop_anyway().await;
                closing.answer(&window, stop);
            }
            Step::Wait => {}
        }
    });
    true
}

/// Closes the window, and with it the desk, in order.
fn close<R: Runtime>(window: &WebviewWindow<R>) {
    if let Err(error) = window.destroy() {
        tracing::error!("the window could not be closed: {error}");
    }
}

/// Whether stopping the desk costs a recording or somebody's listening.
fn is_at_work(desk: &Snapshot) -> bool {
    let recording = desk.recorders.iter().any(|recorder| {
        !matches!(
            recorder.recording,
            RecordingState::Stopped { .. } | RecordingState::Failed { .. }
        )
    });
    let is_off = |air: &AirState| matches!(air, AirState::Off | AirState::Failed { .. });
    let on_air = !desk.targets.iter().all(|target| is_off(&target.air));
    recording || on_air || desk.listening.listeners > 0
}

#[cfg(test)]
mod tests {
    use airdesk_station::api::{AudioCommand, RecordingFormat, RecordingSettings};
    use airdesk_station::{HostChoice, Station, StationOptions};

    use super::*;

    #[tokio::test]
    async fn a_desk_at_rest_closes_and_one_that_records_asks_first_in_the_console_then_natively() {
        let folder = tempfile::tempdir().expect("a folder");
        let station = Station::start(StationOptions {
            session: folder.path().join("session.toml"),
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
            refuse_private: false,
        })
        .expect("a station");
        let (desk, closing) = (station.handle(), Closing::default());
        desk.snapshot().await.expect("it has taken up its session");
        assert_eq!(closing.next(&desk).await, Step::Close);
        let settings = RecordingSettings {
            folder: folder.path().join("takes").to_string_lossy().into_owned(),
            format: RecordingFormat::Pcm24,
            ..RecordingSettings::default()
        };
        desk.send(AudioCommand::SetRecording {
            recorder: None,
            settings: Box::new(settings),
        })
        .await
        .expect("set");
        desk.send(AudioCommand::StartRecording { recorder: None })
            .await
            .expect("recording");
        assert_eq!(closing.next(&desk).await, Step::AskInConsole);
        assert_eq!(closing.next(&desk).await, Step::AskInDialog);
        assert_eq!(closing.next(&desk).await, Step::Wait);
        desk.send(AudioCommand::StopRecording { recorder: None })
            .await
            .expect("stopped");
        assert_eq!(closing.next(&desk).await, Step::Close);
        desk.stop().await.expect("saved");
        station.join();
        assert_eq!(
            closing.next(&desk).await,
            Step::Close,
            "a desk that has ended loses nothing"
        );
    }
}
