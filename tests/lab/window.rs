//! The real window, on a virtual display, driven through WebKitWebDriver.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::built;
use crate::desk::Home;
use crate::http;
use crate::locate::Face;
use crate::process::{Priority, Process};
use crate::sound_server::Environment;
use crate::wait::{self, seconds};
use crate::webdriver::Session;

/// A virtual display.
pub struct Display {
    _server: Process,
    /// Its name, for example `:7`.
    pub name: String,
}

/// The desktop window. It is closed when this is dropped.
pub struct Window {
    session: Session,
    driver: Process,
    _display: Display,
    home: Home,
}

impl Display {
    /// Starts one, 1400 x 900.
    pub fn start(home: &Home) -> Self {
        let mut xvfb = Command::new("Xvfb");
        // It takes a free number by itself and tells it on its output.
        xvfb.args(["-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]);
        let server = Process::start(&mut xvfb, &home.path().join("display.log"), Priority::Ordinary);
        let number = wait::until("the display", seconds(10), || {
            let number = server.output().lines().find_map(|line| line.trim().parse::<u32>().ok());
            number.filter(|_| server.output().contains('\n'))
        });
        Self {
            _server: server,
            name: format!(":{number}"),
        }
    }
}

impl Window {
    /// Opens the desk's window in a new home and waits until the console is drawn.
    pub fn open(environment: &Environment) -> Self {
        Self::open_at(Home::new(), environment)
    }

    /// Opens it in a home that may have seen a desk before.
    pub fn open_at(home: Home, environment: &Environment) -> Self {
        let display = Display::start(&home);
        let port = http::free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env_clear()
            .envs(home.environment())
            .envs(environment);
        driver
            .env("DISPLAY", &display.name)
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        // Without a graphics card WebKit would draw through a slow emulation of one.
        driver.env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        let driver = Process::start(&mut driver, &home.path().join("driver.log"), Priority::Ordinary);
        wait::until("WebKitWebDriver", seconds(10), || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        let session = Session::open(port, &built("airdesk-desktop").display().to_string());
        Self {
            session,
            driver,
            _display: display,
            home,
        }
    }

    /// The process that started the window's.
    pub fn driver(&self) -> u32 {
        self.driver.id()
    }

    /// The home folder the window lives in.
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Face for Window {
    fn run(&mut self, script: &str) -> Value {
        self.session.run(script)
    }

    fn press(&mut self, key: &str) {
        // WebDriver's private characters for keys that type nothing.
        let typed = match key {
            "Tab" => "\u{e004}",
            "Enter" => "\u{e007}",
            "Escape" => "\u{e00c}",
            "PageUp" => "\u{e00e}",
            "PageDown" => "\u{e00f}",
            "End" => "\u{e010}",
            "Home" => "\u{e011}",
            "ArrowLeft" => "\u{e012}",
            "ArrowUp" => "\u{e013}",
            "ArrowRight" => "\u{e014}",
            "ArrowDown" => "\u{e015}",
            character => character,
        };
        self.session.type_text(typed);
    }

    fn screenshot(&mut self, file: &Path) {
        fs::write(file, self.session.screenshot()).expect("the folder of artefacts can be written");
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.session.close();
        }
    }
}
