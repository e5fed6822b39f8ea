/** The live stream over a real socket. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Hint } from '../../src/notifier/notifier.ts'
import { ADMIN_TOKEN, startInspector } from '../support/inspector.ts'
import type { TestInspector } from '../support/inspector.ts'

type Message = { readonly event: string; readonly data: unknown }

/** Follows a workflow; `next` is the next message with data, `comment` the next heartbeat. */
async function follow(
  t: TestContext,
  api: TestInspector,
  workflowId: string,
  options: { token?: string; lastEventId?: string } = {},
) {
  const stop = new AbortController()
  t.after(() => stop.abort())
  const { token = ADMIN_TOKEN, lastEventId } = options
  const answer = await fetch(`${api.url}/api/v1/workflows/${workflowId}/live`, {
    signal: stop.signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  })
  const blocks = blocksOf(answer.body!)
  const find = async <Found>(
    pick: (block: string) => Found | undefined,
  ): Promise<Found | undefined> => {
    for (;;) {
      const { value, done } = await blocks.next()
      if (done) return undefined
      const found = pick(value)
      if (found !== undefined) return found
    }
  }
  return {
    answer,
    next: () => find(messageOf),
    comment: () => find((block) => (block.startsWith(':') ? block : undefined)),
    leave: () => stop.abort(),
  }
}

async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let text = ''
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    yield* blocks
  }
  return undefined
}

function messageOf(block: string): Message | undefined {
  const data = /^data: (.*)$/m.exec(block)?.[1]
  const event = /^event: (.*)$/m.exec(block)?.[1]
  return data === undefined || event === undefined ? undefined : { event, data: JSON.parse(data) }
}

const hintOf = (workflowId: string, eventId: string): Hint => ({
  kind: 'event',
  accountId: 1,
  workflowId,
  eventId,
})

test('live: event, run and delivery of this workflow come with their ids, in order', async (t) => {
  const api = await startInspector(t)
  const { id: workflowId } = await api.workflow()
  const { answer, next } = await follow(t, api, workflowId)
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  const own = { accountId: 1, workflowId, eventId: 'evt_1' }
  api.notifier.publish({ ...own, kind: 'event', workflowId: 'wf_other', eventId: 'evt_other' })
  api.notifier.publish({ ...own, kind: 'event', accountId: 2, eventId: 'evt_stranger' })
  api.notifier.publish({ kind: 'workflow', accountId: 1, workflowId, key: 'unguessable' })
  api.notifier.publish({ ...own, kind: 'event' })
  api.notifier.publish({ ...own, kind: 'run' })
  api.notifier.publish({ ...own, kind: 'delivery', deliveryId: 'dlv_1' })
  assert.deepEqual(await next(), { event: 'event', data: { eventId: 'evt_1' } })
  assert.deepEqual(await next(), { event: 'run', data: { eventId: 'evt_1' } })
  assert.deepEqual(await next(), {
    event: 'delivery',
    data: { eventId: 'evt_1', deliveryId: 'dlv_1' },
  })
})

test('live: the stream of all workflows tells of every one of the account, and which it is', async (t) => {
  const api = await startInspector(t)
  const stop = new AbortController()
  t.after(() => stop.abort())
  const answer = await fetch(`${api.url}/api/v1/live`, {
    signal: stop.signal,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  })
  const blocks = blocksOf(answer.body!)
  const own = { accountId: 1, eventId: 'evt_1' } as const
  api.notifier.publish({ ...own, kind: 'event', accountId: 2, workflowId: 'wf_stranger' })
  api.notifier.publish({ ...own, kind: 'run', workflowId: 'wf_1' })
  api.notifier.publish({ ...own, kind: 'delivery', workflowId: 'wf_2', deliveryId: 'dlv_1' })
  const heard: Message[] = []
  for await (const block of blocks) {
    const message = messageOf(block)
    if (message) heard.push(message)
    if (heard.length === 2) break
  }
  assert.deepEqual(heard, [
    { event: 'run', data: { workflowId: 'wf_1', eventId: 'evt_1' } },
    { event: 'delivery', data: { workflowId: 'wf_2', eventId: 'evt_1', deliveryId: 'dlv_1' } },
  ])
})

