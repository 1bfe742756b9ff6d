//! Room for many listeners: each is a socket, and many systems let a program have 256 or 1024 open files unless it asks
//! for more.

/// Asks for as many open files as the system allows. Where it refuses, there are fewer listeners: the rest goes on.
#[cfg(unix)]
pub(crate) fn ask_for_all() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the calls write to and read from `limit` alone, which outlives them.
    let refused = unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            true
        } else {
            // macOS says "unlimited" and takes no more than its own limit for a program.
            let most = if cfg!(target_os = "macos") {
                10_240
            } else {
                libc::rlim_t::MAX
            };
            let wanted = limit.rlim_max.min(most);
            limit.rlim_cur < wanted && {
                limit.rlim_cur = wanted;
                libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) != 0
            }
        }
    };
    if refused {
        let error = std::io::Error::last_os_error();
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Windows has no such limit on sockets.
#[cfg(not(unix))]
pub(crate) fn ask_for_all() {}
