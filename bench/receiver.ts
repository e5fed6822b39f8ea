/**
 * The destination of the benchmarks, a process of its own: answers 200 to everything and keeps, for
 * each request, how long ago its event was sent (the body carries the instant). Its parent asks for the
 * figures with any message.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const SENT_AT = /"sentAt":(\d+\.\d+)/

let latencies: number[] = []
const ids = new Set<string>()

const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('latin1')
  request.on('data', (chunk: string) => (text += chunk))
  request.on('end', () => {
    const sentAt = SENT_AT.exec(text)?.[1]
    if (sentAt) latencies.push(performance.timeOrigin + performance.now() - Number(sentAt))
    ids.add(String(request.headers['webhook-id']))
    response.writeHead(200, { 'content-length': 2 })
    response.end('ok')
  })
})

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }))

process.on('message', (message) => {
  const { reset } = message as { reset: boolean }
  // What is only counted costs little: it is asked for while others are measured.
  process.send!({
    received: latencies.length,
    distinct: ids.size,
    latencies: reset ? latencies : [],
  })
  if (reset) {
    latencies = []
    ids.clear()
  }
})
process.on('disconnect', () => process.exit())
