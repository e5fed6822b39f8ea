/**
 * The built-in receiver: answers every request with what it got, as JSON. It exists for the demo and
 * for trying a workflow without the internet, is off unless a setting turns it on, and listens on
 * loopback only; the composition root lists exactly its address and port for the guard.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Service } from './service.ts'

const HOST = '127.0.0.1'
const BODY_BYTES = 64 * 1024

export type DemoReceiver = Service & {
  url(): string
  /** What the guard must let through for it, and nothing more. */
  allowEntry(): string
}

export function createDemoReceiver(): DemoReceiver {
  const server = createServer((request, response) => echo(request, response))
  const port = (): number => (server.address() as AddressInfo).port
  return {
    url: () => `http://${HOST}:${port()}`,
    allowEntry: () => `${HOST}/32:${port()}`,
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, HOST, resolve)
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    if (size < BODY_BYTES) chunks.push(chunk)
    size += chunk.length
  })
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8', 0, BODY_BYTES)
    const answer = { method: request.method, path: request.url, body, size }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ received: answer }))
  })
}
