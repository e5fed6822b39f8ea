/**
 * Canaries planted everywhere a secret can get to, in a real server with deliveries in every state, and a
 * real `kill -9` in between: none is found in any file of its data folder, in what it logs, or in an
 * answer of its API. What may hold one is named here, with the reason: `event`, the table of what came
 * in, whose bytes a replay needs.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { ApiClient } from '../../src/cli/api-client.ts'
import type { EventDetailWire, EventListWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { originOf } from '../../src/model/delivery.ts'
import { destinationId } from '../../src/model/destination.ts'
import { limits } from '../../src/model/limits.ts'
import { ADMIN_TOKEN } from '../support/app.ts'
import { headerOf, startReceiver } from '../support/receiver.ts'
import type { Received, Reply } from '../support/receiver.ts'
import { startServerAlone } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** Variables. Each is awkward in its own way. */
const VALUES = {
  SLASHED: 'slashed/canary+ 01=',
  QUOTED: `quoted "canary's" <02> & more`,
  FOREIGN: 'Łódź-canary-03',
  LINES: `-----BEGIN KEY-----\n${'Q2FuYXJ5'.repeat(5)}\n${'bGluZTA0'.repeat(5)}\n-----END KEY-----\n`,
  LONG: `zq7k${'0123456789abcdef'.repeat(40)}`,
  SHORT: 'cnry06',
  JSON_TEXT: '{"canary":"07"}',
  ADDRESS: 'https://canary-user:canary-08@db.example/x?y=z',
  ENDED: 'canary-ended-09\n',
  NUMBER: '7283940651',
  DOTTED: 'eyJhbGciOi.canary-11.c2lnbmF0dXJl',
  SPACED: '  canary spaced 12  ',
  REPLACED: 'replaced-canary-13',
  REMOVED: 'removed-canary-14',
} as const
/** Never variables: known by where they stand in a request. The steps put them together. */
const NAMES = [
  'bearer',
  'basic',
  'cookie',
  'key',
  'token',
  'client',
  'query',
  'signature',
  'apikey',
]
const named = (name: string): string => ['named', 'canary', name, '7f3a'].join('-')
/** Comes in with the event as well. */
const INBOUND = 'inbound-canary-25'

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const lines = (value: string): readonly string[] =>
  value.includes('\n') ? value.split('\n').filter((line) => line.length >= 16) : [value.trim()]
const formsOf = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  new URLSearchParams([['', secret]]).toString().slice(1),
  JSON.stringify(secret).slice(1, -1),
  ...[secret, JSON.stringify(secret).slice(1, -1)].flatMap((text) =>
    [0, 1, 2].map((offset) => btoa(latin1('-'.repeat(offset) + text)).slice(4, -4)),
  ),
]
const ALL = [
  ...[...Object.values(VALUES).flatMap(lines), ...NAMES.map(named)].flatMap(formsOf),
  VALUES.LONG.slice(0, limits.maskedLength),
]
const FORMS = [...new Set(ALL.flatMap((form) => [form, latin1(form)]))].filter(
  (form) => form.length >= limits.maskedLength,
)

/** What of `forms` stands in a text, or in bytes read as Latin-1. */
const found = (text: string, forms: readonly string[] = FORMS): readonly string[] =>
  forms.filter((form) => text.includes(form))

const said = ({ method, url, headers, body }: Received): string =>
  `${method} ${url}\n${headers.map((pair) => pair.join(': ')).join('\n')}\n\n${String(body)}`

/** How a destination repeats what it was sent. */
const ECHOES: Readonly<Record<string, (request: Received) => Reply>> = {
  plain: (request) => ({ body: said(request) }),
  json: (request) => ({ body: JSON.stringify({ said: said(request) }).replaceAll('/', '\\/') }),
  base64: (request) => ({ body: btoa(latin1(said(request))) }),
  gzip: (request) => packed('gzip', zlib.gzipSync(said(request))),
  deflate: (request) => packed('deflate', zlib.deflateSync(said(request))),
  br: (request) => packed('br', zlib.brotliCompressSync(said(request))),
  zstd: (request) => packed('zstd', zlib.zstdCompressSync(said(request))),
  binary: (request) => ({
    body: Buffer.concat([Buffer.of(0, 255, 254), Buffer.from(said(request)), Buffer.of(0, 128)]),
  }),
  header: ({ headers }) => ({
    headers: Object.fromEntries(headers.map(([, value], i) => [`x-echo-${i}`, value.trim()])),
  }),
  location: ({ url }) => ({ status: 302, headers: { location: `/moved${url.slice(0, 3_000)}` } }),
  cut: () => ({ body: 'x'.repeat(limits.responseStoredBytes - 300) + VALUES.LONG }),
  cutshort: () => ({ body: 'x'.repeat(limits.responseStoredBytes - 9) + VALUES.LONG }),
  fail: (request) => ({ status: 500, body: said(request) }),
  retry: (request) => ({ status: 502, body: said(request) }),
}
const packed = (coding: string, body: Uint8Array): Reply => ({
  body,
  headers: { 'content-encoding': coding },
})

