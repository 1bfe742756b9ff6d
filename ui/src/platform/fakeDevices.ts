// Devices to draw without a desk.
import type { DeviceState } from "../bindings";

export const INTERFACE = "pipewire:alsa_input.usb-studio-4i4";
export const HEADSET = "pipewire:bluez_input.headset";
export const SPEAKERS = "pipewire:alsa_output.usb-studio-4i4";
export const PLAYER = "pipewire:monitor.alsa_output.usb-studio-4i4";

export function testDevice(id: string, name: string, changes: Partial<DeviceState> = {}): DeviceState {
  return {
    id,
    name,
    host: "PipeWire",
    inputChannels: 0,
    outputChannels: 0,
    rate: 48_000,
    inputRates: changes.inputChannels ? [44_100, 48_000, 96_000] : [],
    outputRates: changes.outputChannels ? [44_100, 48_000, 96_000] : [],
    monitor: false,
    defaultInput: false,
    defaultOutput: false,
    ...changes,
  };
}
