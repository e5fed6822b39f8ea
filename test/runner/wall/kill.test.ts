/** A guest that is killed is gone, at whatever point of its start, and nothing keeps the server waiting for it. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { GuestChild } from '../../../src/runner/guest-child.ts'
import type { Isolation } from '../../../src/runner/isolation.ts'
import { lacks, wallOf } from '../../support/walls.ts'

/** No other test's guests have so much: it names the processes that are meant. */
const MEMORY_MB = 131
const NAME = `--max-old-space-size=${MEMORY_MB}`

function launch(isolation: Isolation) {
  const gone = Promise.withResolvers<string>()
  const nothing = () => undefined
  const events = { frame: nothing, breach: nothing, drained: nothing, flood: nothing }
  const child = new GuestChild(isolation, MEMORY_MB, null, {
    ...events,
    gone: ({ output }) => gone.resolve(output),
  })
  return { child, gone: gone.promise }
}

const left = (): readonly string[] =>
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(NAME))

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const skip = lacks('strict')
test('kill: strict: a guest ends with it, however far its start has come', { skip }, async () => {
  const isolation = await wallOf('strict')
  for (let afterMs = 0; afterMs < 30; afterMs += 0.5) {
    const { child, gone } = launch(isolation)
    const at = performance.now() + afterMs
    await delay(Math.max(0, afterMs - 2))
    while (performance.now() < at);
    child.kill()
    await gone
    assert.deepEqual(left(), [], `killed after ${afterMs} ms`)
  }
})

test('kill: a process that has ended is gone, though another holds its pipes', async () => {
  const isolation = await wallOf('process')
  const { gone } = launch({
    ...isolation,
    launch: (...given) => ({
      ...isolation.launch(...given),
      command: '/bin/sh',
      args: ['-c', 'sleep 600 & echo $!'],
    }),
  })
  const holder = Number(await gone)
  process.kill(holder, 0) // Throws if it is not there any more.
  process.kill(holder, 'SIGKILL')
})
