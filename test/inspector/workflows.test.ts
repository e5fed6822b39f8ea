/** Workflows over the API: the shapes and status codes of SPEC section 8. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASE_URL, startInspector } from '../support/inspector.ts'

const steps = [
  { type: 'code', name: 'nodejs', code: 'this.x = 1' },
  { type: 'webhook', name: 'send', url: 'https://a.example/{{$event.path}}', payload: '$event' },
  { type: 'note', name: 'why', text: 'Because.' },
]
const defaults = {
  timeoutMs: 30_000,
  memoryMb: 128,
  rate: { perSecond: 1_000, burst: 5_000 },
  deliverOnError: true,
  resendInterrupted: true,
  retry: null,
  signing: null,
  response: 'default',
  isolation: 'warm',
  triggerAuth: null,
}

test('workflows: POST answers 201 with id, name, version, active, endpoint, steps, settings', async (t) => {
  const api = await startInspector(t)
  const made = await api.call('POST', '/workflows', { body: { name: 'Orders', steps } })
  assert.equal(made.status, 201)
  const { id, endpoint, ...rest } = made.body
  assert.match(id, /^wf_[0-9a-z]{26}$/)
  assert.match(endpoint, new RegExp(`^${BASE_URL}/t/[0-9a-z]{26}$`))
  assert.deepEqual(rest, { name: 'Orders', version: 1, active: true, steps, settings: defaults })
  assert.deepEqual((await api.call('GET', `/workflows/${id}`)).body, made.body)
})

test('workflows: PUT replaces the whole definition and makes a version only of a change', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  await api.call('PATCH', `/workflows/${id}`, { body: { settings: { timeoutMs: 5_000 } } })
  const replaced = await api.call('PUT', `/workflows/${id}`, { body: { name: 'New', steps } })
  assert.equal(replaced.status, 200)
  assert.deepEqual([replaced.body.name, replaced.body.version], ['New', 3])
  assert.deepEqual(replaced.body.settings, defaults)
  const again = await api.call('PUT', `/workflows/${id}`, { body: { name: 'New', steps } })
  assert.equal(again.body.version, 3)
})

test('workflows: PATCH changes what it names, merges settings and switches the endpoint', async (t) => {
  const api = await startInspector(t)
  const { id, steps: before } = await api.workflow()
  const settings = { retry: { attempts: 3 }, deliverOnError: false }
  const changed = await api.call('PATCH', `/workflows/${id}`, { body: { settings, active: false } })
  assert.equal(changed.status, 200)
  assert.deepEqual(changed.body.settings, { ...defaults, ...settings })
  assert.deepEqual(
    [changed.body.name, changed.body.steps, changed.body.active, changed.body.version],
    ['Orders', before, false, 2],
  )
  const renamed = await api.call('PATCH', `/workflows/${id}`, { body: { name: 'Renamed' } })
  assert.deepEqual([renamed.body.name, renamed.body.active], ['Renamed', false])
  assert.equal(renamed.body.settings.deliverOnError, false)
})

test('workflows: DELETE answers 204, and then it is gone', async (t) => {
  const api = await startInspector(t)
  const { id, endpoint } = await api.workflow()
  const deleted = await api.call('DELETE', `/workflows/${id}`)
  assert.deepEqual([deleted.status, deleted.text], [204, ''])
  assert.equal((await api.call('GET', `/workflows/${id}`)).status, 404)
  assert.equal((await api.call('DELETE', `/workflows/${id}`)).status, 404)
  assert.equal(await api.store.findEndpoint(endpoint.split('/t/')[1]!), undefined)
})

test('workflows: every change is announced with its key, so that endpoints open and close at once', async (t) => {
  const api = await startInspector(t)
  const { id, endpoint } = await api.workflow()
  const key = endpoint.split('/t/')[1]!
  const path = `/workflows/${id}`
  await api.call('PUT', path, { body: { name: 'New', steps } })
  await api.call('PATCH', path, { body: { active: false } })
  await api.call('DELETE', path)
  const hint = { kind: 'workflow', accountId: 1, workflowId: id, key }
  assert.deepEqual(api.hints, [hint, hint, hint, hint])
})

test('workflows: an unknown key anywhere is a 400 and nothing is saved [212]', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const bodies = [
    { name: 'X', steps, extra: 1 },
    { name: 'X', steps, active: true, accountId: 2 },
    { name: 'X', steps: [{ ...steps[0], extra: 1 }] },
    { name: 'X', steps, settings: { timeoutms: 1_000 } },
    { name: 'X', steps, settings: { rate: { perSecond: 1, burst: 1, extra: 1 } } },
  ]
  for (const body of bodies) {
    for (const [method, path] of [
      ['POST', '/workflows'],
      ['PUT', `/workflows/${id}`],
      ['PATCH', `/workflows/${id}`],
    ] as const) {
      if (method === 'PATCH' && 'active' in body) continue
      const refused = await api.call(method, path, { body })
      assert.equal(refused.status, 400, `${method} ${JSON.stringify(body)}`)
    }
  }
  const change = await api.call('PATCH', `/workflows/${id}`, { body: { version: 7 } })
  assert.equal(change.status, 400)
  assert.match(change.body.detail, /version/)
  assert.equal((await api.call('GET', '/workflows')).body.data.length, 1)
  assert.equal((await api.call('GET', `/workflows/${id}`)).body.version, 1)
})

test('workflows: a step that does not compile is refused by name and changes nothing', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const broken = [{ type: 'code', name: 'broken', code: 'return (' }]
  for (const [method, path] of [
    ['POST', '/workflows'],
    ['PUT', `/workflows/${id}`],
    ['PATCH', `/workflows/${id}`],
  ] as const) {
    const refused = await api.call(method, path, { body: { name: 'X', steps: broken } })
    assert.deepEqual([refused.status, refused.body.code], [400, 'step_invalid'])
    assert.match(refused.body.detail, /broken/)
  }
  assert.equal((await api.call('GET', `/workflows/${id}`)).body.version, 1)
})

test('workflows: a save over another version than the expected one is a 409 and changes nothing', async (t) => {
  const api = await startInspector(t)
  const { id } = await api.workflow()
  const path = `/workflows/${id}`
  const save = (method: string, name: string, expectedVersion: unknown) =>
    api.call(method, path, { body: { name, steps, expectedVersion } })
  assert.equal((await save('PUT', 'Mine', 1)).body.version, 2)
  for (const method of ['PUT', 'PATCH']) {
    const late = await save(method, 'Theirs', 1)
    assert.deepEqual([late.status, late.body.code], [409, 'version_conflict'])
    assert.match(late.body.detail, /version 2 was saved since version 1/)
    assert.equal((await save(method, 'Theirs', '2')).status, 400)
  }
  assert.equal((await api.call('GET', path)).body.name, 'Mine')
  assert.equal((await save('PATCH', 'Next', 2)).body.version, 3)
  assert.equal((await save('PUT', 'Last', null)).body.version, 4)
})

test('workflows: the list pages by cursor without losing or repeating one', async (t) => {
  const api = await startInspector(t)
  const made = []
  for (let i = 0; i < 5; i++) made.push((await api.workflow(`W${i}`)).id)
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page = await api.call('GET', `/workflows?limit=2${cursor && `&cursor=${cursor}`}`)
    assert.ok(page.body.data.length <= 2)
    for (const { id } of page.body.data) seen.push(id)
    cursor = page.body.nextCursor
  }
  assert.deepEqual(seen.toSorted(), made.toSorted())
})

test('workflows: each version is kept as it was', async (t) => {
  const api = await startInspector(t)
  const { id, steps: first } = await api.workflow()
  await api.call('PUT', `/workflows/${id}`, { body: { name: 'New', steps } })
  const list = await api.call('GET', `/workflows/${id}/versions`)
  assert.deepEqual(
    list.body.data.map((row: { version: number }) => row.version),
    [2, 1],
  )
  const newest = await api.call('GET', `/workflows/${id}/versions?limit=1`)
  assert.deepEqual([newest.body.data.length, newest.body.nextCursor], [1, '2'])
  const older = await api.call('GET', `/workflows/${id}/versions?limit=1&cursor=2`)
  assert.deepEqual([older.body.data[0].version, older.body.nextCursor], [1, null])
  assert.equal((await api.call('GET', `/workflows/${id}/versions?cursor=x`)).status, 400)
  const one = await api.call('GET', `/workflows/${id}/versions/1`)
  assert.deepEqual([one.body.version, one.body.name, one.body.steps], [1, 'Orders', first])
  assert.match(one.body.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  for (const version of ['0', '3', '-1', 'x', '1.0', '99999999999999']) {
    assert.equal((await api.call('GET', `/workflows/${id}/versions/${version}`)).status, 404)
  }
})
