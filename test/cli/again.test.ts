/** `events search`, `replay`, `redeliver` and `test` against a whole server. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import { ADMIN_TOKEN, startApp } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'
import { runCommand } from '../support/run-command.ts'

test('cli: events are found, replayed, redelivered and tested from the command line', async (t) => {
  const receiver = await startReceiver(() => ({ status: 500 }))
  t.after(() => receiver.close())
  const app = await startApp(t)
  const env = { SENDOFF_URL: app.url, SENDOFF_TOKEN: ADMIN_TOKEN }
  const steps = [{ type: 'webhook', url: receiver.url('/in'), payload: '$event.body' }]
  const workflow = await app.workflow(steps)
  await app.send(workflow, '/one', { method: 'POST', body: '{"name":"Luke"}' })
  await app.settled(workflow)
  await app.send(workflow, '/two', { method: 'POST', body: '{"name":"Han"}' })
  const han = await app.settled(workflow)

  const found = await runCommand(['events', 'search', workflow.id, 'LUKE', '--json'], env)
  assert.deepEqual([(JSON.parse(found.stdout) as { path: string }).path, found.code], ['/one', 0])
  const filtered = await runCommand(
    ['events', 'search', workflow.id, '', '--delivery', 'failed', '--limit', '1'],
    env,
  )
  assert.match(filtered.stdout, /^\S+ {2}POST {3}\/two {2}0\/1 .*\n$/)

  const replayed = await runCommand(['replay', han.id, '--version', 'original'], env)
  const again = await app.api.call<EventDetailWire>('GET', `/events/${replayed.stdout.trim()}`)
  assert.equal(again.replayOf, han.id)
  await app.settled(workflow)

  const before = receiver.requests.length
  const redelivered = await runCommand(['redeliver', han.deliveries[0]!.id], env)
  assert.deepEqual([redelivered.code, redelivered.stdout], [0, `${han.deliveries[0]!.id}\n`])
  await receiver.received(before + 1)

  const file = join(app.folder, 'event.json')
  await writeFile(file, JSON.stringify({ body: { name: 'Leia' } }))
  t.after(() => rm(file, { force: true }))
  const dry = await runCommand(['test', workflow.id, file], env)
  assert.equal(dry.code, 0, dry.stderr)
  assert.match(dry.stdout, /request: {2}\{"name":"Leia"\}/)
  await writeFile(
    join(app.folder, 'steps.json'),
    '[{"type":"code","code":"throw new Error(`no`)"}]',
  )
  const failing = await runCommand(
    ['test', workflow.id, han.id, '--steps', join(app.folder, 'steps.json'), '--json'],
    env,
  )
  assert.equal(failing.code, 1)
  assert.equal((JSON.parse(failing.stdout) as EventDetailWire).run!.message, 'EXCEPTION Error: no')
  assert.equal(receiver.requests.length, before + 1, 'a test sends nothing')
})
