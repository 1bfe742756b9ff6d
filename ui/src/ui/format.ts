// Numbers as people read them.

/** Seconds as a clock: "0:07", "12:33", "1:23:45". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number): string => String(part % 60).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole)}` : `${minutes}:${two(whole)}`;
}

/** Bytes in decimal units, as disks are sold and file managers count: "1.43 GB". */
export function bytes(count: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}

/** Hours as they matter: "204 h", "3 h 12 min", "9 min". */
export function hours(value: number): string {
  const minutes = Math.floor(value * 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 600 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 60)} h`;
}

/** A short time in milliseconds: "10.7 ms". */
export function milliseconds(seconds: number): string {
  const ms = seconds * 1000;
  return `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
}

/** A part of one as a percentage: "6 %". */
export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** A count with its noun: "1 listener", "17 listeners". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A rate in kHz: "48 kHz", "44.1 kHz". */
export function kilohertz(rate: number): string {
  return `${rate / 1000} kHz`;
}

/** A message of the station as a sentence on its own: with a capital, unless it begins with the name
    of something: a host, a path. */
export function sentence(message: string): string {
  return message.replace(/^[a-z]+(?=[\s,:]|$)/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}
