//! A station in a folder of its own, and what a host asks of it.

use std::path::PathBuf;
use std::time::Duration;

use airdesk_dsp::Decibels;
use airdesk_dsp::equaliser::{Band, BandKind};
use airdesk_station::api::{
    AudioCommand, BroadcastSettings, BusName, ChainSettings, ErrorCode, Material, Reply, Snapshot, StripSource,
    TargetState,
};
use airdesk_station::session::{Session, SessionFile, SessionStrip};
use airdesk_station::{HostChoice, Station, StationHandle, StationOptions, StripId};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

pub(crate) struct Desk {
    station: Option<Station>,
    pub(crate) handle: StationHandle,
    pub(crate) folder: TempDir,
}

impl Desk {
    /// A desk that begins with a session, and knows no device.
    pub(crate) fn with(session: &Session) -> Self {
        Self::start(folder(), session, HostChoice::none())
    }

    /// A desk with a pad on each strip.
    pub(crate) fn with_pads(names: &[&str]) -> Self {
        Self::with(&Session {
            strips: names.iter().map(|name| pad(name)).collect(),
            ..Session::default()
        })
    }

    /// A desk that begins with a session, in a folder where something may be, on these sound systems.
    pub(crate) fn start(folder: TempDir, session: &Session, hosts: HostChoice) -> Self {
        let file = SessionFile::new(folder.path().join("session.toml"));
        file.save(session).expect("a session");
        Self::open(folder, hosts)
    }

    fn open(folder: TempDir, hosts: HostChoice) -> Self {
        let station = Station::start(StationOptions {
            hosts,
            ..options(&folder)
        })
        .expect("a station");
        Self {
            handle: station.handle(),
            station: Some(station),
            folder,
        }
    }

    /// What this desk was started with.
    pub(crate) fn options(&self) -> StationOptions {
        options(&self.folder)
    }

    pub(crate) fn session_file(&self) -> PathBuf {
        self.options().session
    }

    pub(crate) async fn ask(&self, command: AudioCommand) -> Reply {
        let said = format!("{command:?}");
        let reply = self.handle.send(command).await;
        reply.unwrap_or_else(|error| panic!("{said}: {error}"))
    }

    pub(crate) async fn refused(&self, command: AudioCommand) -> (ErrorCode, String) {
        let error = self.handle.send(command).await.expect_err("refused");
        (error.code, error.message)
    }

    pub(crate) async fn now(&self) -> Snapshot {
        self.handle.snapshot().await.expect("a snapshot")
    }

    /// The first snapshot that `shows` it.
    pub(crate) async fn when(&self, what: &str, shows: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let mut last = None;
        for _ in 0..600 {
            let now = self.now().await;
            if shows(&now) {
                return now;
            }
            last = Some(now);
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}: {last:#?}")
    }

    pub(crate) async fn first_strip(&self) -> StripId {
        self.ids().await[0]
    }

    /// The first target, as it is now.
    pub(crate) async fn target(&self) -> TargetState {
        self.now().await.targets.swap_remove(0)
    }

    /// Sets the first target, and the password of its server.
    pub(crate) async fn set_target(&self, settings: &BroadcastSettings) {
        let target = self.target().await.id;
        let settings = Box::new(settings.clone());
        self.ask(AudioCommand::SetTarget { target, settings }).await;
        let password = "hackme-42".into();
        self.ask(AudioCommand::SetPassword { target, password }).await;
    }

    pub(crate) async fn ids(&self) -> Vec<StripId> {
        self.now().await.strips.iter().map(|strip| strip.id).collect()
    }

    pub(crate) async fn names(&self) -> Vec<String> {
        self.now().await.strips.into_iter().map(|strip| strip.name).collect()
    }

    /// The faders, dB.
    pub(crate) async fn faders(&self) -> Vec<f32> {
        let strips = self.now().await.strips;
        strips.iter().map(|strip| strip.controls.fader.db()).collect()
    }

    pub(crate) async fn fade(&self, strip: StripId, level: f32) {
        let level = Some(level);
        self.ask(AudioCommand::SetFader { strip, level }).await;
    }

    /// The highest peak of a bus within some frames of meters.
    pub(crate) async fn peak(&self, bus: BusName) -> f32 {
        let mut meters = self.handle.meters();
        let mut peak = 0.0_f32;
        for _ in 0..20 {
            let frame = timeout(Duration::from_secs(5), meters.recv()).await;
            let frame = frame.expect("levels come").expect("a station");
            peak = peak.max(frame.buses[bus.place()].levels.peak[0]);
        }
        peak
    }

    /// Ends the station and starts it anew with what it has saved.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop().await;
        Self::open(self.folder, HostChoice::none())
    }

    /// Ends the station in order.
    pub(crate) async fn stop(&mut self) {
        self.handle.stop().await.expect("the session is saved");
        if let Some(station) = self.station.take() {
            let joined = tokio::task::spawn_blocking(move || station.join()).await;
            joined.expect("it ends");
        }
    }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// What a desk without devices is started with, in a folder.
pub(crate) fn options(folder: &TempDir) -> StationOptions {
    StationOptions {
        session: folder.path().join("session.toml"),
        data: folder.path().to_owned(),
        key_store: false,
        hosts: HostChoice::none(),
        refuse_private: false,
    }
}

/// A strip with the pad on it.
pub(crate) fn pad(name: &str) -> SessionStrip {
    let material = Material::Pad;
    SessionStrip::new(name, StripSource::Material { material })
}

pub(crate) fn level(db: f32) -> Decibels {
    Decibels::new(db).expect("a level")
}

/// A chain in which every stage differs from what it is unless set.
pub(crate) fn busy_chain() -> ChainSettings {
    let mut chain = ChainSettings::default();
    chain.high_pass = chain.high_pass.switched(true);
    chain.gate.on = true;
    chain.gate.threshold_dbfs = -80.0;
    chain.equaliser.bands[1] = Band::new(BandKind::Bell, 1_000.0, 6.0, 1.5).expect("a band");
    chain.compressor.on = true;
    chain.compressor.threshold_dbfs = -30.0;
    chain.de_esser.on = true;
    chain
}
