/** [121] Many hostile receivers at once cost bounded memory. The receiver is a process of its own. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { attemptOne } from '../support/attempt-one.ts'
import { collectGarbage } from '../support/collect-garbage.ts'
import { taskTo } from '../support/delivery-task.ts'

const PARALLEL = 200
const GROWTH_BYTES = 100 * 1024 * 1024

/** How a receiver can pour; each connection gets the next way. All but the bomb have no end. */
const WAYS = ['body', 'chunks', 'bomb', 'interim', 'extension', 'headers'] as const

/** Answers as fast as it is read, for ever. */
const FLOOD = `
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
const head = 'HTTP/1.1 200 OK\\r\\n'
const x = (count) => 'x'.repeat(count)
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
const chunked = head + 'transfer-encoding: chunked\\r\\n\\r\\n'
const ways = {
  body: [head + '\\r\\n', x(65536)],
  chunks: [chunked, '10000\\r\\n' + x(65536) + '\\r\\n'],
  bomb: [Buffer.concat([Buffer.from(head + 'content-encoding: gzip\\r\\ncontent-length: ' + bomb.length + '\\r\\n\\r\\n'), bomb])],
  interim: ['', 'HTTP/1.1 103 Early Hints\\r\\n\\r\\n'.repeat(2000)],
  extension: [chunked + '2;', x(65536)],
  headers: [head, 'a: b\\r\\n'.repeat(10000)],
}
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', (request) => {
    const [start, again] = ways[/^POST \\/(\\w+)/.exec(request.toString())[1]]
    const pour = () => { while (again && !socket.destroyed && socket.write(again)); }
    socket.on('drain', pour).write(start)
    pour()
  })
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
`

/** `protocol`, `too_large_headers`, or null where the status decides. */
const ENDS = {
  body: null,
  chunks: null,
  bomb: null,
  interim: 'protocol',
  extension: 'protocol',
  headers: 'too_large_headers',
} as const

test('[121] [115] attempt: 200 floods and bombs at once grow memory by less than 100 MiB', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-flood-'))
  writeFileSync(join(folder, 'flood.mjs'), FLOOD)
  const flood = fork(join(folder, 'flood.mjs'))
  try {
    const [port] = (await once(flood, 'message')) as [number]
    const make = (way: string) =>
      attemptOne(taskTo(`http://127.0.0.1:${port}/${way}`, { timeoutMs: 60_000 }))
    for (const way of WAYS) await make(way)
    const before = process.memoryUsage.rss()
    let most = before
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
    // Else the rate at which it happens to be collected is measured too.
    const collecting = setInterval(collectGarbage, 20)
    const ways = Array.from({ length: PARALLEL }, (_, i) => WAYS[i % WAYS.length]!)
    const attempts = await Promise.all(ways.map(make))
    clearInterval(watch)
    clearInterval(collecting)
    attempts.forEach(({ code, error }, i) => {
      assert.equal(code, ENDS[ways[i]!], `${ways[i]}: ${error?.message}`)
    })
    assert.ok(most - before < GROWTH_BYTES, `${Math.round((most - before) / 2 ** 20)} MiB`)
  } finally {
    flood.kill()
    rmSync(folder, { recursive: true })
  }
})
