//! The same files mixed by Airdesk and by the mixers of the trade, one after the other on the same machine.
//!
//! Every output is listened to, so that nobody wins by doing nothing: it must be as long as the files and loud.

pub(crate) mod cost;
mod mixers;
mod task;

use std::path::Path;

use self::cost::Cost;
use self::mixers::{MIXERS, Mixer};
use self::task::{Chain, SECONDS, Task};
use crate::median;

/// Strips of the mixes.
const STRIPS: [usize; 3] = [16, 64, 256];
/// Every mix is made as often as this, and the middle run counts.
const RUNS: usize = 10;
/// But who has taken so long for the same one, in processor seconds, does not make it again.
const PATIENCE: f64 = 30.0;
/// Who would take longer than this for the next mix, four times as large, is left out of it; processor seconds.
const MOST: f64 = 300.0;
/// Below this an output is no mix, dBFS.
const FAINT: f64 = -50.0;

/// Prints a table for every chain and number of strips.
pub(crate) fn compare() {
    let folder = tempfile::tempdir().expect("a folder for the files");
    task::write(folder.path()).expect("room for the files");
    for mixer in &MIXERS {
        match mixer.found() {
            Some(_) => println!("{}: {}", mixer.name, mixer.note),
            None => println!("{}: not installed, left out", mixer.name),
        }
    }
    for chain in [Chain::Voice, Chain::Plain] {
        let mut mixers: Vec<&Mixer> = MIXERS.iter().filter(|mixer| mixer.found().is_some()).collect();
        for strips in STRIPS {
            let folder = folder.path();
            let task = Task {
                folder,
                chain,
                strips,
                seconds: SECONDS,
            };
            let slow = table(&task, &mixers);
            if STRIPS.last() == Some(&strips) {
                break;
            }
            for (slow, seconds) in slow {
                println!("{slow:>12} is left out of larger ones: {seconds:.0} s of CPU, of which there are {MOST:.0}");
                mixers.retain(|mixer| mixer.name != slow);
            }
        }
    }
    memory(folder.path());
}

/// Prints how much memory a short and a long mix take.
fn memory(folder: &Path) {
    let [airdesk, ..] = &MIXERS;
    for minutes in [1, 10] {
        let task = Task {
            folder,
            chain: Chain::Voice,
            strips: STRIPS[0],
            seconds: 60 * minutes,
        };
        match measure(airdesk, &task) {
            Ok(Measured { cost, .. }) => {
                println!("Airdesk, {} voices, {minutes} min: {:.1} MB", task.strips, cost.memory);
            }
            Err(reason) => println!("Airdesk, {} voices, {minutes} min: {reason}", task.strips),
        }
    }
}

/// Prints what one task costs each. Returns those that are too slow for a larger one, with what that would take.
fn table(task: &Task, mixers: &[&Mixer]) -> Vec<(&'static str, f64)> {
    println!("{} stereo files of {SECONDS} s, {}:", task.strips, task.chain.name());
    println!(
        "{:>12} {:>10} {:>10} {:>10} {:>10} {:>12} {:>6} {:>10}",
        "", "CPU, s", "most", "wall, s", "peak, MB", "CPU, ratio", "runs", "dBFS"
    );
    let (mut first, mut slow) = (None, Vec::new());
    for mixer in mixers {
        match measure(mixer, task) {
            Ok(Measured {
                cost,
                cpu_most,
                runs,
                level,
            }) => {
                let ours = *first.get_or_insert(cost.cpu);
                println!(
                    "{:>12} {:>10.2} {cpu_most:>10.2} {:>10.2} {:>10.0} {:>12.2} {runs:>6} {level:>10.1}",
                    mixer.name,
                    cost.cpu,
                    cost.wall,
                    cost.memory,
                    cost.cpu / ours,
                );
                if 4.0 * cost.cpu > MOST {
                    slow.push((mixer.name, 4.0 * cost.cpu));
                }
            }
            Err(reason) => println!("{:>12} left out: {reason}", mixer.name),
        }
    }
    slow
}

/// What a task costs a mixer.
struct Measured {
    /// The middle of all runs.
    cost: Cost,
    /// The most of any run, processor seconds.
    cpu_most: f64,
    runs: usize,
    /// How loud its mix is, dBFS.
    level: f64,
}

/// What the task costs this mixer, and how loud its mix is.
fn measure(mixer: &Mixer, task: &Task) -> Result<Measured, String> {
    let out = task.folder.join("out.wav");
    let mut costs: Vec<Cost> = Vec::new();
    while costs.len() < RUNS && costs.iter().map(|cost| cost.cpu).sum::<f64>() < PATIENCE {
        // What another one left behind is not this one's mix.
        if out.exists() {
            std::fs::remove_file(&out).map_err(|error| error.to_string())?;
        }
        let start = mixer.start(task, &out)?;
        costs.push(cost::of(&start.program, &start.arguments, task.folder)?);
    }
    let level = listen(&out, task.seconds)?;
    let middle = |figure: fn(&Cost) -> f64| median(&mut costs.iter().map(figure).collect::<Vec<_>>());
    let cost = Cost {
        cpu: middle(|cost| cost.cpu),
        wall: middle(|cost| cost.wall),
        memory: middle(|cost| cost.memory),
    };
    Ok(Measured {
        cost,
        cpu_most: costs.iter().fold(0.0, |most, cost| most.max(cost.cpu)),
        runs: costs.len(),
        level,
    })
}

/// How loud a mix is, dBFS. Refuses what is no mix of these files.
fn listen(out: &Path, length: usize) -> Result<f64, String> {
    if !out.is_file() {
        return Err("it wrote nothing".into());
    }
    let heard = lab::listen::file(out);
    let (level, seconds) = (heard.loudness(), heard.seconds());
    if level < FAINT {
        return Err(format!("its mix is silent: {level:.1} dBFS"));
    }
    if (seconds - length as f64).abs() > 0.5 {
        return Err(format!("its mix is {seconds:.1} s long"));
    }
    Ok(level)
}
