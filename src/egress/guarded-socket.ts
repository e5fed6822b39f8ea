/**
 * Opens a TCP connection to the first of several checked addresses that answers. The next one is
 * tried when one fails, or does not answer for 250 ms while the earlier ones go on (RFC 8305).
 *
 * Invariant: the peer of a socket handed out is the address that was checked; a socket whose peer is
 * another is destroyed before a byte is written to it.
 */
import { connect, type Socket } from 'node:net'
import { canonicalAddress } from './address.ts'
import { EgressError } from './egress.ts'

export type Dial = (address: string, port: number) => Socket

const FALL_OVER_MS = 250
/** A name with more addresses than this has enough of them. */
const ADDRESSES_TRIED = 6

export const dialTcp: Dial = (address, port) =>
  connect({ host: address, port, autoSelectFamily: false, noDelay: true, keepAlive: true })

/** Rejects with the most telling failure, an EgressError or the platform's own, or `signal.reason`. */
export function openSocket(
  dial: Dial,
  checked: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const addresses = checked.slice(0, ADDRESSES_TRIED)
  const trying = new Set<Socket>()
  const failures: Error[] = []
  let next = 0
  let timer: NodeJS.Timeout | undefined

  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      for (const socket of trying) socket.destroy()
    }
    const onAbort = () => {
      end()
      reject(signal.reason)
    }
    const onConnect = (socket: Socket, address: string) => {
      const peer = socket.remoteAddress
      if (peer === undefined) return onError(socket, reset())
      if (canonicalAddress(peer) !== address) {
        end()
        return reject(mismatch(address, peer))
      }
      trying.delete(socket)
      socket.removeAllListeners('error')
      end()
      resolve(socket)
    }
    const onError = (socket: Socket, error: Error) => {
      trying.delete(socket)
      socket.destroy()
      failures.push(error)
      if (next < addresses.length) tryNext()
      else if (trying.size === 0) {
        end()
        reject(mostTelling(failures))
      }
    }
    const tryNext = () => {
      clearTimeout(timer)
      const address = addresses[next++]!
      const socket = dial(address, port)
      trying.add(socket)
      socket.once('connect', () => onConnect(socket, address))
      socket.once('error', (error) => onError(socket, error))
      if (next < addresses.length) timer = setTimeout(tryNext, FALL_OVER_MS)
    }

    signal.throwIfAborted()
    signal.addEventListener('abort', onAbort, { once: true })
    tryNext()
  })
}

/** What a peer did says more than that this machine has no route to its other address. */
function mostTelling(failures: readonly NodeJS.ErrnoException[]): Error {
  const silent = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])
  return failures.find(({ code }) => !silent.has(code ?? '')) ?? failures[0]!
}

function mismatch(address: string, peer: string): EgressError {
  const message = `Connected to ${peer} instead of ${address}: dropped before a byte was sent`
  return new EgressError('blocked', message, 'peer_mismatch')
}

function reset(): Error {
  return Object.assign(new Error('closed by the peer at once'), { code: 'ECONNRESET' })
}
