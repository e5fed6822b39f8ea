/**
 * The live stream of a workflow, or of all of them, kept open: the browser reconnects by itself after a
 * cut, and this does where the browser gives up (a server that restarts answers 503, which ends an
 * EventSource for good). What happened before it is open nobody is told of, so each time it opens the
 * reader is told to read anew, the first time too: it may have read before.
 *
 * A page that nobody sees lets go of its stream: a browser has six connections to a server for all its
 * tabs together, and half a dozen tabs in the background would leave none to the one that is looked at.
 */
import type { LiveData } from '../../src/inspector/wire-event.ts'

export type LiveState = 'connecting' | 'open' | 'waiting'
export type LiveKind = (typeof KINDS)[number]

type Reader = {
  readonly hint: (kind: LiveKind, data: LiveData) => void
  /** Hints may be missing: read everything anew. */
  readonly reset: () => void
  readonly state: (state: LiveState) => void
}

const KINDS = ['event', 'run', 'delivery'] as const
const RETRY_MS = 2_000
const RETRY_MS_MAX = 15_000
/** A glance at another tab costs no reconnection. */
const HIDDEN_MS = 5_000

/** Opens the stream, of all workflows where the id is null; the answer closes it. */
export function followLive(workflowId: string | null, reader: Reader): () => void {
  const path = workflowId === null ? '/live' : `/workflows/${encodeURIComponent(workflowId)}/live`
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let leave: ReturnType<typeof setTimeout> | undefined
  let failures = 0

  const open = (): void => {
    const stream = new EventSource(`/api/v1${path}`)
    source = stream
    stream.addEventListener('open', () => {
      failures = 0
      reader.state('open')
      reader.reset()
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
      retry = setTimeout(open, Math.min(RETRY_MS * 2 ** failures++, RETRY_MS_MAX))
    })
  }
  const close = (): void => {
    clearTimeout(retry)
    clearTimeout(leave)
    source?.close()
    source = undefined
  }
  const look = (): void => {
    clearTimeout(leave)
    if (document.visibilityState === 'hidden') leave = setTimeout(close, HIDDEN_MS)
    else if (!source || source.readyState === EventSource.CLOSED) {
      clearTimeout(retry)
      open()
    }
  }

  reader.state('connecting')
  open()
  document.addEventListener('visibilitychange', look)
  return () => {
    document.removeEventListener('visibilitychange', look)
    close()
  }
}
