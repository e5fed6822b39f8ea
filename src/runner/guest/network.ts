import type { Line } from './line.ts'
export type Network = { receive(kind: number, stream: number, payload: Uint8Array): void }
export const STREAM_FRAMES: ReadonlySet<number> = new Set([2, 3, 4, 5, 6])
export function installNetwork(_line: Line): Network {
  return { receive() {} }
}
