//! Boxes of the ISO base media file format (ISO/IEC 14496-12): a length, a name, and what is in them. All numbers are
//! big-endian.

/// Boxes, one after the other.
#[derive(Default)]
pub(super) struct Boxes(Vec<u8>);

impl Boxes {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A box.
    pub(super) fn put(&mut self, name: &[u8; 4], body: impl FnOnce(&mut Self)) {
        let at = self.0.len();
        self.u32(0);
        self.bytes(name);
        body(self);
        let length = (self.0.len() - at) as u32;
        self.set_u32(at, length);
    }

    /// A box with a version and flags.
    pub(super) fn full(&mut self, name: &[u8; 4], version: u8, flags: u32, body: impl FnOnce(&mut Self)) {
        self.put(name, |boxes| {
            boxes.u32(u32::from(version) << 24 | flags);
            body(boxes);
        });
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn zeros(&mut self, count: usize) {
        self.0.resize(self.0.len() + count, 0);
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes over what is at `at`.
    pub(super) fn set_u32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_counts_its_own_header_and_what_is_in_it() {
        let mut boxes = Boxes::new();
        boxes.put(b"outr", |boxes| boxes.full(b"innr", 1, 2, |boxes| boxes.u16(3)));
        assert_eq!(boxes.into_bytes(), b"\0\0\0\x16outr\0\0\0\x0einnr\x01\0\0\x02\0\x03");
    }
}
