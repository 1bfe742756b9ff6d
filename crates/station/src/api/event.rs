//! What the station tells its hosts, and the messages of the WebSocket.

use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    AirDelayState, AnnouncerState, AudioCommand, BlackBoxState, BusName, BusState, CartsPlaying, CartsState,
    CommandError, DeadAirState, DeckPosition, DeckState, DeviceState, DuckerSettings, EngineState, ErrorCode,
    HistoryState, HlsState, LibraryState, LimiterSettings, ListeningState, LoudnessState, Notice, OutputState,
    RecorderId, RecorderState, Reply, Snapshot, SpectrumState, StreamState, StripState, TargetId, TargetState,
    TimelineEntry, TitleFileState, TitleState, VcaState,
};

/// One part of the [`Snapshot`] has a new value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", content = "value", rename_all = "camelCase")]
pub enum Event {
    /// A strip is new (at the right end) or has changed.
    Strip(StripState),
    /// All strips, in a new order.
    Strips(Vec<StripState>),
    /// A strip is gone.
    StripRemoved(#[ts(type = "number")] StripId),
    /// A deck is new or has changed.
    Deck(Box<DeckState>),
    /// A deck is elsewhere; five times a second while it plays.
    DeckPosition(DeckPosition),
    /// A strip is no deck any more.
    DeckRemoved(#[ts(type = "number")] StripId),
    /// A cart wall is new or has changed.
    Carts(Box<CartsState>),
    /// What sounds of a cart wall; five times a second while something does.
    CartsPlaying(CartsPlaying),
    /// A strip is no cart wall any more.
    CartsRemoved(#[ts(type = "number")] StripId),
    /// A strip's stream is new or has changed; twice a second while it is heard.
    Stream(Box<StreamState>),
    /// A strip has no stream any more.
    StreamRemoved(#[ts(type = "number")] StripId),
    /// Where other programs play into the desk; `null` for nowhere.
    ProgramsAt(Option<String>),
    /// The announcer has changed; twice a second while it speaks.
    Announcer(Box<AnnouncerState>),
    /// A bus has changed.
    Bus(BusState),
    /// A VCA group has moved.
    Vca(VcaState),
    /// The programme's limiter has changed.
    Limiter(LimiterSettings),
    /// Talkover has changed.
    Talkover(DuckerSettings),
    /// There are other scenes: their names.
    Scenes(Vec<String>),
    /// What can be taken back.
    History(HistoryState),
    /// What the loudness meter of a bus reads, ten times a second.
    Loudness(LoudnessState),
    /// A bus is not measured any more.
    LoudnessEnded(BusName),
    /// A spectrum that some console looks at, ten times a second each.
    Spectrum(SpectrumState),
    /// An output has changed.
    Output(OutputState),
    /// The list of devices has changed.
    Devices(Vec<DeviceState>),
    /// The recorder has changed; twice a second while it records.
    Recorder(Box<RecorderState>),
    /// A recorder is gone.
    RecorderRemoved(RecorderId),
    /// A target is new (at the end) or has changed; once a second while it is on air.
    Target(TargetState),
    /// A target is gone.
    TargetRemoved(#[ts(type = "number")] TargetId),
    /// Something else is on.
    Title(TitleState),
    /// Another file is followed for titles, or something else is read there.
    TitleFile(TitleFileState),
    /// The broadcast delay has changed; twice a second while it grows or shrinks.
    AirDelay(AirDelayState),
    /// The dead-air watch has changed.
    DeadAir(DeadAirState),
    /// The black box has changed; twice a second while it turns.
    BlackBox(Box<BlackBoxState>),
    /// The listener mounts have changed.
    Listening(ListeningState),
    /// The track library has changed; five times a second at most while it is scanned.
    Library(Box<LibraryState>),
    /// HLS has changed; once a second while it is on.
    Hls(HlsState),
    /// The engine's health, once a second.
    Engine(EngineState),
    /// Something to read.
    Notice(Notice),
    /// A notice was dismissed.
    NoticeDismissed(u32),
    /// Something has happened and is on disk, or an entry that is known already has grown. It is no part of the snapshot.
    Timeline(TimelineEntry),
}

/// What a console sends over the WebSocket, as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientMessage {
    /// Chosen by the client; the answer carries it back.
    pub id: u32,
    /// What is asked.
    pub command: AudioCommand,
}

impl ClientMessage {
    /// Reads what a console has sent.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] with what is wrong, and the client's number where it can be told.
    pub fn read(text: &str) -> Result<Self, (Option<u32>, CommandError)> {
        serde_json::from_str(text).map_err(|error| Self::fault(text, &error))
    }

    /// What is wrong with a message that could not be read, told from the inside out.
    fn fault(text: &str, error: &serde_json::Error) -> (Option<u32>, CommandError) {
        let invalid = |message| CommandError {
            code: ErrorCode::Invalid,
            message,
        };
        let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
            let message = format!("this is not JSON: {error}; a number in it looks like -6.5, and NaN is none");
            return (None, invalid(message));
        };
        let id = value["id"].as_u64().and_then(|id| u32::try_from(id).ok());
        let command = value.get("command").cloned().map(AudioCommand::read);
        let fault = match command {
            Some(Err(fault)) => fault,
            _ => invalid(format!("this is not a message with an id and a command: {error}")),
        };
        (id, fault)
    }
}

/// What a console receives over the WebSocket, as text. Meters come as binary messages between.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// First of all, and again after the connection could not keep up.
    Snapshot {
        /// The whole desk.
        snapshot: Box<Snapshot>,
    },
    /// Something has changed.
    Event {
        /// What.
        event: Box<Event>,
    },
    /// A command was obeyed.
    Reply {
        /// The client's number.
        id: u32,
        /// What came of it.
        reply: Reply,
    },
    /// A command was refused, or the message could not be read (`id` is then `null`).
    Error {
        /// The client's number.
        id: Option<u32>,
        /// Why.
        error: CommandError,
    },
}
