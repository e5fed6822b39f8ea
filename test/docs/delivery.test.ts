/** docs/delivery.md says what is so: its samples run, and its table knows every code. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { DEFAULT_SCHEDULE_MS } from '../../src/delivery/retry.ts'
import type { FailureCode } from '../../src/model/delivery.ts'
import { parseSigningSecret } from '../../src/model/signing.ts'
import { attemptOne } from '../support/attempt-one.ts'
import { taskTo } from '../support/delivery-task.ts'
import { startReceiver } from '../support/receiver.ts'

const page = readFileSync(new URL('../../docs/delivery.md', import.meta.url), 'utf8')
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'

const sample = (language: string): string => {
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1]
  assert.ok(found, language)
  return found
}

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sendoff-docs-'))
})
after(() => rmSync(folder, { recursive: true }))

type Case = { headers: Record<string, string>; body: string; secret: string; expected: boolean }

/** A request as it was really sent, signed with both secrets, and what must not pass for it. */
async function cases(): Promise<readonly Case[]> {
  const receiver = await startReceiver()
  const body = '{"name":"Łódź 🚀","price":1.10}'
  const task = taskTo(receiver.url(), { signed: true, body: Buffer.from(body) })
  const keys = [SECRET, OTHER].map((secret) => parseSigningSecret(secret)!)
  await attemptOne(task, undefined, { signingKeys: async () => keys })
  await receiver.close()
  const headers = Object.fromEntries(
    receiver.requests[0]!.headers.map(([name, value]) => [name.toLowerCase(), value]),
  )
  const wrong = (over: Partial<Case>): Case => ({
    headers,
    body,
    secret: SECRET,
    expected: false,
    ...over,
  })
  const old = String(Number(headers['webhook-timestamp']) - 301)
  return [
    wrong({ expected: true }),
    wrong({ expected: true, secret: OTHER }),
    wrong({ secret: `whsec_${Buffer.alloc(24).toString('base64')}` }),
    wrong({ body: `${body} ` }),
    wrong({ headers: { ...headers, 'webhook-id': 'other' } }),
    wrong({ headers: { ...headers, 'webhook-timestamp': old } }),
    wrong({ headers: { ...headers, 'webhook-timestamp': 'now' } }),
    wrong({ headers: { ...headers, 'webhook-signature': 'v1,' } }),
    wrong({ headers: { ...headers, 'webhook-signature': 'v1,abc v2,abc' } }),
    wrong({ headers: {} }),
  ]
}

test('docs: the Node sample verifies what is sent, and nothing else', async () => {
  const file = join(folder, 'verify.mjs')
  writeFileSync(file, sample('js'))
  const { verify } = (await import(pathToFileURL(file).href)) as {
    verify: (headers: object, body: Buffer, secret: string) => boolean
  }
  for (const { headers, body, secret, expected } of await cases()) {
    assert.equal(verify(headers, Buffer.from(body), secret), expected, JSON.stringify(headers))
  }
})

const python = spawnSync('python3', ['--version'])
const skip = python.status === 0 ? false : 'no python3 on this machine'

test('docs: the Python sample verifies what is sent, and nothing else', { skip }, async () => {
  const all = await cases()
  const program = `${sample('python')}
import json, sys
print(json.dumps([verify(c["headers"], c["body"].encode(), c["secret"]) for c in json.load(sys.stdin)]))
`
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input: JSON.stringify(all) })
  assert.equal(stderr.toString(), '')
  assert.deepEqual(
    JSON.parse(stdout.toString()),
    all.map(({ expected }) => expected),
  )
})

test('docs: every code has its row', () => {
  const known: Readonly<Record<FailureCode, true>> = {
    dns: true,
    connect_refused: true,
    connect_timeout: true,
    tls: true,
    reset: true,
    timeout: true,
    blocked: true,
    redirect: true,
    http_status: true,
    too_large_headers: true,
    protocol: true,
  }
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(([, code]) => code)
  assert.deepEqual(rows, Object.keys(known))
})

test('docs: the default schedule is the one that is written down', () => {
  assert.match(page, /8 retries: after 5 s, 30 s, 2 min,\s10 min, 30 min, 2 h, 6 h and 12 h/)
  const [s, min, h] = [1_000, 60_000, 3_600_000]
  const written = [5 * s, 30 * s, 2 * min, 10 * min, 30 * min, 2 * h, 6 * h, 12 * h]
  assert.deepEqual(DEFAULT_SCHEDULE_MS, written)
})
