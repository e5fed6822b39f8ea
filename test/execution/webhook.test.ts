/** The webhook Action: which `$send.http` call a step becomes, and which step is refused at a save. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AppError } from '../../src/errors.ts'
import { checkSteps, compileProgram, packagesOf } from '../../src/execution/compile.ts'
import { normaliseCall } from '../../src/model/send.ts'
import type { NormalisedCall, SendFields } from '../../src/model/send.ts'
import type { WebhookStep } from '../../src/model/workflow.ts'
import { createStepModules } from '../../src/runner/guest/step-modules.ts'
import { describeThrown } from '../../src/runner/guest/thrown.ts'
import { jobOf, startRunner } from '../support/run-code.ts'

type Fields = Partial<WebhookStep>

const step = (fields: Fields): WebhookStep => ({
  type: 'webhook',
  name: 'webhook',
  url: 'https://example.com/',
  ...fields,
})
const $event = {
  body: { id: 7, name: 'a b', list: [1, { x: null }], none: null, when: new Date(0) },
}
let names = 0

/** Runs a step on `$event` and returns its calls, as the guest would take them. */
async function calls(fields: Fields): Promise<NormalisedCall[]> {
  const made: NormalisedCall[] = []
  const $send = { http: (options: unknown) => void made.push(normaliseCall(options)) }
  await start({ ...fields, name: `webhook${++names}` }, $send)
  return made
}

async function start(fields: Fields, $send: object): Promise<unknown> {
  const { steps } = compileProgram({ steps: [step(fields)] }, '')
  const [{ name, prefix, source }] = steps as [(typeof steps)[number]]
  const loaded = [{ name, prefix, length: source.length }]
  const modules = createStepModules(loaded, [source], null)
  const run = await modules.load(0)
  const scope = { $event, $send, steps: { a: { x: 1 } }, console, require: modules.requireOf(0) }
  try {
    return await run.call({}, scope)
  } catch (error) {
    throw describeThrown(error, loaded)
  }
}

async function sent(fields: Fields): Promise<SendFields> {
  const [call, ...more] = await calls(fields)
  assert.deepEqual(more, [])
  assert.ok(call?.kind === 'send')
  return call.send
}

const text = (body: Uint8Array | null): string | null => body && Buffer.from(body).toString()

test('webhook: url alone is a POST without a body', async () => {
  const { method, url, body, headers } = await sent({})
  assert.deepEqual([method, url, body, headers], ['POST', 'https://example.com/', null, []])
})

const payloads: readonly [string, string | null][] = [
  ['$event.body.id', '7'],
  ['{ id: $event.body.id }', '{"id":7}'],
  ['{\n  id: $event.body.id, // the id\n}', '{"id":7}'],
  ['$event', JSON.stringify($event)],
  ['"text"', 'text'],
  ['null', 'null'],
  ['false', 'false'],
  ['Promise.resolve({ a: 1 })', '{"a":1}'],
  ['await Promise.resolve(2)', '2'],
  ['steps.a.x + 1', '2'],
  ['typeof process.env', 'object'],
  ["require('node:path').basename('/a/b')", 'b'],
  ['(() => { const a = 1; return [a] })()', '[1]'],
  ['$event.body.id // the id', '7'],
  [
    '[typeof payload, typeof fields, typeof options, typeof data].join()',
    'undefined,undefined,undefined,undefined',
  ],
  ['', null],
  [' \n ', null],
]
for (const [payload, body] of payloads) {
  test(`webhook: the payload ${JSON.stringify(payload)}`, async () => {
    assert.equal(text((await sent({ payload })).body), body)
  })
}

test('webhook: an undefined payload sends nothing and is shown as skipped, whatever the method', async () => {
  for (const method of [undefined, 'GET', 'DELETE', '{{nothing.at.all}}']) {
    for (const payload of ['undefined', '$event.body.missing', 'Promise.resolve()', 'void 0']) {
      const made = await calls({ payload, ...(method === undefined ? {} : { method }) })
      assert.deepEqual(made, [{ kind: 'skipped', reason: 'payload is undefined' }])
    }
  }
})

test('webhook: the payload is evaluated once, before the other fields', async () => {
  const order: string[] = []
  Object.assign(globalThis, { trace: (what: string) => (order.push(what), what) })
  await sent({ payload: 'trace("payload")', url: 'https://example.com/{{trace("url")}}' })
  assert.deepEqual(order, ['payload', 'url'])
})

