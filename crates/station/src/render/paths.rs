//! Where the files of a rendering go, and what they may not take the place of.

use std::path::{Path, PathBuf};

use super::{FileKind, RenderError, RenderRequest};
use crate::api::StripSource;
use crate::session::SessionStrip;

/// Where the stems go, strip by strip. Empty when none are wanted.
pub(super) fn stems(request: &RenderRequest, kind: FileKind) -> Vec<PathBuf> {
    let Some(folder) = &request.stems else {
        return Vec::new();
    };
    let strips = &request.session.strips;
    let digits = strips.len().to_string().len().max(2);
    let name = |(index, strip)| folder.join(stem_name(index, digits, strip, kind));
    strips.iter().enumerate().map(name).collect()
}

/// `03 Voice.wav`: its place makes a name unique, and what a file system refuses is left out.
fn stem_name(index: usize, digits: usize, strip: &SessionStrip, kind: FileKind) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || " -_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = strip.name.chars().map(safe).collect();
    format!(
        "{:0digits$} {}.{}",
        index + 1,
        name.trim_matches([' ', '.']),
        kind.extension()
    )
}

/// Refuses to write over what the session is made of, before anything is written.
pub(super) fn spare(request: &RenderRequest, stems: &[PathBuf]) -> Result<(), RenderError> {
    let mut taken = Vec::new();
    if let Some(file) = &request.session_file {
        taken.push((place(file), "the session itself".to_owned()));
    }
    for strip in &request.session.strips {
        if let StripSource::File { path, .. } = &strip.source {
            taken.push((place(Path::new(path)), format!("what strip {} plays", strip.name)));
        }
    }
    let mix = (place(&request.out), "the mix".to_owned());
    for (path, beside) in std::iter::once((&request.out, None)).chain(stems.iter().map(|stem| (stem, Some(&mix)))) {
        for written in [place(path), place(&part_of(path))] {
            if let Some((_, what)) = taken.iter().chain(beside).find(|(place, _)| *place == written) {
                return Err(RenderError::Overwrites {
                    path: path.clone(),
                    what: what.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The one name of a file, whether it is there yet or not.
fn place(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            folder
                .canonicalize()
                .map(|folder| folder.join(path.file_name().unwrap_or_default()))
        })
        .unwrap_or_else(|_| path.to_owned())
}

/// What a file is called until it is whole.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_has_a_name_of_its_own_that_every_file_system_takes() {
        let strip = |name: &str| SessionStrip::new(name, StripSource::Silent);
        let names = [
            ("Voice", "01 Voice.wav"),
            ("AC/DC: \"Live\"?", "01 AC_DC_ _Live__.wav"),
            ("../../etc/passwd", "01 _.._etc_passwd.wav"),
            ("CON", "01 CON.wav"),
            ("Jóga ☃.", "01 Jóga _.wav"),
        ];
        for (name, file) in names {
            assert_eq!(stem_name(0, 2, &strip(name), FileKind::Wav), file);
        }
        assert_eq!(stem_name(0, 3, &strip("Voice"), FileKind::Flac), "001 Voice.flac");
        assert_ne!(
            stem_name(0, 2, &strip("Voice"), FileKind::Wav),
            stem_name(1, 2, &strip("Voice"), FileKind::Wav)
        );
    }
}
