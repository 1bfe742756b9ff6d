//! `airdesk devices`: what this machine has.

use airdesk_station::Device;

/// Prints every device, for people or as JSON.
pub(crate) fn list(json: bool) -> anyhow::Result<()> {
    let list = airdesk_station::list_devices();
    for notice in &list.notices {
        eprintln!("airdesk: {notice}");
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&list.devices)?);
        return Ok(());
    }
    if list.devices.is_empty() {
        println!("this machine has no sound devices; the desk runs on its own clock and plays its own material");
        return Ok(());
    }
    for device in &list.devices {
        println!("{}", line(device));
    }
    Ok(())
}

fn line(device: &Device) -> String {
    let mut uses = Vec::new();
    match (device.input_channels, device.monitor) {
        (0, _) => {}
        (count, false) => uses.push(format!(
            "{count} in{}",
            if device.default_input { " (default)" } else { "" }
        )),
        (count, true) => uses.push(format!("{count} in, what it plays")),
    }
    if device.output_channels > 0 {
        let default = if device.default_output { " (default)" } else { "" };
        uses.push(format!("{} out{default}", device.output_channels));
    }
    format!(
        "{:<40} {} · {} · {} · {}",
        device.id.to_string(),
        device.host,
        device.name,
        uses.join(", "),
        rates(device)
    )
}

/// The rate it runs at, and what else it can.
fn rates(device: &Device) -> String {
    let mut rates: Vec<u32> = device
        .input_rates
        .iter()
        .chain(&device.output_rates)
        .map(|rate| rate.hz())
        .collect();
    rates.sort_unstable();
    rates.dedup();
    rates.retain(|rate| *rate != device.rate.hz());
    if rates.is_empty() {
        return device.rate.to_string();
    }
    let others: Vec<_> = rates.iter().map(u32::to_string).collect();
    format!("{} (also {})", device.rate, others.join(", "))
}