const step = (receiver: string, paused: string, hanging: string): string => `
const all = ${JSON.stringify(Object.keys(VALUES))}.map((name) => process.env[name])
const named = (name) => ['named', 'canary', name, '7f3a'].join('-')
const url = (base, route) => base + route + '/' + encodeURIComponent(process.env.SLASHED)
const request = (target, i = 0) => ({
  method: 'POST', url: target,
  params: { q: all.slice(0, 3), access_token: named('query'), sig: named('signature'), api_key: named('apikey') },
  headers: {
    'X-Api-Key': named('key'), Cookie: 'theme=dark; sid=' + named('cookie'), 'X-Auth-Token': named('token'),
    'X-Client-Secret': named('client'), 'X-Mine': process.env.SLASHED + process.env.DOTTED,
    'X-Coded': Buffer.from(all.join()).toString('base64'),
    ...(i % 2 ? { Authorization: 'Bearer ' + named('bearer') } : {}),
  },
  ...(i % 2 ? {} : { auth: { username: 'user', password: named('basic') } }),
  data: { all, [process.env.QUOTED]: JSON.stringify(all), again: named('key') },
})
const routes = ${JSON.stringify(Object.keys(ECHOES))}
routes.forEach((route, i) =>
  $send.http({ ...request(url('${receiver}', route), i), ...(route === 'retry' ? { retry: { attempts: 2, schedule: [600000] } } : {}) }))
for (let i = 0; i < 3; i++) $send.http(request(url('${paused}', 'paused'), i))
$send.http({ ...request(url('${hanging}', 'hanging')), timeout: 60000 })
console.log(...all, { all }, JSON.stringify(all), encodeURIComponent(all.join(' ')), btoa(process.env.DOTTED))
console.error(Buffer.from(all.join()).toString('base64'))
const names = ${JSON.stringify(NAMES)}.map(named)
console.log('fetched', { names }, ...names)
this.names = { [names[0]]: names }
$event.mine = all
this.kept = { all, [process.env.SLASHED]: 1, text: JSON.stringify(JSON.stringify(all[0])) }
throw new Error('it was ' + [...all, ...names].join(' and '))`

async function answers(api: ApiClient, workflowId: string): Promise<string> {
  const events = await api.call<EventListWire>('GET', `/workflows/${workflowId}/events`)
  const lists = ['/deliveries', '/destinations', '/env', '/health', '/activity', '/workflows']
  const paths = events.data.map(({ id }) => `/events/${id}`).concat(lists)
  const read = await Promise.all(paths.map((path) => api.call<object>('GET', path)))
  return JSON.stringify([events, ...read])
}

const only = async (api: ApiClient, { id }: WorkflowWire): Promise<EventDetailWire> => {
  const { data } = await api.call<EventListWire>('GET', `/workflows/${id}/events`)
  return api.call('GET', `/events/${data[0]!.id}`)
}

const states = ({ deliveries }: EventDetailWire): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { status } of deliveries) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function inFiles(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name !== 'packages')
  assert.ok(
    names.some((name) => name.endsWith('-wal')),
    names.join(),
  )
  const files = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'latin1') })),
  )
  return files.flatMap(({ name, text }) => found(text).map((form) => `${name}: ${form}`))
}

/** What compressed bytes in the database hold, and where what came in stands besides the event. */
async function inRows(folder: string): Promise<readonly string[]> {
  const copy = await mkdtemp(join(tmpdir(), 'sendoff-canaries-copy-'))
  await cp(folder, copy, { recursive: true })
  const name = (await readdir(copy)).find((file) => file.endsWith('.db'))!
  const database = new DatabaseSync(join(copy, name))
  const unpack = [
    zlib.gunzipSync,
    zlib.inflateSync,
    zlib.brotliDecompressSync,
    zlib.zstdDecompressSync,
  ]
  const bodies = database.prepare('select response_body from attempt').all()
  const held = bodies.flatMap(({ response_body: body }) =>
    unpack.flatMap((decode) => {
      try {
        return found(decode(body as Uint8Array).toString('latin1'))
      } catch {
        return []
      }
    }),
  )
  const tables = database.prepare(`select name from sqlite_schema where type = 'table'`).all()
  const strays = tables
    .map((row) => String(row['name']))
    .filter((table) => table !== 'event')
    .filter((table) => {
      const rows = database.prepare(`select * from "${table}"`).all()
      const texts = rows
        .flatMap((row) => Object.values(row))
        .map((value) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
        )
      return texts.some((text) => found(text, formsOf(INBOUND)).length > 0)
    })
  database.close()
  await rm(copy, { recursive: true })
  assert.ok(bodies.length > 10)
  return [...held, ...strays.map((table) => `${table}: ${INBOUND}`)]
}

