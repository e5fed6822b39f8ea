/** A workflow whose steps answer the trigger's request (SPEC section 3, `$respond`). */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { EventListWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { ADMIN_TOKEN, settledEvent, startApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'
import { startServer } from '../support/server-process.ts'

const custom = { response: 'custom' }
const code = (text: string, name = 'nodejs') => ({ type: 'code', name, code: text })
const answers = (app: TestApp, text: string, settings: object = {}) =>
  app.workflow([code(text)], { ...custom, ...settings })

/** A request on a connection of its own, and all that comes back until it is closed. */
function ask(endpoint: string) {
  const { hostname, port, pathname } = new URL(endpoint)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += String(chunk)))
  socket.on('error', () => {}) // Its end is what is looked at.
  const received = new Promise<string>((resolve) => socket.on('close', () => resolve(text)))
  const head = ['Host: a', 'Content-Length: 0', 'Connection: close'].join('\r\n')
  socket.write(`POST ${pathname} HTTP/1.1\r\n${head}\r\n\r\n`)
  return { socket, received }
}

test('respond: status, headers and body (text, object, Buffer) are the answer, sandboxed [226]', async (t) => {
  const app = await startApp(t)
  const workflow = await answers(
    app,
    `const { kind } = $event.query
     const body = { text: 'hi', object: { got: $event.body }, buffer: Buffer.from([0, 255]) }[kind]
     $respond({ status: 201, headers: { 'X-Mine': kind, 'Set-Cookie': 'a=b', Vary: 'Accept' }, body })
     $event.later = true`,
  )
  const ask = async (kind: string) => app.send(workflow, `?kind=${kind}`, { body: '{"n":1}' })
  const text = await ask('text')
  assert.deepEqual([text.status, text.body], [201, 'hi'])
  const { headers } = text
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
  assert.deepEqual([headers['x-mine'], headers['vary']], ['text', 'Accept'])
  assert.equal(headers['set-cookie'], undefined)
  assert.equal(headers['content-security-policy'], 'sandbox')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['access-control-allow-origin'], '*')
  const object = await ask('object')
  assert.deepEqual(
    [object.headers['content-type'], object.body],
    ['application/json', '{"got":{"n":1}}'],
  )
  const buffer = await ask('buffer')
  assert.equal(buffer.headers['content-type'], 'application/octet-stream')
  assert.equal(buffer.headers['content-length'], '2')

  const { run } = await app.settled(workflow)
  const [warned, said] = run!.steps[0]!.logs
  assert.match(warned!.text, /has Set-Cookie, which was left out/)
  assert.equal(
    said!.text,
    '$respond, when the run has ended: 201, application/octet-stream, 2 bytes',
  )
  for (const [site, dest, status] of [
    ['same-origin', 'script', 403],
    ['same-origin', 'document', 201],
    ['cross-site', 'script', 201],
  ] as const) {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-dest': dest }
    const asked = await app.send(workflow, '?kind=text', { headers, body: '{}' })
    assert.equal(asked.status, status, `${site} ${dest}`)
  }
  const nothing = await answers(app, '$respond({ status: 204 })')
  assert.deepEqual(await app.send(nothing).then(({ status, body }) => [status, body]), [204, ''])
})

test('respond: the answer comes at the end of the run; with immediate at once', async (t) => {
  const app = await startApp(t)
  const held = Promise.withResolvers<void>()
  const receiver = await startReceiver(() => held.promise.then(() => ({ body: 'released' })))
  t.after(() => receiver.close())
  const workflow = await answers(
    app,
    `$respond({ body: 'early', immediate: true }); this.got = await (await fetch('${receiver.url()}')).text()`,
  )
  assert.equal((await app.send(workflow)).body, 'early', 'while the run goes on')
  held.resolve()
  const { run } = await app.settled(workflow)
  assert.equal(run!.steps[0]!.exports['got'], 'released')

  const late = await answers(app, `$respond({ body: 'late' }); throw new Error('after it')`)
  assert.equal((await app.send(late)).body, 'late', 'what was responded before a throw counts')
  const page = await app.api.call<EventListWire>('GET', `/workflows/${late.id}/events`)
  assert.equal(page.data[0]!.status, 'failed', 'the run is durable when it is answered')
})

