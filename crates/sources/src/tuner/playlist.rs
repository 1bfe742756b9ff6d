//! Playlists that stand in front of a stream: M3U, PLS and XSPF. All that is read of them is where they lead. Untrusted: 64 kB
//! and 16 entries at most.

use crate::playlist;

/// Bytes of a playlist.
pub(super) const BYTES_MAX: usize = 64 * 1024;
/// Entries that are tried.
const ENTRIES_MAX: usize = 16;

/// What kind of list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    M3u,
    Pls,
    Xspf,
}

impl Kind {
    /// By what the server says it is.
    pub(super) fn of_type(kind: &str) -> Option<Self> {
        Some(match kind {
            "audio/x-mpegurl" | "audio/mpegurl" | "application/x-mpegurl" | "application/vnd.apple.mpegurl" => {
                Self::M3u
            }
            "audio/x-scpls" | "audio/scpls" | "application/pls+xml" => Self::Pls,
            "application/xspf+xml" => Self::Xspf,
            _ => return None,
        })
    }

    /// By what its name ends with.
    pub(super) fn of_ending(ending: &str) -> Option<Self> {
        Some(match ending {
            "m3u" | "m3u8" => Self::M3u,
            "pls" => Self::Pls,
            "xspf" => Self::Xspf,
            _ => return None,
        })
    }

    /// By what it begins with.
    pub(super) fn of_beginning(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let begins = |word: &[u8]| {
            bytes
                .get(..word.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
        };
        if begins(b"#EXTM3U") {
            Some(Self::M3u)
        } else if begins(b"[playlist]") {
            Some(Self::Pls)
        } else {
            None
        }
    }
}

/// The list is one of pieces of a stream (HLS, RFC 8216).
pub(super) fn is_hls(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("#EXT-X-"))
}

/// Where it leads, in its order; nowhere when it is broken.
pub(super) fn entries(kind: Kind, text: &str) -> Vec<String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found = match kind {
        Kind::M3u => playlist::m3u(text),
        Kind::Pls => playlist::pls(text),
        Kind::Xspf => playlist::xspf(text).unwrap_or_default(),
    };
    found.truncate(ENTRIES_MAX);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_lead_to_the_same_places() {
        let m3u = "\u{feff}#EXTM3U\r\n#EXTINF:-1,Radio\r\nhttp://a/1?x&y\r\n\r\n  b/2.mp3 \n";
        let pls = "[playlist]\nNumberOfEntries=2\nFile1=http://a/1?x&y\nTitle1=Radio\nfile2 = b/2.mp3\nFilex=no\n";
        let xspf = "<?xml version=\"1.0\"?><playlist><trackList><track><location>http://a/1?x&amp;y</location></track>\
                    <track><location>\n b/2.mp3 </location></track></trackList></playlist>";
        for (kind, text) in [(Kind::M3u, m3u), (Kind::Pls, pls), (Kind::Xspf, xspf)] {
            assert_eq!(entries(kind, text), ["http://a/1?x&y", "b/2.mp3"], "{kind:?}");
        }
        assert!(!is_hls(m3u) && is_hls("#EXTM3U\n#EXT-X-VERSION:3\n"));
    }

    #[test]
    fn a_list_is_known_by_what_it_says_and_no_list_is_tried_for_ever() {
        assert_eq!(Kind::of_beginning(b"[Playlist]\n"), Some(Kind::Pls));
        assert_eq!(Kind::of_beginning(b"\xef\xbb\xbf#extm3u"), Some(Kind::M3u));
        assert_eq!(Kind::of_beginning(b"#EXT"), None);
        assert_eq!(entries(Kind::M3u, &"http://a/\n".repeat(1_000)).len(), ENTRIES_MAX);
        for kind in [Kind::M3u, Kind::Pls, Kind::Xspf] {
            assert!(entries(kind, "").is_empty());
        }
        assert!(entries(Kind::Pls, "fil\u{e9}1=x\nFile\u{e9}=x").is_empty());
    }
}
