//! The station: the one owner of the desk's state, on a thread of its own.
//!
//! Hosts' commands, devices' comings and goings, the engine's notices and a steady tick all arrive
//! here in turn; nothing else changes state, so nothing is ever half changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use airdesk_devices::{CaptureStream, DeviceId, DeviceList, HostChoice, OpenError, ScanSettings, Scanner};
use airdesk_dsp::Decibels;
use airdesk_engine::{BUSES, Notice as EngineNotice, VCA_GROUPS};
use airdesk_outputs::encode::Encoders;
use airdesk_outputs::listen::{ListenSettings, ListenerHub};
use airdesk_sources::tuner::Reach;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::MissedTickBehavior;

use crate::air_delay::AirLine;
use crate::announcer::{Announcer, AnnouncerNews};
use crate::api::{
    BusName, BusState, DeskMeters, DuckerSettings, Event, LimiterSettings, ListeningSettings, OutputName, RecorderId,
    Severity, VcaState,
};
use crate::automation::Automation;
use crate::black_box::{BoxDesk, BoxNews};
use crate::breakdown::Breakdown;
use crate::broadcast::Air;
use crate::captures::Captures;
use crate::carts::{CartFinding, Walls};
use crate::dead_air::DeadAir;
use crate::decks::{DeckFinding, Decks};
use crate::desk::Desk;
use crate::fades::{self, Fades};
use crate::folders::data_folder;
use crate::handle::{Request, StationHandle};
use crate::history::History;
use crate::hls::HlsLine;
use crate::keeping::SAVE_AFTER;
use crate::losses::Losses;
use crate::loudness::Meters;
use crate::material::Pieces;
use crate::monitor::BusMonitor;
use crate::notices::Notices;
use crate::password::{Keeper, Kept};
use crate::playback::{Opened, Playbacks};
use crate::recording::{News, Recorders};
use crate::recover::Looked;
use crate::scenes::Scenes;
use crate::secrets::Secrets;
use crate::session::{Session, SessionError, SessionFile};
use crate::strips::Strips;
use crate::timeline::{ScribeNews, Timeline, TimelineFile};
use crate::title_file::{Look, TitleFile};
use crate::tracks::{TrackDesk, TrackFile, TrackNews};

/// How often the station looks after what runs by itself.
const TICK: Duration = Duration::from_millis(100);
/// How often levels go out while somebody looks: 60 times a second.
const METER_TICK: Duration = Duration::from_micros(16_667);

/// What a station is started with.
#[derive(Clone)]
pub struct StationOptions {
    /// The session's file.
    pub session: PathBuf,
    /// The folder for the library, and for passwords where the system has no key store.
    pub data: PathBuf,
    /// Use the system's key store.
    pub key_store: bool,
    /// Which sound systems to look at; all that are there unless a test says otherwise.
    pub hosts: HostChoice,
    /// No strip plays a stream from this machine or its own network.
    pub refuse_private: bool,
}

impl Default for StationOptions {
    fn default() -> Self {
        let data = data_folder();
        Self {
            session: data.join("session.toml"),
            data,
            key_store: true,
            hosts: HostChoice::default(),
            refuse_private: false,
        }
    }
}

/// Why a station did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The session cannot be used.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The system refuses threads.
    #[error(
        "the desk's threads could not be started: {0}; end other programs, or raise the limit of processes, and start Airdesk again"
    )]
    Threads(#[from] std::io::Error),
}

/// A running station. Call [`StationHandle::stop`] and then [`Station::join`] to end it in order.
pub struct Station {
    handle: StationHandle,
    thread: JoinHandle<()>,
}

