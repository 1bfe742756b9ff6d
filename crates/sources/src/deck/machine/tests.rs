use std::thread::sleep;
use std::time::{Duration, Instant};

use airdesk_dsp::{BLOCK_FRAMES, Decibels, Frame, SILENCE};
use airdesk_engine::input::{BlockTime, StripInput};
use airdesk_engine::transport::transport;

use super::*;
use crate::deck::{Curve, DeckState, Medium};

/// A file whose frames count from `first` on, to the left; to the right it is as loud as it counts to the left, so that
/// crossfades can be told apart.
struct Numbers {
    first: u64,
    length: u64,
    place: u64,
    known: bool,
    breaks_at: Option<u64>,
}

impl Medium for Numbers {
    fn read(&mut self, out: &mut [Frame]) -> Result<usize, Fault> {
        let count = out.len().min((self.length - self.place) as usize);
        for frame in &mut out[..count] {
            if self.breaks_at == Some(self.place) {
                return Err(Fault::passing("it is torn"));
            }
            *frame = [(self.first + self.place) as f32, 1.0];
            self.place += 1;
        }
        Ok(count)
    }

    fn seek(&mut self, frame: u64) -> Result<(), Fault> {
        self.place = frame.min(self.length);
        Ok(())
    }

    fn frames(&self) -> Option<u64> {
        self.known.then_some(self.length)
    }
}

fn numbers(first: u64, length: u64) -> Numbers {
    Numbers {
        first,
        length,
        place: 0,
        known: true,
        breaks_at: None,
    }
}

fn item_of(id: u64, medium: Numbers) -> Box<Item> {
    Box::new(Item {
        id,
        open: Box::new(move || Ok(Box::new(medium))),
        gain: Decibels::UNITY,
        cue_in: 0,
        cue_out: None,
        stops: false,
    })
}

fn item(id: u64, first: u64, length: u64) -> Box<Item> {
    item_of(id, numbers(first, length))
}

/// A deck without its thread, and who hears it.
struct Rig {
    machine: Machine,
    input: StripInput,
    heard: Vec<Frame>,
}

impl Rig {
    fn new() -> Self {
        let (transport, staged) = transport(48_000.0, ROOM);
        Self {
            machine: Machine::new(transport),
            input: StripInput::Staged(staged),
            heard: Vec::new(),
        }
    }

    fn tell(&mut self, command: DeckCommand) {
        self.machine.obey(command);
    }

    /// Lets the files' threads do what they can, and then hears so many blocks.
    fn hear(&mut self, blocks: usize) -> &[Frame] {
        let from = self.heard.len();
        for _ in 0..blocks {
            self.settle();
            self.hear_a_block();
        }
        self.settle();
        &self.heard[from..]
    }

    /// While the deck's thread does nothing.
    fn hear_a_block(&mut self) {
        let mut block = SILENCE;
        let time = BlockTime { due: 0.0, speed: 1.0 };
        if !self.input.read(&mut block, &time) {
            block = SILENCE;
        }
        self.heard.extend_from_slice(&block);
    }

    /// Until the deck has nothing to wait for.
    fn settle(&mut self) {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            self.machine.look();
            if !self.machine.waits() {
                return;
            }
            assert!(Instant::now() < until, "it waits for ever: {:?}", self.machine.status());
            sleep(Duration::from_millis(1));
        }
    }

    fn left(&self, from: usize) -> Vec<u64> {
        self.heard[from..].iter().map(|frame| frame[0] as u64).collect()
    }

    fn state(&self) -> DeckState {
        self.machine.status().state
    }
}

/// An item whose file opens as soon as the other end says so.
fn hanging(id: u64, medium: Numbers) -> (Box<Item>, std::sync::mpsc::Sender<()>) {
    let (opens, waits) = std::sync::mpsc::channel();
    let mut item = item(id, 1, 1);
    item.open = Box::new(move || {
        let _ = waits.recv();
        Ok(Box::new(medium))
    });
    (item, opens)
}

/// A file that gives its first frames and then hangs.
struct Hangs(Numbers, u64, std::sync::mpsc::Receiver<()>);

