//! Takes a port on loopback, in both families: a browser sent to `localhost` may go to either, and must find this desk
//! there and nothing else.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::{Bound, ServeError};

/// How often a free port is looked for: the system names one that is free on IPv4, and another program may have it
/// on IPv6.
const ATTEMPTS: usize = 16;

/// What the system says that knows no IPv6 at all, for which [`io::ErrorKind`] has no name.
const NO_SUCH_FAMILY: i32 = if cfg!(windows) {
    10_047
} else if cfg!(target_os = "linux") {
    97
} else {
    47
};

/// Takes `port`, or any for 0.
pub(crate) async fn take(port: u16) -> Result<Bound, ServeError> {
    take_with(port, async |port| bind(Ipv6Addr::LOCALHOST.into(), port).await).await
}

/// The same with a way of its own to IPv6.
async fn take_with(
    wanted: u16,
    second: impl AsyncFn(u16) -> Result<TcpListener, ServeError>,
) -> Result<Bound, ServeError> {
    let mut attempts = if wanted == 0 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        let first = bind(Ipv4Addr::LOCALHOST.into(), wanted).await?;
        let port = first
            .local_addr()
            .map_err(|source| ServeError::Bind { port: wanted, source })?
            .port();
        let second = match second(port).await {
            Ok(listener) => Some(listener),
            Err(ServeError::Bind { source, .. }) if is_without_ipv6(&source) => None,
            Err(ServeError::PortInUse { .. }) if attempts > 0 => continue,
            Err(error) => return Err(error),
        };
        return Ok(Bound { port, first, second });
    }
}

async fn bind(address: IpAddr, port: u16) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(SocketAddr::new(address, port)).await;
    bound.map_err(|source| refused(port, source))
}

fn refused(port: u16, source: io::Error) -> ServeError {
    match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortInUse { port },
        _ => ServeError::Bind { port, source },
    }
}

/// This machine has no IPv6: nobody else can be reached by it either.
fn is_without_ipv6(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
    ) || error.raw_os_error() == Some(NO_SUCH_FAMILY)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_port_that_another_program_has_in_either_family_is_in_use() {
        let others = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].map(|address| {
            let other = std::net::TcpListener::bind((address, 0));
            other.map_err(|error| assert!(address.is_ipv6() && is_without_ipv6(&error), "{address}: {error}"))
        });
        // A machine without IPv6 has one.
        for other in others.into_iter().flatten() {
            let taken = other.local_addr().expect("an address").port();
            let refused = take(taken).await.err().expect("another program has it");
            assert!(
                matches!(refused, ServeError::PortInUse { port } if port == taken),
                "{refused}"
            );
        }
    }

    #[tokio::test]
    async fn any_port_is_one_that_is_free_in_both_families() {
        let asked = Cell::new(0);
        let bound = take_with(0, async |port| {
            asked.set(asked.get() + 1);
            match asked.get() {
                3 => bind(Ipv6Addr::LOCALHOST.into(), port).await,
                _ => Err(ServeError::PortInUse { port }),
            }
        });
        let bound = bound.await.expect("the third is free");
        assert_eq!(asked.get(), 3);
        let first = bound.first.local_addr().expect("an address");
        assert_eq!(first.port(), bound.port);
        let second = bound
            .second
            .map(|second| second.local_addr().expect("an address").port());
        assert!(second.is_none_or(|port| port == bound.port), "{second:?}");
    }

    #[tokio::test]
    async fn where_every_port_is_taken_the_search_ends() {
        let refused = take_with(0, async |port| Err(ServeError::PortInUse { port })).await;
        assert!(matches!(refused, Err(ServeError::PortInUse { port }) if port != 0));
    }

    #[tokio::test]
    async fn a_machine_without_ipv6_is_served_on_ipv4_alone_and_any_other_fault_is_told() {
        let says = |error: fn() -> io::Error| take_with(0, async move |port| Err(refused(port, error())));
        let faults: [fn() -> io::Error; 3] = [
            || io::ErrorKind::AddrNotAvailable.into(),
            || io::ErrorKind::Unsupported.into(),
            || io::Error::from_raw_os_error(NO_SUCH_FAMILY),
        ];
        for without in faults {
            assert!(says(without).await.expect("served").second.is_none());
        }
        let refused = says(|| io::ErrorKind::PermissionDenied.into()).await;
        assert!(matches!(refused, Err(ServeError::Bind { .. })));
    }
}