impl Station {
    /// Opens the session, starts the engine and begins to look for devices.
    ///
    /// # Errors
    /// When the session's file may not be read, another desk has it, or the system refuses threads.
    pub fn start(options: StationOptions) -> Result<Self, StartError> {
        let mut file = SessionFile::new(options.session.clone());
        file.lock()?;
        let opened = file.open()?;
        let rate = opened.session.sample_rate()?;
        let (internal, internal_in) = mpsc::unbounded_channel();
        let to_station = internal.clone();
        let desk = Desk::start(rate, move |notice| {
            // The station ends before the janitor only when the process does.
            let _ = to_station.send(Internal::Engine(notice));
        })?;
        let air_delay = AirLine::start(desk.programme(), rate)?;
        let encoders = Encoders::default();
        let listeners = ListenerHub::new(air_delay.tap().clone(), encoders.clone(), ListenSettings::at(rate));
        // Capacity: commands wait here while a device is being looked at; a full channel makes hosts wait.
        let (requests, requests_in) = mpsc::channel(256);
        let (hls_folder, hls) = watch::channel(None);
        let handle = StationHandle {
            requests,
            events: broadcast::channel(1024).0,
            meters: broadcast::channel(64).0,
            timeline: TimelineFile::in_folder(&options.data),
            tracks: TrackFile::in_folder(&options.data),
            listeners: listeners.map_err(std::io::Error::other)?,
            hls,
        };
        let secrets = Secrets::new(&options.data);
        let secrets = if options.key_store {
            secrets
        } else {
            secrets.without_key_store()
        };
        let scanner = scanner(&options, &internal)?;
        let timeline = Timeline::start(&options.data, &options.session, handle.events.clone(), internal.clone())?;
        let core = Core {
            captures: Captures::new(internal.clone(), desk.clock.clone(), options.hosts.clone()),
            playbacks: Playbacks::new(internal.clone(), desk.clock.clone(), rate, options.hosts.clone()),
            recorders: Recorders::new(opened.session.recorders.clone(), rate, internal.clone()),
            air: Air::new(
                opened.session.targets.clone(),
                Keeper::start(secrets.clone(), internal.clone())?,
                encoders.clone(),
                rate,
            ),
            hls: HlsLine::new(encoders, &options.data, hls_folder),
            title_file: TitleFile::new(internal.clone()),
            announcer: Announcer::new(opened.session.announcer.clone(), secrets.clone(), internal.clone()),
            decks: Decks::new(),
            tracks: TrackDesk::new(&options.data, internal.clone()),
            walls: Walls::default(),
            reach: Reach {
                refuse_private: options.refuse_private,
            },
            air_delay,
            black_box: BoxDesk::new(opened.session.black_box.clone(), &options.data, internal.clone()),
            dead_air: DeadAir::default(),
            strips: Strips::default(),
            automation: opened.session.automation.clone(),
            pieces: Pieces::default(),
            notices: Notices::default(),
            devices: Arc::default(),
            events: handle.events.clone(),
            listeners: handle.listeners.clone(),
            urls: Vec::new(),
            programs_at: None,
            mounts: ListeningSettings::default(),
            scanner,
            desk,
            breakdown: Breakdown::Never,
            file: Arc::new(file),
            saving: false,
            internal,
            unsaved: None,
            save_after: SAVE_AFTER,
            buses: BusName::ALL.map(BusState::new),
            vcas: std::array::from_fn(|vca| VcaState {
                vca: vca as u8,
                fader: Decibels::UNITY,
            }),
            talkover: opened.session.talkover,
            limiter: opened.session.limiter,
            meters: Meters::default(),
            losses: Losses::default(),
            timeline,
            fades: Fades::default(),
            history: History::default(),
            scenes: Scenes::new(&opened.session.scenes),
            first_run: opened.first_run,
            scanned: false,
            sequence: 0,
        };
        let meters = handle.meters.clone();
        let thread = std::thread::Builder::new().name("station".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => {
                    runtime.block_on(core.run(opened.session, opened.warning, requests_in, internal_in, meters));
                    // A device that hangs while it opens must not keep the program from ending.
                    runtime.shutdown_background();
                }
                Err(error) => tracing::error!("the station could not start: {error}"),
            }
        })?;
        Ok(Self { handle, thread })
    }

    /// A host's end.
    pub fn handle(&self) -> StationHandle {
        self.handle.clone()
    }

    /// Waits until the station has ended, which it does after [`StationHandle::stop`].
    pub fn join(self) {
        // A panic of the station has been reported by the panic hook.
        let _ = self.thread.join();
    }
}

fn scanner(options: &StationOptions, internal: &mpsc::UnboundedSender<Internal>) -> std::io::Result<Scanner> {
    let found = internal.clone();
    let settings = ScanSettings {
        hosts: options.hosts.clone(),
        ..ScanSettings::default()
    };
    Scanner::start_with(settings, move |list| {
        // After the station has ended nobody wants to know.
        let _ = found.send(Internal::Devices(list));
    })
}

