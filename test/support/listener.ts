/**
 * A TCP listener on loopback that counts who comes: the proof that nobody did. It answers each
 * request with an empty 200, whatever is asked.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export type Listener = {
  readonly port: number
  /** The local address of each connection accepted, in order. */
  readonly accepted: readonly string[]
  /** Bytes received over all connections. */
  bytes(): number
  close(): Promise<void>
}

export async function listen(host = '127.0.0.1', port = 0): Promise<Listener> {
  const accepted: string[] = []
  const sockets = new Set<Socket>()
  let bytes = 0
  const server = createServer((socket) => {
    accepted.push(socket.localAddress ?? '')
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      bytes += chunk.length
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    accepted,
    bytes: () => bytes,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
