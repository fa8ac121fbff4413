/** `850µs`, `12.3ms`, `1.25s`, `3m 20s`; `-` for none. */
export function timeText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "-";
  if (ms < 1) return `${Math.round(ms * 1000)}µs`;
  if (ms < 1_000) return `${short(ms)}ms`;
  return ms < 60_000 ? `${short(ms / 1000)}s` : ageText(ms);
}

/** `45s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `512B`, `1.2kB`, `35MB`: powers of a thousand. */
export function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return "-";
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${short(value)}${UNITS[unit] ?? ""}`;
}

/** Three digits that count: `0.12`, `1.23`, `12.3`, `123`. */
export function short(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

/** `12:34:56`, in the local zone. @param at milliseconds since 1970 */
export function clockText(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
