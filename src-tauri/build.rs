//! Tauri's own code generation, and a place for the console so that a fresh checkout compiles.

fn main() {
    std::fs::create_dir_all("ui/dist").expect("the folder for the built console can be made");
    println!("cargo:rerun-if-changed=ui/dist");
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("./src-tauri/capabilities/**/*")
            .app_manifest(tauri_build::AppManifest::new().commands(&[
                "dispatch",
                "snapshot",
                "meters_url",
                "answer_closing",
            ])),
    )
    .expect("tauri.conf.json and the capabilities are valid");
}
