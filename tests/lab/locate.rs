//! Using a console as a person with a keyboard and a screen reader does, in a window or in a browser.

use std::path::Path;

use serde_json::{Value, json};

use crate::wait::{self, seconds};

/// A shown console.
pub trait Face {
    /// Runs the body of an asynchronous function in the page and returns its value.
    fn run(&mut self, script: &str) -> Value;

    /// Presses a key: a character, or a name such as `ArrowDown`, `Home`, `Enter`, `Tab`.
    fn press(&mut self, key: &str);

    /// Saves a picture.
    fn screenshot(&mut self, file: &Path);

    /// Waits for a control, given from the outside in (`["group:Rhythm", "slider:Fader"]`), and focuses it.
    fn focus(&mut self, steps: &[&str]) {
        let script = located(steps, "control.focus(); return document.activeElement === control;");
        wait::until(&format!("{steps:?}"), seconds(15), || {
            (self.run(&script) == true).then_some(())
        });
    }

    /// Focuses a button and presses it with the space bar.
    fn push(&mut self, steps: &[&str]) {
        self.focus(steps);
        self.press(" ");
    }

    /// Puts text into a field and leaves it.
    fn fill(&mut self, steps: &[&str], text: &str) {
        self.focus(steps);
        self.run(&located(steps, "control.select?.(); return true;"));
        text.chars().for_each(|character| self.press(&character.to_string()));
        self.press("Tab");
    }

    /// Chooses the option of a list whose text contains `text`.
    ///
    /// By script: with a keyboard every browser does it in another way.
    fn choose(&mut self, steps: &[&str], text: &str) {
        let script = located(
            steps,
            &format!(
                "const option = [...control.options].find((option) => option.text.includes({}));
                 if (!option) return null;
                 control.value = option.value;
                 control.dispatchEvent(new Event('change', {{ bubbles: true }}));
                 return true;",
                json!(text)
            ),
        );
        wait::until(&format!("{text} in {steps:?}"), seconds(15), || {
            (self.run(&script) == true).then_some(())
        });
    }

    /// What a control says of itself: a slider's or meter's value as a number, else its text.
    fn value(&mut self, steps: &[&str]) -> Value {
        let script = located(
            steps,
            "const value = control.getAttribute('aria-valuenow') ?? (control.type === 'range' ? control.value : null);
             return value === null ? (control.value ?? control.textContent) : Number(value);",
        );
        wait::until(&format!("{steps:?}"), seconds(15), || {
            Some(self.run(&script)).filter(|value| !value.is_null())
        })
    }

    /// The middle of a control: pixels from the left and from the top of what is seen of the page.
    fn middle(&mut self, steps: &[&str]) -> [f64; 2] {
        let script = located(
            steps,
            "control.scrollIntoView({ block: 'nearest', inline: 'nearest' });
             const box = control.getBoundingClientRect();
             return [box.x + box.width / 2, box.y + box.height / 2];",
        );
        wait::until(&format!("{steps:?}"), seconds(15), || {
            let place = self.run(&script);
            Some([place[0].as_f64()?, place[1].as_f64()?])
        })
    }

    /// Whether a control is there now.
    fn is_there(&mut self, steps: &[&str]) -> bool {
        self.run(&located(steps, "return true;")) == true
    }

    /// The text of the whole page.
    fn text(&mut self) -> String {
        self.run("return document.body.innerText;")
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

fn located(steps: &[&str], then: &str) -> String {
    format!(
        "{}\nconst control = locate({}); if (!control) return null; {then}",
        include_str!("locate.js"),
        json!(steps)
    )
}
