//! Native dialogs, for what the console cannot say: it is not there yet, no longer, or has frozen.
//!
//! Only once the window system has been reached: without a display GTK would wait for one for ever.

use rfd::{AsyncMessageDialog, MessageButtons, MessageDialogResult, MessageLevel};

/// Says why Airdesk ends, and waits until it has been read. On the main thread, while its event loop does not run.
pub(crate) fn say(error: &anyhow::Error) {
    let dialog = AsyncMessageDialog::new()
        .set_level(MessageLevel::Error)
        .set_title("Airdesk cannot run")
        .set_description(sentence(&error.to_string()))
        .set_buttons(MessageButtons::Ok);
    wait_for(dialog.show());
}

#[cfg(not(target_os = "linux"))]
fn wait_for(dialog: impl Future<Output = MessageDialogResult> + Send + 'static) {
    tauri::async_runtime::block_on(dialog);
}

/// GTK belongs to the thread that the window was made on, for good: only there is the dialog drawn.
#[cfg(target_os = "linux")]
fn wait_for(dialog: impl Future<Output = MessageDialogResult> + Send + 'static) {
    let answered = tauri::async_runtime::spawn(dialog);
    while !answered.inner().is_finished() {
        while gtk::events_pending() {
            gtk::main_iteration();
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Asks whether to stop a desk whose console does not answer.
pub(crate) async fn stop_anyway() -> bool {
    let answer = AsyncMessageDialog::new()
        .set_level(MessageLevel::Warning)
        .set_title("Stop and close?")
        .set_description(
            "The desk is recording, on air or heard by listeners, and the window has not answered. Yes finishes the \
             recording, goes off air and closes Airdesk. No leaves the desk running.",
        )
        .set_buttons(MessageButtons::YesNo)
        .show()
        .await;
    answer == MessageDialogResult::Yes
}

/// An error as a sentence of its own.
fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence() {
        assert_eq!(
            sentence("the port is used; choose one"),
            "The port is used; choose one."
        );
    }
}
