//! Sockets in the file system, for programs of this user on this machine: nobody else may open them.
//!
//! A file that a desk which was killed has left is replaced; one that is no socket, or somebody else's, never is, and neither is one
//! that still answers.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// Bytes of a path that every system takes.
const PATH_BYTES_MAX: usize = 100;

/// Why a socket is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another desk answers there.
    #[error("{} is used by another program, perhaps another Airdesk; choose another path", .0.display())]
    InUse(PathBuf),
    /// Something else is there.
    #[error("{} is no socket of yours; move it away, or choose another path", .0.display())]
    Foreign(PathBuf),
    /// The system has less room for a path.
    #[error("{} is too long for a socket's path; choose one of {PATH_BYTES_MAX} bytes or fewer", .0.display())]
    TooLong(PathBuf),
    /// The system refuses it.
    #[error("{} cannot be opened: {source}; make its folder writable, or choose another path", path.display())]
    System {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A socket that programs connect to. Its file goes with it.
pub(crate) struct LocalSocket {
    pub(crate) listener: UnixListener,
    path: PathBuf,
    /// Device and number of the file: one that has taken its place stays.
    file: (u64, u64),
}

impl LocalSocket {
    /// Opens it, in a folder that is made where there is none. For this user alone from its first moment on.
    pub(crate) async fn open(path: &Path) -> Result<Self, SocketError> {
        let system = |source| SocketError::System {
            path: path.to_owned(),
            source,
        };
        // Its name is longer while it is made.
        if path.as_os_str().len() > PATH_BYTES_MAX {
            return Err(SocketError::TooLong(path.to_owned()));
        }
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(system)?;
        }
        clear(path).await?;
        let fresh = path.with_extension("new");
        // Left by a desk that was killed; usually there is none.
        let _ = fs::remove_file(&fresh);
        let listener = UnixListener::bind(&fresh).map_err(system)?;
        let named = fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))
            .and_then(|()| fs::rename(&fresh, path))
            .and_then(|()| fs::symlink_metadata(path));
        let file = named.map_err(|error| {
            // What cannot be opened is not left behind.
            let _ = fs::remove_file(&fresh);
            system(error)
        })?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            file: (file.dev(), file.ino()),
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.file);
        if is_ours {
            // A file that stays is replaced the next time.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes sure that nothing of value is at the path.
async fn clear(path: &Path) -> Result<(), SocketError> {
    let system = |source| SocketError::System {
        path: path.to_owned(),
        source,
    };
    let file = match fs::symlink_metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(system(error)),
    };
    if !file.file_type().is_socket() || file.uid() != this_user().map_err(system)? {
        return Err(SocketError::Foreign(path.to_owned()));
    }
    match UnixStream::connect(path).await {
        // Nobody listens there any more.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(_) | Err(_) => Err(SocketError::InUse(path.to_owned())),
    }
}

/// The number of the user who runs this, as the other end of a socket would see it.
fn this_user() -> io::Result<u32> {
    let (ours, _theirs) = UnixStream::pair()?;
    Ok(ours.peer_cred()?.uid())
}

/// Whether a program is this user's, as the system says.
pub(crate) fn is_own(program: &UnixStream) -> bool {
    match (program.peer_cred(), this_user()) {
        (Ok(theirs), Ok(ours)) => theirs.uid() == ours,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_killed_desk_has_left_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/desk.sock");
        let first = LocalSocket::open(&path).await.expect("opened");
        let mode = |path: &Path| fs::symlink_metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().expect("a folder")), 0o700);
        let refused = LocalSocket::open(&path).await.err().expect("in use");
        assert!(matches!(refused, SocketError::InUse(_)), "{refused}");
        drop(first);
        assert!(!path.exists(), "it takes its file along");
        // Killed: nothing listens, and the file is still there.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        assert!(path.exists());
        let again = LocalSocket::open(&path).await.expect("replaced");
        assert!(
            UnixStream::connect(again.path())
                .await
                .is_ok_and(|program| is_own(&program))
        );
        for other in ["a file", "a folder"] {
            let path = folder.path().join(other);
            if other == "a file" {
                fs::write(&path, "precious").expect("written");
            } else {
                fs::create_dir(&path).expect("made");
            }
            let refused = LocalSocket::open(&path).await.err().expect("refused");
            assert!(matches!(refused, SocketError::Foreign(_)), "{refused}");
            assert!(path.exists());
        }
        let long = folder.path().join("x".repeat(100));
        assert!(matches!(LocalSocket::open(&long).await, Err(SocketError::TooLong(_))));
    }
}