impl Medium for Hangs {
    fn read(&mut self, out: &mut [Frame]) -> Result<usize, Fault> {
        if self.0.place >= self.1 {
            let _ = self.2.recv();
        }
        self.0.read(out)
    }

    fn seek(&mut self, frame: u64) -> Result<(), Fault> {
        self.0.seek(frame)
    }

    fn frames(&self) -> Option<u64> {
        self.0.frames()
    }
}

impl Rig {
    /// Hears what comes, without waiting for anything, until this is so.
    fn hear_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !is_so(self) {
            assert!(Instant::now() < until, "{what}: {:?}", self.machine.status());
            self.machine.look();
            self.hear_a_block();
            sleep(Duration::from_millis(1));
        }
    }

    fn has_broken(&self, item: u64) -> bool {
        let broke = |news: &DeckNews| matches!(news, DeckNews::Broke(broken, _) if *broken == item);
        self.machine.news.iter().any(broke)
    }
}

impl Machine {
    /// It would do more if a file's thread had done more.
    fn waits(&self) -> bool {
        let on = self.score.mix.on.and_then(|id| self.score.slot(id));
        let starved = |slot: &Slot| {
            !slot.track.is_whole() && slot.track.ready() < PREPARED && !matches!(slot.track.known(), Known::Broken(_))
        };
        let next = self.score.next.and_then(|id| self.score.slot(id));
        self.switch.is_some() || on.is_some_and(starved) || next.is_some_and(starved)
    }
}

/// Says where two runs part, and not all of both.
#[track_caller]
fn same(heard: &[u64], wanted: &[u64], what: &str) {
    let parts = heard.iter().zip(wanted).position(|(heard, wanted)| heard != wanted);
    if let Some(at) = parts {
        panic!("{what}: frame {at} is {} instead of {}", heard[at], wanted[at]);
    }
    assert_eq!(heard.len(), wanted.len(), "{what}");
}

fn run(from: u64, count: usize) -> Vec<u64> {
    (from..from + count as u64).collect()
}

#[test]
fn what_is_loaded_waits_for_play_and_then_begins_with_its_first_frame_in_the_next_block() {
    let mut rig = Rig::new();
    assert_eq!(rig.state(), DeckState::Empty);
    rig.tell(DeckCommand::Load(item(7, 1, 96_000), false));
    assert!(rig.hear(5).iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(rig.state(), DeckState::Paused);
    rig.tell(DeckCommand::Play);
    rig.hear(20);
    same(&rig.left(5 * BLOCK_FRAMES), &run(1, 20 * BLOCK_FRAMES), "what is heard");
    let status = rig.machine.status();
    assert_eq!(
        (status.state, status.item, status.length),
        (DeckState::Playing, Some(7), Some(96_000))
    );
    assert_eq!(status.place, 20 * BLOCK_FRAMES as u64);
    assert_eq!(rig.machine.news, [DeckNews::Began(7)]);
}

#[test]
fn a_pause_keeps_its_place_and_a_seek_is_exact_playing_or_not() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(7, 1, 960_000), true));
    rig.hear(10);
    rig.tell(DeckCommand::Pause);
    rig.hear(3);
    let place = rig.machine.status().place;
    assert_eq!((rig.state(), place), (DeckState::Paused, 11 * BLOCK_FRAMES as u64));
    rig.tell(DeckCommand::Seek(500_000));
    rig.hear(2);
    assert_eq!(rig.machine.status().place, 500_000);
    rig.tell(DeckCommand::Play);
    let from = rig.heard.len();
    rig.hear(4);
    same(
        &rig.left(from),
        &run(500_001, 4 * BLOCK_FRAMES),
        "from its first frame, without a fade",
    );
    rig.tell(DeckCommand::Seek(100));
    let from = rig.heard.len();
    rig.hear(4);
    // One block passes from the one to the other.
    same(
        &rig.left(from)[BLOCK_FRAMES..],
        &run(101 + 64, 3 * BLOCK_FRAMES),
        "what is heard",
    );
    rig.tell(DeckCommand::Seek(u64::MAX));
    rig.hear(2);
    assert_eq!(rig.state(), DeckState::Ended);
}

