/** [121] Many hostile receivers at once cost bounded memory. The receiver is a process of its own. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { attemptOne } from '../support/attempt-one.ts'
import { taskTo } from '../support/delivery-task.ts'

const PARALLEL = 200
const GROWTH_BYTES = 100 * 1024 * 1024

/** Answers every connection with an endless body, as fast as it is read. */
const FLOOD = `
import { createServer } from 'node:net'
const chunk = Buffer.alloc(65536, 'x')
const server = createServer((socket) => {
  const pour = () => { while (!socket.destroyed && socket.write(chunk)); }
  socket.on('error', () => {}).on('drain', pour)
  socket.once('data', () => { socket.write('HTTP/1.1 200 OK\\r\\n\\r\\n'); pour() })
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
`

test('[121] attempt: 200 endless bodies at once grow memory by less than 100 MiB', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-flood-'))
  writeFileSync(join(folder, 'flood.mjs'), FLOOD)
  const flood = fork(join(folder, 'flood.mjs'))
  try {
    const [port] = (await once(flood, 'message')) as [number]
    const url = `http://127.0.0.1:${port}/`
    await attemptOne(taskTo(url))
    const before = process.memoryUsage.rss()
    let most = before
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
    const attempts = await Promise.all(
      Array.from({ length: PARALLEL }, () => attemptOne(taskTo(url, { timeoutMs: 20_000 }))),
    )
    clearInterval(watch)
    assert.ok(
      attempts.every(({ outcome, response }) => outcome === 'delivered' && response!.truncated),
    )
    assert.ok(most - before < GROWTH_BYTES, `${Math.round((most - before) / 2 ** 20)} MiB`)
  } finally {
    flood.kill()
    rmSync(folder, { recursive: true })
  }
})
