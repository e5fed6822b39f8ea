/**
 * A name server on loopback (UDP) for a handful of names. It knows what a test needs: A, AAAA, CNAME
 * chains, failures, and silence.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { parseAddress } from '../../src/egress/address.ts'

type Answer = {
  readonly addresses: readonly string[]
  readonly cname?: readonly string[]
  /** Questions for AAAA are dropped. */
  readonly fourOnly?: true
  readonly delayMs?: number
  /** Says the answer is for this name, or for a question nobody asked. */
  readonly lie?: { readonly name: string } | 'id'
}

export type DnsRecord =
  | Answer
  | { readonly rcode: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' | 'FORMERR' | 'NOTIMP' }
  | 'silent'
  | 'garbage'
  | 'truncated'

export type DnsServer = {
  /** `127.0.0.1:port` */
  readonly address: string
  /** Each name asked for, in order, once per question. */
  readonly asked: string[]
  close(): Promise<void>
}

const rcodes = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const
const TRUNCATED = 0x0200
const types = { A: 1, CNAME: 5, AAAA: 28 } as const

export async function startDns(
  answer: (name: string) => DnsRecord | undefined,
): Promise<DnsServer> {
  const asked: string[] = []
  const socket = createSocket('udp4')
  let isClosed = false
  socket.on('message', (query, peer) => {
    const { name, end } = readName(query)
    asked.push(name)
    const record = answer(name) ?? { rcode: 'NXDOMAIN' as const }
    if (record === 'silent') return
    if (record === 'garbage') {
      const garbage = Buffer.concat([query.subarray(0, 2), Buffer.alloc(40, 0xff)])
      return socket.send(garbage, peer.port, peer.address)
    }
    const question = query.subarray(12, end + 4)
    const type = question.readUInt16BE(end - 12)
    const given: Answer = record === 'truncated' || 'rcode' in record ? { addresses: [] } : record
    const { lie } = given
    const owner = typeof lie === 'object' ? lie.name : name
    const records = resourceRecords(owner, given, type)
    const header = Buffer.from(query.subarray(0, 12))
    if (given.fourOnly && type === types.AAAA) return
    if (lie === 'id') header.writeUInt16BE(header.readUInt16BE(0) ^ 1, 0)
    const flags = record === 'truncated' ? TRUNCATED : 0
    const rcode = typeof record === 'object' && 'rcode' in record ? rcodes[record.rcode] : 0
    header.writeUInt16BE(0x8180 | flags | rcode, 2)
    header.writeUInt16BE(records.length, 6)
    header.writeUInt32BE(0, 8)
    const answered = Buffer.concat([header, question, ...records])
    setTimeout(() => {
      if (!isClosed) socket.send(answered, peer.port, peer.address)
    }, given.delayMs ?? 0).unref()
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: async () => {
      isClosed = true
      socket.close()
      await once(socket, 'close')
    },
  }
}

function resourceRecords(name: string, { addresses, cname = [] }: Answer, type: number): Buffer[] {
  const owners = [name, ...cname]
  const aliases = cname.map((alias, index) => resource(owners[index]!, types.CNAME, encode(alias)))
  const length = type === types.A ? 4 : 16
  const found = addresses
    .map((address) => parseAddress(address)!)
    .filter((bytes) => bytes.length === length)
    .map((bytes) => resource(owners.at(-1)!, type, Buffer.from(bytes)))
  return [...aliases, ...found]
}

function resource(owner: string, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([encode(owner), fixed, data])
}

function encode(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.from([0])])
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  while (query[at] !== 0) {
    const length = query[at]!
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}