#[test]
fn one_item_follows_the_other_without_a_frame_between_them() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 10_001), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 10_000))));
    rig.hear(400);
    let expected: Vec<u64> = run(1, 10_001).into_iter().chain(run(500_000, 10_000)).collect();
    same(&rig.left(0)[..20_001], &expected, "what is heard");
    assert!(rig.left(20_001).iter().all(|sample| *sample == 0));
    assert_eq!(rig.state(), DeckState::Ended);
    use DeckNews::{Began, Ended};
    assert_eq!(rig.machine.news, [Began(1), Ended(1), Began(2), Ended(2)]);
}

#[test]
fn an_item_ends_at_its_cue_begins_at_its_cue_and_has_its_own_level() {
    let mut rig = Rig::new();
    let mut first = item(1, 1, 50_000);
    (first.cue_in, first.cue_out) = (100, Some(5_100));
    let mut second = item(2, 1, 50_000);
    second.gain = Decibels::new(6.0).expect("a level");
    rig.tell(DeckCommand::Load(first, true));
    rig.tell(DeckCommand::LineUp(Some(second)));
    rig.hear(100);
    same(&rig.left(0)[..5_000], &run(101, 5_000), "what is heard");
    let louder = rig.heard[5_000];
    assert!((louder[0] - 1.995_262).abs() < 1e-4, "{louder:?}");
}

#[test]
fn a_crossfade_is_as_long_as_was_set_and_as_loud_as_its_curve_says() {
    for (curve, in_the_middle) in [(Curve::EqualGain, 1.0), (Curve::EqualPower, std::f32::consts::SQRT_2)] {
        let mut rig = Rig::new();
        rig.tell(DeckCommand::Passing(4_800, curve));
        rig.tell(DeckCommand::Load(item(1, 1, 30_000), true));
        rig.tell(DeckCommand::LineUp(Some(item(2, 1, 30_000))));
        rig.hear(900);
        // The right side is one everywhere: what it is in the fade is the sum of both gains.
        let right: Vec<f32> = rig.heard.iter().map(|frame| frame[1]).collect();
        assert!(right[..25_200].iter().all(|sample| *sample == 1.0));
        assert!(
            (right[25_200 + 2_400] - in_the_middle).abs() < 1e-3,
            "{}",
            right[27_600]
        );
        assert!(right[30_000..55_200].iter().all(|sample| *sample == 1.0));
        assert!(
            right[55_200..].iter().all(|sample| *sample == 0.0),
            "both last as long as they do, less the fade"
        );
        same(&rig.left(0)[30_000..55_200], &run(4_801, 25_200), "what is heard");
        let worst = right[25_200..30_000].windows(2).map(|pair| (pair[1] - pair[0]).abs());
        assert!(worst.fold(0.0, f32::max) < 1e-3, "no step");
    }
}

#[test]
fn next_passes_at_once_and_what_was_written_ahead_is_not_heard() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Passing(4_800, Curve::EqualGain));
    rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 1_000_001, 960_000))));
    rig.hear(100);
    rig.tell(DeckCommand::Next);
    let from = rig.heard.len();
    rig.hear(150);
    let heard = rig.left(from);
    // As soon as an order can arrive, and a step of what is written.
    let begins = heard
        .iter()
        .zip(run(6_401, heard.len()))
        .position(|(heard, on)| *heard != on);
    let begins = begins.expect("it passes") as u64;
    assert!((SETTLED - 64..SETTLED + 2 * STEP as u64).contains(&begins), "{begins}");
    let last = heard[heard.len() - 1];
    assert_eq!(
        last,
        1_000_000 + (heard.len() as u64 - begins),
        "the other is heard from its first frame"
    );
    // Nothing was lost or heard twice on the way.
    assert!(rig.heard[from..].iter().all(|frame| (frame[1] - 1.0).abs() < 1e-6));
    assert_eq!(rig.machine.status().item, Some(2));
}

