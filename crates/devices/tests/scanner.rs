//! The list of devices: true after every change, and there even when a host hangs.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use airdesk_devices::simulated::{Card, SimulatedCards};
use airdesk_devices::{DeviceList, HostCause, HostChoice, ScanSettings, Scanner, list};
use airdesk_dsp::SampleRate;

const LIMIT: Duration = Duration::from_secs(10);

fn scan(cards: &SimulatedCards, limit: Duration) -> (Scanner, Receiver<Arc<DeviceList>>) {
    let (tell, told) = mpsc::channel();
    let settings = ScanSettings {
        hosts: cards.hosts(),
        interval: Duration::from_millis(10),
        limit,
    };
    let scanner = Scanner::start_with(settings, move |list| {
        // The test may have ended.
        let _ = tell.send(list);
    });
    (scanner.expect("a thread"), told)
}

fn ids(list: &DeviceList) -> Vec<String> {
    list.devices.iter().map(|device| device.id.to_string()).collect()
}

#[test]
fn a_list_says_what_a_device_is() {
    let cards = SimulatedCards::new();
    cards.add(Card {
        inputs: 8,
        rate: 96_000,
        rates: vec![(44_100, 48_000), (192_000, 192_000)],
        ..Card::input("interface")
    });
    cards.add(Card::output("speakers"));
    cards.add(Card::output("phones"));
    cards.make_default("phones");
    let found = list(&cards.hosts(), LIMIT);
    let interface = found.find(&SimulatedCards::device("interface")).expect("listed");
    assert_eq!((interface.input_channels, interface.output_channels), (8, 0));
    assert_eq!((interface.rate.hz(), interface.host.as_str()), (96_000, "Simulated"));
    let hz = |rates: &[SampleRate]| rates.iter().map(|rate| rate.hz()).collect::<Vec<_>>();
    assert_eq!(hz(&interface.input_rates), [44_100, 48_000, 96_000, 192_000]);
    assert_eq!(interface.output_rates, []);
    let speakers = found.find(&SimulatedCards::device("speakers")).expect("listed");
    assert_eq!(
        (hz(&speakers.input_rates), hz(&speakers.output_rates)),
        (vec![], vec![48_000])
    );
    assert_eq!(found.default_input(), Some(interface));
    assert_eq!(found.default_output().map(|device| device.id.id()), Some("phones"));
    assert!(found.notices.is_empty());
    assert_eq!(list(&HostChoice::none(), LIMIT).devices, []);
}

#[test]
fn plugging_and_unplugging_is_told_once_each() {
    let cards = SimulatedCards::new();
    cards.add(Card::input("mic"));
    let (_scanner, told) = scan(&cards, LIMIT);
    assert_eq!(ids(&told.recv_timeout(LIMIT).expect("the first list")), ["custom:mic"]);
    cards.add(Card::input("line"));
    assert_eq!(
        ids(&told.recv_timeout(LIMIT).expect("a change")),
        ["custom:mic", "custom:line"]
    );
    cards.vanish("mic", true);
    assert_eq!(ids(&told.recv_timeout(LIMIT).expect("a change")), ["custom:line"]);
    cards.come_back("mic");
    assert_eq!(told.recv_timeout(LIMIT).expect("a change").devices.len(), 2);
    std::thread::sleep(Duration::from_millis(100));
    assert!(told.try_recv().is_err(), "nothing changed since");
}

#[test]
fn a_host_that_hangs_is_named_and_asked_again_when_it_answers() {
    let cards = SimulatedCards::new();
    cards.add(Card::input("mic"));
    cards.hang_listing(true);
    let (_scanner, told) = scan(&cards, Duration::from_millis(50));
    let hung = told.recv_timeout(LIMIT).expect("the first list");
    assert!(hung.devices.is_empty());
    assert_eq!(
        hung.notices.iter().map(|notice| notice.cause).collect::<Vec<_>>(),
        [HostCause::Hung]
    );
    assert_eq!(
        hung.notices[0].to_string(),
        "Simulated does not answer, so its devices are not listed; restart it"
    );
    cards.hang_listing(false);
    let back = told.recv_timeout(LIMIT).expect("a change");
    assert_eq!((ids(&back), back.notices.len()), (vec!["custom:mic".to_owned()], 0));
}
