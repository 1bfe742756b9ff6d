//! The programs that mix, and how each is told to: from the same files into a WAV file, as fast as it goes.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::task::{Chain, SECONDS, Task, bells, compressor};
use airdesk_dsp::compressor::Ratio;

/// What a mixer needs to be started.
pub(crate) struct Start {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

/// A program that mixes.
pub(crate) struct Mixer {
    pub(crate) name: &'static str,
    /// The program, on the path or beside the benchmark.
    pub(crate) program: &'static str,
    /// What it does otherwise than Airdesk.
    pub(crate) note: &'static str,
    /// Its command line for a task and the file to write, or why it cannot.
    start: fn(&Task, &Path) -> Result<Vec<String>, String>,
}

/// Airdesk first.
pub(crate) const MIXERS: [Mixer; 6] = [
    Mixer {
        name: "Airdesk",
        program: "airdesk",
        note: "also meters every strip and limits the sum to -1 dBTP",
        start: airdesk,
    },
    Mixer {
        name: "ffmpeg",
        program: "ffmpeg",
        note: "equalizer, acompressor, pan, amix",
        start: ffmpeg,
    },
    Mixer {
        name: "sox",
        program: "sox",
        note: "plain: no pan; voice: a sox for each strip, equalizer and compand, memory of the largest",
        start: sox,
    },
    Mixer {
        name: "ecasound",
        program: "ecasound",
        note: "has no bell of its own",
        start: ecasound,
    },
    Mixer {
        name: "GStreamer",
        program: "gst-launch-1.0",
        note: "equalizer-nbands; audiodynamic, which has no attack and no release; audiomixer",
        start: gstreamer,
    },
    Mixer {
        name: "liquidsoap",
        program: "liquidsoap",
        note: "compiles its script first; writes 16 bits",
        start: liquidsoap,
    },
];

impl Mixer {
    /// Where the program is.
    pub(crate) fn found(&self) -> Option<PathBuf> {
        let beside = std::env::current_exe().ok()?.with_file_name(self.program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).map(|folder| folder.join(self.program));
        std::iter::once(beside).chain(on_path).find(|file| file.is_file())
    }

