//! Where Airdesk keeps things, unless it is told otherwise.

use std::path::PathBuf;

/// Airdesk's own folder for data: sessions, the library, and passwords where the system has no key store.
pub fn data_folder() -> PathBuf {
    directories::ProjectDirs::from("org", "airdesk", "Airdesk")
        .map_or_else(|| PathBuf::from("airdesk"), |folders| folders.data_dir().to_owned())
}

/// Airdesk's own folder for what there is while it runs: sockets. On systems that have none, one beside its data.
pub fn runtime_folder() -> PathBuf {
    directories::BaseDirs::new()
        .and_then(|folders| folders.runtime_dir().map(|folder| folder.join("airdesk")))
        .unwrap_or_else(|| data_folder().join("run"))
}

/// Where recordings go, unless the session says otherwise. Absolute, as a session's folder must be, wherever
/// the system keeps homes.
pub(crate) fn recordings_folder() -> PathBuf {
    let folder = directories::UserDirs::new().map_or_else(
        || data_folder().join("Recordings"),
        |user| {
            user.audio_dir()
                .unwrap_or(&user.home_dir().join("Music"))
                .join("Airdesk")
        },
    );
    std::path::absolute(&folder).unwrap_or(folder)
}
