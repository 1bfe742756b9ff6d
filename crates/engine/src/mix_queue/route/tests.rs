use std::thread;

use super::super::{MixBlock, MixWriter, Read, mix_queue};
use super::*;
use crate::time::Nanos;

/// A queue whose blocks say their number on it, times `by`.
struct Numbered {
    writer: MixWriter,
    tap: MixTap,
    by: f32,
}

impl Numbered {
    fn new(capacity: usize, by: f32) -> Self {
        let (writer, tap) = mix_queue(capacity);
        Self { writer, tap, by }
    }

    fn publish(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let value = (self.writer.published() + 1) as f32 * self.by;
            self.writer.publish(&[[value; 2]; airdesk_dsp::BLOCK_FRAMES], Nanos(0));
        }
    }
}

/// All that is there: the number of each block, and what it says.
fn read(reader: &mut MixReader) -> Vec<(u64, f32)> {
    let (mut found, mut block) = (Vec::new(), MixBlock::default());
    loop {
        match reader.read(&mut block) {
            Read::Block => found.push((block.sequence, block.frames[0][0])),
            Read::Lost(blocks) => panic!("{blocks} blocks were lost before {}", block.sequence),
            Read::Empty => return found,
        }
    }
}

#[test]
fn readers_go_from_one_queue_to_the_next_and_back_without_a_block_lost_or_doubled() {
    let (mut bus, mut delayed) = (Numbered::new(256, 1.0), Numbered::new(256, -1.0));
    bus.publish(300);
    let route = MixRoute::along(&bus.tap);
    let tap = route.tap();
    let (mut quick, mut lazy) = (tap.reader(), tap.reader());
    // The other queue begins with block 301 of the route, and is heard from block 311 on.
    route.go_on(&delayed.tap, 311, 11);
    let mut heard = Vec::new();
    for _ in 0..30 {
        bus.publish(1);
        delayed.publish(1);
        heard.extend(read(&mut quick));
    }
    let mut late_comer = tap.reader();
    assert_eq!(
        (tap.published(), lazy.waiting(), late_comer.next_sequence()),
        (330, 30, 331)
    );
    route.go_on(&bus.tap, 341, 341);
    for _ in 0..30 {
        bus.publish(1);
        delayed.publish(1);
        heard.extend(read(&mut quick));
    }
    let expected: Vec<_> = (301..=360_u64)
        .map(|number| match number {
            311..341 => (number, -((number - 300) as f32)),
            _ => (number, number as f32),
        })
        .collect();
    assert_eq!(heard, expected);
    assert_eq!(read(&mut lazy), expected, "who sleeps hears the same");
    assert_eq!(read(&mut late_comer), expected[30..]);
    assert_eq!((route.published(), lazy.waiting()), (360, 0));
}

#[test]
fn a_route_goes_on_where_a_new_engine_begins() {
    let (mut before, mut after) = (Numbered::new(64, 1.0), Numbered::new(64, 1000.0));
    let route = MixRoute::along(&before.tap);
    let mut reader = route.tap().reader();
    before.publish(20);
    let first = route.published() + 1;
    after.publish(5);
    route.go_on(&after.tap, first, 6);
    after.publish(3);
    let heard = read(&mut reader);
    assert_eq!(heard.len(), 23);
    assert_eq!(heard[19..], [(20, 20.0), (21, 6000.0), (22, 7000.0), (23, 8000.0)]);
}

#[test]
fn what_a_reader_sleeps_through_is_counted_across_a_seam() {
    for asleep in 1..200 {
        let (mut bus, mut delayed) = (Numbered::new(64, 1.0), Numbered::new(64, 1.0));
        let route = MixRoute::along(&bus.tap);
        let mut reader = route.tap().reader();
        route.go_on(&delayed.tap, 41, 41);
        bus.publish(asleep);
        delayed.publish(asleep);
        let (mut read, mut lost, mut block) = (0, 0, MixBlock::default());
        loop {
            match reader.read(&mut block) {
                Read::Block => read += 1,
                Read::Lost(blocks) => (read, lost) = (read + 1, lost + blocks),
                Read::Empty => break,
            }
            assert_eq!(block.frames[0][0], block.sequence as f32, "{asleep}");
        }
        assert_eq!((read + lost, reader.blocks_lost()), (asleep, lost), "{asleep}");
        assert!(asleep > 32 || lost == 0, "half a ring may be slept through");
    }
}

#[test]
fn a_queue_is_given_back_when_its_last_reader_has_left_it() {
    let (mut bus, delayed) = (Numbered::new(64, 1.0), Numbered::new(64, -1.0));
    let route = MixRoute::along(&bus.tap);
    let mut reader = route.tap().reader();
    route.go_on(&delayed.tap, 11, 1);
    let kept = match &delayed.tap.0 {
        Origin::Queue(queue) => Arc::downgrade(&queue.published),
        Origin::Route(_) => unreachable!("it is a queue"),
    };
    let Numbered { mut writer, tap, .. } = delayed;
    drop(tap);
    bus.publish(10);
    for _ in 0..10 {
        writer.publish(&[[0.0; 2]; airdesk_dsp::BLOCK_FRAMES], Nanos(0));
    }
    route.go_on(&bus.tap, 21, 11);
    drop(writer);
    bus.publish(5);
    assert_eq!(route.published(), 25);
    assert!(kept.upgrade().is_some(), "somebody has still to read it");
    assert_eq!(read(&mut reader).len(), 25);
    assert!(kept.upgrade().is_none());
}

#[test]
fn readers_on_other_threads_hear_every_block_through_many_seams() {
    const BLOCKS: u64 = 20_000;
    let mut bus = Numbered::new(4096, 1.0);
    let route = MixRoute::along(&bus.tap);
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let mut reader = route.tap().reader();
            thread::spawn(move || {
                let (mut block, mut next) = (MixBlock::default(), 1);
                while next <= BLOCKS {
                    match reader.read(&mut block) {
                        Read::Block => {
                            let says = (block.sequence, block.frames[0][0].abs());
                            assert_eq!(says, (next, next as f32));
                            next += 1;
                        }
                        Read::Lost(blocks) => panic!("{blocks} blocks were lost before {next}"),
                        Read::Empty => thread::yield_now(),
                    }
                }
            })
        })
        .collect();
    let mut other: Option<Numbered> = None;
    while bus.writer.published() < BLOCKS {
        let now = bus.writer.published();
        if now.is_multiple_of(500) {
            other = match other.take() {
                None => {
                    let mut beside = Numbered::new(1024, -1.0);
                    beside.publish(now);
                    route.go_on(&beside.tap, now + 65, now + 65);
                    Some(beside)
                }
                Some(mut beside) => {
                    route.go_on(&bus.tap, now + 65, now + 65);
                    beside.publish(64);
                    bus.publish(64);
                    None
                }
            };
        }
        bus.publish(1);
        if let Some(beside) = &mut other {
            beside.publish(1);
        }
        if now.is_multiple_of(64) {
            thread::sleep(std::time::Duration::from_micros(500));
        }
    }
    for reader in readers {
        reader.join().expect("every block in order");
    }
}
