/** `2 min ago`, with the exact instant on hover; it ages by itself. */
import { useSyncExternalStore } from 'react'
import { exactTime, relativeTime } from '../model/time.ts'

const TICK_MS = 15_000
let now = Date.now()

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** One clock for all: a list has hundreds of these. */
const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const hear of listeners) hear()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The present, a few seconds exact: for words such as Today and 2 min ago. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)

export function RelativeTime({ at }: { readonly at: string }) {
  const present = useNow()
  const instant = Date.parse(at)
  return (
    <time dateTime={at} title={exactTime(instant)}>
      {relativeTime(instant, Math.max(present, instant))}
    </time>
  )
}
