/**
 * Two canaries as variables of a real server: nothing that it shows or writes has them, in any form that
 * the usual encoders make, but the requests that they were put into.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { request } from 'undici'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { ADMIN_TOKEN, settledEvent } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'
import { runCommand } from '../support/run-command.ts'
import { startServer } from '../support/server-process.ts'
import { until } from '../support/until.ts'

/** Used in logs, errors and exports, never sent: it is on no disk. */
const KEPT = 'kept-canary/+ 4f1d'
/** Sent to a receiver that says it back. */
const SENT = 'sent-canary/+ 9c2e'

const formsOf = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').slice(0, -4),
  Buffer.from(secret).toString('base64url').slice(0, -4),
  Buffer.from(secret).toString('latin1'),
]

function hides(text: string, what: string): void {
  for (const form of [KEPT, SENT].flatMap(formsOf)) {
    assert.ok(!text.includes(form), `${what} shows ${form}`)
  }
}

const told = (secret: string): string => `
const secret = process.env.${secret}
console.log(secret, { secret }, Buffer.from(secret).toString('base64'), encodeURIComponent(secret))
process.stdout.write('raw ' + secret)
$event.mine = 'Basic ' + btoa('user:' + secret)
this.kept = { [secret]: [secret] }
setTimeout(() => console.error('late', secret), 50)`

test('[216] [220] [222] secrets: a variable is in no answer, log, metric, stream, page of the database or command', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-secrets-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const receiver = await startReceiver(({ url, body, headers }) => ({
    status: 500,
    headers: { 'x-echo': String(headers.find(([name]) => name === 'x-mine')?.[1]) },
    body: `you sent ${String(body)} to ${url}`,
  }))
  t.after(() => receiver.close())
  const env = {
    SENDOFF_DATA: folder,
    SENDOFF_ADMIN_TOKEN: ADMIN_TOKEN,
    SENDOFF_LOG_LEVEL: 'info',
  }
  const server = await startServer(t, env)
  const api = createApiClient(server.url, ADMIN_TOKEN)
  await api.call('PUT', '/env/KEPT', { value: KEPT })
  await api.call('PUT', '/env/SENT', { value: SENT })
  const make = (code: string): Promise<WorkflowWire> =>
    api.call('POST', '/workflows', { name: 'Secrets', steps: [{ type: 'code', code }] })
  const send = `$send.http({
    method: 'POST', url: '${receiver.url('/')}' + encodeURIComponent(process.env.SENT),
    headers: { 'X-Mine': process.env.SENT }, params: { q: process.env.SENT }, data: { a: [process.env.SENT] } })`
  const made = await Promise.all([
    make(`${told('KEPT')}; throw new Error('it was ' + secret)`),
    make(`${told('KEPT')}; $end('because of ' + secret)`),
    make(`${told('KEPT')}; $send.http({ method: 'POST', url: secret })`),
    make(`${told('SENT')}; ${send}; return secret`),
  ])
  const authorization = `Bearer ${ADMIN_TOKEN}`
  const live = await request(`${server.url}/api/v1/workflows/${made[3].id}/live`, {
    headers: { authorization },
  })
  let streamed = ''
  live.body.on('data', (chunk: Buffer) => (streamed += String(chunk)))
  live.body.on('error', () => {}) // The server's end closes it.
  for (const { endpoint } of made) {
    await (await request(endpoint, { method: 'POST', body: '{}' })).body.dump()
  }
  for (const workflow of made) {
    const { id } = await settledEvent(api, workflow.id)
    const late = async (): Promise<EventDetailWire> => api.call('GET', `/events/${id}`)
    await until(async () => (await late()).run!.late.length > 0)
    const event = JSON.stringify(await late())
    assert.match(event, /••••/)
    hides(event, 'an event')
    hides(JSON.stringify(await api.call('GET', `/workflows/${workflow.id}/events`)), 'the list')
    const dry = { event: id, send: false }
    hides(JSON.stringify(await api.call('POST', `/workflows/${workflow.id}/test`, dry)), 'a test')
    if (workflow !== made[0] && workflow !== made[3]) continue
    const shown = await runCommand(['events', 'show', id], {
      SENDOFF_URL: server.url,
      SENDOFF_TOKEN: ADMIN_TOKEN,
    })
    assert.equal(shown.code, 0, shown.stderr)
    hides(shown.stdout, 'sendoff events show')
  }
  for (const path of ['/env', '/deliveries', '/destinations', '/health', '/workflows']) {
    hides(JSON.stringify(await api.call('GET', path)), path)
  }
  const metrics = await request(`${server.url}/metrics`, { headers: { authorization } })
  hides(await metrics.body.text(), 'the metrics')
  await until(() => /event: delivery/.test(streamed))
  hides(streamed, 'the live stream')
  assert.equal((await receiver.received(1))[0]!.body.toString(), JSON.stringify({ a: [SENT] }))
  await server.kill()
  hides(server.output(), 'the log')
  assert.match(server.output(), /"message":"run"/)

  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name), 'latin1').catch(() => '')
    for (const form of formsOf(KEPT)) assert.ok(!bytes.includes(form), `${name} holds ${form}`)
  }

  await writeFile(join(folder, 'secret.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`)
  await assert.rejects(
    startServer(t, env),
    /ended with 2: [^]*Cannot start: the key in \S+secret\.key is not the one that the variables were sealed with/,
  )
  await rm(join(folder, 'secret.key'))
  await assert.rejects(startServer(t, env), /ended with 2: [^]*their key is gone, put it back/)
})
