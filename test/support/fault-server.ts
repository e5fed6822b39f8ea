/**
 * A receiver that does wrong what can be done wrong, on raw sockets: nothing between a script and the
 * wire repairs, frames or refuses anything. Each request names its script by the path.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'

/** What a script does, one thing after another; the connection stays open after the last. */
export type Move =
  | string
  | Uint8Array
  /** Writes these for ever, one after each pause; `0` goes as fast as they are read. */
  | { readonly again: string | Uint8Array; readonly everyMs: number }
  /** Writes the text byte by byte. */
  | { readonly slowly: string; readonly everyMs: number }
  | { readonly waitMs: number }
  | { readonly end: 'FIN' | 'RST' }

export const FIN: Move = { end: 'FIN' }
export const RST: Move = { end: 'RST' }

export type Script = {
  readonly moves: readonly Move[]
  /** Plays when the head is there, and reads no more; otherwise the whole request is read first. */
  readonly early?: true
}

export type FaultServer = {
  url(name: string): string
  readonly port: number
  /** Requests whose head arrived, by the name of their script. */
  readonly heard: readonly string[]
  close(): Promise<void>
}

type Options = { readonly tls?: { readonly key: string; readonly cert: string } }

export async function startFaultServer(
  scripts: Readonly<Record<string, Script>>,
  { tls }: Options = {},
): Promise<FaultServer> {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const stopped = new AbortController()

  const serve = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined) // the far end may break off as it likes
    let received: Buffer = Buffer.alloc(0)
    let playing = false
    socket.on('data', (chunk: Buffer) => {
      if (playing) return // more of a request whose answer is under way
      received = Buffer.concat([received, chunk])
      const head = headOf(received)
      if (!head) return
      const script = scripts[head.name]
      if (!script?.early && received.length < head.size) return
      heard.push(head.name)
      received = received.subarray(head.size)
      playing = true
      if (script?.early) socket.pause()
      void play(socket, script?.moves ?? [RST], stopped.signal).then(() => (playing = false))
    })
  }
  const server = tls ? createTlsServer(tls, serve) : createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: (name) => `http${tls ? 's' : ''}://127.0.0.1:${port}/${encodeURIComponent(name)}`,
    port,
    heard,
    close: async () => {
      stopped.abort()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The script that a request asks for, and how many bytes the request has. */
function headOf(received: Buffer): { name: string; size: number } | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = received.toString('latin1', 0, end)
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
  const name = decodeURIComponent(/^\S+ \/(\S*)/.exec(head)?.[1] ?? '')
  return { name, size: end + 4 + length }
}

async function play(socket: Socket, moves: readonly Move[], signal: AbortSignal): Promise<void> {
  const pause = (ms: number) => delay(ms, true, { signal }).catch(() => false)
  for (const move of moves) {
    if (socket.destroyed || signal.aborted) return
    if (typeof move === 'string' || move instanceof Uint8Array) socket.write(move)
    else if ('end' in move) {
      if (move.end === 'FIN') socket.end()
      else socket.resetAndDestroy()
    } else if ('waitMs' in move) {
      await pause(move.waitMs)
      // The client is in this process: however late the timer, it has read what was written before.
      await turn()
    } else if ('slowly' in move) {
      for (const byte of Buffer.from(move.slowly, 'latin1')) {
        if (socket.destroyed || !(await pause(move.everyMs))) return
        socket.write(Buffer.of(byte))
      }
    } else {
      while (!socket.destroyed && !signal.aborted) {
        const flows = socket.write(move.again)
        if (move.everyMs > 0) await pause(move.everyMs)
        else if (!flows) await drained(socket)
      }
    }
  }
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('drain', resolve).once('close', resolve)
  })
