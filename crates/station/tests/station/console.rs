//! The console through the station: every control is heard, told and kept.

use std::time::Duration;

use airdesk_dsp::Decibels;
use airdesk_station::api::{
    AudioCommand, BusChainSettings, BusName, ChannelMode, DelaySettings, DuckerSettings, ErrorCode, PanLaw, SendTap,
    Snapshot, Talkover,
};
use tokio::time::sleep;

use crate::desk::{Desk, busy_chain, level, pad};

#[tokio::test]
async fn every_control_of_a_strip_is_told_and_kept_for_the_next_run() {
    let desk = Desk::with_pads(&["One", "Two"]);
    let strip = desk.ids().await[1];
    let stages = Box::new(busy_chain());
    let delay = DelaySettings { delay_ms: 12.5 };
    let (to, tap) = (BusName::Aux3, SendTap::PreFader);
    for command in [
        AudioCommand::SetChannels {
            strip,
            mode: ChannelMode::Swapped,
        },
        AudioCommand::SetInverted {
            strip,
            left: true,
            right: false,
        },
        AudioCommand::SetDelay { strip, settings: delay },
        AudioCommand::SetStages {
            strip,
            stages: stages.clone(),
        },
        AudioCommand::SetPanLaw {
            strip,
            law: PanLaw::Balance,
        },
        AudioCommand::SetSend {
            strip,
            to,
            level: Some(-6.0),
            tap,
        },
        AudioCommand::SetVca { strip, vca: Some(2) },
        AudioCommand::SetTalkoverPart {
            strip,
            part: Talkover::Ducked,
        },
    ] {
        desk.ask(command).await;
    }
    let told = desk.now().await.strips[1].controls;
    assert_eq!((told.channels, told.inverted), (ChannelMode::Swapped, [true, false]));
    assert_eq!(
        (told.delay, told.chain, told.pan_law),
        (delay, *stages, PanLaw::Balance)
    );
    assert_eq!((told.sends[2].level, told.sends[2].tap), (level(-6.0), tap));
    assert_eq!((told.vca, told.talkover), (Some(2), Talkover::Ducked));
    let mut desk = desk.restart().await;
    let strips = desk.now().await.strips;
    assert_eq!(strips[1].controls, told);
    assert_eq!(
        strips[0].controls,
        pad("One").controls,
        "the other strip was not touched"
    );
    desk.stop().await;
}

#[tokio::test]
async fn buses_groups_talkover_and_mix_minus_are_kept_for_the_next_run() {
    let desk = Desk::with_pads(&["Guest", "Music"]);
    let guest = desk.ids().await[0];
    let mut stages = BusChainSettings::default();
    stages.compressor.on = true;
    let talkover = DuckerSettings {
        on: true,
        depth_db: 20.0,
        ..DuckerSettings::default()
    };
    let bus = BusName::Aux2;
    for command in [
        AudioCommand::SetBusFader { bus, level: Some(-3.0) },
        AudioCommand::SetBusStages {
            bus: BusName::Programme,
            stages: Box::new(stages),
        },
        AudioCommand::SetMixMinus {
            bus,
            without: Some(guest),
        },
        AudioCommand::SetVcaFader { vca: 7, level: None },
        AudioCommand::SetTalkover { settings: talkover },
    ] {
        desk.ask(command).await;
    }
    let mut desk = desk.restart().await;
    let now = desk.now().await;
    let aux = now.buses[bus.place()];
    assert_eq!((aux.fader, aux.without), (level(-3.0), Some(now.strips[0].id)));
    assert_eq!(now.buses[0].stages, stages);
    assert_eq!(
        (now.vcas[7].fader, now.vcas[0].fader),
        (Decibels::SILENCE, Decibels::UNITY)
    );
    assert_eq!(now.talkover, talkover);
    desk.ask(AudioCommand::RemoveStrip {
        strip: now.strips[0].id,
    })
    .await;
    assert_eq!(
        desk.now().await.buses[bus.place()].without,
        None,
        "nobody is left to leave out"
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_send_and_a_vca_group_are_heard() {
    let mut desk = Desk::with_pads(&["One"]);
    let strip = desk.ids().await[0];
    assert_eq!(desk.peak(BusName::Aux1).await, 0.0);
    let (to, tap) = (BusName::Aux1, SendTap::PostFader);
    desk.ask(AudioCommand::SetSend {
        strip,
        to,
        level: Some(0.0),
        tap,
    })
    .await;
    sleep(Duration::from_millis(200)).await;
    assert!(desk.peak(BusName::Aux1).await > 0.01);
    desk.ask(AudioCommand::SetVca { strip, vca: Some(0) }).await;
    desk.ask(AudioCommand::SetVcaFader { vca: 0, level: None }).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(
        (desk.peak(BusName::Aux1).await, desk.peak(BusName::Programme).await),
        (0.0, 0.0)
    );
    desk.stop().await;
}

#[tokio::test]
async fn what_goes_too_far_is_refused_by_name_value_and_range() {
    let mut desk = Desk::with_pads(&["One"]);
    let strip = desk.ids().await[0];
    // How a source comes along is another matter.
    let controls = |now: Snapshot| now.strips.into_iter().map(|strip| strip.controls).collect::<Vec<_>>();
    let before = controls(desk.now().await);
    let mut stages = busy_chain();
    stages.compressor.threshold_dbfs = 3.0;
    let settings = DelaySettings { delay_ms: 501.0 };
    let tap = SendTap::PostFader;
    for (command, said) in [
        (
            AudioCommand::SetStages {
                strip,
                stages: Box::new(stages),
            },
            "compressor threshold in dBFS goes from -60 to 0, not 3",
        ),
        (
            AudioCommand::SetDelay { strip, settings },
            "delay in ms goes from 0 to 500, not 501",
        ),
        (
            AudioCommand::SetSend {
                strip,
                to: BusName::Aux1,
                level: Some(10.5),
                tap,
            },
            "send is 10.5 dB; it goes from -90 to +10 dB, or is off",
        ),
        (
            AudioCommand::SetVca { strip, vca: Some(8) },
            "there is no VCA group 8; they go from 0 to 7",
        ),
    ] {
        assert_eq!(desk.refused(command).await, (ErrorCode::OutOfRange, said.to_owned()));
    }
    let to = BusName::Cue;
    let (code, message) = desk
        .refused(AudioCommand::SetSend {
            strip,
            to,
            level: None,
            tap,
        })
        .await;
    assert!(
        code == ErrorCode::Invalid && message.contains("aux1 to aux8"),
        "{message}"
    );
    assert_eq!(controls(desk.now().await), before);
    desk.stop().await;
}