const templates: readonly [string, string][] = [
  ['plain', 'plain'],
  ['{{$event.body.id}}', '7'],
  ['a {{ $event.body.id }}-{{$event.body.name}} b', 'a 7-a b b'],
  ['{{$event.body.missing}}|{{$event.body.none}}', '|'],
  ['{{$event.body.list}}', '[1,{"x":null}]'],
  ['{{$event.body.when}}', '1970-01-01T00:00:00.000Z'],
  ['{{true}} {{0}} {{1n}}', 'true 0 1'],
  ['{{ {a:{b:1}} }}', '{"a":{"b":1}}'],
  ['{{{a:{b:1}}}}', '{"a":{"b":1}}'],
  ['{{ "}}" + "{{" }}', '}}{{'],
  ['{{ `}}${"}}"}` }}', '}}}}'],
  ['{{ /}}/.source }}', '}}'],
  ['{{ 1 /* }} */ }}', '1'],
  ['{{ [1, 2].map((n) => ({ n })) }}', '[{"n":1},{"n":2}]'],
  ['{{ await Promise.resolve("later") }}', 'later'],
  ['{{ Promise.resolve("later") }}', 'later'],
  ['{{ 1,\n2 }}', '2'],
  ['a }} b', 'a }} b'],
  ['{ {a} }', '{ {a} }'],
  ['$$ {a} `b` \\ "c"', '$$ {a} `b` \\ "c"'],
]
for (const [template, value] of templates) {
  test(`webhook: {{expressions}} in ${JSON.stringify(template)}`, async () => {
    assert.deepEqual((await sent({ headers: { 'x-a': template } })).headers, [['x-a', value]])
  })
}

test('webhook: every field takes {{expressions}}', async () => {
  const send = await sent({
    url: 'https://example.com/{{$event.body.id}}?a=1',
    method: '{{"put"}}',
    headers: { 'x-id': '{{$event.body.id}}', 'content-type': 'text/{{"csv"}}' },
    params: { 'b&c': '{{$event.body.name}}' },
    auth: { username: '{{"user"}}', password: 'p{{$event.body.id}}' },
    payload: '"a,b"',
  })
  assert.deepEqual(
    [send.method, send.url, text(send.body)],
    ['PUT', 'https://example.com/7?a=1&b%26c=a+b', 'a,b'],
  )
  assert.deepEqual(send.headers, [
    ['x-id', '7'],
    ['content-type', 'text/csv'],
    ['authorization', `Basic ${Buffer.from('user:p7').toString('base64')}`],
  ])
})

test('webhook: retry passes through', async () => {
  assert.equal((await sent({})).retry, null)
  for (const retry of [true, false, { attempts: 3, schedule: [1_000] }]) {
    assert.deepEqual((await sent({ retry })).retry, retry)
  }
})

test('webhook: names like __proto__ are sent [82]', async () => {
  const params = JSON.parse('{"__proto__":"x"}') as Record<string, string>
  assert.equal((await sent({ params })).url, 'https://example.com/?__proto__=x')
  assert.deepEqual((await sent({ headers: params })).headers, [['__proto__', 'x']])
})

test('webhook: text outside of {{}} is never run, and arrives as it is', async () => {
  const odd = fc
    .string({ unit: fc.constantFrom(...'` $ " \' \\ / * { } ( ) \n ; a \u2028'.split(' ')) })
    .filter((one) => !one.includes('{{'))
  await fc.assert(
    fc.asyncProperty(odd, async (one) => {
      const { url } = await sent({ params: { a: one } })
      assert.equal(new URL(url).searchParams.get('a'), one)
    }),
    { numRuns: 50 },
  )
})

const failing: readonly [string, Fields, string, number | null, number | null][] = [
  [
    'the payload',
    { payload: '$event.x.y' },
    "Cannot read properties of undefined (reading 'y')",
    1,
    10,
  ],
  [
    'line 2 of the payload',
    { payload: '{\n a: $event.x.y }' },
    "Cannot read properties of undefined (reading 'y')",
    2,
    14,
  ],
  [
    'the url',
    { url: 'https://a/{{$event.x.y}}' },
    "in url: Cannot read properties of undefined (reading 'y')",
    null,
    null,
  ],
  [
    'a header',
    { payload: '1', headers: { 'x-a': '{{oops}}' } },
    'in headers x-a: oops is not defined',
    null,
    null,
  ],
  [
    'what is sent',
    { url: '{{"ftp://a.test"}}' },
    '$send.http: "url" must start with http:// or https://, it starts with ftp:',
    null,
    null,
  ],
  ['an empty method', { method: '{{""}}' }, '$send.http: "method" is required', null, null],
]
for (const [what, fields, message, line, column] of failing) {
  test(`webhook: an error in ${what} says where it is`, async () => {
    const name = `webhook${++names}`
    const send = { http: (options: unknown) => void normaliseCall(options) }
    await assert.rejects(start({ ...fields, name }, send), (error) => {
      const {
        message: told,
        line: atLine,
        column: atColumn,
      } = error as ReturnType<typeof describeThrown>
      assert.deepEqual([told, atLine, atColumn], [message, line, column])
      return true
    })
  })
}

