/** Durations, sizes and counts in the one way they are written: `12 ms`, `1.2 s`, `1.2 kB`, `1,204`. */

/** Milliseconds as `0.4 ms`, `12 ms`, `1.2 s`, `2 min 5 s`, `6 h 2 min`. */
export function duration(ms: number): string {
  if (ms > 0 && ms < 0.95) return `${(Math.ceil(ms * 10) / 10).toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const units = ['kB', 'MB', 'GB'] as const

/** Bytes in powers of 1000, as network tools count: `4 B`, `1.2 kB`, `3.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes
  let unit = ''
  for (const next of units) {
    if (value < 999.95) break
    value /= 1000
    unit = next
  }
  return `${value.toFixed(1)} ${unit}`
}

/** `1,204`: always with commas, so that a number reads the same to everyone who talks about it. */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 send`, `3 sends`; `3 deliveries` where the plural is its own word. */
export function plural(value: number, noun: string, many = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : many}`
}
