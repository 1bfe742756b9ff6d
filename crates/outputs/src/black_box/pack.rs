//! Blocks of audio in few bytes and little time: without loss in 24 bits, and beyond full scale too, up to +24 dBFS.
//!
//! A block of 64 frames is predicted from the samples before (a fixed predictor of order 0, 1 or 2, as in FLAC), left and
//! right or one of them and their difference, and what is left is written with as many bits as its largest value needs.
//! With blocks so short that is about as small as Rice codes are, and a loop without branches. Silence and losses are
//! counted, not written. No state outlives a [`Packer`]: its bytes can be read by themselves. For threads that may block.

use airdesk_dsp::{BLOCK_FRAMES, Block, SILENCE};

/// So many blocks of silence follow, 16 bits, little-endian.
const SILENT: u8 = 0;
/// So many blocks were lost.
const LOST: u8 = 1;
/// A block: the low bits say how it is predicted, then come two widths in bits, then both signals.
const AUDIO: u8 = 0x80;
/// Full scale of 24 bits.
const FULL: f64 = 8_388_608.0;
/// +24 dBFS: of sixteen times full scale a difference between sides, twice differentiated, still fits into 32 bits.
const HIGHEST: f64 = FULL * 16.0;

/// One signal of a block.
type Signal = [i32; BLOCK_FRAMES];
/// The last two samples before a block, newest first.
type Before = [i32; 2];

/// What stands in the two places of a block.
const SIDES: [(usize, usize); 3] = [(LEFT, RIGHT), (LEFT, SIDE), (RIGHT, SIDE)];
const LEFT: usize = 0;
const RIGHT: usize = 1;
/// Left minus right.
const SIDE: usize = 2;

/// Packs the blocks of one lane.
#[derive(Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
    /// The samples before, of left, right and side.
    before: [Before; 3],
    /// Blocks that are counted and not yet written, and as what.
    run: (u8, u16),
    blocks: u32,
    lost: u32,
}

impl Packer {
    /// Appends a block.
    pub(super) fn push(&mut self, block: &Block) {
        let (left, right) = quantised(block);
        self.blocks += 1;
        if left.iter().chain(&right).all(|sample| *sample == 0) {
            self.count(SILENT);
            return;
        }
        self.end_run();
        let side: Signal = std::array::from_fn(|n| left[n] - right[n]);
        let signals = [left, right, side];
        let best: [(usize, u32); 3] = std::array::from_fn(|n| narrowest(&signals[n], self.before[n]));
        let bits = |(a, b): (usize, usize)| best[a].1 + best[b].1;
        let mut mode = 0;
        for (n, sides) in SIDES.into_iter().enumerate() {
            if bits(sides) < bits(SIDES[mode]) {
                mode = n;
            }
        }
        let (a, b) = SIDES[mode];
        self.bytes
            .extend([AUDIO | (mode << 4 | best[a].0 << 2 | best[b].0) as u8]);
        self.bytes.extend([best[a].1 as u8, best[b].1 as u8]);
        for place in [a, b] {
            let (order, width) = best[place];
            write_bits(
                &residuals(&signals[place], self.before[place], order),
                width,
                &mut self.bytes,
            );
        }
        self.before = signals.map(|signal| [signal[BLOCK_FRAMES - 1], signal[BLOCK_FRAMES - 2]]);
    }

    /// Appends `blocks` blocks that were lost: silence that is counted.
    pub(super) fn push_lost(&mut self, blocks: u32) {
        for _ in 0..blocks {
            self.count(LOST);
        }
        self.blocks += blocks;
        self.lost += blocks;
    }

    /// Appends `blocks` blocks of silence.
    pub(super) fn push_silence(&mut self, blocks: u32) {
        for _ in 0..blocks {
            self.count(SILENT);
        }
        self.blocks += blocks;
    }

    /// Blocks so far.
    pub(super) fn blocks(&self) -> u32 {
        self.blocks
    }

    /// Blocks among them that were lost.
    pub(super) fn lost(&self) -> u32 {
        self.lost
    }

