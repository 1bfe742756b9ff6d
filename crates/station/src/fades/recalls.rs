//! Scenes whose levels fade, each until the last of them has arrived or was stopped.

/// A scene on its way.
#[derive(Debug, PartialEq)]
pub(crate) struct Recalled {
    number: u32,
    /// The scene's name.
    pub(crate) scene: String,
    /// Levels that set out.
    levels: u32,
    /// Those that are where the scene has them.
    pub(crate) arrived: u32,
}

impl Recalled {
    /// Levels that a hand, another scene or an undo took on the way, or whose strip has gone.
    pub(crate) fn stopped(&self) -> u32 {
        self.levels - self.arrived
    }
}

/// All that are on their way.
#[derive(Default)]
pub(super) struct Recalls {
    last: u32,
    under_way: Vec<Recalled>,
}

impl Recalls {
    /// The number that the levels of the next one have.
    pub(super) fn next(&self) -> u32 {
        self.last.wrapping_add(1)
    }

    /// So many levels have set out under that number.
    pub(super) fn begin(&mut self, scene: &str, levels: u32) {
        self.last = self.next();
        self.under_way.push(Recalled {
            number: self.last,
            scene: scene.to_owned(),
            levels,
            arrived: 0,
        });
    }

    /// A level of this one is there.
    pub(super) fn arrive(&mut self, number: u32) {
        if let Some(recalled) = self.under_way.iter_mut().find(|recalled| recalled.number == number) {
            recalled.arrived += 1;
        }
    }

    /// Those of which nothing is on its way any more.
    pub(super) fn take_ended(&mut self, is_under_way: impl Fn(u32) -> bool) -> Vec<Recalled> {
        let ended = |recalled: &mut Recalled| !is_under_way(recalled.number);
        self.under_way.extract_if(.., ended).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}
