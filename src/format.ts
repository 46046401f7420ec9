/** Numbers and times in words. Pure. */

/** `2 min left`, `40 s left`; empty where nothing is known. */
export function timeLeft(seconds: number | null): string {
  return seconds === null || !Number.isFinite(seconds) ? '' : `${duration(seconds)} left`;
}

/** `40 s`, `3 min`, `2 h 5 min`, `3 d 4 h`: two units at most, rounded up within a minute. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** `12,345` */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** `1 trace`, `12,345 traces` */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `1.2 MB`, decimal. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const unit = n < 1e6 ? 'kB' : n < 1e9 ? 'MB' : 'GB';
  const value = n / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `61.5 %` of a fraction. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}

export function oneLine(text: string, limit = 120): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
