//! A chunk of audio as JSON has it, read straight into bytes: a clip of many megabytes never becomes a tree of numbers.
//!
//! Three ways of writing one are known: base64, a Node `Buffer` as JSON, and an object of numbered bytes, which is what
//! JSON makes of a `Uint8Array`. Any thread; allocates the bytes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::base64::{self, BadBase64};
use super::lenient::everything_else_is;

/// What came as `chunk`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Chunk {
    /// There was none, or nothing that is one.
    #[default]
    None,
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Broken base64.
    Broken(BadBase64),
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChunkVisitor)
    }
}

struct ChunkVisitor;

impl<'de> Visitor<'de> for ChunkVisitor {
    type Value = Chunk;

    everything_else_is!(Chunk::None; bool i64 u64 f64 unit seq);

    fn visit_str<E>(self, text: &str) -> Result<Chunk, E> {
        Ok(base64::decode(text).map_or_else(Chunk::Broken, Chunk::Bytes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Chunk, A::Error> {
        let (mut numbered, mut buffer) = (Numbered::default(), None);
        let (mut is_buffer, mut is_none) = (false, false);
        while let Some(name) = map.next_key::<Name>()? {
            match name {
                Name::Number(number) => match map.next_value::<Byte>()? {
                    Byte(Some(byte)) => numbered.put(number, byte),
                    Byte(None) => is_none = true,
                },
                Name::Type => is_buffer = map.next_value::<IsBuffer>()?.0,
                Name::Data => buffer = map.next_value::<Bytes>()?.0,
                Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                    is_none = true;
                }
            }
        }
        let numbered = numbered.in_order();
        Ok(match buffer {
            _ if is_none => Chunk::None,
            Some(bytes) if is_buffer && numbered.is_empty() => Chunk::Bytes(bytes),
            None if !is_buffer && !numbered.is_empty() => Chunk::Bytes(numbered),
            _ => Chunk::None,
        })
    }
}

/// Bytes that came with their numbers. Those of a program come in order, and then the numbers are not kept.
#[derive(Default)]
struct Numbered {
    bytes: Vec<u8>,
    /// The number of each byte, once they are not simply counted.
    numbers: Option<Vec<u32>>,
}

impl Numbered {
    fn put(&mut self, number: u32, byte: u8) {
        if self.numbers.is_none() && number as usize != self.bytes.len() {
            self.numbers = Some((0..self.bytes.len() as u32).collect());
        }
        self.bytes.push(byte);
        if let Some(numbers) = &mut self.numbers {
            numbers.push(number);
        }
    }

    /// Of a number that came twice the last counts, as everywhere in JSON.
    fn in_order(self) -> Vec<u8> {
        let Some(numbers) = self.numbers else {
            return self.bytes;
        };
        let mut all: Vec<(u32, u8)> = numbers.into_iter().zip(self.bytes).rev().collect();
        all.sort_by_key(|(number, _)| *number);
        all.dedup_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, byte)| byte).collect()
    }
}

/// A key of a chunk that is an object.
enum Name {
    Number(u32),
    Type,
    Data,
    Other,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<Name, E> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        Ok(match text {
            "type" => Name::Type,
            "data" => Name::Data,
            _ if is_number => text.parse().map_or(Name::Other, Name::Number),
            _ => Name::Other,
        })
    }
}

/// The word "Buffer".
struct IsBuffer(bool);

impl<'de> Deserialize<'de> for IsBuffer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IsBufferVisitor)
    }
}

struct IsBufferVisitor;

impl<'de> Visitor<'de> for IsBufferVisitor {
    type Value = IsBuffer;

    everything_else_is!(IsBuffer(false); bool i64 u64 f64 unit seq map);

    fn visit_str<E>(self, text: &str) -> Result<IsBuffer, E> {
        Ok(IsBuffer(text == "Buffer"))
    }
}

/// An array of bytes, if it is one.
struct Bytes(Option<Vec<u8>>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    everything_else_is!(Bytes(None); bool i64 u64 f64 str unit map);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
        let mut bytes = Some(Vec::new());
        while let Some(Byte(byte)) = seq.next_element()? {
            bytes = bytes.zip(byte).map(|(mut bytes, byte)| {
                bytes.push(byte);
                bytes
            });
        }
        Ok(Bytes(bytes))
    }
}

/// A whole number from 0 to 255, if it is one.
struct Byte(Option<u8>);

impl<'de> Deserialize<'de> for Byte {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByteVisitor)
    }
}

struct ByteVisitor;

impl<'de> Visitor<'de> for ByteVisitor {
    type Value = Byte;

    everything_else_is!(Byte(None); bool i64 str unit seq map);

    fn visit_u64<E>(self, number: u64) -> Result<Byte, E> {
        Ok(Byte(u8::try_from(number).ok()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Byte, E> {
        let byte = number as u8;
        Ok(Byte((f64::from(byte) == number).then_some(byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Chunk {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn every_way_of_writing_a_chunk_gives_the_same_bytes() {
        for json in [
            r#""AQL/""#,
            r#""AQ\nL/\n""#,
            r#"{"type":"Buffer","data":[1,2,255]}"#,
            r#"{"data":[1,2.0,255],"type":"Buffer"}"#,
            r#"{"0":1,"1":2,"2":255}"#,
            r#"{"2":255,"0":1,"1":2}"#,
            r#"{"0":9,"2":255,"10":7,"10":255,"2":2,"0":1}"#,
        ] {
            let expected = Chunk::Bytes(vec![1, 2, 255]);
            assert_eq!(read(json), expected, "{json}");
        }
        assert_eq!(read(r#""""#), Chunk::Bytes(Vec::new()));
        assert_eq!(read(r#"{"type":"Buffer","data":[]}"#), Chunk::Bytes(Vec::new()));
    }

    #[test]
    fn what_is_no_chunk_is_none_and_broken_base64_says_where() {
        for json in [
            "null",
            "7",
            "-7",
            "0.5",
            "true",
            "[1,2,3]",
            "{}",
            r#"{"bytes":[1]}"#,
            r#"{"0":256}"#,
            r#"{"0":-1}"#,
            r#"{"0":0.5}"#,
            r#"{"0":"1"}"#,
            r#"{"0":1,"one":2}"#,
            r#"{"4294967296":1}"#,
            r#"{"-1":1}"#,
            r#"{"type":"Blob","data":[1]}"#,
            r#"{"type":"Buffer","data":"AQ=="}"#,
            r#"{"type":"Buffer","data":[1,300]}"#,
            r#"{"type":"Buffer","data":[1],"0":1}"#,
            r#"{"type":{"a":[{}]},"data":{"b":[[]]}}"#,
        ] {
            assert_eq!(read(json), Chunk::None, "{json}");
        }
        assert_eq!(read(r#""AQ!""#), Chunk::Broken(BadBase64::Character { at: 2 }));
    }

    #[test]
    fn a_large_array_as_numbered_bytes_keeps_no_numbers() {
        let mut numbered = Numbered::default();
        for n in 0..100_000 {
            numbered.put(n, n as u8);
        }
        assert!(numbered.numbers.is_none());
        assert_eq!(numbered.in_order().len(), 100_000);
    }
}
