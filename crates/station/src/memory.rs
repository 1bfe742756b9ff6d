//! How this process asks the system for memory.

/// Gives large buffers back to the system when they are freed. To be called once, before threads are started.
///
/// The C library of Linux raises the size from which a buffer is the system's own to that of the largest freed so far, 32 MB
/// at most: what a desk needs for a moment, such as a piece of music that is decoded, then stays in the process for ever.
pub fn give_back_large_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// What the C library begins with, bytes.
        const LARGE: i32 = 128 * 1024;
        // SAFETY: sets a number of the allocator, which it takes at any time. A refusal leaves what was.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
    }
}
