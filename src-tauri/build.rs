//! Tauri's own code generation, and a place for the console so that a fresh checkout compiles.

use tauri_build::{AppManifest, Attributes};

/// What the window may call. Kept by hand: permissions that Tauri writes while it builds are newer than the build,
/// and the second start of a desk would build it once more.
const PERMISSIONS: &str = "./src-tauri/permissions/**/*";
const CAPABILITIES: &str = "./src-tauri/capabilities/**/*";

fn main() {
    std::fs::create_dir_all("ui/dist").expect("the folder for the built console can be made");
    for folder in ["ui/dist", "src-tauri/capabilities", "src-tauri/permissions"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    tauri_build::try_build(
        Attributes::new()
            .capabilities_path_pattern(CAPABILITIES)
            .app_manifest(AppManifest::new().permissions_path_pattern(PERMISSIONS)),
    )
    .expect("tauri.conf.json, the capabilities and the permissions are valid");
}