#[test]
fn next_twice_before_the_first_was_heard_is_next_once_where_nothing_follows() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 1_000_001, 960_000))));
    rig.hear(50);
    rig.tell(DeckCommand::Next);
    rig.hear(1);
    rig.tell(DeckCommand::Next);
    let from = rig.heard.len();
    rig.hear(100);
    let heard = rig.left(from);
    let begins = heard.iter().position(|heard| *heard >= 1_000_000).expect("it passes");
    same(&heard[..begins], &run(51 * 64 + 1, begins), "to the frame");
    same(
        &heard[begins..],
        &run(1_000_001, heard.len() - begins),
        "from its first frame",
    );
}

#[test]
fn a_break_stops_behind_its_item_with_the_next_one_ready() {
    let mut rig = Rig::new();
    let mut first = item(1, 1, 10_000);
    first.stops = true;
    rig.tell(DeckCommand::Load(first, true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 10_000))));
    rig.hear(300);
    same(&rig.left(0)[..10_000], &run(1, 10_000), "what is heard");
    assert!(rig.left(10_000).iter().all(|sample| *sample == 0));
    let status = rig.machine.status();
    assert_eq!(
        (status.state, status.item, status.place),
        (DeckState::Paused, Some(2), 0)
    );
    rig.tell(DeckCommand::Play);
    let from = rig.heard.len();
    rig.hear(4);
    same(&rig.left(from), &run(500_000, 256), "what is heard");
}

#[test]
fn a_part_is_repeated_without_a_frame_between_and_left_again() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 0, 960_000), true));
    rig.hear(10);
    rig.tell(DeckCommand::Repeat(Some(Repeat {
        from: 20_000,
        to: 25_000,
    })));
    rig.hear(400);
    for _ in 0..600 {
        rig.hear(1);
        let place = rig.machine.status().place;
        assert!((20_000..25_000).contains(&place), "in every block: {place}");
    }
    let heard = rig.left(0);
    same(&heard[..25_000], &run(0, 25_000), "what is heard");
    for turn in 0..7 {
        let at = 25_000 + turn * 5_000;
        same(&heard[at..at + 5_000], &run(20_000, 5_000), &format!("turn {turn}"));
    }
    let place = rig.machine.status().place;
    assert!((20_000..25_000).contains(&place), "{place}");
    assert_eq!(place, heard[heard.len() - 1] + 1);
    rig.tell(DeckCommand::Repeat(None));
    rig.hear(600);
    assert!(rig.machine.status().place > 30_000);
}

#[test]
fn a_part_that_is_written_past_already_is_gone_back_into() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 0, 960_000), true));
    rig.hear(100);
    // It ends before what is written and behind what is heard.
    rig.tell(DeckCommand::Repeat(Some(Repeat { from: 5_000, to: 8_000 })));
    rig.hear(400);
    let place = rig.machine.status().place;
    assert!((5_000..8_000).contains(&place), "{place}");
}

#[test]
fn what_cannot_be_played_is_told_and_what_is_on_plays_on() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
    rig.hear(10);
    let mut broken = item(2, 1, 1);
    broken.open = Box::new(|| Err(Fault::lasting("2.mp3 is no sound file; choose another")));
    rig.tell(DeckCommand::Load(broken, true));
    rig.hear(20);
    same(&rig.left(0), &run(1, 30 * BLOCK_FRAMES), "what is heard");
    let told = DeckNews::Broke(2, Fault::lasting("2.mp3 is no sound file; choose another"));
    assert_eq!(rig.machine.news, [DeckNews::Began(1), told]);
    assert_eq!(rig.machine.status().item, Some(1));
}

#[test]
fn a_file_that_breaks_midway_is_played_so_far_and_what_follows_begins() {
    let mut rig = Rig::new();
    let torn = Numbers {
        breaks_at: Some(20_480),
        ..numbers(1, 960_000)
    };
    rig.tell(DeckCommand::Load(item_of(1, torn), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 10_000))));
    rig.hear(400);
    let heard = rig.left(0);
    same(&heard[..20_480], &run(1, 20_480), "what is heard");
    same(&heard[20_480..25_000], &run(500_000, 4_520), "what is heard");
    assert!(
        rig.machine
            .news
            .contains(&DeckNews::Broke(1, Fault::passing("it is torn"))),
        "{:?}",
        rig.machine.news
    );
}

