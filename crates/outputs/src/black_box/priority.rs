//! Steps behind everybody else, where the system lets a thread do so: processor and disk belong to what is on air.

/// Lowers the calling thread's claim on the processor and on the disk.
#[cfg(target_os = "linux")]
pub fn lower() {
    /// Half of what there is below the usual: an idle processor is as fast, and a busy one still lets it by.
    const NICENESS: libc::c_int = 10;
    /// `ioprio_set(2)`: of a thread; the best-effort class in the upper three bits, its lowest level in the others.
    const OF_A_THREAD: libc::c_int = 1;
    const LOWEST: libc::c_int = 2 << 13 | 7;
    // SAFETY: three calls into the kernel with numbers alone, about the calling thread. On Linux a niceness is a thread's.
    let refused = unsafe {
        let thread = libc::syscall(libc::SYS_gettid);
        let nice = libc::setpriority(libc::PRIO_PROCESS, thread as libc::id_t, NICENESS);
        let disk = libc::syscall(libc::SYS_ioprio_set, OF_A_THREAD, 0, LOWEST);
        nice != 0 || disk != 0
    };
    if refused {
        tracing::debug!("a thread in the background runs with as much priority as everything else");
    }
}

/// Nothing to do: the thread works little.
#[cfg(not(target_os = "linux"))]
pub fn lower() {}
