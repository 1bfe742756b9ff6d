//! The disk as a power cut would have left it: put together from the notes of `faulty_disk.c`.
//!
//! Only what was synced is sure. Of what was written since, every page of 4096 bytes is there or not, whatever came before
//! or after it; a file is as long as the last of its pages, or as long as it was; and a name that was made, changed or
//! removed since the file or its folder was synced is there or not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Pages are kept or lost as a whole.
const PAGE: usize = 4096;
const HEAD: usize = 40;

/// What happened to the disk.
pub struct Journal(Vec<Operation>);

enum Operation {
    Write {
        inode: u64,
        offset: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: u64,
        length: usize,
    },
    /// Of a file or a folder, by its path.
    Sync {
        inode: u64,
        path: PathBuf,
    },
    Create {
        inode: u64,
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
}

/// A file's content: what is sure, and what is there while the power is.
#[derive(Default, Clone)]
struct File {
    sure: Vec<u8>,
    now: Vec<u8>,
}

/// The disk at one moment.
pub struct Disk {
    files: BTreeMap<u64, File>,
    /// The names that are there, and those that are sure to be.
    names: BTreeMap<PathBuf, u64>,
    sure_names: BTreeMap<PathBuf, u64>,
}

impl Journal {
    /// Reads the notes.
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).expect("the notes are there");
        let (mut rest, mut operations) = (&bytes[..], Vec::new());
        while rest.len() >= HEAD {
            let word = |at: usize| u64::from_le_bytes(rest[at..at + 8].try_into().expect("eight bytes"));
            let (what, inode, offset, length) = (rest[0], word(8), word(16) as usize, word(24) as usize);
            let Some(more) = rest.get(HEAD..HEAD + length) else {
                break;
            };
            let text = || String::from_utf8_lossy(more).into_owned();
            operations.push(match what {
                b'w' => Operation::Write {
                    inode,
                    offset,
                    bytes: more.to_vec(),
                },
                b't' => Operation::Truncate { inode, length: offset },
                b's' => Operation::Sync {
                    inode,
                    path: text().into(),
                },
                b'c' => Operation::Create {
                    inode,
                    path: text().into(),
                },
                b'u' => Operation::Unlink { path: text().into() },
                b'r' => {
                    let text = text();
                    let (from, to) = text.split_once('\n').expect("two names");
                    Operation::Rename {
                        from: from.into(),
                        to: to.into(),
                    }
                }
                other => panic!("{other} is no operation"),
            });
            rest = &rest[HEAD + length..];
        }
        Self(operations)
    }

    /// How many operations there were.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There was none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The disk after the first `count` operations.
    pub fn after(&self, count: usize) -> Disk {
        let mut disk = Disk {
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            sure_names: BTreeMap::new(),
        };
        self.0[..count].iter().for_each(|operation| disk.take(operation));
        disk
    }
}

impl Disk {
    fn take(&mut self, operation: &Operation) {
        match operation {
            Operation::Write { inode, offset, bytes } => {
                let now = &mut self.files.entry(*inode).or_default().now;
                now.resize(now.len().max(offset + bytes.len()), 0);
                now[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            Operation::Truncate { inode, length } => self.files.entry(*inode).or_default().now.resize(*length, 0),
            Operation::Sync { inode, path } => self.sync(*inode, path),
            Operation::Create { inode, path } => {
                if self.names.insert(path.clone(), *inode) != Some(*inode)
                    && !self.sure_names.values().any(|sure| sure == inode)
                {
                    // Another file may have had the number before.
                    self.files.insert(*inode, File::default());
                }
            }
            Operation::Rename { from, to } => {
                if let Some(inode) = self.names.remove(from) {
                    self.names.insert(to.clone(), inode);
                }
            }
            Operation::Unlink { path } => drop(self.names.remove(path)),
        }
    }

    fn sync(&mut self, inode: u64, path: &Path) {
        if let Some(file) = self.files.get_mut(&inode) {
            file.sure = file.now.clone();
        }
        // A synced file has its name, and a synced folder the names in it.
        let is_in = |name: &PathBuf| name == path || name.parent() == Some(path);
        self.sure_names.retain(|name, _| !is_in(name));
        let now = self.names.iter().filter(|(name, _)| is_in(name));
        self.sure_names.extend(now.map(|(name, inode)| (name.clone(), *inode)));
    }

    /// Every file as it is while there is power.
    pub fn now(&self) -> BTreeMap<PathBuf, &[u8]> {
        let content = |inode: &u64| self.files.get(inode).map_or(&[][..], |file| &file.now);
        self.names
            .iter()
            .map(|(path, inode)| (path.clone(), content(inode)))
            .collect()
    }

    /// Every file as it is found after a power cut; `keeps` says by chance of each thing that is not sure whether it is kept.
    pub fn cut(&self, mut keeps: impl FnMut() -> bool) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut names = BTreeMap::new();
        let all = self.names.keys().chain(self.sure_names.keys());
        for name in all {
            let (now, sure) = (self.names.get(name), self.sure_names.get(name));
            if let Some(inode) = if now == sure || keeps() { now } else { sure } {
                names.insert(name.clone(), *inode);
            }
        }
        let content = |inode: u64, keeps: &mut dyn FnMut() -> bool| {
            let Some(file) = self.files.get(&inode) else {
                return Vec::new();
            };
            let mut found = file.sure.clone();
            for (page, bytes) in file.now.chunks(PAGE).enumerate() {
                let at = page * PAGE;
                let is_sure = file.sure.get(at..at + bytes.len()) == Some(bytes);
                if !is_sure && keeps() {
                    found.resize(found.len().max(at + bytes.len()), 0);
                    found[at..at + bytes.len()].copy_from_slice(bytes);
                }
            }
            found
        };
        names
            .into_iter()
            .map(|(name, inode)| (name, content(inode, &mut keeps)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(offset: usize, byte: u8) -> Operation {
        Operation::Write {
            inode: 1,
            offset,
            bytes: vec![byte; PAGE],
        }
    }

    #[test]
    fn what_was_synced_is_sure_and_each_page_written_since_is_there_or_not() {
        let path = PathBuf::from("/a/file");
        let create = Operation::Create {
            inode: 1,
            path: path.clone(),
        };
        let sync = Operation::Sync {
            inode: 1,
            path: path.clone(),
        };
        let journal = Journal(vec![create, write(0, 1), sync, write(0, 2), write(PAGE, 3)]);
        assert!(journal.after(2).cut(|| false).is_empty(), "its name was not sure");
        let disk = journal.after(5);
        assert_eq!(disk.cut(|| false)[&path], [1; PAGE]);
        assert_eq!(disk.cut(|| true)[&path], disk.now()[&path]);
        let mut turns = [false, true].into_iter();
        let found = &disk.cut(|| turns.next().expect("two pages"))[&path];
        assert_eq!(
            (found[0], found[PAGE], found.len()),
            (1, 3, 2 * PAGE),
            "the later without the earlier"
        );
    }
}
