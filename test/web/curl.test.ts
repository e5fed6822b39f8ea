/** Copy as cURL: the command, run by a real shell with a real curl, sends the request again. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { curl } from '../../web/model/curl.ts'
import { startReceiver } from '../support/receiver.ts'

const run = promisify(execFile)
const skip = hasCurl() ? false : 'no curl on this machine'

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const HOSTILE = `it's "quoted" \`id\` $(id) $HOME \\ \n second line; rm -rf / & | > # ! * ? {a,b} é😀`
const bodies = [
  { body: '{"a":1}', bodyEncoding: 'utf8' },
  { body: HOSTILE, bodyEncoding: 'utf8' },
  { body: '@/etc/passwd', bodyEncoding: 'utf8' },
  { body: '-d --data', bodyEncoding: 'utf8' },
  { body: 'with a \0 inside', bodyEncoding: 'utf8' },
  { body: Buffer.from([0xff, 0, 0x0a, 0x27, 0x80]).toString('base64'), bodyEncoding: 'base64' },
] as const

test('curl: a request is sent again as it was, whatever is in it', { skip }, async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const headers = [
    ['X-Quoted', `it's "a" $(id) \\ ; b`],
    ['x-empty', ''],
    ['Accept', 'text/*'],
    ['content-type', 'text/x-own'],
  ] as const
  const path = "/a'b/$(id)/%20/[1]/{x,y}?q=[1-3]&e=%27&p=a'b"
  for (const body of bodies) {
    const command = curl({ method: 'PATCH', url: receiver.url(path), headers, body })
    await run('sh', ['-c', command])
    const got = receiver.requests.at(-1)!
    assert.equal(`${got.method} ${got.url}`, `PATCH ${path}`)
    const sent = Buffer.from(body.body, body.bodyEncoding === 'base64' ? 'base64' : 'utf8')
    assert.deepEqual(got.body, sent, command)
    for (const [name, value] of headers) {
      const all = got.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase())
      assert.deepEqual(
        all.map(([, each]) => each),
        [value],
        name,
      )
    }
  }
})

test('curl: without a body or a content type none is made up', { skip }, async (t) => {
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  for (const [method, body] of [
    ['GET', null],
    ['DELETE', null],
    ['POST', bodies[0]],
  ] as const) {
    await run('sh', ['-c', curl({ method, url: receiver.url('/'), headers: [], body })])
    const got = receiver.requests.at(-1)!
    assert.equal(got.method, method)
    assert.equal(got.body.toString(), body?.body ?? '')
    assert.ok(!got.headers.some(([name]) => name.toLowerCase() === 'content-type'))
  }
})

test(
  'curl: what goes over the wire is what was sent, with nothing added by curl',
  { skip },
  async (t) => {
    const receiver = await startReceiver(() => ({ body: 'ok' }))
    t.after(() => receiver.close())
    const long = "it's long \n".repeat(20_000)
    const requests = [
      { method: 'HEAD', headers: [['x-a', '1']], body: null },
      { method: 'GET', headers: [['x-latin', 'café % \\ $(id) "\' ÿ']], body: null },
      { method: 'POST', headers: [['content-length', '0']], body: null },
      { method: 'PUT', headers: [], body: { body: '', bodyEncoding: 'utf8' } },
      { method: 'GET', headers: [], body: { body: '', bodyEncoding: 'utf8' } },
      { method: 'POST', headers: [['x-a', '1']], body: { body: long, bodyEncoding: 'utf8' } },
    ] as const
    for (const { method, headers, body } of requests) {
      const agent = [['user-agent', 'Sendoff/0']] as const
      const command = curl({
        method,
        url: receiver.url('/'),
        headers: [...agent, ...headers],
        body,
      })
      const running = run('sh', { timeout: 20_000 })
      running.child.stdin!.end(command)
      await running
    }
    await receiver.received(requests.length)
    for (const [i, { method, headers, body }] of requests.entries()) {
      const got = receiver.requests[i]!
      assert.equal(got.method, method)
      assert.equal(got.body.toString(), body?.body ?? '')
      const hasLength = body?.body || ['POST', 'PUT'].includes(method)
      const length = hasLength ? [['content-length', String(got.body.length)]] : []
      const sent = [
        ['user-agent', 'Sendoff/0'],
        ...headers.filter(([name]) => name !== 'content-length'),
      ]
      const shown = got.headers
        .filter(([name]) => name !== 'Host')
        .map(([name, value]) => [name.toLowerCase(), value])
      // curl has an order of its own.
      assert.deepEqual(new Set(shown), new Set([...sent, ...length]), method)
      assert.equal(shown.length, sent.length + length.length)
    }
  },
)

test('curl: a masked secret is said to be one, and nothing else changes', () => {
  const request = { method: 'GET', url: 'https://a.example/?token=••••cdef', body: null }
  const headers = [['authorization', '••••ijkl']] as const
  const [note, command] = curl({ ...request, headers }).split(/\n(?=curl)/)
  assert.match(note!, /^# •••• stands for a secret: fill it in$/)
  assert.match(command!, /^curl -X 'GET' 'https:\/\/a\.example\/\?token=••••cdef'/)
  assert.match(curl({ ...request, url: 'https://a.example/', headers: [] }), /^curl /)
})
