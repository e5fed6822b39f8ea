/** Signed requests of a whole server: who asks for it, and what a receiver sees while a secret is replaced. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { startApp } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'
import type { Received } from '../support/receiver.ts'

function verifies(request: Received, secret: string): boolean {
  const headers = Object.fromEntries(
    request.headers.map(([name, value]) => [name.toLowerCase(), value]),
  )
  try {
    new Webhook(secret).verify(request.body, headers, { jsonParse: false })
    return true
  } catch {
    return false
  }
}

const code = (url: string) =>
  `$send.http({ method: 'POST', url: '${url}', data: $event.body, signed: $event.body.signed })`

test('[256] [257] app: sends are signed where they or their workflow ask, with both secrets while one is replaced', async (t) => {
  const at = await startApp(t)
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const steps = [{ type: 'code', code: code(receiver.url()) }]
  const workflow = await at.workflow(steps)
  const rotate = async (): Promise<string> => {
    const path = `/workflows/${workflow.id}/signing-secret`
    return (await at.api.call<{ secret: string }>('POST', path)).secret
  }
  const send = async (body: object): Promise<Received> => {
    const before = receiver.requests.length
    await at.send(workflow, '', { body: JSON.stringify(body) })
    return (await receiver.received(before + 1))[before]!
  }

  const first = await rotate()
  const plain = await send({ signed: false })
  assert.ok(!plain.headers.some(([name]) => name === 'webhook-signature'))
  assert.ok(verifies(await send({ signed: true, text: 'Łódź' }), first))

  const second = await rotate()
  const both = await send({ signed: true })
  assert.ok(verifies(both, first) && verifies(both, second))
  const third = await rotate()
  const latest = await send({ signed: true })
  assert.deepEqual(
    [first, second, third].map((secret) => verifies(latest, secret)),
    [false, true, true],
  )

  const signing = { version: 'v1' }
  const saved = await at.api.call<{ settings: object }>('PATCH', `/workflows/${workflow.id}`, {
    settings: { signing: {} },
  })
  assert.deepEqual((saved.settings as { signing: object }).signing, signing)
  assert.ok(verifies(await send({ signed: false }), third))

  await at.stop()
  const files = readdirSync(at.folder).filter((name) => name.startsWith('sendoff'))
  const stored = files.map((name) => readFileSync(join(at.folder, name), 'latin1')).join('')
  assert.ok(stored.includes('signing_secret'), 'the database was read')
  for (const secret of [first, second, third]) assert.ok(!stored.includes(secret.slice(6)))
})