    /// What it came to.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.end_run();
        self.bytes
    }

    fn count(&mut self, what: u8) {
        if self.run.0 != what || self.run.1 == u16::MAX {
            self.end_run();
        }
        self.run = (what, self.run.1 + 1);
        self.before = Default::default();
    }

    fn end_run(&mut self) {
        let (what, blocks) = std::mem::take(&mut self.run);
        if blocks > 0 {
            self.bytes.push(what);
            self.bytes.extend(blocks.to_le_bytes());
        }
    }
}

/// To 24 bits and beyond. What is no number is silence.
fn quantised(block: &Block) -> (Signal, Signal) {
    // Adding this leaves the nearest whole number in the low bits, a tie to the even one.
    const NEAREST: f64 = 6_755_399_441_055_744.0;
    let whole = |sample: f32| {
        let value = (f64::from(sample) * FULL).clamp(-HIGHEST, HIGHEST);
        (value + NEAREST).to_bits() as i32
    };
    let side = |side: usize| std::array::from_fn(|n| whole(block[n][side]));
    (side(0), side(1))
}

/// The order that needs the fewest bits, and how many.
fn narrowest(signal: &Signal, before: Before) -> (usize, u32) {
    let mut best = (0, width(&residuals(signal, before, 0)));
    for order in 1..=2 {
        let width = width(&residuals(signal, before, order));
        if width < best.1 {
            best = (order, width);
        }
    }
    best
}

/// What a predictor of this order leaves, with the sign in the lowest bit.
fn residuals(signal: &Signal, before: Before, order: usize) -> [u32; BLOCK_FRAMES] {
    let mut all = [0; BLOCK_FRAMES + 2];
    (all[0], all[1]) = (before[1], before[0]);
    all[2..].copy_from_slice(signal);
    let residual = |n: usize| match order {
        0 => all[n + 2],
        1 => all[n + 2] - all[n + 1],
        _ => all[n + 2] - 2 * all[n + 1] + all[n],
    };
    std::array::from_fn(|n| {
        let residual = residual(n);
        ((residual << 1) ^ (residual >> 31)) as u32
    })
}

/// Bits of the largest.
fn width(residuals: &[u32; BLOCK_FRAMES]) -> u32 {
    u32::BITS - residuals.iter().fold(0, |all, one| all | one).leading_zeros()
}

/// Appends the low `width` bits of each: 8 bytes for every bit of width.
fn write_bits(values: &[u32; BLOCK_FRAMES], width: u32, bytes: &mut Vec<u8>) {
    let (mut held, mut count) = (0_u64, 0);
    for value in values {
        held |= u64::from(*value) << count;
        count += width;
        if count >= 32 {
            bytes.extend_from_slice(&(held as u32).to_le_bytes());
            held >>= 32;
            count -= 32;
        }
    }
    debug_assert_eq!(count, 0, "64 values fill whole words");
}

/// What was packed is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// Unpacks what a [`Packer`] made, block by block.
pub(super) struct Unpacker<'a> {
    bytes: &'a [u8],
    before: [Before; 2],
    run: (u8, u16),
}

/// One block, as it was packed.
// Looked at and gone: a box for each would take longer than the copy.
#[allow(clippy::large_enum_variant)]
pub(super) enum Unpacked {
    /// It was heard, or silent.
    Block(Block),
    /// It was lost.
    Lost,
}

