const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** `02/Jan/2006:15:04:05 -0700`, in the local zone (the Common Log Format of the NCSA). */
export function commonLogTime(at: Date): string {
  const date = `${two(at.getDate())}/${MONTHS[at.getMonth()] ?? ""}/${at.getFullYear()}`;
  return `${date}:${timeOfDay(at)} ${offset(at)}`;
}

/** `2006-01-02 15:04:05.000 -0700`, in the local zone. */
export function plainTime(at: Date): string {
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${timeOfDay(at)}.${String(at.getMilliseconds()).padStart(3, "0")} ${offset(at)}`;
}

function timeOfDay(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function offset(at: Date): string {
  // Minutes by which the local zone is behind UTC.
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function two(count: number): string {
  return String(count).padStart(2, "0");
}
