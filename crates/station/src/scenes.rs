//! Scenes: the console as it was stored under a name, recalled as a whole or in parts.

use std::sync::Arc;
use std::time::Instant;

use airdesk_dsp::Decibels;
use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};

use crate::api::{
    BusState, CommandError, DuckerSettings, ErrorCode, Event, Happening, LimiterSettings, OutputSettings, ScenePart,
    StripControls, VcaState,
};
use crate::console::ConsoleState;
use crate::fades::Faded;
use crate::session::{SessionBus, SessionStrip};
use crate::station::Core;
use crate::timeline::Note;

/// Scenes of a session.
pub(crate) const SCENES_MAX: usize = 100;
/// The longest fade, seconds.
const FADE_MAX: f32 = 60.0;

/// A scene as it stands in the session. Outputs are no part of it: they are this machine's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scene {
    /// What the operator calls it.
    pub name: String,
    /// The programme's limiter.
    #[serde(default)]
    pub limiter: LimiterSettings,
    /// How music steps back.
    #[serde(default)]
    pub talkover: DuckerSettings,
    /// Faders of the VCA groups, dB.
    #[serde(default)]
    pub vcas: Vec<Decibels>,
    /// Buses that are not at rest.
    #[serde(default)]
    pub buses: Vec<SessionBus>,
    /// Strips, left to right.
    #[serde(default)]
    pub strips: Vec<SessionStrip>,
}

/// A session's scenes, in the order in which they were stored. Each is shared with the history, which keeps those that
/// were overwritten or removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scenes(Vec<Arc<Scene>>);

impl Scenes {
    pub(crate) fn new(scenes: &[Scene]) -> Self {
        Self(scenes.iter().cloned().map(Arc::new).collect())
    }

    /// As they stand in the session.
    pub(crate) fn to_vec(&self) -> Vec<Scene> {
        self.0.iter().map(|scene| Scene::clone(scene)).collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|scene| scene.name.clone()).collect()
    }

    fn find(&self, name: &str) -> Option<&Arc<Scene>> {
        self.0.iter().find(|scene| scene.name == name)
    }

    /// Stores a scene in the place of the one that has its name, else at the end.
    fn store(&mut self, scene: Scene) -> Result<(), CommandError> {
        match self.0.iter().position(|other| other.name == scene.name) {
            Some(place) if *self.0[place] == scene => {}
            Some(place) => self.0[place] = Arc::new(scene),
            None if self.0.len() < SCENES_MAX => self.0.push(Arc::new(scene)),
            None => {
                return Err(CommandError {
                    code: ErrorCode::OutOfRange,
                    message: format!("the session has all its {SCENES_MAX} scenes; remove one first"),
                });
            }
        }
        Ok(())
    }
}

/// The same when each is the very same: asked after every command, of up to a hundred scenes of whole desks.
impl PartialEq for Scenes {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(one, two)| Arc::ptr_eq(one, two))
    }
}

/// A recall as the operator asks for it.
pub(crate) struct Recall<'a> {
    pub(crate) parts: &'a [ScenePart],
    /// Only these; all when there is none.
    pub(crate) strips: &'a [StripId],
}

