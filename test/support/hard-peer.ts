/**
 * A peer that is hard on whoever connects, in a process of its own so that its memory is not the test's.
 * A connection says on its first line what it wants:
 *
 *   endless      sends until it is stopped          count <bytes>  sends so many bytes of a known sequence
 *   stall        never reads what follows           hash           reads all, answers its SHA-256
 *   later        as `hash`, but reads nothing until the test says `read`
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

export type HardPeer = {
  readonly port: number
  /** Bytes that `endless` and `count` have handed to the system so far. */
  sent(): Promise<number>
  /** Lets the connections that said `later` read. */
  read(): void
  stop(): void
}

/** What `count` sends: bytes that tell of a lost or doubled chunk. */
export function sequence(bytes: number, chunk: (part: Buffer) => void): void {
  for (let at = 0; at < bytes; at += PART.length) chunk(PART.subarray(0, bytes - at))
}

/** A length that no window divides. */
const PART = Buffer.from(Uint8Array.from({ length: 65_521 }, (_, i) => (i * 7) % 251))

export async function startHardPeer(): Promise<HardPeer> {
  const child = fork(fileURLToPath(import.meta.url), ['serve'], { execArgv: [] })
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    sent: async () => {
      child.send('sent')
      const [bytes] = (await once(child, 'message')) as [number]
      return bytes
    },
    read: () => void child.send('read'),
    stop: () => child.disconnect(),
  }
}

if (process.argv[2] === 'serve') serve(process as unknown as ChildProcess)

function serve(parent: Pick<ChildProcess, 'on' | 'send'>): void {
  let sent = 0
  const waiting = new Set<() => void>()
  const write = (socket: Socket, part: Buffer): boolean => {
    sent += part.length
    return socket.write(part)
  }
  const wishes: Record<string, (socket: Socket, rest: Buffer, count: number) => void> = {
    endless(socket) {
      const fill = (): void => {
        while (!socket.destroyed && write(socket, PART));
      }
      socket.on('drain', fill)
      fill()
    },
    count(socket, _, bytes) {
      const parts: Buffer[] = []
      sequence(bytes, (part) => parts.push(part))
      const fill = (): void => {
        while (parts.length > 0) if (!write(socket, parts.shift()!)) return
        socket.end()
      }
      socket.on('drain', fill)
      fill()
    },
    stall: (socket) => void socket.pause(),
    hash(socket, rest) {
      const hash = createHash('sha256').update(rest)
      socket.on('data', (chunk: Buffer) => hash.update(chunk))
      socket.on('end', () => socket.end(hash.digest('hex')))
      socket.resume()
    },
    later(socket, rest) {
      socket.pause()
      waiting.add(() => wishes['hash']!(socket, rest, 0))
    },
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', (first: Buffer) => {
      const end = first.indexOf(10)
      const [wish = '', count] = first.toString('latin1', 0, end).split(' ')
      wishes[wish]!(socket, first.subarray(end + 1), Number(count))
    })
  })
  parent.on('message', (message) => {
    if (message === 'sent') parent.send(sent)
    else for (const start of waiting) start()
  })
  parent.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => parent.send((server.address() as AddressInfo).port))
}
