// Times as people read them; the same words as nbkit/report/wording.py.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

const two = (number) => String(number).padStart(2, "0");

/** A duration in milliseconds as text: `0.42 s`, `7.3 s`, `3 min 05 s`, `2 h 14 min`. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "";
  if (milliseconds <= 0) return "0 s";
  const seconds = milliseconds / 1000;
  const whole = Math.round(seconds);
  if (whole >= DAY) return `${Math.floor(whole / DAY)} d ${two(Math.floor((whole % DAY) / HOUR))} h`;
  if (whole >= HOUR)
    return `${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} min`;
  if (whole >= MINUTE) return `${Math.floor(whole / MINUTE)} min ${two(whole % MINUTE)} s`;
  return `${seconds.toFixed(seconds < 1 ? 2 : seconds < 10 ? 1 : 0)} s`;
}

/** A time that goes on, as a stopwatch shows it: `0:07`, `1:02:03`. */
export function stopwatch(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < HOUR ? rest.replace(/^0/, "") : `${Math.floor(seconds / HOUR)}:${rest}`;
}

/** A point in time, in this machine's zone. */
export function moment(milliseconds) {
  if (!milliseconds) return "";
  const at = new Date(milliseconds);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** How long a task or attempt took, or has taken until `now` if it goes on. */
export function elapsed(span, now) {
  if (!span.started) return "";
  return span.ended ? duration(span.ended - span.started) : stopwatch(now - span.started);
}
