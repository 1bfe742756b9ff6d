//! The fence around real-time code.

/// Runs `work` as real-time code. With the feature `checked`, in a program whose allocator is
/// `assert_no_alloc::AllocDisabler`, the first allocation or release inside ends the program: so every
/// test that runs the desk also tests this. Without the feature it is a plain call.
pub fn real_time<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(feature = "checked")]
    return assert_no_alloc::assert_no_alloc(work);
    #[cfg(not(feature = "checked"))]
    work()
}
