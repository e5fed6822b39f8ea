/** The OpenAPI document: complete, of version 3.1, and true. Every test's answers are held to it too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as schema from 'typebox/schema'
import type { Document } from '../support/check-answer.ts'
import { startInspector } from '../support/inspector.ts'

test('openapi: the document names every route of the API with the scope it needs', async (t) => {
  const api = await startInspector(t)
  const { body } = await api.call('GET', '/openapi.json')
  const document = body as Document
  assert.match(document.openapi, /^3\.1\./)
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security }]) => {
      const scope = security?.[0]?.['token']?.[0]
      return `${method.toUpperCase()} ${path} ${scope}`
    }),
  )
  const routed = api.inspector.routes
    .filter(({ method, url }) => url.startsWith('/api/v1') && method !== 'HEAD')
    .map(({ method, url, scope }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')} ${scope}`)
  assert.deepEqual(documented.toSorted(), routed.toSorted())
})

test('openapi: every reference leads to a component', async (t) => {
  const api = await startInspector(t)
  const { text, body } = await api.call('GET', '/openapi.json')
  const names = new Set(Object.keys(body.components.schemas))
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
  assert.ok(references.length > 20)
  for (const [, name] of references) assert.ok(names.has(name!), name!)
  for (const noun of ['Workflow', 'EventDetail', 'Delivery', 'Attempt', 'Problem']) {
    assert.ok(names.has(noun), noun)
  }
})

test('openapi: no answer is a file or a page of what came from outside: all is JSON [225] [229]', async (t) => {
  const api = await startInspector(t)
  const { body } = await api.call('GET', '/openapi.json')
  const answers = Object.values((body as Document).paths)
    .flatMap((operations) => Object.values(operations))
    .flatMap(({ responses }) => Object.values(responses))
  const types = new Set(answers.flatMap(({ content }) => Object.keys(content ?? {})))
  assert.deepEqual([...types].toSorted(), [
    'application/json',
    'application/problem+json',
    'text/event-stream',
  ])
})

test('openapi: bodies that the model checks are documented as it checks them', async (t) => {
  const api = await startInspector(t)
  const { body: document } = await api.call('GET', '/openapi.json')
  const post = document.paths['/api/v1/workflows'].post
  const { components } = document
  const { schema: described } = post.requestBody.content['application/json']
  const documented = schema.Compile({ components, ...described } as never)
  const code = { type: 'code', code: 'return 1' }
  const hook = { type: 'webhook', url: 'https://a.example' }
  const bodies = [
    { name: 'A', steps: [] },
    { name: 'A', steps: [code, hook, { type: 'note', text: 'x' }] },
    { name: 'A', steps: [{ ...code, name: 'n' }] },
    {
      name: 'A',
      steps: [{ ...hook, method: 'PUT', headers: { a: 'b' }, params: {}, retry: true }],
    },
    {
      name: 'A',
      steps: [{ ...hook, auth: { username: 'u', password: 'p' }, retry: { attempts: 2 } }],
    },
    { name: 'A', steps: [{ ...hook, retry: { schedule: [1, 2] } }], settings: {} },
    { name: 'A', steps: [], settings: { timeoutMs: 1_000, retry: null, response: 'default' } },
    { name: 'A' },
    { steps: [] },
    { name: '', steps: [] },
    { name: 1, steps: [] },
    { name: 'A', steps: {} },
    { name: 'A', steps: [{}] },
    { name: 'A', steps: [{ type: 'other' }] },
    { name: 'A', steps: [{ type: 'code' }] },
    { name: 'A', steps: [{ ...code, url: 'x' }] },
    { name: 'A', steps: [{ ...hook, headers: { a: 1 } }] },
    { name: 'A', steps: [{ ...hook, auth: { username: 'u' } }] },
    { name: 'A', steps: [], settings: { timeoutMs: 999 } },
    { name: 'A', steps: [], settings: { timeoutMs: '1000' } },
    { name: 'A', steps: [], settings: { memoryMb: 1e9 } },
    { name: 'A', steps: [], settings: { isolation: 'none' } },
    { name: 'A', steps: [], settings: { unknown: 1 } },
    { name: 'A', steps: [], settings: null },
    { name: 'A', steps: [], settings: { rate: { burst: 1 }, isolation: null } },
    { name: 'A', steps: [{ ...hook, payload: null, auth: null }] },
    { name: 'A', steps: [{ ...code, name: null }] },
    { name: 'A', steps: [], unknown: 1 },
    [],
    'text',
    null,
  ]
  for (const body of bodies) {
    const { status, text } = await api.call('POST', '/workflows', { body: JSON.stringify(body) })
    assert.equal(
      status === 201,
      documented.Check(body),
      `${JSON.stringify(body)}: ${status} ${text}`,
    )
  }
})
