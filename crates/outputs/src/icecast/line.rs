//! A connection, plain or encrypted, whose calls wait for at most a slice of a second, or not at all.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use rustls::{ClientConnection, Stream};

use super::SourceError;
use super::patience::Step;

/// Bytes TLS takes before it must have sent what it has.
pub(crate) const TLS_BUFFER: usize = 16 * 1024;

/// The connection.
pub(crate) enum Line {
    Plain(TcpStream),
    Tls(Box<ClientConnection>, TcpStream),
}

impl Line {
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) | Self::Tls(_, socket) => socket,
        }
    }

    /// Takes what fits.
    pub(crate) fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(tls, socket) => Stream::new(tls.as_mut(), socket).write(bytes),
        }
    }

    /// Gives what is there.
    pub(crate) fn read_some(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(bytes),
            Self::Tls(tls, socket) => Stream::new(tls.as_mut(), socket).read(bytes),
        }
    }

    /// Sends all of a request.
    pub(crate) fn write_all(&mut self, mut bytes: &[u8], step: &Step) -> Result<(), SourceError> {
        while !bytes.is_empty() {
            let count = step
                .repeat(|| self.write_some(bytes))?
                .map_err(|error| step.lost(&error))?;
            if count == 0 {
                return Err(step.lost(&io::ErrorKind::WriteZero.into()));
            }
            bytes = &bytes[count..];
        }
        step.repeat(|| self.push())?.map_err(|error| step.lost(&error))
    }

    /// Sends what TLS still holds.
    pub(crate) fn push(&mut self) -> io::Result<()> {
        if let Self::Tls(tls, socket) = self {
            while tls.wants_write() {
                tls.write_tls(socket)?;
            }
        }
        Ok(())
    }

    /// TLS holds bytes that the system has not taken yet.
    pub(crate) fn holds_bytes(&self) -> bool {
        matches!(self, Self::Tls(tls, _) if tls.wants_write())
    }

    /// From now on no call waits.
    pub(crate) fn stop_waiting(&self) -> io::Result<()> {
        self.socket().set_nonblocking(true)
    }
}
