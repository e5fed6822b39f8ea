/** A thread that accepts connections on every address of loopback and never says a word. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

export type HangingServer = {
  readonly port: number
  /** Connections that are open now, and how many were at most. */
  count(): Promise<{ readonly open: number; readonly most: number }>
  close(): Promise<void>
}

export async function startHangingServer(): Promise<HangingServer> {
  const worker = new Worker(new URL(import.meta.url))
  const [port] = (await once(worker, 'message')) as [number]
  return {
    port,
    async count() {
      worker.postMessage('count')
      const [counted] = await once(worker, 'message')
      return counted as { open: number; most: number }
    },
    close: async () => void (await worker.terminate()),
  }
}

async function serve(): Promise<void> {
  const sockets = new Set<Socket>()
  let most = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    most = Math.max(most, sockets.size)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.resume()
  })
  server.listen({ port: 0, host: '0.0.0.0', backlog: 4_096 })
  await once(server, 'listening')
  parentPort!.on('message', () => parentPort!.postMessage({ open: sockets.size, most }))
  parentPort!.postMessage((server.address() as AddressInfo).port)
}

if (!isMainThread && parentPort) await serve()