#[test]
fn a_file_whose_length_nobody_knows_ends_with_its_last_frame() {
    let mut rig = Rig::new();
    let unknown = Numbers {
        known: false,
        ..numbers(1, 150_000)
    };
    rig.tell(DeckCommand::Passing(4_800, Curve::EqualGain));
    rig.tell(DeckCommand::Load(item_of(1, unknown), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 1, 100_000))));
    rig.hear(4_000);
    let right: Vec<f32> = rig.heard.iter().map(|frame| frame[1]).collect();
    same(&rig.left(0)[..145_200], &run(1, 145_200), "what is heard");
    assert!(right[..245_200 - 64].iter().all(|sample| (sample - 1.0).abs() < 1e-5));
}

#[test]
fn what_is_lined_up_behind_the_end_before_that_was_heard_follows() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
    rig.hear(100);
    rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 10_000))));
    rig.hear(200);
    let expected: Vec<u64> = run(1, 12_000).into_iter().chain(run(500_000, 7_200)).collect();
    same(&rig.left(0), &expected, "what is heard");
}

#[test]
fn what_follows_an_item_that_gives_no_frames_is_played_as_soon_as_it_is_said() {
    let mut rig = Rig::new();
    let mut empty = item(2, 1, 10_000);
    empty.cue_in = 50_000;
    rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
    rig.tell(DeckCommand::LineUp(Some(empty)));
    rig.hear(200);
    assert_eq!(rig.state(), DeckState::Ended);
    rig.tell(DeckCommand::LineUp(Some(item(3, 500_000, 10_000))));
    let from = rig.heard.len();
    rig.hear(10);
    same(&rig.left(from), &run(500_000, 640), "what is heard");
    assert_eq!(rig.state(), DeckState::Playing);
}

#[test]
fn nothing_begins_by_itself_where_nothing_was_to_follow_or_it_was_stopped() {
    for stopped in [false, true] {
        let mut rig = Rig::new();
        rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
        if !stopped {
            rig.tell(DeckCommand::LineUp(None));
        }
        rig.hear(100);
        rig.tell(DeckCommand::Seek(6_000));
        rig.hear(200);
        assert_eq!(rig.state(), DeckState::Ended);
        if stopped {
            rig.tell(DeckCommand::Pause);
        }
        rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 10_000))));
        let from = rig.heard.len();
        rig.hear(10);
        assert!(rig.left(from).iter().all(|sample| *sample == 0), "stopped: {stopped}");
    }
}

#[test]
fn what_is_lined_up_while_the_end_is_being_heard_follows() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
    rig.hear(187);
    rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 10_000))));
    // The engine comes to the end before the order does.
    rig.hear_a_block();
    let from = rig.heard.len();
    rig.hear(100);
    let heard = rig.left(from);
    let begins = heard.iter().position(|sample| *sample != 0).expect("it is heard");
    same(&heard[begins..begins + 640], &run(500_000, 640), "what is heard");
}

#[test]
fn a_pause_just_behind_the_end_does_not_hide_it() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
    rig.hear(187);
    rig.hear_a_block();
    rig.tell(DeckCommand::Pause);
    rig.hear(2);
    assert_eq!(rig.state(), DeckState::Ended);
    assert_eq!(rig.machine.news, [DeckNews::Began(1), DeckNews::Ended(1)]);
}

#[test]
fn nothing_is_heard_of_what_is_put_on_to_wait_while_another_plays() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
    rig.hear(10);
    // Of the orders that come, the engine takes one at a time.
    (0..63).for_each(|_| rig.tell(DeckCommand::Play));
    rig.machine.send_orders();
    rig.tell(DeckCommand::Load(item(2, 500_000, 960_000), false));
    rig.settle();
    let from = rig.heard.len();
    rig.hear(10);
    assert!(rig.left(from).iter().all(|sample| *sample < 500_000), "none of it");
}

