/**
 * A load generator that costs little, since it shares the machine with what it measures: raw
 * keep-alive connections, one request in flight on each, a request that is patched and not rebuilt.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export type Target = { readonly host: string; readonly port: number; readonly path: string }

export type LoadResult = {
  readonly accepted: number
  readonly refused: number
  readonly seconds: number
  /** Milliseconds from sending a request to its answer, unsorted. */
  readonly latencies: readonly number[]
}

const DIGITS = '0000000000000.000'

/** One event of about 1 KB; `sentAt` is patched in at `offset` before each use. */
function template(target: Target): { bytes: Buffer; offset: number } {
  const body = JSON.stringify({
    sentAt: '@',
    order: 42,
    items: ['tea', 'cake'],
    pad: 'x'.repeat(920),
  }).replace('"@"', DIGITS)
  const head = `POST ${target.path} HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const text = head + body
  return { bytes: Buffer.from(text, 'latin1'), offset: text.indexOf(DIGITS) }
}

/**
 * Offers events for `seconds`. With `perSecond` null each connection sends its next event when the last
 * was answered (closed loop); otherwise events are due at that rate, whether or not the server keeps up
 * (open loop), and latency counts from when they were due.
 */
export async function load(
  target: Target,
  options: {
    readonly connections: number
    readonly seconds: number
    readonly perSecond: number | null
  },
): Promise<LoadResult> {
  const latencies: number[] = []
  let accepted = 0
  let refused = 0
  const started = performance.now()
  const endAt = started + options.seconds * 1_000
  const due: number[] = []
  const idle: Connection[] = []
  const closedLoop = options.perSecond === null

  const finished = (connection: Connection, ok: boolean, sinceMs: number): void => {
    if (ok) accepted++
    else refused++
    latencies.push(performance.now() - sinceMs)
    const next = closedLoop ? performance.now() : due.shift()
    if (next === undefined || performance.now() >= endAt) idle.push(connection)
    else connection.send(next)
  }
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () => Connection.open(target, finished)),
  )
  if (closedLoop) for (const connection of connections) connection.send(performance.now())
  else idle.push(...connections)

  let offered = 0
  while (performance.now() < endAt) {
    const now = performance.now()
    const wanted = closedLoop ? 0 : Math.floor(((now - started) / 1_000) * (options.perSecond ?? 0))
    for (; offered < wanted; offered++) {
      const connection = idle.pop()
      if (connection) connection.send(now)
      else due.push(now)
    }
    await new Promise((resolve) => setTimeout(resolve, closedLoop ? 50 : 1))
  }
  while (idle.length < connections.length) await new Promise((resolve) => setTimeout(resolve, 5))
  const seconds = (performance.now() - started) / 1_000
  for (const connection of connections) connection.close()
  return { accepted, refused: refused + due.length, seconds, latencies }
}

type Finished = (connection: Connection, ok: boolean, sinceMs: number) => void

class Connection {
  readonly #socket: Socket
  readonly #bytes: Buffer
  readonly #offset: number
  #sinceMs = 0
  #answer = ''

  private constructor(socket: Socket, target: Target, finished: Finished) {
    this.#socket = socket
    const { bytes, offset } = template(target)
    this.#bytes = bytes
    this.#offset = offset
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#read(chunk, finished))
    socket.on('error', () => undefined)
    socket.on('close', () => finished(this, false, this.#sinceMs))
  }

  static async open(target: Target, finished: Finished): Promise<Connection> {
    const socket = connect(target.port, target.host)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    socket.setNoDelay(true)
    return new Connection(socket, target, finished)
  }

  send(sinceMs: number): void {
    this.#sinceMs = sinceMs
    this.#bytes.write((performance.timeOrigin + sinceMs).toFixed(3), this.#offset, 'latin1')
    this.#socket.write(this.#bytes)
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #read(chunk: string, finished: Finished): void {
    this.#answer += chunk
    const headEnd = this.#answer.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = Number(/content-length: (\d+)/i.exec(this.#answer)?.[1] ?? 0)
    if (this.#answer.length < headEnd + 4 + length) return
    const ok = this.#answer.startsWith('HTTP/1.1 200')
    this.#answer = ''
    finished(this, ok, this.#sinceMs)
  }
}

/** The value below which a share of the values lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
