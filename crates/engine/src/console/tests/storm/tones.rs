//! Low tones that play into strips: one block ahead of the console, begun softly, and taken off in the middle of a wave.

use std::f64::consts::TAU;

use super::*;

/// Frames in which a tone comes up: what is heard of its beginning is the console's doing.
const RISE: f64 = 2400.0;

struct Tone {
    writer: InletWriter,
    hz: f64,
    frames: usize,
}

/// All that play.
#[derive(Default)]
pub(super) struct Tones(Vec<Tone>);

impl Tones {
    /// One more, of 0.1 of full scale.
    pub(super) fn input(&mut self, hz: f64) -> StripInput {
        let (writer, inlet) = inlet(48_000.0, 4 * BLOCK_FRAMES);
        self.0.push(Tone { writer, hz, frames: 0 });
        self.play();
        StripInput::Direct(Direct::new(inlet))
    }

    /// Writes as much as there is room for. What nobody hears any more ends.
    pub(super) fn play(&mut self) {
        self.0.retain(|tone| !tone.writer.is_abandoned());
        for tone in &mut self.0 {
            while tone.writer.room() >= BLOCK_FRAMES {
                let mut block = SILENCE;
                for frame in &mut block {
                    let rise = (tone.frames as f64 / RISE).min(1.0);
                    let level = 0.1 * (0.5 - 0.5 * (TAU * 0.5 * rise).cos());
                    let wave = (TAU * tone.hz * tone.frames as f64 / 48_000.0).sin();
                    *frame = [(level * wave) as f32; 2];
                    tone.frames += 1;
                }
                tone.writer.write(&block);
            }
        }
    }
}