impl Recall<'_> {
    fn has(&self, part: ScenePart) -> bool {
        self.parts.contains(&part)
    }

    /// The strips that it is about: those that are asked for and have a partner in the scene.
    fn strips(&self, now: &ConsoleState, scene: &ConsoleState) -> Vec<StripId> {
        let partners = partners(now, scene);
        let strips = now.strips.iter().zip(&partners);
        strips
            .filter(|((id, _), partner)| partner.is_some() && self.asks_for(*id))
            .filter_map(|((id, _), _)| *id)
            .collect()
    }

    fn asks_for(&self, strip: Option<StripId>) -> bool {
        self.strips.is_empty() || strip.is_some_and(|strip| self.strips.contains(&strip))
    }

    /// Whether it says where this is; `strips` are those that it is about.
    fn covers(&self, what: &Faded, strips: &[StripId]) -> bool {
        match what {
            Faded::Trim(strip) | Faded::Fader(strip) | Faded::Pan(strip) => {
                self.has(ScenePart::Levels) && strips.contains(strip)
            }
            Faded::Send(strip, ..) => self.has(ScenePart::Sends) && strips.contains(strip),
            Faded::Bus(_) | Faded::Vca(_) => self.has(ScenePart::Levels) && self.strips.is_empty(),
        }
    }

    /// What the console becomes: `now` with the parts that are asked for from `scene`.
    fn target(&self, now: &ConsoleState, scene: &ConsoleState) -> ConsoleState {
        let mut target = now.clone();
        let partners = partners(now, scene);
        for ((id, strip), partner) in target.strips.iter_mut().zip(&partners) {
            if let Some(partner) = partner.filter(|_| self.asks_for(*id)) {
                self.take_strip(strip, &scene.strips[partner].1);
            }
        }
        if self.has(ScenePart::Layout) && self.strips.is_empty() {
            let kept = |at: usize| partners.iter().position(|partner| *partner == Some(at));
            target.strips = (0..scene.strips.len())
                .map(|at| kept(at).map_or_else(|| scene.strips[at].clone(), |place| target.strips[place].clone()))
                .collect();
            // The places are other ones now.
            for without in &mut target.without {
                *without = without.and_then(|place| partners[place]);
            }
        }
        if !self.strips.is_empty() {
            return target;
        }
        for (bus, stored) in target.buses.iter_mut().zip(&scene.buses) {
            if self.has(ScenePart::Levels) {
                bus.fader = stored.fader;
            }
            if self.has(ScenePart::Stages) {
                bus.stages = stored.stages;
            }
        }
        if self.has(ScenePart::Sends) {
            // By name, as strips are: a bus leaves nothing out where the strip that it left out is not there.
            let place = |at: usize| {
                if self.has(ScenePart::Layout) {
                    return Some(at);
                }
                partners.iter().position(|partner| *partner == Some(at))
            };
            target.without = scene.without.iter().map(|at| at.and_then(place)).collect();
        }
        if self.has(ScenePart::Levels) {
            target.vcas.clone_from(&scene.vcas);
        }
        if self.has(ScenePart::Stages) {
            (target.limiter, target.talkover) = (scene.limiter, scene.talkover);
        }
        target
    }

    fn take_strip(&self, strip: &mut SessionStrip, stored: &SessionStrip) {
        if self.has(ScenePart::Sources) {
            strip.source = stored.source.clone();
        }
        let (now, then) = (&mut strip.controls, &stored.controls);
        if self.has(ScenePart::Levels) {
            (now.trim, now.fader, now.pan, now.pan_law) = (then.trim, then.fader, then.pan, then.pan_law);
        }
        if self.has(ScenePart::Switches) {
            (now.mute, now.solo, now.solo_safe, now.cue) = (then.mute, then.solo, then.solo_safe, then.cue);
        }
        if self.has(ScenePart::Stages) {
            *now = StripControls {
                channels: then.channels,
                inverted: then.inverted,
                delay: then.delay,
                chain: then.chain,
                ..*now
            };
        }
        if self.has(ScenePart::Sends) {
            now.sends = then.sends;
        }
        if self.has(ScenePart::Groups) {
            (now.vca, now.talkover) = (then.vca, then.talkover);
        }
    }
}

/// For each strip of the console the place of its partner in the scene: the one of the same name. Of several with one
/// name the first belongs to the first.
fn partners(now: &ConsoleState, scene: &ConsoleState) -> Vec<Option<usize>> {
    let mut free: Vec<_> = scene
        .strips
        .iter()
        .map(|(_, strip)| Some(strip.name.as_str()))
        .collect();
    let find = |(_, strip): &(Option<StripId>, SessionStrip)| {
        let place = free.iter().position(|name| *name == Some(strip.name.as_str()))?;
        free[place] = None;
        Some(place)
    };
    now.strips.iter().map(find).collect()
}

