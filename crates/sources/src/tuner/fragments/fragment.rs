//! Where the packets of a fragment are (ISO/IEC 14496-12, 8.8.4 to 8.8.8).

use super::track::Clockwork;
use super::{Placed, boxes, inside, number};

/// Packets of a fragment: a minute and a half of the shortest that are.
const PACKETS_MAX: usize = 1 << 15;
/// Bytes of a packet.
const PACKET_BYTES_MAX: u32 = 1 << 20;

const BASE: u64 = 0x01;
const DESCRIPTION: u64 = 0x02;
const LASTS: u64 = 0x08;
const SIZE: u64 = 0x10;

/// The packets of a track in a fragment that begins at `begins`, in the order in which they are heard.
pub(super) fn packets(fragment: &[u8], begins: u64, track: &Clockwork) -> Result<Vec<Placed>, &'static str> {
    let mut all = Vec::new();
    for (_, part) in boxes(fragment).filter(|(kind, _)| kind == b"traf") {
        let about = inside(part, &[b"tfhd"]).unwrap_or_default();
        if number(about, 4, 4) == Some(track.id.into()) {
            add(part, about, begins, track, &mut all).ok_or("what describes a fragment is broken")?;
        }
    }
    // Whoever reads them passes by each place once.
    let in_order = all
        .windows(2)
        .all(|two| two[0].from + u64::from(two[0].size) <= two[1].from);
    if in_order {
        Ok(all)
    } else {
        Err("its packets are not in their order")
    }
}

fn add(part: &[u8], about: &[u8], begins: u64, track: &Clockwork, all: &mut Vec<Placed>) -> Option<()> {
    let flags = number(about, 1, 3)?;
    let mut at = 8;
    let mut field = |flag: u64, width: usize| -> Option<Option<u64>> {
        if flags & flag == 0 {
            return Some(None);
        }
        let value = number(about, at, width)?;
        at += width;
        Some(Some(value))
    };
    // Where it counts from is the fragment's beginning: whoever writes a place in the file instead means the same.
    field(BASE, 8)?;
    field(DESCRIPTION, 4)?;
    let lasts = field(LASTS, 4)?.map_or(track.lasts, |lasts| lasts as u32);
    let size = field(SIZE, 4)?.map_or(track.size, |size| size as u32);
    let time = inside(part, &[b"tfdt"]);
    let time = time.and_then(|time| number(time, 4, if *time.first()? == 1 { 8 } else { 4 }));
    let mut clock = time.unwrap_or(u64::MAX >> 1);
    let mut place = None;
    for (_, run) in boxes(part).filter(|(kind, _)| kind == b"trun") {
        let (flags, count) = (number(run, 1, 3)?, number(run, 4, 4)?);
        // Packets without a size of their own take no bytes here.
        if count > PACKETS_MAX as u64 {
            return None;
        }
        let mut at: usize = 8;
        if flags & 0x01 != 0 {
            let offset = number(run, at, 4)? as u32 as i32;
            place = Some(begins.checked_add_signed(offset.into())?);
            at += 4;
        }
        at += if flags & 0x04 != 0 { 4 } else { 0 };
        for _ in 0..count {
            let mut own = |flag: u64| -> Option<Option<u32>> {
                if flags & flag == 0 {
                    return Some(None);
                }
                let value = number(run, at, 4)? as u32;
                at += 4;
                Some(Some(value))
            };
            let lasts = own(0x100)?.unwrap_or(lasts);
            let size = own(0x200)?.unwrap_or(size);
            own(0x400)?;
            own(0x800)?;
            let from = place?;
            if size > PACKET_BYTES_MAX || all.len() == PACKETS_MAX {
                return None;
            }
            if size > 0 {
                all.push(Placed {
                    from,
                    size,
                    at: clock,
                    lasts,
                });
            }
            place = from.checked_add(size.into());
            clock = clock.checked_add(lasts.into())?;
        }
    }
    Some(())
}
