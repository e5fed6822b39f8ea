/** Events over the API: the list, and the whole of one event, as SPEC section 8 prints it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveryId, runIdOf } from '../../src/model/ids.ts'
import { ADMIN_TOKEN, startInspector } from '../support/inspector.ts'
import { attempt, RECEIVED_AT, seedEvent, settle, step } from '../support/seed.ts'

test('events: GET /events/{id} has the shape that SPEC section 8 prints', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const id = await seedEvent(api, workflow, { sends: [{}, {}] })
  await settle(api, id, 0, 'delivered')
  const code = 'http_status'
  await settle(api, id, 1, 'failed', { outcome: 'failed', code })
  const event = await api.event(id)
  const { event: view, deliveries, ...rest } = event
  assert.deepEqual(rest, {
    id,
    workflowId: workflow.id,
    receivedAt: '2026-11-23T08:00:00.000Z',
    replayOf: null,
    error: null,
    run: {
      id: runIdOf(id),
      version: 1,
      status: 'succeeded',
      durationMs: 12,
      message: null,
      steps: [step],
      late: [],
    },
    dest: { delivered: 1, total: 2 },
  })
  assert.deepEqual([view.path, view.query, view.body], ['/orders', { x: '1' }, { order: 1 }])
  const { request } = attempt
  assert.deepEqual(deliveries[1], {
    id: deliveryId(id, 0, 1),
    step: 'nodejs',
    index: 1,
    status: 'failed',
    code,
    dueAt: null,
    request: { ...request, body: '{"a":1}', bodyEncoding: 'utf8', size: 7 },
    attempts: [
      {
        ...attempt,
        timings: { ...attempt.timings, dnsMs: 2 },
        outcome: 'failed',
        code,
        startedAt: '2026-11-23T08:00:00.020Z',
        response: { ...attempt.response, body: 'fine', bodyEncoding: 'utf8' },
      },
    ],
  })
})

test('events: a queued event has a run without steps, one that was refused has none', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const queued = await api.event(await seedEvent(api, workflow, { outcome: null }))
  assert.ok(['queued', 'running'].includes(queued.run!.status))
  assert.deepEqual([queued.run!.steps, queued.run!.durationMs], [[], null])
  assert.deepEqual(queued.dest, { delivered: 0, total: 0 })
  const error = { code: 'body_too_large', message: 'Cannot accept: the body is over the limit' }
  const refused = await api.event(await seedEvent(api, workflow, { error }))
  assert.deepEqual([refused.run, refused.error], [null, error])
})

test('events: what user code did after its run is shown under the run', async (t) => {
  const api = await startInspector(t)
  const id = await seedEvent(api, await api.workflow())
  const entry = { at: 99, level: 'error', text: '$send.http was called after the end' } as const
  await api.store.appendLate(1, id, 'nodejs', entry)
  const { late, steps } = (await api.event(id)).run!
  assert.deepEqual(late, [{ step: 'nodejs', ...entry }])
  assert.deepEqual(steps[0]!.logs.at(-1), entry)
})

test('events: deliveries stand in call order, whatever order they ended in', async (t) => {
  const api = await startInspector(t)
  const sends = Array.from({ length: 12 }, () => ({}))
  const id = await seedEvent(api, await api.workflow(), { sends })
  for (const index of [11, 3, 10, 0]) await settle(api, id, index, 'delivered')
  const { deliveries, dest } = await api.event(id)
  assert.deepEqual(
    deliveries.map(({ index }) => index),
    sends.map((_, i) => i),
  )
  assert.deepEqual(dest, { delivered: 4, total: 12 })
})

test('events: bodies that are not UTF-8 are base64, and no body is null', async (t) => {
  const api = await startInspector(t)
  const bytes = Buffer.from([0xff, 0x00, 0xfe])
  const sends = [{ body: bytes }, { body: null }]
  const id = await seedEvent(api, await api.workflow(), { sends })
  await settle(api, id, 0, 'delivered', {
    response: { ...attempt.response!, body: bytes, size: 3 },
  })
  const [first, second] = (await api.event(id)).deliveries
  const shown = { body: '/wD+', bodyEncoding: 'base64', size: 3 }
  assert.partialDeepStrictEqual(first!.request, shown)
  assert.partialDeepStrictEqual(first!.attempts[0]!.response, shown)
  assert.partialDeepStrictEqual(second!.request, { body: null, bodyEncoding: 'utf8', size: 0 })
})

test('events: secrets of a request that waits are masked as those of one that was sent [221]', async (t) => {
  const api = await startInspector(t)
  const secret = 'hush-hush-hush-1234'
  const sends = [
    {
      url: `https://a.example/in?api_key=${secret}`,
      headers: [['Authorization', `Bearer ${secret}`] as const, ['X-Kept', 'yes'] as const],
    },
  ]
  const id = await seedEvent(api, await api.workflow(), { sends })
  const answer = await api.call('GET', `/events/${id}`)
  assert.doesNotMatch(answer.text, /hush/)
  const { url, headers } = answer.body.deliveries[0].request
  assert.equal(url, 'https://a.example/in?api_key=••••1234')
  assert.deepEqual(headers, [
    ['Authorization', '••••1234'],
    ['X-Kept', 'yes'],
  ])
})

test('events: rows have exactly the fields of the Inspector', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const id = await seedEvent(api, workflow, { sends: [{}, {}] })
  await settle(api, id, 0, 'delivered')
  const page = await api.call('GET', `/workflows/${workflow.id}/events`)
  assert.deepEqual(page.body, {
    data: [
      {
        id,
        receivedAt: '2026-11-23T08:00:00.000Z',
        method: 'POST',
        path: '/orders',
        status: 'succeeded',
        version: 1,
        durationMs: 12,
        message: null,
        dest: { delivered: 1, total: 2 },
        failed: 0,
        replayOf: null,
        error: null,
      },
    ],
    nextCursor: null,
  })
})

test('events: each filter selects what it names', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const old = await seedEvent(api, workflow, { receivedAt: RECEIVED_AT - 60_000 })
  const body = Buffer.from('{"customer":{"Email":"ann@a.example"}}')
  const found = await seedEvent(api, workflow, { request: { body }, sends: [{}] })
  await settle(api, found, 0, 'failed', { outcome: 'failed', code: 'reset' })
  await api.call('PATCH', `/workflows/${workflow.id}`, { body: { name: 'V2' } })
  const outcome = {
    status: 'failed',
    startedAt: RECEIVED_AT,
    durationMs: 1,
    message: 'EXCEPTION',
    steps: [],
  } as const
  const failed = await seedEvent(api, { ...workflow, version: 2 }, { outcome })
  const before = new Date(RECEIVED_AT - 1).toISOString()
  const table = [
    ['', [failed, found, old]],
    ['?q=EMAIL', [found]],
    ['?q=ann%40A', [found]],
    ['?status=failed', [failed]],
    ['?delivery=failed', [found]],
    ['?delivery=delivered', []],
    ['?version=2', [failed]],
    [`?before=${before}`, [old]],
    ['?status=succeeded&version=1&limit=200', [found, old]],
  ] as const
  for (const [query, ids] of table) {
    const page = await api.call('GET', `/workflows/${workflow.id}/events${query}`)
    assert.equal(page.status, 200, page.text)
    assert.deepEqual(
      page.body.data.map((row: { id: string }) => row.id).toSorted(),
      ids.toSorted(),
      query,
    )
  }
})

test('events: a bad filter value is a 400 that names the parameter', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const table = [
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['status=fine', 'status'],
    ['delivery=lost', 'delivery'],
    ['version=0', 'version'],
    ['version=v1', 'version'],
    ['before=yesterday', 'before'],
    ['before=2016-12-31T23:59:60Z', 'before'],
    ['before=2026-02-30T00:00:00Z', 'before'],
    [`q=${'x'.repeat(501)}`, 'q'],
    ['stauts=failed', 'stauts'],
    ['cursor=!!!', 'cursor'],
  ] as const
  for (const [query, name] of table) {
    const refused = await api.call('GET', `/workflows/${id}/events?${query}`)
    assert.equal(refused.status, 400, query)
    assert.match(refused.body.detail, new RegExp(`\\b${name}\\b`), query)
  }
})

test('events: the list pages newest first without losing or repeating one', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const made: string[] = []
  for (let at = 0; at < 3; at++) {
    const receivedAt = RECEIVED_AT + at
    const sameTime = await Promise.all(
      [1, 2, 3].map(() => seedEvent(api, workflow, { receivedAt })),
    )
    // Ids of one millisecond are in no order of their own.
    made.unshift(...sameTime.toSorted().toReversed())
  }
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = `limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const page = await api.call('GET', `/workflows/${workflow.id}/events?${query}`)
    for (const { id } of page.body.data) seen.push(id)
    cursor = page.body.nextCursor
  }
  assert.deepEqual(seen, made)
})

test('events: a body nested a hundred thousand deep is shown, and can be tested with [143]', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const id = await seedEvent(api, workflow, { request: { body: Buffer.from(deep) } })
  assert.ok((await api.event(id)).event.body === deep)
  const body = `{"event":{"body":${deep}}}`
  const dry = await api.call('POST', `/workflows/${workflow.id}/test`, { body })
  assert.equal(dry.status, 200)
  assert.ok(dry.body.event.body === deep)
})

test('events: a large event is written as it is read, and a reader that leaves harms nobody', async (t) => {
  const api = await startInspector(t)
  const workflow = await api.workflow()
  const sends = Array.from({ length: 120 }, () => ({ body: Buffer.alloc(100_000, 'x') }))
  const id = await seedEvent(api, workflow, { sends })
  const leave = new AbortController()
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const url = `${api.url}/api/v1/events/${id}`
  const left = await fetch(url, { headers, signal: leave.signal })
  assert.equal(left.headers.get('content-length'), null)
  leave.abort()
  const { deliveries } = await api.event(id)
  assert.equal(deliveries.length, 120)
  assert.ok(deliveries.every(({ request }) => request.size === 100_000))
  assert.deepEqual(api.logged, [])
})
