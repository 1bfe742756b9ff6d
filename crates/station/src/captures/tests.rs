use airdesk_devices::simulated::{Card, ErrorKind, SimulatedCards};

use super::*;

/// The microphone `mic` of `cards`, as the station has it.
struct Desk {
    cards: SimulatedCards,
    captures: Captures,
    answers: mpsc::UnboundedReceiver<Internal>,
    list: DeviceList,
}

impl Desk {
    fn new() -> Self {
        let cards = SimulatedCards::new();
        cards.add(Card::input("mic"));
        let (internal, answers) = mpsc::unbounded_channel();
        Self {
            captures: Captures::new(internal, cards.clock(), cards.hosts()),
            answers,
            list: airdesk_devices::list(&cards.hosts(), OPEN_LIMIT),
            cards,
        }
    }

    fn look(&mut self) -> Vec<Gone> {
        self.look_for(None, 1)
    }

    /// The same of strips that ask for so many frames a callback.
    fn look_for(&mut self, buffer: Option<u16>, strips: usize) -> Vec<Gone> {
        let device = SimulatedCards::device("mic");
        let wanted = Wanted { device, buffer, strips };
        self.captures.follow(&[wanted], &self.list)
    }

    /// Takes in that the microphone was opened.
    async fn opened(&mut self) {
        let Some(Internal::CaptureOpened(device, result)) = self.answers.recv().await else {
            panic!("it is not being opened");
        };
        self.captures.opened(&device, result);
        assert!(matches!(self.now(), Capturing::Open(_)));
    }

    /// Streams are closed on another thread.
    async fn wait_for_one_stream(&self) {
        for _ in 0..1000 {
            if self.cards.streams("mic") == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} streams are open", self.cards.streams("mic"));
    }

    fn now(&self) -> Capturing {
        self.captures.capturing(&SimulatedCards::device("mic"))
    }
}

#[tokio::test]
async fn a_device_whose_rate_has_changed_is_opened_again_at_the_next_look_whether_it_said_so_or_not() {
    for announced in [true, false] {
        let mut desk = Desk::new();
        desk.look();
        desk.opened().await;
        desk.cards.advance(3.0);
        desk.cards.set_rate("mic", 44_100);
        if announced {
            desk.cards.fail("mic", ErrorKind::StreamInvalidated, 1);
        } else {
            desk.cards.advance(2.0);
        }
        let lost = desk.look();
        assert_eq!(lost.len(), 1, "{lost:?}");
        assert!(matches!(desk.now(), Capturing::Missing(_)), "it is closed first");
        assert!(desk.look().is_empty());
        assert!(matches!(desk.now(), Capturing::Opening), "announced: {announced}");
        desk.opened().await;
    }
}

#[tokio::test]
async fn a_device_that_is_gone_or_changes_all_the_time_is_not_opened_at_every_look() {
    let mut desk = Desk::new();
    desk.look();
    desk.opened().await;
    desk.cards.advance(0.5);
    desk.cards.fail("mic", ErrorKind::StreamInvalidated, 1);
    assert_eq!(desk.look().len(), 1);
    desk.look();
    assert!(
        matches!(desk.now(), Capturing::Missing(_)),
        "it was opened half a second ago"
    );

    let mut desk = Desk::new();
    desk.look();
    desk.opened().await;
    desk.cards.advance(3.0);
    desk.cards.fail("mic", ErrorKind::PermissionDenied, 1);
    assert_eq!(desk.look().len(), 1);
    desk.look();
    assert!(
        matches!(desk.now(), Capturing::Missing(_)),
        "nobody has granted access so soon"
    );
}

#[tokio::test]
async fn a_device_of_which_another_buffer_is_asked_is_closed_and_then_opened_with_it_and_not_told_lost() {
    let mut desk = Desk::new();
    desk.look_for(None, 1);
    desk.opened().await;
    assert!(desk.look_for(None, 1).is_empty());
    assert!(matches!(desk.now(), Capturing::Open(1)), "nothing has changed");
    assert!(desk.look_for(Some(1024), 1).is_empty());
    assert!(matches!(desk.now(), Capturing::Missing(_)), "it is closed first");
    assert!(desk.look_for(Some(1024), 1).is_empty());
    assert!(matches!(desk.now(), Capturing::Opening));
    desk.opened().await;
    assert!(desk.look_for(Some(1024), 1).is_empty());
    assert!(matches!(desk.now(), Capturing::Open(2)));
    desk.wait_for_one_stream().await;
    assert_eq!(desk.cards.callback_frames("mic"), Some(1024));
}

#[tokio::test]
async fn a_device_that_does_not_open_again_with_another_buffer_is_lost_once() {
    let mut desk = Desk::new();
    desk.look();
    desk.opened().await;
    desk.look_for(Some(64), 1);
    desk.cards.vanish("mic", false);
    desk.look_for(Some(64), 1);
    let Some(Internal::CaptureOpened(device, result)) = desk.answers.recv().await else {
        panic!("another message");
    };
    let lost = desk.captures.opened(&device, result).expect("it is lost");
    assert!(!lost.name.is_empty() && !lost.why.is_empty(), "{lost:?}");
    assert!(matches!(desk.now(), Capturing::Missing(_)));
}

#[tokio::test]
async fn a_strip_that_leaves_takes_its_buffer_from_nobody_else() {
    let mut desk = Desk::new();
    desk.look_for(Some(64), 2);
    desk.opened().await;
    for _ in 0..2 {
        desk.look_for(None, 1);
        assert!(matches!(desk.now(), Capturing::Open(1)), "the other strip is on air");
    }
    desk.look_for(Some(32), 2);
    assert!(
        matches!(desk.now(), Capturing::Missing(_)),
        "one that needs less is heard"
    );
}

#[test]
fn a_device_that_is_not_listed_is_named_with_what_to_do() {
    let device: DeviceId = "pipewire:gone".parse().expect("an id");
    let (internal, _station) = mpsc::unbounded_channel();
    let mut captures = Captures::new(internal, Clock::machine(), HostChoice::none());
    let list = airdesk_devices::list(&HostChoice::none(), OPEN_LIMIT);
    let wanted = Wanted {
        device: device.clone(),
        buffer: None,
        strips: 1,
    };
    let lost = captures.follow(&[wanted], &list);
    assert!(lost.is_empty(), "{lost:?}");
    let Capturing::Missing(reason) = captures.capturing(&device) else {
        panic!("it is not missing");
    };
    assert!(
        reason.contains("pipewire:gone") && reason.contains("plug it in"),
        "{reason}"
    );
}