test('[216] [220] [221] [222] secrets: of 25 canaries planted everywhere none is at rest, logged or shown', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-canaries-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const receiver = await startReceiver((request) =>
    ECHOES[/^\/(\w+)\//.exec(request.url)![1]!]!(request),
  )
  const pausedOne = await startReceiver((request) => ({ body: said(request) }))
  const hanging = await startReceiver(() => ({ end: 'hang' }))
  for (const one of [receiver, pausedOne, hanging]) t.after(() => one.close())
  const env = {
    SENDOFF_DATA: folder,
    SENDOFF_ADMIN_TOKEN: ADMIN_TOKEN,
    SENDOFF_LOG_LEVEL: 'debug',
  }
  const first = await startServerAlone(t, env)
  const api = createApiClient(first.url, ADMIN_TOKEN)
  const code = `$send.http({ method: 'GET', url: '${pausedOne.url()}' })`
  const warm = await api.call<WorkflowWire>('POST', '/workflows', {
    name: 'Warm',
    steps: [{ type: 'code', code }],
  })
  await api.trigger(warm.endpoint, {})
  await pausedOne.received(1, 20_000)
  const paused = `/destinations/${destinationId(originOf(pausedOne.url()))}`
  await api.call('PATCH', paused, { paused: true })
  for (const [name, value] of Object.entries({ ...VALUES, INBOUND })) {
    await api.call('PUT', `/env/${name}`, { value })
  }
  const workflow = await api.call<WorkflowWire>('POST', '/workflows', {
    name: 'Canaries',
    steps: [{ type: 'code', code: step(receiver.url(), pausedOne.url(), hanging.url()) }],
  })
  await api.trigger(workflow.endpoint, { mine: INBOUND })
  await hanging.received(1, 20_000)
  const isAsMeant = async (): Promise<boolean> => {
    const { held, pending, sending, failed } = states(await only(api, workflow))
    return held === 3 && pending === 1 && sending === 1 && failed === 2
  }
  await until(isAsMeant, 20_000)
  await api.call('PUT', '/env/REPLACED', { value: 'something else' })
  await api.call('DELETE', '/env/REMOVED')

  const seen = await only(api, workflow)
  assert.equal(seen.run!.status, 'failed')
  assert.equal(seen.deliveries.filter(({ attempts }) => attempts.length > 0).length, 14)
  const shown = await answers(api, workflow.id)
  assert.deepEqual(found(shown, [...FORMS, ...formsOf(INBOUND)]), [])
  assert.match(shown, /••••/)
  for (const q of [INBOUND, INBOUND.slice(0, 9), VALUES.DOTTED.slice(2, 12), named('query')]) {
    const wanted = encodeURIComponent(q)
    const events = `/workflows/${workflow.id}/events?q=${wanted}`
    assert.deepEqual((await api.call<EventListWire>('GET', events)).data, [], q)
    assert.deepEqual((await api.call<EventListWire>('GET', `/deliveries?q=${wanted}`)).data, [], q)
  }
  await first.kill()
  assert.deepEqual(found(first.output()), [])
  assert.deepEqual(await inFiles(folder), [])
  assert.deepEqual(await inRows(folder), [])

  hanging.script = (request) => ({ body: said(request) })
  const second = await startServerAlone(t, env)
  const again = createApiClient(second.url, ADMIN_TOKEN)
  await again.call('PATCH', paused, { paused: false })
  const redelivered = seen.deliveries.find(({ request }) => request.url.includes('/plain/'))!
  await again.call('POST', `/deliveries/${redelivered.id}/redeliver`)
  await until(async () => {
    const now = await only(again, workflow)
    const twice = now.deliveries.find(({ id }) => id === redelivered.id)!.attempts.length === 2
    return twice && states(now)['delivered'] === 15
  }, 20_000)
  const cut = (await only(again, workflow)).deliveries.at(-1)!
  assert.deepEqual(
    cut.attempts.map(({ outcome }) => outcome),
    ['interrupted', 'delivered'],
  )

  // What waited sealed went out as it was made: as it did before, from memory.
  const gone = [...receiver.requests, ...pausedOne.requests, ...hanging.requests]
  for (const id of [redelivered.id, cut.id]) {
    const [one, two] = gone.filter(({ headers }) => headerOf(headers, 'webhook-id') === id)
    const own = (headers: Received['headers']) =>
      headers.filter(([name]) => !/^(?:webhook-timestamp|traceparent|user-agent)$/.test(name))
    assert.deepEqual([two!.url, own(two!.headers)], [one!.url, own(one!.headers)])
    assert.deepEqual(two!.body, one!.body)
  }
  const held = pausedOne.requests.slice(1)
  assert.equal(held.length, 3)
  for (const request of held) {
    assert.deepEqual(found(String(request.body), formsOf(VALUES.DOTTED).slice(0, 1)).length, 1)
    assert.equal(headerOf(request.headers, 'x-api-key'), named('key'))
  }
  assert.deepEqual(found(await answers(again, workflow.id), [...FORMS, ...formsOf(INBOUND)]), [])
  await second.kill()
  assert.deepEqual(found(second.output()), [])
  assert.deepEqual(await inFiles(folder), [])
  assert.deepEqual(await inRows(folder), [])
})
