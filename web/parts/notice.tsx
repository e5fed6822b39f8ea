/** One line at the foot of the page that says what was just done, or why it was not; also read out. */
import { useEffect, useSyncExternalStore } from 'react'

type Notice = { readonly text: string; readonly tone: 'plain' | 'failed'; readonly number: number }

let current: Notice | null = null
let number = 0
const listeners = new Set<() => void>()

function show(notice: Notice | null): void {
  current = notice
  for (const listener of listeners) listener()
}

export function notify(text: string, tone: Notice['tone'] = 'plain'): void {
  show({ text, tone, number: ++number })
}

/** For calls that a person asked for: a refusal is shown in the server's own sentence. */
export const notifyProblem = (problem: Error): void => notify(problem.message, 'failed')

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function NoticeLine() {
  const notice = useSyncExternalStore(subscribe, () => current)
  useEffect(() => {
    if (!notice) return undefined
    const timer = setTimeout(() => show(null), notice.tone === 'failed' ? 8_000 : 1_800)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <div className="notice-place" role="status">
      {notice && (
        <p key={notice.number} className="notice" data-tone={notice.tone}>
          {notice.text}
        </p>
      )}
    </div>
  )
}