/// What reaches the station from its own helpers.
pub(crate) enum Internal {
    Engine(EngineNotice),
    Devices(Arc<DeviceList>),
    CaptureOpened(DeviceId, Result<CaptureStream, OpenError>),
    Recording(RecorderId, News),
    BlackBox(BoxNews),
    Orphans(Looked),
    Saved(Result<(), SessionError>),
    Timeline(ScribeNews),
    Password(Kept),
    TitleFile(Look),
    Announcer(AnnouncerNews),
    Deck(DeckFinding),
    Tracks(TrackNews),
    Cart(CartFinding),
    PlaybackOpened {
        output: OutputName,
        attempt: u64,
        opened: Opened,
    },
}

/// All of the station's state.
pub(crate) struct Core {
    pub(crate) desk: Desk,
    pub(crate) strips: Strips,
    pub(crate) decks: Decks,
    pub(crate) tracks: TrackDesk,
    pub(crate) walls: Walls,
    /// How far a stream's address may lead.
    pub(crate) reach: Reach,
    pub(crate) captures: Captures,
    pub(crate) playbacks: Playbacks,
    pub(crate) recorders: Recorders,
    pub(crate) air: Air,
    pub(crate) air_delay: AirLine,
    pub(crate) black_box: BoxDesk,
    pub(crate) dead_air: DeadAir,
    /// The session's, which a running desk keeps and does not play.
    pub(crate) automation: Vec<Automation>,
    pub(crate) pieces: Pieces,
    pub(crate) devices: Arc<DeviceList>,
    pub(crate) notices: Notices,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) listeners: ListenerHub,
    pub(crate) urls: Vec<String>,
    pub(crate) programs_at: Option<String>,
    pub(crate) mounts: ListeningSettings,
    pub(crate) hls: HlsLine,
    pub(crate) title_file: TitleFile,
    pub(crate) announcer: Announcer,
    pub(crate) scanner: Scanner,
    pub(crate) breakdown: Breakdown,
    pub(crate) file: Arc<SessionFile>,
    /// Another thread is saving: a disk may take its time.
    pub(crate) saving: bool,
    /// Since when there is something (more) to save.
    pub(crate) unsaved: Option<Instant>,
    /// How long it waits for that.
    pub(crate) save_after: Duration,
    pub(crate) buses: [BusState; BUSES],
    pub(crate) vcas: [VcaState; VCA_GROUPS],
    pub(crate) talkover: DuckerSettings,
    pub(crate) limiter: LimiterSettings,
    pub(crate) meters: Meters,
    pub(crate) losses: Losses,
    pub(crate) timeline: Timeline,
    pub(crate) fades: Fades,
    pub(crate) history: History,
    pub(crate) scenes: Scenes,
    pub(crate) first_run: bool,
    pub(crate) scanned: bool,
    pub(crate) sequence: u32,
    pub(crate) internal: mpsc::UnboundedSender<Internal>,
}