impl<'a> Unpacker<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            before: Default::default(),
            run: (SILENT, 0),
        }
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    /// When the bytes were not made by a [`Packer`].
    pub(super) fn next(&mut self) -> Result<Option<Unpacked>, Damaged> {
        if self.run.1 == 0 {
            let Some((first, rest)) = self.bytes.split_first() else {
                return Ok(None);
            };
            self.bytes = rest;
            if first & AUDIO != 0 {
                return self.audio(*first).map(Some);
            }
            let count = self.take(2)?;
            self.run = (*first, u16::from_le_bytes([count[0], count[1]]));
            self.before = Default::default();
            if self.run.0 > LOST || self.run.1 == 0 {
                return Err(Damaged);
            }
        }
        self.run.1 -= 1;
        Ok(Some(match self.run.0 {
            LOST => Unpacked::Lost,
            _ => Unpacked::Block(SILENCE),
        }))
    }

    fn audio(&mut self, first: u8) -> Result<Unpacked, Damaged> {
        let (a, b) = *SIDES.get(usize::from(first >> 4 & 7)).ok_or(Damaged)?;
        let orders = [usize::from(first >> 2 & 3), usize::from(first & 3)];
        let widths = self.take(2)?;
        let mut signals = [[0; BLOCK_FRAMES]; 3];
        for ((place, order), width) in [a, b].into_iter().zip(orders).zip(widths) {
            if *width > 32 || order > 2 {
                return Err(Damaged);
            }
            let packed = self.take(usize::from(*width) * 8)?;
            let [left, right] = self.before;
            let before = match place {
                LEFT => left,
                RIGHT => right,
                _ => [left[0].wrapping_sub(right[0]), left[1].wrapping_sub(right[1])],
            };
            signals[place] = predicted(packed, u32::from(*width), before, order);
        }
        let [mut left, mut right, side] = signals;
        match (a, b) {
            (LEFT, SIDE) => right = std::array::from_fn(|n| left[n].wrapping_sub(side[n])),
            (RIGHT, SIDE) => left = std::array::from_fn(|n| right[n].wrapping_add(side[n])),
            _ => {}
        }
        self.before = [left, right].map(|signal| [signal[BLOCK_FRAMES - 1], signal[BLOCK_FRAMES - 2]]);
        let sample = |value: i32| (f64::from(value) / FULL) as f32;
        Ok(Unpacked::Block(std::array::from_fn(|n| {
            [sample(left[n]), sample(right[n])]
        })))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Damaged)?;
        self.bytes = rest;
        Ok(taken)
    }
}

