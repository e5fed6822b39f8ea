/** The commands as users type them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { request } from 'undici'
import { createApiClient } from '../../src/cli/api-client.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { limits } from '../../src/model/limits.ts'
import { settledEvent } from '../support/app.ts'
import { startReceiver } from '../support/receiver.ts'
import { runCommand } from '../support/run-command.ts'
import { LAUNCHER, serverEnv, startServer } from '../support/server-process.ts'

const TOKEN = 'so_test_token_of_the_commands'

async function dataFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sendoff-cli-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('cli: token create works beside a running server and is shown once; the server takes it', async (t) => {
  const folder = await dataFolder(t)
  const server = await startServer(t, { SENDOFF_DATA: folder })
  const made = await runCommand(['token', 'create', '--name', 'mine', '--json'], {
    SENDOFF_DATA: folder,
  })
  assert.equal(made.code, 0, made.stderr)
  const { token, id } = JSON.parse(made.stdout) as { token: string; id: string }
  const { data } = await createApiClient(server.url, token).call<{ data: { id: string }[] }>(
    'GET',
    '/workflows',
  )
  assert.deepEqual(data, [])
  assert.match(id, /^tok_/)
  assert.ok(!made.stdout.includes('hash'))
  assert.match(made.stdout, /"createdAt":"20\d\d-/)
})

test('cli: events show prints a run, its requests and responses; --json prints the document [228]', async (t) => {
  const receiver = await startReceiver(() => ({ status: 200, body: 'thanks' }))
  t.after(() => receiver.close())
  const server = await startServer(t, {
    SENDOFF_DATA: await dataFolder(t),
    SENDOFF_ADMIN_TOKEN: TOKEN,
  })
  const api = createApiClient(server.url, TOKEN)
  const steps = [
    {
      type: 'code',
      name: 'seen \u202egnp\u200b',
      code: `console.log('\\u001b[31mred \\u009b1m'); $send.http({ method: 'POST', url: '${receiver.url('/x')}', data: { a: 1 } })`,
    },
  ]
  const workflow = await api.call<WorkflowWire>('POST', '/workflows', { name: 'Cli', steps })
  await (await request(workflow.endpoint, { method: 'POST', body: '{}' })).body.dump()
  const event = await settledEvent(api, workflow.id)

  const env = { SENDOFF_URL: server.url, SENDOFF_TOKEN: TOKEN }
  const text = await runCommand(['events', 'show', event.id], env)
  assert.equal(text.code, 0, text.stderr)
  assert.match(text.stdout, /Run succeeded/)
  assert.match(text.stdout, /\[0\] POST .*\/x -> 200/)
  assert.match(text.stdout, /thanks/)
  assert.match(text.stdout, /Dest 1\/1/)
  const hidden = /(?!\n)[\p{Cc}\p{Cf}]/u
  assert.doesNotMatch(text.stdout, hidden)
  const json = await runCommand(['events', 'show', event.id, '--json'], env)
  assert.deepEqual(JSON.parse(json.stdout), event)
  assert.doesNotMatch(json.stdout, hidden)
  const unknown = await runCommand(['events', 'show', 'evt_nothing'], env)
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /Cannot find event evt_nothing/)
})

test('cli: events show says where what an event has no room for is', async (t) => {
  const body = 'x'.repeat(limits.responseStoredBytes)
  const receiver = await startReceiver(() => ({ status: 200, body }))
  t.after(() => receiver.close())
  const env = { SENDOFF_DATA: await dataFolder(t), SENDOFF_ADMIN_TOKEN: TOKEN }
  const server = await startServer(t, env)
  const api = createApiClient(server.url, TOKEN)
  const most = limits.answerAttemptBytes / body.length
  const code = `for (let i = 0; i < ${most}; i++)
    $send.http({ method: 'POST', url: '${receiver.url('/')}' })`
  const steps = [{ type: 'code', code }]
  const workflow = await api.call<WorkflowWire>('POST', '/workflows', { name: 'Cli', steps })
  await (await request(workflow.endpoint, { method: 'POST', body: '{}' })).body.dump()
  const { id, deliveries } = await settledEvent(api, workflow.id)
  assert.deepEqual([deliveries[0]!.abridged, deliveries.at(-1)!.abridged], [undefined, true])
  const shown = await runCommand(['events', 'show', id], {
    SENDOFF_URL: server.url,
    SENDOFF_TOKEN: TOKEN,
  })
  const left = [...shown.stdout.matchAll(/left out: .*\/api\/v1\/deliveries\/(\w+)$/gm)]
  assert.deepEqual(
    left.map(([, of]) => of),
    deliveries.filter(({ abridged }) => abridged).map((one) => one.id),
  )
})

test('cli: events tail prints events as they come', async (t) => {
  const server = await startServer(t, {
    SENDOFF_DATA: await dataFolder(t),
    SENDOFF_ADMIN_TOKEN: TOKEN,
  })
  const api = createApiClient(server.url, TOKEN)
  const workflow = await api.call<WorkflowWire>('POST', '/workflows', {
    name: 'Cli',
    steps: [{ type: 'code', code: 'return 1' }],
  })
  const tail = spawn(process.execPath, [LAUNCHER, 'events', 'tail', workflow.id, '--json'], {
    env: serverEnv({ SENDOFF_URL: server.url, SENDOFF_TOKEN: TOKEN }),
  })
  t.after(() => tail.kill('SIGKILL'))
  let output = ''
  tail.stdout.on('data', (chunk: Buffer) => (output += String(chunk)))
  // One that is printed while it runs is printed again when it has ended.
  for (let n = 0; !/\/tail-.*"status":"succeeded"/.test(output); n++) {
    assert.ok(n < 1_200, `nothing was printed: ${output}`)
    await (await request(`${workflow.endpoint}/tail-${n}`, { method: 'POST' })).body.dump()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  tail.kill('SIGTERM')
  const [code] = await once(tail, 'exit')
  assert.equal(code, 0)
})

test('cli: events tail misses nothing before its stream is open or behind a reset, and says when it ends', async (t) => {
  const row = (n: number, durationMs: number | null) => ({
    id: `evt_${n}`,
    receivedAt: '2026-11-23T08:00:00.000Z',
    method: 'POST',
    path: `/${n}`,
    status: durationMs === null ? 'running' : 'succeeded',
    version: 1,
    durationMs,
    message: null,
    dest: { delivered: 0, total: 0 },
    failed: 0,
    replayOf: null,
    error: null,
  })
  let rows = [row(2, null), row(1, 1)]
  let live: ServerResponse | undefined
  const lists: string[] = []
  const server = createServer((asked, response) => {
    if (asked.url!.endsWith('/live')) {
      live = response.writeHead(200, { 'content-type': 'text/event-stream' })
      live.write('retry: 2000\n\n')
      return
    }
    lists.push(live ? 'behind the stream' : 'before it')
    response.end(JSON.stringify({ data: rows, nextCursor: null }))
    if (lists.length === 1) {
      rows = [row(3, 1), row(2, 1), row(1, 1)]
      live!.write('event: reset\ndata: {}\n\n')
    } else live!.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const env = { SENDOFF_URL: url, SENDOFF_TOKEN: TOKEN }
  const ended = await runCommand(['events', 'tail', 'wf_x', '--json'], env)
  assert.deepEqual(lists, ['behind the stream', 'behind the stream'])
  const printed = ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { path: string; status: string })
  assert.deepEqual(
    printed.map(({ path, status }) => `${path} ${status}`),
    ['/1 succeeded', '/2 running', '/2 succeeded', '/3 succeeded'],
  )
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /^Cannot reach http:\S+: it ended the stream/)
})

test('cli: a wrong setting, flag or command ends with 2 and one sentence that names it', async () => {
  for (const [args, env, pattern] of [
    [
      ['serve'],
      { SENDOFF_PORT: 'many' },
      /^Cannot start: SENDOFF_PORT must be a whole number from 0 to 65535, it is "many"\n$/,
    ],
    [['serve', '--prot', '1'], {}, /--prot/],
    [['serve'], { SENDOFF_EGRESS_ALLOW: '10.0.0.1/8' }, /SENDOFF_EGRESS_ALLOW/],
    [['serve'], { SENDOFF_EGRESS_ALLOW: '127.0.0.0/invalid' }, /SENDOFF_EGRESS_ALLOW/],
    [['serve'], { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, /NODE_TLS_REJECT_UNAUTHORIZED/],
    [['serve'], { SENDOFF_DATABASE_URL: 'postgres://x' }, /SENDOFF_DATABASE_URL/],
    // Empty would be every address of the machine.
    [['serve'], { SENDOFF_HOST: '' }, /SENDOFF_HOST must be filled in, or left out/],
    [
      ['serve'],
      // Where no folder can be; making one by Node's `recursive` would never end.
      { SENDOFF_DATA: '/proc/none/data', SENDOFF_ISOLATION: 'process' },
      /^Cannot keep data in \/proc\/none\/data: .*, choose another SENDOFF_DATA\n$/,
    ],
    [['dance'], {}, /dance/],
    [['serve', '9000'], {}, /^Usage: sendoff serve \[--setting value\]\n$/],
    [
      ['events', 'show'],
      { SENDOFF_TOKEN: 'so_0123456789abcdef' },
      /Usage: sendoff events show <event>/,
    ],
    [
      ['events', 'show', 'evt_x', '--tokn', 'x'],
      {},
      /--tokn: usage is sendoff events show <event>/,
    ],
    [['test', 'wf_x', 'nowhere.json'], { SENDOFF_TOKEN: 'so_0123456789abcdef' }, /nowhere\.json/],
  ] as const) {
    const ended = await runCommand(args, env)
    assert.equal(ended.code, 2, `${args.join(' ')}: ${ended.stderr}`)
    assert.match(ended.stderr, pattern)
  }
})

test('cli: help and version are answers, not mistakes', async () => {
  for (const args of [[], ['help'], ['--help'], ['-h']]) {
    const ended = await runCommand(args)
    assert.deepEqual([ended.code, ended.stderr], [0, ''])
    assert.match(ended.stdout, /^Usage: sendoff <command>\n {2}serve /)
  }
  const one = await runCommand(['events', 'search', '--help'])
  assert.deepEqual(
    [one.code, one.stdout.split(' [')[0]],
    [0, 'Usage: sendoff events search <workflow> <text>'],
  )
  assert.match((await runCommand(['serve', '--help'])).stdout, /SENDOFF_PORT/)
  assert.match((await runCommand(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
})

test('cli: doctor names the isolation level, the store and the egress rules', async (t) => {
  const ended = await runCommand(['doctor', '--json'], { SENDOFF_DATA: await dataFolder(t) })
  assert.equal(ended.code, 0, ended.stderr)
  const findings = JSON.parse(ended.stdout) as { part: string; ok: boolean; text: string }[]
  for (const part of ['isolation', 'store', 'egress']) {
    assert.ok(findings.find((finding) => finding.part === part)?.ok, part)
  }
})

test('cli: SIGTERM drains: what is under way is finished and recorded, exit code 0 within 10 s', async (t) => {
  const receiver = await startReceiver(() => ({ status: 200, delayMs: 1_000 }))
  t.after(() => receiver.close())
  const folder = await dataFolder(t)
  const env = { SENDOFF_DATA: folder, SENDOFF_ADMIN_TOKEN: TOKEN }
  const server = await startServer(t, env)
  const steps = [{ type: 'webhook', url: receiver.url(), payload: '1' }]
  const workflow = await createApiClient(server.url, TOKEN).call<WorkflowWire>(
    'POST',
    '/workflows',
    { name: 'Drain', steps },
  )
  for (let n = 0; n < 20; n++)
    await (await request(workflow.endpoint, { method: 'POST' })).body.dump()
  await receiver.received(20)
  const started = performance.now()
  assert.equal(await server.terminate(), 0, server.output())
  assert.ok(performance.now() - started < 10_000)

  const again = await startServer(t, env)
  const { data } = await createApiClient(again.url, TOKEN).call<{ data: { dest: unknown }[] }>(
    'GET',
    `/workflows/${workflow.id}/events`,
  )
  assert.equal(data.length, 20)
  for (const { dest } of data) assert.deepEqual(dest, { delivered: 1, total: 1 })
  assert.equal(receiver.requests.length, 20, 'nothing was interrupted and sent again')
})

test('cli: SIGTERM ends within 10 s whatever hangs, and the next start takes up what was cut', async (t) => {
  const receiver = await startReceiver(() => ({ end: 'hang' }))
  t.after(() => receiver.close())
  const env = { SENDOFF_DATA: await dataFolder(t), SENDOFF_ADMIN_TOKEN: TOKEN }
  const server = await startServer(t, env)
  const api = createApiClient(server.url, TOKEN)
  const save = (code: string): Promise<WorkflowWire> =>
    api.call('POST', '/workflows', { name: 'Hang', steps: [{ type: 'code', code }] })
  const sends = await save(`$send.http({ method: 'POST', url: '${receiver.url('/hang')}' })`)
  const waits = await save(`await fetch('${receiver.url('/wait')}')`)
  for (const { endpoint } of [sends, waits]) {
    await (await request(endpoint, { method: 'POST' })).body.dump()
  }
  await receiver.received(2)
  const started = performance.now()
  assert.equal(await server.terminate(), 0, server.output())
  assert.ok(performance.now() - started < 10_000, `${performance.now() - started} ms`)

  receiver.script = () => ({ status: 200 })
  const again = createApiClient((await startServer(t, env)).url, TOKEN)
  const sent = await settledEvent(again, sends.id)
  const attempts = sent.deliveries[0]!.attempts.map(({ outcome }) => outcome)
  assert.deepEqual(attempts, ['interrupted', 'delivered'])
  assert.equal((await settledEvent(again, waits.id)).run!.status, 'succeeded')
})

test('cli: a second server on the same data is refused, naming the setting', async (t) => {
  const folder = await dataFolder(t)
  await startServer(t, { SENDOFF_DATA: folder })
  const second = await runCommand(['serve'], { SENDOFF_DATA: folder, SENDOFF_PORT: '0' })
  assert.equal(second.code, 1)
  assert.match(second.stderr, /another Sendoff is using it/)
})

test('cli: the demo prints its complete Dest and stays up; a second one on the same data works too', async (t) => {
  const folder = await dataFolder(t)
  for (const round of [1, 2]) {
    const child = spawn(process.execPath, [LAUNCHER, 'demo'], {
      env: serverEnv({ SENDOFF_DATA: folder, SENDOFF_PORT: '0' }),
    })
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    const shown = new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += String(chunk)
        if (output.includes('Ctrl-C')) resolve()
      })
      child.once('exit', () => reject(new Error(`round ${round}: ${output}`)))
    })
    await shown
    assert.match(output, /Dest 4\/4/)
    assert.match(output, /Run succeeded/)
    assert.equal(child.exitCode, null)
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
  }
})