impl Core {
    async fn run(
        mut self,
        session: Session,
        warning: Option<String>,
        mut requests: mpsc::Receiver<Request>,
        mut internal: mpsc::UnboundedReceiver<Internal>,
        meters: broadcast::Sender<Arc<DeskMeters>>,
    ) {
        self.log_start();
        self.take_up(session);
        self.look_for_orphans();
        self.start_black_box();
        self.start_meters();
        if let Some(warning) = warning {
            self.notice(Severity::Warning, warning);
        }
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut meter_tick = tokio::time::interval(METER_TICK);
        meter_tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut fade_step = tokio::time::interval(fades::STEP);
        fade_step.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut ticks = 0_u64;
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(Request::Command(command, answer)) => self.obey(command, answer),
                    Some(Request::Snapshot(answer)) => { let _ = answer.send(self.snapshot()); }
                    Some(Request::ItemPath(strip, item, answer)) => {
                        // A host that has gone does not want the answer.
                        let _ = answer.send(self.decks.path(strip, item));
                    }
                    Some(Request::Monitor(bus, answer)) => {
                        // As above.
                        let _ = answer.send(BusMonitor::new(self.desk.bus(bus), &self.desk.clock, self.desk.rate));
                    }
                    Some(Request::ListenAt(urls)) => {
                        self.urls = urls;
                        self.tell_listening();
                    }
                    Some(Request::ProgramsAt(url)) => {
                        self.programs_at = Some(url.clone());
                        self.tell(Event::ProgramsAt(Some(url)));
                    }
                    Some(Request::Notice(severity, text)) => self.notice(severity, text),
                    Some(Request::Programs(strip, answer)) => {
                        // Who asked may have gone.
                        let _ = answer.send(self.way_in(strip.as_deref()));
                    }
                    Some(Request::Stop(answer)) => {
                        // A host that has gone finds it in the log.
                        let _ = answer.send(self.stop(&mut internal).await);
                        return;
                    }
                    #[cfg(feature = "fault")]
                    Some(Request::BreakEngine) => self.desk.break_engine(),
                    #[cfg(feature = "fault")]
                    Some(Request::Slept(seconds)) => self.hear_engine(EngineNotice::Slept(seconds)),
                    None => {
                        // Every host has gone; `stop` has logged it.
                        let _ = self.stop(&mut internal).await;
                        return;
                    }
                },
                Some(message) = internal.recv() => self.hear(message),
                _ = tick.tick() => {
                    ticks += 1;
                    self.look_after(ticks);
                }
                _ = fade_step.tick(), if !self.fades.is_empty() => self.step_fades(),
                _ = meter_tick.tick(), if meters.receiver_count() > 0 => {
                    // Somebody looks: a pad is lit as soon as it sounds.
                    self.look_after_carts(false);
                    let frame = Arc::new(self.meters());
                    // Everybody may have left since the count was taken.
                    let _ = meters.send(frame);
                }
            }
        }
    }

    /// Tells every host. Nobody listening is no fault.
    pub(crate) fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Puts something before the operator.
    pub(crate) fn notice(&mut self, severity: Severity, text: String) {
        if let Some(notice) = self.notices.add(severity, text) {
            self.tell(Event::Notice(notice));
        }
    }

    /// Takes in what helpers report.
    pub(crate) fn hear(&mut self, message: Internal) {
        match message {
            Internal::Engine(notice) => self.hear_engine(notice),
            Internal::Devices(list) => self.hear_devices(list),
            Internal::CaptureOpened(device, result) => self.capture_opened(&device, result),
            Internal::Recording(recorder, news) => self.hear_recorder(recorder, news),
            Internal::BlackBox(news) => self.hear_black_box(news),
            Internal::Orphans(looked) => self.hear_orphans(looked),
            Internal::Deck(finding) => self.hear_of_files(finding),
            Internal::Tracks(news) => self.hear_of_tracks(news),
            Internal::Cart(finding) => self.hear_of_cart(finding),
            Internal::Saved(result) => self.saved(result),
            Internal::Timeline(news) => self.hear_scribe(news),
            Internal::Password(kept) => self.hear_password(kept),
            Internal::Announcer(news) => self.hear_announcer(news),
            Internal::TitleFile(look) => self.hear_title_file(look),
            Internal::PlaybackOpened {
                output,
                attempt,
                opened,
            } => self.playback_opened(output, attempt, opened),
        }
    }

    /// What runs by itself: devices, recorder, stream, session.
    fn look_after(&mut self, ticks: u64) {
        self.count_losses();
        self.log_losses();
        self.look_after_engine();
        self.tell_meters();
        self.follow_captures();
        self.follow_playbacks();
        self.look_after_streams(ticks.is_multiple_of(5));
        self.refresh_strips(ticks.is_multiple_of(5));
        self.look_after_title_file();
        if ticks.is_multiple_of(5) {
            self.look_after_announcer();
        }
        self.look_after_decks(ticks);
        self.look_after_carts(ticks.is_multiple_of(2));
        self.air_titles();
        self.look_after_recorders(ticks.is_multiple_of(5));
        self.look_after_air_delay(ticks.is_multiple_of(5));
        self.look_after_black_box(ticks.is_multiple_of(5));
        self.watch_dead_air();
        if ticks % 20 == 1 {
            self.recorders.look();
        }
        for state in self.air.refresh(ticks.is_multiple_of(10)) {
            self.log_target(&state);
            self.tell(Event::Target(state));
        }
        for warning in self.air.clear_text_warnings() {
            self.notice(Severity::Warning, warning);
        }
        if ticks.is_multiple_of(10) {
            let state = self.engine_state();
            self.tell(Event::Engine(state));
            self.tell_listening();
        }
        self.look_after_hls(ticks.is_multiple_of(10));
        self.look_after_library(ticks);
        if !self.saving && self.unsaved.is_some_and(|since| since.elapsed() > self.save_after) {
            self.save(self.session());
        }
    }
}
