/**
 * The live stream of a workflow, kept open: the browser reconnects by itself after a cut, and this does
 * where the browser gives up (a server that restarts answers 503, which ends an EventSource for good).
 * After any reconnection hints may be missing, so the reader is told to read anew.
 */
import type { LiveData } from '../../src/inspector/wire.ts'

export type LiveState = 'connecting' | 'open' | 'waiting'

type Reader = {
  readonly hint: (kind: 'event' | 'run' | 'delivery', data: LiveData) => void
  /** Hints were lost: read everything anew. */
  readonly reset: () => void
  readonly state: (state: LiveState) => void
}

const KINDS = ['event', 'run', 'delivery'] as const
const RETRY_MS = 2_000
const RETRY_MS_MAX = 15_000

/** Opens the stream; the answer closes it. */
export function followLive(workflowId: string, reader: Reader): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let wasOpen = false

  const open = (): void => {
    const stream = new EventSource(`/api/v1/workflows/${encodeURIComponent(workflowId)}/live`)
    source = stream
    stream.addEventListener('open', () => {
      failures = 0
      reader.state('open')
      if (wasOpen) reader.reset()
      wasOpen = true
    })
    for (const kind of KINDS) {
      stream.addEventListener(kind, ({ data }: MessageEvent<string>) =>
        reader.hint(kind, JSON.parse(data) as LiveData),
      )
    }
    stream.addEventListener('reset', () => reader.reset())
    stream.addEventListener('error', () => {
      reader.state('waiting')
      if (stream.readyState !== EventSource.CLOSED) return
      timer = setTimeout(open, Math.min(RETRY_MS * 2 ** failures++, RETRY_MS_MAX))
    })
  }

  reader.state('connecting')
  open()
  return () => {
    clearTimeout(timer)
    source?.close()
  }
}