const refused: readonly [Fields, string][] = [
  [{ payload: 'const a = 1' }, "in payload: Unexpected token 'const' (line 1, column 1)"],
  [{ payload: '{\n a: 1,\n b: ;\n}' }, "in payload: Unexpected token ';' (line 3, column 5)"],
  [{ payload: '1); evil(); (2' }, "in payload: Unexpected token ';' (line 1, column 3)"],
  [{ payload: '1] ; [2' }, "in payload: Unexpected token ']' (line 1, column 2)"],
  [{ payload: '1, ' }, 'in payload: Unexpected end: something is not closed (line 1, column 4)'],
  [
    { payload: '// nothing' },
    'in payload: Unexpected end: something is not closed (line 1, column 11)',
  ],
  [{ payload: 'return 1' }, "in payload: Unexpected token 'return' (line 1, column 1)"],
  [{ payload: "import('./a.js')" }, 'in payload: it imports "./a.js"'],
  [{ payload: 'import.meta' }, 'in payload: '],
  [{ url: 'https://a/{{}}' }, 'in url: the expression is empty in {{}}'],
  [{ url: 'https://a/{{ a' }, 'in url: {{ is not closed by }}'],
  [{ url: 'https://a/{{ a b }}' }, "in url: Unexpected identifier 'b' in {{ a b }}"],
  [{ method: '{{(}}' }, 'in method: Unexpected end: something is not closed in {{(}}'],
  [{ headers: { 'x-a': '{{)}}' } }, "in headers x-a: Unexpected token ')' in {{)}}"],
  [{ params: { q: "{{require('/got')}}" } }, 'in params q: it imports "/got"'],
  [{ params: { '{{a}}': '' } }, 'in params {{a}}: a name cannot be an expression'],
  [{ auth: { username: '{{', password: '' } }, 'in auth username: {{ is not closed by }}'],
  [{ url: `https://a/{{(${'}}'.repeat(500)}` }, 'in url: '],
]
for (const [fields, message] of refused) {
  const shown = JSON.stringify(fields).slice(0, 60)
  test(`webhook: ${shown} is refused, naming the field`, () => {
    assert.throws(
      () => checkSteps([step(fields)]),
      (error) => {
        assert.ok(error instanceof AppError && error.code === 'step_invalid')
        assert.ok(error.message.startsWith(`Cannot save step webhook: ${message}`), error.message)
        return true
      },
    )
  })
}

test('webhook: packages may be imported in every expression', () => {
  const asked = packagesOf([
    step({
      payload: "import('axios@1')",
      params: { q: "{{require('got').y}}" },
      headers: { 'x-a': "{{require('@a/b@^2/c')}}" },
    }),
  ])
  assert.deepEqual(
    [...asked].map(([name, { range }]) => [name, range]),
    [
      ['@a/b', '^2'],
      ['axios', '1'],
      ['got', '*'],
    ],
  )
})

test('webhook: the step runs on the real runner, its send under its own position', async (t) => {
  const runner = await startRunner()
  t.after(() => runner.stop())
  const steps = [
    { type: 'note', name: 'n', text: '' } as const,
    step({ payload: '$event.body', url: 'https://example.com/{{$event.body.n}}' }),
    step({ name: 'second', payload: 'undefined' }),
  ]
  const { outcome, sends } = await runner.run({
    ...jobOf(''),
    program: compileProgram({ steps }, 'w'),
  })
  assert.equal(outcome.status, 'succeeded')
  assert.deepEqual(
    sends.map(({ step, index, url, body }) => [step, index, url, text(body)]),
    [[1, 0, 'https://example.com/1', '{"n":1}']],
  )
  assert.deepEqual(
    outcome.steps.map(({ status, skipped, exports }) => [status, skipped, exports]),
    [
      ['succeeded', [], {}],
      ['skipped', [{ index: 0, reason: 'payload is undefined' }], {}],
    ],
  )
})
