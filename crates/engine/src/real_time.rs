//! The fence around real-time code.

/// Runs `work` as real-time code. With the feature `checked`, in a program whose allocator is
/// `assert_no_alloc::AllocDisabler`, the first allocation or release inside ends the program: so every
/// test that runs the desk also tests this. Without the feature it is a plain call.
pub fn real_time<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(feature = "checked")]
    return fenced(work);
    #[cfg(not(feature = "checked"))]
    work()
}

/// Where this variable is set, a checked build allocates inside the fence: the test of the fence itself.
#[cfg(feature = "checked")]
const ALLOCATE: &str = "AIRDESK_ALLOCATE_IN_REAL_TIME";

#[cfg(feature = "checked")]
fn fenced<T>(work: impl FnOnce() -> T) -> T {
    static ALLOCATES: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    // Once, and outside the fence: looking at the environment locks and allocates.
    let allocates = *ALLOCATES.get_or_init(|| std::env::var_os(ALLOCATE).is_some());
    assert_no_alloc::assert_no_alloc(|| {
        if allocates {
            drop(std::hint::black_box(Box::new(0_u8)));
        }
        work()
    })
}
