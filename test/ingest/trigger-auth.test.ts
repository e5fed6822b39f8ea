/** Who may send, where a workflow asks: SPEC section 2, with the public vectors of Standard Webhooks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { TriggerAuth } from '../../src/model/workflow.ts'
import { endpoint, http, KEY, settings, startTrigger, statuses } from '../support/trigger.ts'
import type { Trigger } from '../support/trigger.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

async function guarded(t: TestContext, triggerAuth: TriggerAuth): Promise<Trigger> {
  const trigger = await startTrigger(t)
  const asked = { ...settings, triggerAuth, rate: { perSecond: 1, burst: 2 } }
  trigger.store.endpoints.set(KEY, { ...endpoint, settings: asked })
  return trigger
}

test('trigger: bearer auth lets in who sends the token of the variable, and nobody else', async (t) => {
  const trigger = await guarded(t, { type: 'bearer', variable: 'HOOK_TOKEN' })
  trigger.values['HOOK_TOKEN'] = 'open-sesame'
  const status = async (authorization?: string): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization }
    const answer = await fetch(trigger.url, { method: 'POST', body: 'x', headers })
    assert.equal(answer.headers.get('www-authenticate'), answer.ok ? null : 'Bearer')
    return answer.status
  }
  const wrong = [
    'Bearer',
    'Bearer open',
    'Bearer open-sesame-2',
    'Basic open-sesame',
    'open-sesame',
  ]
  for (const authorization of [undefined, ...wrong]) assert.equal(await status(authorization), 401)
  assert.deepEqual(trigger.store.events, [], 'a refused request is no event')
  assert.equal(await status('Bearer open-sesame'), 200, 'and takes nothing of the rate')
  assert.equal(await status('bearer open-sesame'), 200)
  assert.equal(trigger.store.events.length, 2)

  trigger.values['HOOK_TOKEN'] = 'replaced'
  assert.equal(await status('Bearer open-sesame'), 401)
})

test('trigger: bearer auth is checked before the body is asked for', async (t) => {
  const trigger = await guarded(t, { type: 'bearer', variable: 'HOOK_TOKEN' })
  trigger.values['HOOK_TOKEN'] = 'open-sesame'
  const head = http(
    `POST /t/${KEY} HTTP/1.1`,
    'Host: h',
    'Expect: 100-continue',
    'Content-Length: 9',
  )
  assert.deepEqual(statuses(await trigger.raw(head)), [401])
})

test('trigger: signature auth verifies what standardwebhooks signs, and nothing that was changed', async (t) => {
  const trigger = await guarded(t, { type: 'signature', variable: 'HOOK_SECRET' })
  trigger.values['HOOK_SECRET'] = SECRET
  const body = '{"name":"Zoë"}'
  const now = Math.floor(Date.now() / 1000)
  const signed = (id = 'msg_1', at = now, secret = SECRET): Record<string, string> => ({
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at * 1000), body),
  })
  const send = async (headers: Record<string, string>, sent = body): Promise<number> => {
    trigger.advance(2_000) // The rate of the endpoint is not what is tested.
    return (await fetch(trigger.url, { method: 'POST', headers, body: sent })).status
  }
  const { 'webhook-signature': signature, ...unsigned } = signed()
  const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
  for (const [what, headers, sent] of [
    ['no signature', unsigned, body],
    ['another body', signed(), `${body} `],
    ['another id', { ...signed(), 'webhook-id': 'msg_2' }, body],
    ['another secret', signed('msg_1', now, other), body],
    ['another time', { ...signed(), 'webhook-timestamp': String(now + 1) }, body],
    ['five minutes ago', signed('msg_1', now - 301), body],
    ['in five minutes', signed('msg_1', now + 302), body],
    [
      'another version',
      { ...signed(), 'webhook-signature': signature!.replace('v1,', 'v1a,') },
      body,
    ],
    ['half a signature', { ...signed(), 'webhook-signature': signature!.slice(0, 20) }, body],
    ['no time', { ...signed(), 'webhook-timestamp': 'now' }, body],
  ] as const) {
    assert.equal(await send(headers, sent), 401, what)
  }
  assert.deepEqual(trigger.store.events, [])
  assert.equal(await send(signed()), 200)
  const both = `v1,${Buffer.alloc(32).toString('base64')} ${signed('msg_2')['webhook-signature']}`
  assert.equal(await send({ ...signed('msg_2'), 'webhook-signature': both }), 200)
  assert.equal(await send(signed()), 200, 'the same message again')
  assert.equal(trigger.store.events.length, 2, 'is the same event')
})

for (const [what, value] of [
  ['is not set', undefined],
  ['holds no secret', 'whsec_short'],
] as const) {
  test(`trigger: while the variable ${what} nobody is let in, and the log says so`, async (t) => {
    const trigger = await guarded(t, { type: 'signature', variable: 'HOOK_SECRET' })
    if (value) trigger.values['HOOK_SECRET'] = value
    const answer = await fetch(trigger.url, { method: 'POST', body: 'x' })
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1'])
    assert.deepEqual(trigger.store.events, [])
    assert.match(trigger.logLines.join(''), /HOOK_SECRET/)
    assert.doesNotMatch(await answer.text(), /HOOK_SECRET/)
  })
}