    /// How to do the task, writing `out`.
    pub(crate) fn start(&self, task: &Task, out: &Path) -> Result<Start, String> {
        let program = self.found().ok_or("it is not installed")?;
        Ok(Start {
            program: program.to_string_lossy().into_owned(),
            arguments: (self.start)(task, out)?,
        })
    }
}

fn airdesk(task: &Task, out: &Path) -> Result<Vec<String>, String> {
    let mut session = String::new();
    for (n, strip) in task.strips().enumerate() {
        let (fader, pan) = (strip.fader, strip.pan);
        let _ = write!(
            session,
            "[[strips]]\nname = \"{n}\"\nfader = {fader:.3}\npan = {pan:.3}\n"
        );
        let _ = write!(
            session,
            "[strips.source]\ntype = \"file\"\npath = {:?}\nlooped = {}\n",
            strip.file,
            task.seconds > SECONDS,
        );
        if task.chain == Chain::Voice {
            let bells = bells().map(|(hz, gain)| {
                format!("{{ kind = \"bell\", on = true, frequency = {hz:.1}, gain = {gain:.1}, q = 1.0 }}")
            });
            let _ = write!(
                session,
                "[strips.equaliser]\non = true\nbands = [{}]\n",
                bells.join(", ")
            );
            session.push_str("[strips.compressor]\non = true\n");
        }
    }
    let file = keep(task, "show.toml", &session)?;
    let seconds = task.seconds.to_string();
    Ok(words([
        "render",
        &file,
        "--out",
        &out.to_string_lossy(),
        "--duration",
        &seconds,
    ]))
}

fn ffmpeg(task: &Task, out: &Path) -> Result<Vec<String>, String> {
    let mut arguments = words(["-nostdin", "-v", "error", "-y"]);
    let (mut graph, mut ends) = (String::new(), String::new());
    let voice = match task.chain {
        Chain::Plain => String::new(),
        Chain::Voice => {
            let bells = bells().map(|(hz, gain)| format!("equalizer=f={hz}:t=q:w=1:g={gain},"));
            let settings = compressor();
            format!(
                "{}acompressor=threshold={}dB:ratio={}:attack={}:release={}:knee={}dB,",
                bells.concat(),
                settings.threshold_dbfs,
                ratio(),
                settings.attack_ms,
                settings.release_ms,
                settings.knee_db,
            )
        }
    };
    for (n, strip) in task.strips().enumerate() {
        arguments.extend(words(["-i", &strip.file.to_string_lossy()]));
        let [left, right] = strip.gains();
        let _ = write!(
            graph,
            "[{n}:a]{voice}pan=stereo|c0={left:.5}*c0|c1={right:.5}*c1[s{n}];"
        );
        let _ = write!(ends, "[s{n}]");
    }
    let _ = write!(graph, "{ends}amix=inputs={}:normalize=0", task.strips);
    arguments.extend(words([
        "-filter_complex",
        &graph,
        "-c:a",
        "pcm_f32le",
        &out.to_string_lossy(),
    ]));
    Ok(arguments)
}

fn sox(task: &Task, out: &Path) -> Result<Vec<String>, String> {
    let mut arguments = words(["--no-dither", "-m"]);
    for strip in task.strips() {
        let [left, right] = strip.gains();
        let file = strip.file.to_string_lossy();
        match task.chain {
            Chain::Plain => arguments.extend(words(["-v", &format!("{:.5}", left.hypot(right)), &file])),
            Chain::Voice => {
                let bells = bells().map(|(hz, gain)| format!("equalizer {hz} 1q {gain}"));
                let settings = compressor();
                let (attack, release) = (settings.attack_ms / 1000.0, settings.release_ms / 1000.0);
                let (from, to) = (settings.threshold_dbfs, settings.threshold_dbfs * (1.0 - 1.0 / ratio()));
                // Without a volume of its own each would be turned down by their number.
                arguments.extend(words(["-v", "1"]));
                arguments.push(format!(
                    "|sox --no-dither {file} -p {} compand {attack},{release} {}:-80,-80,{from},{from},0,{to} \
                     remix 1v{left:.5} 2v{right:.5}",
                    bells.join(" "),
                    settings.knee_db,
                ));
            }
        }
    }
    arguments.extend(words(["-b", "32", "-e", "floating-point", &out.to_string_lossy()]));
    Ok(arguments)
}

fn ecasound(task: &Task, out: &Path) -> Result<Vec<String>, String> {
    if task.chain == Chain::Voice {
        return Err("it has no bell of its own".into());
    }
    let mut arguments = words(["-q", "-b:1024", "-z:nodb", "-z:nointbuf"]);
    for (n, strip) in task.strips().enumerate() {
        let [left, right] = strip.gains();
        // Its pan is from 0 to 100, where 50 leaves both sides as they are; its gain is a percentage.
        arguments.push(format!("-a:{}", n + 1));
        arguments.extend(words(["-i", &strip.file.to_string_lossy()]));
        arguments.push(format!("-ea:{:.3}", 100.0 * left.hypot(right)));
        arguments.push(format!("-epp:{:.1}", 50.0 * (strip.pan + 1.0)));
    }
    arguments.extend(words(["-a:all", "-f:f32_le,2,48000", "-o", &out.to_string_lossy()]));
    Ok(arguments)
}

fn gstreamer(task: &Task, out: &Path) -> Result<Vec<String>, String> {
    let sum = "audiomixer name=m ! audio/x-raw,format=F32LE,channels=2,rate=48000 ! wavenc ! filesink";
    let mut arguments = words(["-q"]);
    arguments.extend(sum.split(' ').map(str::to_owned));
    arguments.push(format!("location={}", out.display()));
    for strip in task.strips() {
        let [left, right] = strip.gains();
        let mut branch = format!("filesrc location={} ! wavparse ! audioconvert !", strip.file.display());
        if task.chain == Chain::Voice {
            branch.push_str(" audio/x-raw,format=F32LE ! equalizer-nbands num-bands=4");
            for (n, (hz, gain)) in bells().into_iter().enumerate() {
                // The width of a bell of Q 1 is its frequency.
                let _ = write!(
                    branch,
                    " band{n}::freq={hz} band{n}::bandwidth={hz} band{n}::gain={gain}"
                );
            }
            let threshold = 10_f32.powf(compressor().threshold_dbfs / 20.0);
            let ratio = 1.0 / ratio();
            let _ = write!(
                branch,
                " ! audiodynamic characteristics=soft-knee threshold={threshold} ratio={ratio} !"
            );
        }
        let (gain, pan) = (left.hypot(right), strip.pan);
        let _ = write!(
            branch,
            " volume volume={gain:.5} ! audiopanorama method=simple panorama={pan:.3} ! m."
        );
        arguments.extend(branch.split(' ').map(str::to_owned));
    }
    Ok(arguments)
}

fn liquidsoap(task: &Task, out: &Path) -> Result<Vec<String>, String> {
    let mut script = String::from(
        "set(\"init.allow_root\", true)\nset(\"log.stdout\", false)\nset(\"log.file\", false)\n\
         set(\"frame.audio.samplerate\", 48000)\n",
    );
    let mut names = Vec::new();
    for (n, strip) in task.strips().enumerate() {
        let mut source = format!("once(single({:?}))", strip.file.to_string_lossy());
        if task.chain == Chain::Voice {
            for (hz, gain) in bells() {
                source = format!("filter.iir.eq.peak(frequency={hz:?}, gain={gain:?}, q=1., {source})");
            }
            let settings = compressor();
            source = format!(
                "compress(threshold={:?}, ratio={:?}, attack={:?}, release={:?}, knee={:?}, {source})",
                settings.threshold_dbfs,
                ratio(),
                settings.attack_ms,
                settings.release_ms,
                settings.knee_db,
            );
        }
        let [left, right] = strip.gains();
        let (gain, pan) = (left.hypot(right), strip.pan);
        let _ = writeln!(script, "s{n} = amplify({gain:.5}, stereo.pan(pan={pan:.3}, {source}))");
        names.push(format!("s{n}"));
    }
    let _ = write!(
        script,
        "mix = add(normalize=false, [{}])\nclock.assign_new(sync=\"none\", [mix])\n\
         output.file(fallible=true, on_stop=shutdown, %wav(stereo=true, samplesize=16), {:?}, mix)\n",
        names.join(", "),
        out.to_string_lossy(),
    );
    Ok(vec![keep(task, "mix.liq", &script)?])
}

fn ratio() -> f32 {
    match compressor().ratio {
        Ratio::To(ratio) => ratio,
        Ratio::Limit => 20.0,
    }
}

/// Writes a file that a mixer reads what to do from.
fn keep(task: &Task, name: &str, text: &str) -> Result<String, String> {
    let file = task.folder.join(name);
    std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file.to_string_lossy().into_owned())
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
