/**
 * Packages that people use, out of the real registry, through a save and an event: plain values, clients
 * of HTTP and WebSocket, and a database. Everything goes through the wall and its one line.
 */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { AppError } from '../../src/errors.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { startApp } from '../support/app.ts'
import type { TestApp } from '../support/app.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startReceiver } from '../support/receiver.ts'

const code = (name: string, text: string): object => ({ type: 'code', name, code: text })
/** The machine may be busy with other tests: loading a dozen packages then takes its time. */
const settings = { timeoutMs: 120_000 }

/** Saves; skips the test by name where no registry answers. */
async function save(
  t: TestContext,
  app: TestApp,
  ...steps: readonly object[]
): Promise<WorkflowWire | undefined> {
  try {
    return await app.workflow(steps, settings)
  } catch (error) {
    if (!(error instanceof AppError) || !error.message.includes('the npm registry does not answer'))
      throw error
    t.skip('no npm registry')
    return undefined
  }
}

/** Exports of each step of the newest event, by step. */
async function exportsOf(app: TestApp, made: WorkflowWire): Promise<Record<string, unknown>> {
  assert.equal((await app.send(made)).status, 200)
  const { run } = await app.settled(made, 120_000)
  assert.equal(run!.message, null)
  return Object.fromEntries(run!.steps.map(({ name, exports }) => [name, exports['$return_value']]))
}

const VALUES = `
import _ from 'lodash'
import fp from 'lodash/fp'
import { addDays, formatISO } from 'date-fns'
import { z } from 'zod@4'
import { v5, validate } from 'uuid'
import * as cheerio from 'cheerio'
const { get } = require('lodash')
const { load } = await import('cheerio')
const $ = cheerio.load('<ul><li>a<li>b</ul>')
const order: { id: number } = z.object({ id: z.number() }).parse({ id: 7, more: true })
return {
  lodash: [_.chunk([1, 2, 3], 2), fp.map(n => n + 1)([1]), get(order, 'id')],
  dateFns: formatISO(addDays(new Date(2026, 0, 31), 1), { representation: 'date' }),
  zod: [order, z.string().safeParse(1).success],
  uuid: validate(v5('a', v5.URL)),
  cheerio: [$('li').map((_, li) => $(li).text()).get(), typeof load],
}`

const clients = (url: string, socketUrl: string): string => `
import axios from 'axios'
import got from 'got'
import nodeFetch from 'node-fetch'
import { request } from 'undici'
import WebSocketOfWs from 'ws'
const url = '${url}'
const echo = (Socket) => new Promise((resolve, reject) => {
  const socket = new Socket('${socketUrl}')
  socket.onopen = () => socket.send('over ' + (Socket === WebSocketOfWs ? 'ws' : 'WebSocket'))
  socket.onmessage = ({ data }) => { resolve(data); socket.close() }
  socket.onerror = ({ error, message }) => reject(error ?? new Error(message))
})
const body = JSON.stringify({ n: 1 })
return {
  fetch: await (await fetch(url + 'fetch', { method: 'POST', body })).json(),
  axios: (await axios.post(url + 'axios', { n: 1 })).data,
  got: await got.post(url + 'got', { json: { n: 1 } }).json(),
  nodeFetch: await (await nodeFetch(url + 'node-fetch', { method: 'POST', body })).json(),
  undici: await (await request(url + 'undici', { method: 'POST', body })).body.json(),
  ws: await echo(WebSocketOfWs),
  webSocket: await echo(WebSocket),
}`

test('[R36] packages: lodash, date-fns, zod, uuid, cheerio, axios, got, node-fetch, undici, ws', async (t) => {
  const app = await startApp(t)
  const receiver = await startReceiver(({ method, url, body }) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([method, url, JSON.parse(String(body))]),
  }))
  t.after(() => receiver.close())
  const steps = [code('values', VALUES), code('clients', clients(receiver.url(), await echoes(t)))]
  const made = await save(t, app, ...steps)
  if (!made) return
  const names = ['axios', 'cheerio', 'date-fns', 'got', 'lodash', 'node-fetch', 'undici', 'uuid']
  assert.deepEqual(Object.keys(made.packages!), [...names, 'ws', 'zod'])
  assert.match(made.packages!['zod']!, /^4\.\d+\.\d+$/)
  const { values, clients: answers } = await exportsOf(app, made)
  assert.deepEqual(values, {
    lodash: [[[1, 2], [3]], [2], 7],
    dateFns: '2026-02-01',
    zod: [{ id: 7 }, false],
    uuid: true,
    cheerio: [['a', 'b'], 'function'],
  })
  const posted = (client: string): unknown => ['POST', `/${client}`, { n: 1 }]
  assert.deepEqual(answers, {
    fetch: posted('fetch'),
    axios: posted('axios'),
    got: posted('got'),
    nodeFetch: posted('node-fetch'),
    undici: posted('undici'),
    ws: 'over ws',
    webSocket: 'over WebSocket',
  })
})

test(
  '[R36] packages: pg speaks to a PostgreSQL over the line',
  { skip: withoutPostgres },
  async (t) => {
    const app = await startApp(t)
    const url = await startPostgres(t)
    await app.api.call('PUT', '/env/DATABASE_URL', { value: url })
    const text = `
import pg from 'pg'
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query('create table orders (id int primary key, body jsonb)')
await client.query('insert into orders select n, $1 from generate_series(1, 500) n', [{ at: $event.path }])
const { rows } = await client.query('select count(*)::int, max(body->>$1) as at from orders', ['at'])
const wrong = await client.query('select nothing').catch(error => error.code)
await client.end()
return [rows, wrong]`
    const made = await save(t, app, code('database', text))
    if (!made) return
    const { database } = await exportsOf(app, made)
    assert.deepEqual(database, [[{ count: 500, at: '/' }], '42703'])
  },
)

/** A server of WebSockets that says back what it is told; resolves to its address. */
async function echoes(t: TestContext): Promise<string> {
  const server = createServer()
  server.on('upgrade', (request, socket: Duplex) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    const accept = `Sec-WebSocket-Accept: ${hash('sha1', key, 'base64')}`
    socket.write(`${[...lines, accept].join('\r\n')}\r\n\r\n`)
    socket.on('error', () => {}) // How a client leaves is not looked at.
    socket.on('data', (frame: Buffer) => {
      const length = frame[1]! & 0x7f
      const mask = frame.subarray(2, 6)
      const text = frame.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]!)
      socket.write(Buffer.concat([Buffer.of(frame[0]!, length), text]))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
