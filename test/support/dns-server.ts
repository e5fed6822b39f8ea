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
}

export type DnsRecord = Answer | { readonly rcode: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' } | 'silent'

export type DnsServer = {
  /** `127.0.0.1:port` */
  readonly address: string
  /** Each name asked for, in order, once per question. */
  readonly asked: string[]
  close(): Promise<void>
}

const rcodes = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const
const types = { A: 1, CNAME: 5, AAAA: 28 } as const

export async function startDns(
  answer: (name: string) => DnsRecord | undefined,
): Promise<DnsServer> {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, peer) => {
    const { name, end } = readName(query)
    asked.push(name)
    const record = answer(name) ?? { rcode: 'NXDOMAIN' as const }
    if (record === 'silent') return
    const question = query.subarray(12, end + 4)
    const type = question.readUInt16BE(end - 12)
    if ('fourOnly' in record && type === types.AAAA) return
    const records = 'rcode' in record ? [] : resourceRecords(name, record, type)
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x8180 | ('rcode' in record ? rcodes[record.rcode] : 0), 2)
    header.writeUInt16BE(records.length, 6)
    header.writeUInt32BE(0, 8)
    socket.send(Buffer.concat([header, question, ...records]), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: async () => {
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
