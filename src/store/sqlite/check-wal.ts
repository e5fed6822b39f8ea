/**
 * Looks at the header of a write-ahead log before SQLite does. SQLite takes a log with a damaged header
 * for an empty one, and what was committed to it would be gone without a word; refusing is better.
 * A log that is empty or all zeros is fine: its header is made durable before anything is committed.
 *
 * Format: https://www.sqlite.org/fileformat2.html#walformat
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { AppError } from '../../errors.ts'

const HEADER_BYTES = 32
const MAGIC = 0x377f0682
const FORMAT_VERSION = 3_007_000

export function checkWal(path: string): void {
  const header = readHeader(path)
  if (!header || header.every((byte) => byte === 0) || isSound(header)) return
  throw new AppError('store_corrupt', { path, reason: 'the header of its log is damaged' })
}

function readHeader(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    readSync(file, header, 0, HEADER_BYTES, 0)
    return header
  } finally {
    closeSync(file)
  }
}

function isSound(header: Buffer): boolean {
  const magic = header.readUInt32BE(0)
  const isBigEndian = magic === MAGIC + 1
  if (magic !== MAGIC && !isBigEndian) return false
  if (header.readUInt32BE(4) !== FORMAT_VERSION) return false
  let a = 0
  let b = 0
  for (let at = 0; at < 24; at += 8) {
    const [x, y] = isBigEndian
      ? [header.readUInt32BE(at), header.readUInt32BE(at + 4)]
      : [header.readUInt32LE(at), header.readUInt32LE(at + 4)]
    a = (a + x + b) >>> 0
    b = (b + y + a) >>> 0
  }
  return header.readUInt32BE(24) === a && header.readUInt32BE(28) === b
}