/// Reads what [`write_bits`] wrote, and predicts as [`residuals`] did. Damage wraps around: it is found by a check sum.
fn predicted(packed: &[u8], width: u32, before: Before, order: usize) -> Signal {
    let mut words = packed
        .chunks_exact(4)
        .map(|word| word.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)));
    let (mut held, mut count) = (0_u64, 0);
    let mask = (1_u64 << width) - 1;
    let [mut last, mut second] = before;
    std::array::from_fn(|_| {
        if count < width {
            held |= words.next().unwrap_or(0) << count;
            count += 32;
        }
        let value = (held & mask) as u32;
        held >>= width;
        count -= width;
        let residual = (value >> 1) as i32 ^ -((value & 1) as i32);
        let sample = match order {
            0 => residual,
            1 => residual.wrapping_add(last),
            _ => residual.wrapping_add(last.wrapping_mul(2)).wrapping_sub(second),
        };
        second = std::mem::replace(&mut last, sample);
        sample
    })
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::Frame;

    use super::*;

    /// Numbers without a pattern.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) % sides
        }
    }

    fn unpacked(bytes: &[u8]) -> Vec<Option<Block>> {
        let (mut unpacker, mut all) = (Unpacker::new(bytes), Vec::new());
        while let Some(block) = unpacker.next().expect("it is whole") {
            all.push(match block {
                Unpacked::Block(block) => Some(block),
                Unpacked::Lost => None,
            });
        }
        all
    }

    fn packed(blocks: &[Block]) -> Vec<u8> {
        let mut packer = Packer::default();
        blocks.iter().for_each(|block| packer.push(block));
        packer.finish()
    }

    #[test]
    fn every_24_bit_frame_of_every_kind_of_sound_comes_back_to_the_bit() {
        let mut dice = Dice(7);
        for kind in 0..400 {
            // From silence to +24 dBFS, one-sided, central, in opposite phase, smooth and rough.
            let bits = dice.roll(28);
            let mut last = [0_i64; 2];
            let blocks: Vec<Block> = (0..12)
                .map(|_| {
                    std::array::from_fn(|_| {
                        let mut step = || dice.roll(1 << bits.max(1)) as i64 - (1 << bits.max(1) >> 1);
                        let (a, b) = (step(), step());
                        let value = match kind % 6 {
                            0 => [a, b],
                            1 => [a, a],
                            2 => [a, -a],
                            3 => [last[0] + a / 64, last[1] + b / 64],
                            4 => [a, 0],
                            _ => [0, b / 1024 + a],
                        };
                        last = value.map(|value| value.clamp(-(1 << 24), 1 << 24));
                        last.map(|value| (value as f64 / FULL) as f32) as Frame
                    })
                })
                .collect();
            let found: Vec<Block> = unpacked(&packed(&blocks)).into_iter().flatten().collect();
            assert!(found == blocks, "kind {kind}, {bits} bits");
        }
    }

    #[test]
    fn what_is_finer_than_24_bits_is_rounded_to_the_nearest_and_what_is_no_number_is_silence() {
        let mut block = SILENCE;
        block[0] = [0.3, -0.700_000_05];
        block[1] = [f32::NAN, f32::INFINITY];
        block[2] = [-1.0, 15.5];
        let found = unpacked(&packed(&[block]))[0].expect("it was heard");
        for side in 0..2 {
            assert!((found[0][side] - block[0][side]).abs() <= (0.5 / FULL) as f32);
        }
        assert_eq!(found[1], [0.0, 16.0]);
        assert_eq!(found[2], [-1.0, 15.5]);
    }

    #[test]
    fn silence_and_losses_cost_three_bytes_a_run_and_stay_apart() {
        let mut packer = Packer::default();
        packer.push_silence(70_000);
        packer.push_lost(3);
        packer.push(&SILENCE);
        packer.push_lost(1);
        packer.push(&[[0.5, 0.0]; 64]);
        assert_eq!((packer.blocks(), packer.lost()), (70_006, 4));
        let bytes = packer.finish();
        assert!(bytes.len() < 500, "{} bytes", bytes.len());
        let found = unpacked(&bytes);
        let lost: Vec<usize> = (0..found.len()).filter(|n| found[*n].is_none()).collect();
        assert_eq!((found.len(), lost), (70_006, vec![70_000, 70_001, 70_002, 70_004]));
        assert_eq!((found[70_003], found[70_005]), (Some(SILENCE), Some([[0.5, 0.0]; 64])));
    }

    #[test]
    fn a_central_voice_takes_a_third_of_24_bit_frames_and_noise_hardly_more_than_all() {
        let voice: Vec<Block> = (0..100)
            .map(|b| {
                std::array::from_fn(|n| {
                    let t = (b * 64 + n) as f32;
                    [((t * 0.02).sin() * 0.1 + (t * 0.13).sin() * 0.01); 2]
                })
            })
            .collect();
        let bytes = packed(&voice).len();
        assert!(bytes < 100 * 64 * 6 / 3, "{bytes}");
        let mut dice = Dice(3);
        let noise: Vec<Block> = (0..100)
            .map(|_| std::array::from_fn(|_| [0; 2].map(|_: i32| dice.roll(1 << 24) as f32 / FULL as f32 - 1.0)))
            .collect();
        let bytes = packed(&noise).len();
        assert!(bytes <= 100 * (64 * 6 + 16 + 3), "{bytes}");
    }

    #[test]
    fn bytes_of_any_other_kind_are_refused_or_unpacked_and_never_more() {
        let mut dice = Dice(11);
        let whole = packed(&[[[0.3, -0.1]; 64]; 8]);
        for _ in 0..20_000 {
            let mut bytes: Vec<u8> = match dice.roll(2) {
                0 => (0..dice.roll(64)).map(|_| dice.roll(256) as u8).collect(),
                _ => whole.clone(),
            };
            if !bytes.is_empty() {
                let at = dice.roll(bytes.len() as u64) as usize;
                bytes[at] = dice.roll(256) as u8;
                bytes.truncate(dice.roll(bytes.len() as u64 + 1) as usize);
            }
            let mut unpacker = Unpacker::new(&bytes);
            let mut blocks = 0;
            while let Ok(Some(_)) = unpacker.next() {
                blocks += 1;
                assert!(blocks <= 65_535 * (bytes.len() / 3 + 1));
            }
        }
    }
}