test('live: a reader that comes back is told to read anew', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const { next } = await follow(t, api, id, { lastEventId: '41' })
  assert.deepEqual(await next(), { event: 'reset', data: {} })
})

test('live: silence is broken by heartbeats', async (t) => {
  const api = await startInspector(t, { heartbeatMs: 20 })
  const { id } = await api.workflow()
  const { comment } = await follow(t, api, id)
  assert.ok(await comment())
  assert.ok(await comment())
})

test(
  'live: a reader that does not read holds a bounded number of hints, then hears reset',
  { timeout: 60_000 },
  async (t) => {
    const api = await startInspector(t)
    const { id } = await api.workflow()
    const { hostname, port } = new URL(api.url)
    const socket = connect(Number(port), hostname)
    t.after(() => socket.destroy())
    const path = `/api/v1/workflows/${id}/live`
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`)
    await once(socket, 'data')
    socket.pause()
    const long = 'x'.repeat(2_000)
    for (let i = 0; i < 20_000; i++) {
      api.notifier.publish(hintOf(id, `evt_${long}${i}`))
      if (i % 100 === 0) await new Promise(setImmediate)
    }
    socket.resume()
    let text = ''
    for await (const chunk of socket) {
      text += String(chunk)
      if (text.includes('event: reset')) break
    }
    assert.match(text, /event: reset\ndata: \{\}/)
    assert.ok(text.match(/event: event/g)!.length < 20_000)
  },
)

test('live: a stream ends with the token that opened it, and others go on [203]', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const brief = await api.token(1, ['read'])
  const revoked = await follow(t, api, id, { token: brief.secret })
  const kept = await follow(t, api, id)
  await api.call('DELETE', `/tokens/${brief.id}`)
  assert.equal(await revoked.next(), undefined)
  api.notifier.publish(hintOf(id, 'evt_1'))
  assert.deepEqual(await kept.next(), { event: 'event', data: { eventId: 'evt_1' } })
})

test('live: a token that is gone by another way ends the stream with the next heartbeat', async (t) => {
  const api = await startInspector(t, { heartbeatMs: 20 })
  const { id } = await api.workflow()
  const brief = await api.token(1, ['read'])
  const { next } = await follow(t, api, id, { token: brief.secret })
  await api.store.deleteToken(1, brief.id)
  assert.equal(await next(), undefined)
})

test('live: a server that drains ends every stream and opens none', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const first = await follow(t, api, id)
  const second = await follow(t, api, id)
  api.inspector.setReady(false)
  api.notifier.publish(hintOf(id, 'evt_late'))
  assert.equal(await first.next(), undefined)
  assert.equal(await second.next(), undefined)
  const refused = await api.call('GET', `/workflows/${id}/live`)
  assert.deepEqual([refused.status, refused.body.code], [503, 'draining'])
})

test('live: past the bound a stream is refused with 503, until another ends', async (t) => {
  const api = await startInspector(t, { liveStreams: 1 })
  const { id } = await api.workflow()
  const first = await follow(t, api, id)
  const refused = await api.call('GET', `/workflows/${id}/live`)
  assert.deepEqual([refused.status, refused.body.code], [503, 'overloaded'])
  first.leave()
  const deadline = performance.now() + 30_000
  for (;;) {
    const { answer } = await follow(t, api, id)
    if (answer.status === 200) break
    assert.ok(performance.now() < deadline, 'the place was not given back')
  }
})

test('live: an unknown workflow is a 404', async (t) => {
  const api = await startInspector(t)
  const answer = await api.call('GET', '/workflows/wf_00000000000000000000000000/live')
  assert.equal(answer.status, 404)
})