impl Core {
    /// Stores the console under a name, in the place of a scene that has it. What fades is stored where it goes.
    pub(crate) fn store_scene(&mut self, name: &str) -> Result<(), CommandError> {
        let name = checked_scene_name(name)?;
        let scene = Scene {
            limiter: self.limiter,
            talkover: self.talkover,
            vcas: self.vcas_as_set().map(|vca| vca.fader).collect(),
            buses: self
                .session_buses()
                .into_iter()
                .map(|bus| SessionBus {
                    output: None,
                    playback: OutputSettings::default(),
                    ..bus
                })
                .filter(|bus| *bus != SessionBus::new(bus.bus))
                .collect(),
            strips: self.strips.states().map(|strip| self.strip_as_set(strip)).collect(),
            name,
        };
        self.scenes.store(scene)?;
        self.tell_scenes();
        Ok(())
    }

    pub(crate) fn remove_scene(&mut self, name: &str) -> Result<(), CommandError> {
        self.scene(name)?;
        self.scenes.0.retain(|scene| scene.name != name);
        self.tell_scenes();
        Ok(())
    }

    /// Brings back what is asked for of a scene, levels within `fade` seconds.
    pub(crate) fn recall_scene(&mut self, name: &str, recall: &Recall<'_>, fade: f32) -> Result<(), CommandError> {
        let scene = self.scene(name)?;
        if !(0.0..=FADE_MAX).contains(&fade) {
            return Err(CommandError {
                code: ErrorCode::OutOfRange,
                message: format!("a scene fades in 0 to {FADE_MAX} s, not {fade:?}"),
            });
        }
        for id in recall.strips {
            self.strips.check(*id)?;
        }
        self.desk.check()?;
        let stored = self.stored(&scene);
        // Also where the scene has a control where it happens to be, or goes: it stays there, or goes at this pace.
        let strips = recall.strips(&self.console_state(), &stored);
        self.fades.let_go_where(|what| recall.covers(what, &strips));
        let target = recall.target(&self.console_state(), &stored);
        let since = Instant::now();
        self.go_to(&target, fade);
        let levels = self.fades.recalled(&scene.name, since);
        let subject = format!("scene {}", scene.name);
        self.log(Note::new(subject, Happening::SceneRecalled { fade, levels }));
        Ok(())
    }

    /// Has the scenes as they were, or will be.
    pub(crate) fn set_scenes(&mut self, scenes: Scenes) {
        self.scenes = scenes;
        self.tell_scenes();
    }

    fn scene(&self, name: &str) -> Result<Arc<Scene>, CommandError> {
        self.scenes.find(name).cloned().ok_or_else(|| CommandError {
            code: ErrorCode::Invalid,
            message: format!("there is no scene \"{}\"; store it first", name.escape_debug()),
        })
    }

    /// A scene as a state of the console; its strips have no ids.
    fn stored(&self, scene: &Scene) -> ConsoleState {
        let bus = |now: &BusState| {
            let named = scene.buses.iter().find(|bus| bus.bus == now.bus);
            named.map_or(BusState::new(now.bus), |bus| BusState {
                fader: bus.fader,
                stages: bus.stages(),
                ..BusState::new(now.bus)
            })
        };
        let without = |now: &BusState| {
            let named = scene.buses.iter().find(|bus| bus.bus == now.bus)?;
            named.without.and_then(|place| place.checked_sub(1))
        };
        let vca = |now: &VcaState| VcaState {
            fader: scene.vcas.get(usize::from(now.vca)).copied().unwrap_or(Decibels::UNITY),
            ..*now
        };
        ConsoleState {
            strips: scene.strips.iter().map(|strip| (None, strip.clone())).collect(),
            buses: self.buses.iter().map(bus).collect(),
            without: self.buses.iter().map(without).collect(),
            vcas: self.vcas.iter().map(vca).collect(),
            limiter: scene.limiter,
            talkover: scene.talkover,
            outputs: Vec::new(),
            scenes: self.scenes.clone(),
        }
    }

    fn tell_scenes(&self) {
        self.tell(Event::Scenes(self.scenes.names()));
    }
}

/// A scene's name: 1 to 40 characters, none of them invisible.
pub(crate) fn checked_scene_name(name: &str) -> Result<String, CommandError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 40 || name.chars().any(char::is_control) {
        return Err(CommandError {
            code: ErrorCode::Invalid,
            message: format!(
                "\"{}\" cannot be a scene's name; use 1 to 40 characters",
                name.escape_debug()
            ),
        });
    }
    Ok(name.to_owned())
}
