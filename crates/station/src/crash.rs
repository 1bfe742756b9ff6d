//! What a crash leaves. Some systems keep a copy of the memory of a program that crashed, as a file where it ran, and
//! passwords are in memory.

/// Asks the system to keep no copy of this program's memory from now on. For a host's `main`, once, before it knows any secret.
/// Who looks for a fault may allow it again from outside: `prlimit --core=unlimited --pid`.
#[cfg(unix)]
pub fn keep_memory_to_itself() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the calls write to and read from `limit` alone, which outlives them.
    let refused = unsafe {
        libc::getrlimit(libc::RLIMIT_CORE, &raw mut limit) != 0 || {
            limit.rlim_cur = 0;
            libc::setrlimit(libc::RLIMIT_CORE, &raw const limit) != 0
        }
    };
    if refused {
        let error = std::io::Error::last_os_error();
        tracing::warn!(%error, "a crash may leave a copy of the memory, with passwords in it");
    }
}

/// Windows keeps none unless its owner has set it up for that.
#[cfg(not(unix))]
pub fn keep_memory_to_itself() {}
