/** What a step sees and leaves behind, through the whole server (SPEC section 3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'

test('app: steps share one mutable $event, and each shows what it changed', async (t) => {
  const app = await startApp(t)
  const event = await app.run(
    [
      { type: 'code', name: 'one', code: '$event.test = 1; delete $event.body.drop' },
      { type: 'note', text: 'never run' },
      {
        type: 'code',
        name: 'two',
        code: 'return [$event.test, steps.trigger.event.body.drop, $event.body.drop]',
      },
    ],
    { drop: 'me' },
  )
  assert.deepEqual(
    event.run!.steps.map(({ type }) => type),
    ['code', 'note', 'code'],
  )
  assert.deepEqual(
    event.run!.steps[0]!.diff.toSorted((a, b) => a.path.localeCompare(b.path)),
    [
      { op: 'remove', path: '/body/drop' },
      { op: 'add', path: '/test', value: 1 },
    ],
  )
  assert.deepEqual(event.run!.steps[2]!.exports, { $return_value: [1, 'me', null] })
  assert.deepEqual(event.event.body, { drop: 'me' }, 'the event itself is immutable')
})

test('app: exports of earlier steps, $context, TypeScript, require and import all work', async (t) => {
  const app = await startApp(t)
  const event = await app.run([
    { type: 'code', name: 'first', code: 'this.x = 5; return "back"' },
    {
      type: 'code',
      name: 'second',
      code: `import { createHash } from 'node:crypto'
const os: any = require('os')
const { sep } = await import('node:path')
const total: number = steps.first.x + 1
return { total, back: steps.first.$return_value, sep, hash: createHash('md5').digest('hex').length, eol: os.EOL, context: $context, frozen: Object.isFrozen($context) }`,
    },
  ])
  assert.equal(event.run!.message, null)
  const value = event.run!.steps[1]!.exports['$return_value'] as {
    total: number
    back: string
    hash: number
    frozen: boolean
    context: Record<string, unknown>
  }
  assert.equal(value.total, 6)
  assert.equal(value.back, 'back')
  assert.equal(value.hash, 32)
  assert.equal(value.frozen, true)
  assert.equal(value.context['id'], event.id)
  assert.equal(value.context['ts'], event.receivedAt)
  assert.equal(value.context['version'], 1)
  assert.equal(value.context['workflow_name'], 'Test')
  assert.equal(value.context['replay_of'], null)
})

test('app: reassigning $event is an error at the user’s own line and column', async (t) => {
  const app = await startApp(t)
  const event = await app.run([{ type: 'code', code: 'const a = 1\n  $event = {}' }])
  const { error } = event.run!.steps[0]!
  assert.equal(error!.name, 'TypeError')
  assert.equal(error!.line, 2)
  assert.equal(error!.column, 10)
})

test('app: a bad $send.http call throws a TypeError in the step that names the option', async (t) => {
  const app = await startApp(t)
  const event = await app.run([
    { type: 'code', code: `$send.http({ method: 'POST', url: 'http://example.com', body: 1 })` },
  ])
  assert.match(event.run!.message!, /^EXCEPTION TypeError: .*body.*did you mean.*data/)
  assert.equal(event.dest.total, 0)
})

test('app: what runs after the end of a run is shown on that run', async (t) => {
  const app = await startApp(t)
  const code = `setTimeout(() => $send.http({ method: 'POST', url: 'http://example.com' }), 30)`
  const workflow = await app.workflow([{ type: 'code', name: 'late', code }])
  await app.send(workflow)
  const { id, dest } = await app.settled(workflow)
  assert.equal(dest.total, 0)
  for (let tries = 0; ; tries++) {
    const { run } = await app.api.call<{ run: { late: { text: string; step: string }[] } }>(
      'GET',
      `/events/${id}`,
    )
    if (run.late.length > 0) {
      assert.match(run.late[0]!.text, /Cannot send: the run has ended/)
      return
    }
    assert.ok(tries < 1_200, 'the late call was never shown')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
})

test('app: an event runs on the version that was current when it was accepted', async (t) => {
  const app = await startApp(t)
  const workflow = await app.workflow([{ type: 'code', code: 'return 1' }])
  await app.send(workflow)
  assert.equal((await app.settled(workflow)).run!.version, 1)
  const steps = [{ type: 'code', code: 'return 2' }]
  const saved = await app.api.call<{ version: number }>('PUT', `/workflows/${workflow.id}`, {
    name: 'Test',
    steps,
  })
  assert.equal(saved.version, 2)
  await app.send(workflow)
  const event = await app.settled(workflow)
  assert.equal(event.run!.version, 2)
  assert.deepEqual(event.run!.steps[0]!.exports, { $return_value: 2 })
})