#[test]
fn a_file_that_does_not_open_is_told_and_what_is_said_instead_is_played() {
    let mut rig = Rig::new();
    rig.machine.patience = Duration::from_millis(50);
    let (hangs, _opens) = hanging(2, numbers(1, 10_000));
    rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
    rig.hear(1);
    rig.tell(DeckCommand::LineUp(Some(hangs)));
    rig.hear_until("it is given up", |rig| rig.has_broken(2));
    rig.tell(DeckCommand::LineUp(Some(item(3, 500_000, 10_000))));
    rig.hear_until("the next", |rig| rig.machine.status().item == Some(3));
    assert_eq!(rig.state(), DeckState::Playing);
}

#[test]
fn what_is_put_on_and_does_not_open_is_given_up_or_left_by_next() {
    for by_next in [false, true] {
        let mut rig = Rig::new();
        if !by_next {
            rig.machine.patience = Duration::from_millis(50);
        }
        let (hangs, _opens) = hanging(2, numbers(1, 10_000));
        rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
        rig.hear(10);
        rig.tell(DeckCommand::Load(hangs, true));
        rig.machine.look();
        assert_eq!(rig.state(), DeckState::Loading);
        if by_next {
            rig.tell(DeckCommand::Next);
        }
        rig.hear_until("it is left", |rig| rig.state() == DeckState::Playing);
        assert_eq!(rig.has_broken(2), !by_next);
        assert_eq!(rig.machine.status().item, Some(1));
        rig.tell(DeckCommand::LineUp(Some(item(3, 500_000, 10_000))));
        rig.hear(10);
        rig.tell(DeckCommand::Next);
        rig.hear_until("what follows", |rig| rig.machine.status().item == Some(3));
    }
}

#[test]
fn a_file_that_hangs_midway_is_passed_from_by_next_or_given_up() {
    for by_next in [false, true] {
        let mut rig = Rig::new();
        if !by_next {
            rig.machine.patience = Duration::from_millis(50);
        }
        let (_lasts, waits) = std::sync::mpsc::channel();
        let mut hangs = item(1, 1, 1);
        hangs.open = Box::new(move || Ok(Box::new(Hangs(numbers(1, 960_000), 20_480, waits))));
        rig.tell(DeckCommand::Passing(4_800, Curve::EqualGain));
        rig.tell(DeckCommand::Load(hangs, true));
        rig.hear_until("it plays", |rig| rig.state() == DeckState::Playing);
        rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 96_000))));
        rig.hear_until("its last", |rig| rig.machine.transport.heard() >= 20_400);
        if by_next {
            rig.tell(DeckCommand::Next);
        }
        rig.hear_until("the next", |rig| {
            rig.heard.last().is_some_and(|frame| frame[0] >= 500_000.0)
        });
        assert_eq!(rig.machine.status().item, Some(2));
        assert_eq!(rig.has_broken(1), !by_next);
    }
}

#[test]
fn a_seek_or_a_loop_just_before_a_seam_keeps_what_follows() {
    let part = Repeat { from: 5_000, to: 9_000 };
    let commands: [fn(Repeat) -> DeckCommand; 2] =
        [|_| DeckCommand::Seek(2_000), |part| DeckCommand::Repeat(Some(part))];
    for (command, crossfade) in commands.iter().flat_map(|command| [(command, 0), (command, 2_000)]) {
        let mut rig = Rig::new();
        rig.tell(DeckCommand::Passing(crossfade, Curve::EqualGain));
        rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
        rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 96_000))));
        // The one is heard, and much of the other is written.
        rig.hear(120);
        rig.tell(command(part));
        rig.hear(50);
        assert_eq!(rig.machine.status().item, Some(1));
        rig.tell(DeckCommand::Repeat(None));
        rig.hear(500);
        assert_eq!(rig.machine.status().item, Some(2));
        let heard = rig.left(0);
        let last = heard.len() - 1;
        let begins = heard
            .iter()
            .rposition(|sample| (1..=12_000).contains(sample))
            .expect("heard")
            + 1;
        if crossfade == 0 {
            same(
                &heard[begins..],
                &run(500_000, last + 1 - begins),
                "from its first frame",
            );
        }
        assert_eq!(heard[last], 499_999 + rig.machine.status().place, "where it says");
    }
}