test('respond: never called is 400 that says so, at the time limit 504; both stand in the log', async (t) => {
  const app = await startApp(t)
  const never = await answers(app, 'return 1')
  const missing = await app.send(never)
  assert.deepEqual(
    [missing.status, JSON.parse(missing.body).detail],
    [400, 'Cannot answer: the run has ended and no step called $respond'],
  )
  assert.equal(missing.headers['content-security-policy'], 'sandbox')
  const { run } = await app.settled(never)
  assert.deepEqual(run!.status, 'succeeded')
  assert.equal(
    run!.steps[0]!.logs.at(-1)!.text,
    'the request was answered with 400: no step called $respond',
  )
  const slow = await answers(app, 'await new Promise(() => {})', { timeoutMs: 1_000 })
  const late = await app.send(slow)
  assert.deepEqual(
    [late.status, JSON.parse(late.body).detail],
    [504, 'Cannot answer: no step called $respond within 1000 ms'],
  )
  const timedOut = await app.settled(slow)
  assert.match(timedOut.run!.steps[0]!.logs.at(-1)!.text, /answered with 504/)
})

test('respond: called twice is an error in the step; in a workflow that answers by itself a warning', async (t) => {
  const app = await startApp(t)
  const twice = await app.workflow(
    [code(`$respond({ body: 'one' })`, 'one'), code(`$respond({ body: 'two' })`, 'two')],
    custom,
  )
  assert.equal((await app.send(twice)).body, 'one')
  const { run } = await app.settled(twice)
  assert.match(run!.message!, /\$respond was called before, in step one/)
  assert.equal(run!.steps[1]!.status, 'failed')

  const byItself = await app.workflow([code(`$respond({ status: 500 }); return 1`)])
  assert.equal((await app.send(byItself)).body, '{"success":true}')
  const other = await app.settled(byItself)
  assert.equal(other.run!.status, 'succeeded')
  assert.match(other.run!.steps[0]!.logs[0]!.text, /^\$respond has no effect: the workflow answers/)
})

test('respond: a repeated Idempotency-Key answers 200, and a replay asks nobody', async (t) => {
  const app = await startApp(t)
  const workflow = await answers(app, `$respond({ status: 202 })`)
  const headers = { 'idempotency-key': 'once' }
  assert.equal((await app.send(workflow, '', { headers })).status, 202)
  const again = await app.send(workflow, '', { headers })
  assert.deepEqual([again.status, again.body], [200, '{"success":true}'])
  const { id } = await app.settled(workflow)
  await app.api.call('POST', `/events/${id}/replay`, {})
  for (;;) {
    const { replayOf, run } = await app.settled(workflow)
    if (replayOf === null) continue
    assert.match(run!.steps[0]!.logs[0]!.text, /a replay has no request to answer/)
    break
  }
})

test('respond: who hangs up ends the wait and not the run', async (t) => {
  const app = await startApp(t)
  const held = Promise.withResolvers<void>()
  const receiver = await startReceiver(() => held.promise.then(() => ({})))
  t.after(() => receiver.close())
  const workflow = await answers(app, `await fetch('${receiver.url()}'); $respond({})`)
  const { socket, received } = ask(workflow.endpoint)
  await receiver.received(1)
  socket.destroy()
  await received
  // A turn of the server's loop that began after the connection was gone.
  await app.api.call('GET', '/workflows')
  held.resolve()
  const { run } = await app.settled(workflow)
  assert.equal(run!.status, 'succeeded')
  assert.match(run!.steps[0]!.logs.at(-1)!.text, /nobody was there any more to be answered/)
})

test('respond: a crash closes the request, a drain answers 503; the event is run all the same', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-respond-'))
  const held = Promise.withResolvers<void>()
  const receiver = await startReceiver(() => held.promise.then(() => ({})))
  t.after(async () => {
    await receiver.close()
    await rm(folder, { recursive: true, force: true })
  })
  const env = { SENDOFF_DATA: folder, SENDOFF_ADMIN_TOKEN: ADMIN_TOKEN }
  const steps = [code(`await fetch('${receiver.url()}'); $respond({ body: 'at last' })`)]
  const first = await startServer(t, env)
  const made = await createApiClient(first.url, ADMIN_TOKEN).call<WorkflowWire>(
    'POST',
    '/workflows',
    { name: 'Test', steps, settings: custom },
  )
  const cut = ask(made.endpoint)
  await receiver.received(1)
  await first.kill()
  assert.equal(await cut.received, '', 'no answer rather than a false one')

  const second = await startServer(t, env)
  await receiver.received(2)
  const { pathname } = new URL(made.endpoint)
  const drained = ask(`${second.url}${pathname}`)
  await receiver.received(3)
  const exit = second.terminate()
  const answer = await drained.received
  assert.match(answer, /^HTTP\/1\.1 503 [^]*the server is stopping; the event is stored/)
  assert.equal(await exit, 0)

  held.resolve()
  const third = await startServer(t, env)
  const { run } = await settledEvent(createApiClient(third.url, ADMIN_TOKEN), made.id)
  assert.equal(run!.status, 'succeeded')
})
