/**
 * What the tunnelled connections of all runs share: how many there may be, and how much of their data
 * may wait here for slow peers. One process can take no more than it leaves (model/fair-share.ts).
 */
import { fitsShare } from '../model/fair-share.ts'
import { limits } from '../model/limits.ts'

type Share = { readonly total: number; used: number }

/** One process's part of the common room. What it takes it gives back, at the latest when it ends. */
export class TunnelRoom {
  readonly #sockets: Share
  readonly #bytes: Share
  #mySockets = 0
  #myBytes = 0

  constructor(sockets: Share, bytes: Share) {
    this.#sockets = sockets
    this.#bytes = bytes
  }

  takeSocket(): boolean {
    if (!fitsShare(this.#sockets, this.#mySockets, 1)) return false
    this.#sockets.used++
    this.#mySockets++
    return true
  }

  giveSocket(): void {
    this.#sockets.used--
    this.#mySockets--
  }

  takeBytes(bytes: number): boolean {
    if (!fitsShare(this.#bytes, this.#myBytes, bytes)) return false
    this.#bytes.used += bytes
    this.#myBytes += bytes
    return true
  }

  giveBytes(bytes: number): void {
    this.#bytes.used -= bytes
    this.#myBytes -= bytes
  }
}

/** Makes the room, and hands out the parts. */
export function createTunnelRooms(): () => TunnelRoom {
  const sockets = { total: limits.tunnelSockets, used: 0 }
  const bytes = { total: limits.tunnelBytesInMemory, used: 0 }
  return () => new TunnelRoom(sockets, bytes)
}
