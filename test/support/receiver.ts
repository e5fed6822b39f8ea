/**
 * A real HTTP receiver on loopback: it records every request as it came over the wire and answers as
 * its script says, well or badly. The script may be replaced at any time; without one it answers 200.
 *
 *   const receiver = await startReceiver(() => ({ status: 500, body: 'oops' }))
 *   ... send something to receiver.url('/hook') ...
 *   const [request] = await receiver.received(1)
 *   await receiver.close()
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { HeaderPair } from '../../src/model/event.ts'

export type Received = {
  readonly method: string
  /** Path and query, as sent. */
  readonly url: string
  /** In the original case and order, repeats kept. */
  readonly headers: readonly HeaderPair[]
  readonly body: Buffer
  readonly at: number
  /** Numbers the connections from 1, so that reuse can be seen. */
  readonly connection: number
}

type Text = string | Uint8Array

/** How to answer. Parts of one reply happen in the order of its fields. */
export type Reply = {
  /** Waits before anything else. */
  readonly delayMs?: number
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: Text
  /** Written to the socket as it is, instead of a response. */
  readonly raw?: Text
  /** Then these, one after each pause; a generator may go on for ever. */
  readonly trickle?: { readonly everyMs: number; readonly raw: Iterable<Text> }
  /** What to do with the connection then; a reply with neither status, body nor raw needs one. */
  readonly end?: 'reset' | 'close' | 'hang'
}

export type Script = (request: Received, count: number) => Reply | Promise<Reply>

export type Receiver = {
  readonly port: number
  /** Scheme, host and port. */
  readonly origin: string
  /** Everything received so far, complete requests only, in order of arrival. */
  readonly requests: readonly Received[]
  /** Connections accepted so far: what "no TCP SYN" is proved with. */
  readonly connections: number
  /** Of these, how many neither side has closed, or only one. */
  readonly open: number
  script: Script
  url(path?: string): string
  /** Waits until at least `count` requests have arrived; fails with what did arrive after `withinMs`. */
  received(count: number, withinMs?: number): Promise<readonly Received[]>
  close(): Promise<void>
}

type Options = {
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly host?: string
  readonly port?: number
}

/** The value of the first header of that name, in any case. */
export function headerOf(headers: readonly HeaderPair[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
}

export async function startReceiver(script?: Script, options: Options = {}): Promise<Receiver> {
  const requests: Received[] = []
  const sockets = new Map<Socket, number>()
  const arrivals = new Set<() => void>()
  const stopped = new AbortController()
  let connections = 0

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void read(request).then(async (body) => {
      if (body === undefined) return
      const received: Received = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: pairs(request.rawHeaders),
        body,
        at: performance.now(),
        connection: sockets.get(request.socket) ?? 0,
      }
      requests.push(received)
      for (const arrived of arrivals) arrived()
      await answer(await receiver.script(received, requests.length), response, stopped.signal)
    })
  }
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener)
  server.keepAliveTimeout = 60_000
  server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections++
    sockets.set(socket, connections)
    socket.on('error', () => undefined) // the far end may break off as it likes
    socket.on('close', () => sockets.delete(socket))
  })
  const host = options.host ?? '127.0.0.1'
  server.listen(options.port ?? 0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`

  const receiver: Receiver = {
    port,
    origin,
    requests,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    script: script ?? (() => ({ status: 200 })),
    url: (path = '/') => origin + path,
    async received(count, withinMs = 30_000) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const check = (): void => void (requests.length >= count && resolve())
      const timer = setTimeout(() => {
        const lines = requests.map(({ method, url }) => `${method} ${url}`).slice(-10)
        reject(new Error(`${requests.length} of ${count} requests arrived: ${lines.join(', ')}`))
      }, withinMs)
      arrivals.add(check)
      check()
      try {
        await promise
      } finally {
        clearTimeout(timer)
        arrivals.delete(check)
      }
      return requests
    },
    async close() {
      stopped.abort()
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets.keys()) socket.destroy()
      await closed
    },
  }
  return receiver
}

/** The whole body; undefined when the request broke off. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return undefined
  }
  return Buffer.concat(chunks)
}

async function answer(reply: Reply, response: ServerResponse, stopped: AbortSignal): Promise<void> {
  const socket = response.socket
  const pause = (ms: number) => delay(ms, true, { signal: stopped }).catch(() => false)
  if (reply.delayMs && !(await pause(reply.delayMs))) return
  if (!socket || socket.destroyed) return
  if (reply.raw !== undefined) {
    socket.write(reply.raw)
  } else if (reply.status !== undefined || reply.body !== undefined || !reply.end) {
    response.writeHead(reply.status ?? 200, reply.headers as Record<string, string | string[]>)
    response.end(reply.body)
  }
  if (reply.trickle) {
    for (const text of reply.trickle.raw) {
      if (!(await pause(reply.trickle.everyMs)) || socket.destroyed) return
      socket.write(text)
    }
  }
  if (reply.end === 'reset') socket.resetAndDestroy()
  if (reply.end === 'close') socket.end()
}

function pairs(raw: readonly string[]): readonly HeaderPair[] {
  const result: HeaderPair[] = []
  for (let i = 0; i < raw.length; i += 2) result.push([raw[i]!, raw[i + 1]!])
  return result
}
