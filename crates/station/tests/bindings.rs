//! `ui/src/bindings.ts` is generated from the station's types. `cargo xtask bindings` rewrites it.

use std::fs;
use std::path::Path;

use airdesk_dsp::compressor::{CompressorSettings, Ratio};
use airdesk_dsp::de_esser::DeEsserSettings;
use airdesk_dsp::equaliser::{Band, BandKind, EqualiserSettings};
use airdesk_dsp::gate::GateSettings;
use airdesk_dsp::high_pass::{HighPassSettings, Slope};
use airdesk_station::api::*;
use ts_rs::{Config, TS};

fn declarations() -> String {
    let config = Config::default();
    let mut text =
        String::from("// Generated from crates/station/src/api by `cargo xtask bindings`. Never edited by hand.\n");
    macro_rules! declare {
        ($($name:ty),* $(,)?) => { $(
            text.push_str("\n");
            if let Some(docs) = <$name as TS>::docs() {
                text.push_str(&docs);
            }
            text.push_str("export ");
            text.push_str(&<$name as TS>::decl(&config));
            text.push_str("\n");
        )* };
    }
    declare!(
        AudioCommand,
        Reply,
        CommandError,
        ErrorCode,
        Snapshot,
        Event,
        ClientMessage,
        ServerMessage,
        StripState,
        StripControls,
        ChannelMode,
        DelaySettings,
        ChainSettings,
        HighPassSettings,
        Slope,
        GateSettings,
        EqualiserSettings,
        Band,
        BandKind,
        CompressorSettings,
        Ratio,
        DeEsserSettings,
        PanLaw,
        SendSettings,
        SendTap,
        Talkover,
        StripSource,
        ChannelPick,
        Material,
        RawFormat,
        RawEncoding,
        StreamState,
        StreamPhase,
        InputState,
        DeckState,
        DeckItem,
        ItemSettings,
        DeckSettings,
        FadeCurve,
        DeckPosition,
        DeckPhase,
        LoopPart,
        DeckCommand,
        CartCommand,
        PadSettings,
        PadColour,
        PadMode,
        PadSound,
        PadState,
        BankState,
        PadPlaying,
        CartsPlaying,
        CartsState,
        AnnouncerCommand,
        AnnouncerSettings,
        AnnouncerState,
        Utterance,
        Speaking,
        PastUtterance,
        SpeechAttempt,
        SpeechBackend,
        SpeechFormat,
        SpeechOutcome,
        BusName,
        BusState,
        BusChainSettings,
        VcaState,
        LoudnessState,
        SpectrumOf,
        SpectrumState,
        ScenePart,
        HistoryState,
        LimiterSettings,
        DuckerSettings,
        OutputName,
        DeviceChoice,
        Resampling,
        OutputSettings,
        OutputState,
        PlaybackState,
        DeviceState,
        RecordingFormat,
        RecordingSettings,
        RecordingSource,
        Stems,
        SplitSettings,
        StartSettings,
        SignalStart,
        ScheduleSlot,
        RecorderState,
        RecordingState,
        StreamCodec,
        ServerProtocol,
        ServerStatistics,
        TitleSeen,
        Transport,
        BroadcastSettings,
        ListenBackMode,
        ListenBackState,
        TitleHeard,
        TargetState,
        TitleState,
        PasswordState,
        AirState,
        AirDelaySettings,
        AirDelayState,
        AirDelayPhase,
        AirDump,
        BlackBoxSettings,
        BlackBoxLanes,
        BlackBoxState,
        BlackBoxPhase,
        BlackBoxRun,
        BlackBoxLane,
        BlackBoxKeeping,
        BlackBoxKept,
        BlackBoxFile,
        DeadAirSettings,
        WatchSettings,
        DeadAirState,
        StripWatch,
        SignalState,
        FallbackState,
        ListeningState,
        ListeningSettings,
        MountSettings,
        LosslessMountSettings,
        MountState,
        HlsSettings,
        HlsState,
        HlsWriting,
        TitleFileState,
        TitleFileReading,
        EngineState,
        Loss,
        ClockSource,
        Severity,
        Notice,
        TimelineEntry,
        Happening,
        TimelineKind,
        LibraryCommand,
        LibraryState,
        LibraryFolder,
        ScanState,
        ScanProgress,
        ScanSummary,
        Track,
        Play,
        Waveform,
    );
    text
}

#[test]
fn the_consoles_types_are_those_of_the_station() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bindings.ts");
    let fresh = declarations();
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        fs::write(&kept, &fresh).expect("bindings.ts can be written");
    }
    let kept = fs::read_to_string(&kept).expect("bindings.ts can be read");
    assert!(kept == fresh, "ui/src/bindings.ts is stale: run `cargo xtask bindings`");
}
