//! The lab to play with: `cargo xtask lab`. Servers and devices until Ctrl-C.

#[cfg(target_os = "linux")]
fn main() {
    use lab::icecast::{Icecast, PASSWORD};
    use lab::sound_server::PipeWire;
    use lab::tone::{OTHER_TONE, Sine, TONE};

    const HOURS_12: u64 = 12 * 3600;
    let pipewire = PipeWire::start(4);
    let icecast = Icecast::start();
    let (left, right) = (
        Sine { hz: TONE, db: -18.0 },
        Sine {
            hz: OTHER_TONE,
            db: -18.0,
        },
    );
    let _player = pipewire.play_sines("src1", 600, left, right);
    println!(
        "PipeWire with src1 to src4 (a tone plays into src1 for ten minutes), out1 and phones1. In another terminal:\n"
    );
    for (name, value) in pipewire.environment() {
        println!("export {name}={:?}", value.to_string_lossy());
    }
    println!(
        "\nIcecast: http://127.0.0.1:{}/, TLS on port {}, password {PASSWORD}",
        icecast.port, icecast.tls_port
    );
    println!("\nCtrl-C ends it all.");
    // An interrupt ends this process, and with it, by the system, every server.
    std::thread::sleep(std::time::Duration::from_secs(HOURS_12));
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("error: the lab needs Linux");
    std::process::exit(1);
}
