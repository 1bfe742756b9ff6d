//! The disk as a power cut would have left it: put together from the notes of `faulty_disk.c`.
//!
//! Only what was synced is sure. Of what was written since, every page of 4096 bytes is there or not, whatever came before
//! or after it; a file is as long as the last of its pages, or as long as it was; and a name that was made, changed or
//! removed since the file or its folder was synced is there or not.

use std::collections::{BTreeMap, BTreeSet};
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
#[derive(Default)]
struct File {
    sure: Vec<u8>,
    now: Vec<u8>,
}

/// The disk at one moment.
pub struct Disk {
    files: Vec<File>,
    /// Which file has an inode now: a number is used again once its file has gone.
    inodes: BTreeMap<u64, usize>,
    /// The names that are there, and those that are sure to be.
    names: BTreeMap<PathBuf, usize>,
    sure_names: BTreeMap<PathBuf, usize>,
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
            files: Vec::new(),
            inodes: BTreeMap::new(),
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
                let now = &mut self.file(*inode).now;
                now.resize(now.len().max(offset + bytes.len()), 0);
                now[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            Operation::Truncate { inode, length } => self.file(*inode).now.resize(*length, 0),
            Operation::Sync { inode, path } => self.sync(*inode, path),
            Operation::Create { inode, path } => {
                let there = self.names.get(path).copied();
                if there.is_none() || there != self.inodes.get(inode).copied() {
                    let file = self.new_file(*inode);
                    self.names.insert(path.clone(), file);
                }
            }
            Operation::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Operation::Unlink { path } => drop(self.names.remove(path)),
        }
    }

    fn new_file(&mut self, inode: u64) -> usize {
        self.files.push(File::default());
        self.inodes.insert(inode, self.files.len() - 1);
        self.files.len() - 1
    }

    fn file(&mut self, inode: u64) -> &mut File {
        let known = self.inodes.get(&inode).copied();
        let file = known.unwrap_or_else(|| self.new_file(inode));
        &mut self.files[file]
    }

    fn sync(&mut self, inode: u64, path: &Path) {
        if let Some(file) = self.inodes.get(&inode) {
            let file = &mut self.files[*file];
            file.sure.clone_from(&file.now);
        }
        // A synced file has its name, and a synced folder the names in it.
        let is_in = |name: &PathBuf| name == path || name.parent() == Some(path);
        self.sure_names.retain(|name, _| !is_in(name));
        let now = self.names.iter().filter(|(name, _)| is_in(name));
        self.sure_names.extend(now.map(|(name, file)| (name.clone(), *file)));
    }

    /// Every file as it is while there is power.
    pub fn now(&self) -> BTreeMap<PathBuf, &[u8]> {
        let content = |(path, file): (&PathBuf, &usize)| (path.clone(), &self.files[*file].now[..]);
        self.names.iter().map(content).collect()
    }

    /// Every file as it is found after a power cut; `keeps` says by chance of each thing that is not sure whether it is kept.
    pub fn cut(&self, mut keeps: impl FnMut() -> bool) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let all: BTreeSet<&PathBuf> = self.names.keys().chain(self.sure_names.keys()).collect();
        for name in all {
            let (now, sure) = (self.names.get(name), self.sure_names.get(name));
            let kept = if now == sure || keeps() { now } else { sure };
            if let Some(file) = kept {
                found.insert(name.clone(), self.files[*file].cut(&mut keeps));
            }
        }
        found
    }
}

impl File {
    fn cut(&self, mut keeps: impl FnMut() -> bool) -> Vec<u8> {
        let mut found = self.sure.clone();
        for (page, bytes) in self.now.chunks(PAGE).enumerate() {
            let at = page * PAGE;
            let is_sure = self.sure.get(at..at + bytes.len()) == Some(bytes);
            if !is_sure && keeps() {
                found.resize(found.len().max(at + bytes.len()), 0);
                found[at..at + bytes.len()].copy_from_slice(bytes);
            }
        }
        found
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