#[test]
fn another_engine_takes_nothing_off_that_follows_or_is_to_come() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 96_000))));
    rig.hear(120);
    let (another, staged) = transport(48_000.0, ROOM);
    rig.input = StripInput::Staged(staged);
    rig.tell(DeckCommand::Through(Box::new(another)));
    let from = rig.heard.len();
    rig.hear(200);
    let expected: Vec<u64> = (7_681..=12_000).chain(500_000..500_000 + 12_800 - 4_320).collect();
    same(&rig.left(from), &expected, "what is heard");
    // And while another is to come, which is not to play, what is on plays on.
    let (hangs, opens) = hanging(3, numbers(1, 10_000));
    rig.tell(DeckCommand::Load(hangs, false));
    rig.machine.look();
    let (another, staged) = transport(48_000.0, ROOM);
    rig.input = StripInput::Staged(staged);
    rig.tell(DeckCommand::Through(Box::new(another)));
    let place = rig.heard.len();
    rig.hear_until("it plays on", |rig| {
        rig.left(place).iter().any(|sample| *sample > 500_000)
    });
    opens.send(()).expect("it waits");
    rig.hear_until("it waits", |rig| rig.state() == DeckState::Paused);
    assert_eq!(rig.machine.status().item, Some(3));
}

#[test]
fn next_just_behind_a_change_of_the_loop_goes_on_to_the_frame() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 1_000_001, 960_000))));
    rig.hear(50);
    let part = Repeat {
        from: 200_000,
        to: 300_000,
    };
    rig.tell(DeckCommand::Repeat(Some(part)));
    rig.tell(DeckCommand::Next);
    rig.hear(100);
    let heard = rig.left(0);
    let begins = heard.iter().position(|heard| *heard >= 1_000_000).expect("it passes");
    same(&heard[..begins], &run(1, begins), "to the frame");
    same(
        &heard[begins..],
        &run(1_000_001, heard.len() - begins),
        "from its first frame",
    );
}

#[test]
fn a_break_is_behind_the_item_that_it_was_set_for_and_not_behind_what_is_written() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 12_000), true));
    rig.tell(DeckCommand::LineUp(Some(item(2, 500_000, 20_000))));
    rig.hear(120);
    // The second is being written already.
    rig.tell(DeckCommand::StopBehind(1, true));
    rig.hear(100);
    rig.tell(DeckCommand::LineUp(Some(item(3, 900_000, 20_000))));
    rig.hear(400);
    let status = rig.machine.status();
    assert_eq!((status.state, status.item), (DeckState::Playing, Some(3)));
}

#[test]
fn what_is_taken_off_is_silent_and_an_empty_deck_does_nothing() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
    rig.hear(10);
    rig.tell(DeckCommand::Eject);
    rig.hear(2);
    assert!(rig.hear(5).iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(rig.state(), DeckState::Empty);
    for command in [
        DeckCommand::Play,
        DeckCommand::Next,
        DeckCommand::Seek(9),
        DeckCommand::Repeat(None),
    ] {
        rig.tell(command);
    }
    assert!(rig.hear(5).iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(rig.state(), DeckState::Empty);
    rig.tell(DeckCommand::Load(item(2, 1, 960_000), true));
    let from = rig.heard.len();
    rig.hear(5);
    same(&rig.left(from), &run(1, 320), "what is heard");
}

#[test]
fn another_engine_goes_on_where_the_one_before_was() {
    let mut rig = Rig::new();
    rig.tell(DeckCommand::Load(item(1, 1, 960_000), true));
    rig.hear(100);
    let (another, staged) = transport(48_000.0, ROOM);
    rig.input = StripInput::Staged(staged);
    rig.tell(DeckCommand::Through(Box::new(another)));
    let from = rig.heard.len();
    rig.hear(10);
    same(&rig.left(from), &run(6_401, 640), "what is heard");
}
