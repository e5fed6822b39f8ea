/**
 * Makes one exchange with nobody before the first that counts: what the HTTP client compiles and loads
 * only when it is first used would otherwise be waited for by the first delivery after a start, which
 * took 30 ms on an idle machine and over 100 ms on a busy one. No socket is opened.
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { Connection } from './connection.ts'
import type { ConnectionDeps, Exchange } from './connection.ts'

type Connector = ConnectionDeps['egress']['connector']

const ORIGIN = 'http://warm-up.invalid'
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const LONGEST_MS = 2_000

/** Resolves to how it went; a failure costs the first delivery some time, and nothing else. */
export async function warmUp(clock: Clock): Promise<Exchange> {
  const egress = {
    connector: ((_, callback) =>
      void setImmediate(() => callback(null, nobody()))) satisfies Connector,
    factsOf: () => undefined,
  }
  const connection = new Connection({ clock, egress }, ORIGIN)
  const url = new URL(ORIGIN)
  const body = Buffer.from('{}')
  const request = { method: 'POST', url, ownHeaders: [], addedHeaders: [], body }
  const exchange = await connection.exchange(request, LONGEST_MS)
  await connection.close()
  return exchange
}

/** A peer in memory: takes a request and answers it. */
function nobody(): Socket {
  const socket: Duplex = new Duplex({
    read: () => undefined,
    write: (_, __, done) => done(),
    writev: (_, done) => {
      done()
      socket.push(ANSWER)
    },
  })
  const inert = () => socket
  return Object.assign(socket, { ref: inert, unref: inert }) as unknown as Socket
}
