//! Makes the folder that the console is embedded from, so that a checkout whose console was never
//! built still compiles: it then serves a page that says so.

fn main() {
    let console = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist");
    if let Err(error) = std::fs::create_dir_all(&console) {
        println!("cargo:warning={} cannot be made: {error}", console.display());
    }
    println!("cargo:rerun-if-changed={}", console.display());
}
