/** What POST and PUT /workflows accept: the shape of SPEC section 8, its defaults and its bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/errors.ts'
import { checkDefinition } from '../../src/model/definition.ts'
import { limits } from '../../src/model/limits.ts'

const code = { type: 'code', code: 'return 1' }
const webhook = { type: 'webhook', url: 'https://example.com/' }
const note = { type: 'note', text: 'hi' }
const withStep = (step: unknown): unknown => ({ name: 'w', steps: [step] })
const withSettings = (settings: unknown): unknown => ({ name: 'w', steps: [], settings })
const names = (...steps: unknown[]): string[] =>
  checkDefinition({ name: 'w', steps }).steps.map(({ name }) => name)

function refusal(body: unknown): string {
  try {
    checkDefinition(body)
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.status, 400)
    return `${error.code}: ${error.message}`
  }
  return 'not refused'
}

test('definition: settings have the defaults of the specification', () => {
  assert.deepEqual(checkDefinition({ name: 'w', steps: [] }).settings, {
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
  })
})

test('definition: settings are taken as given, a rate in parts', () => {
  const settings = {
    timeoutMs: 300_000,
    memoryMb: 64,
    rate: { perSecond: 1 },
    deliverOnError: false,
    resendInterrupted: false,
    retry: { attempts: 2, schedule: [5_000] },
    signing: null,
    response: 'default',
    isolation: 'run',
    triggerAuth: null,
  }
  const checked = checkDefinition(withSettings(settings)).settings
  assert.deepEqual(checked, { ...settings, rate: { perSecond: 1, burst: 5_000 } })
  assert.deepEqual(checkDefinition(withSettings(checked)).settings, checked)
})

test('definition: a webhook keeps every field, null ones aside', () => {
  const full = {
    type: 'webhook',
    name: 'hook',
    url: 'https://example.com/{{$event.body.id}}',
    payload: '$event.body',
    method: 'put',
    headers: { 'x-a': '{{1}}' },
    params: { q: 'é' },
    auth: { username: 'u', password: '{{process.env.P}}' },
    retry: true,
  }
  assert.deepEqual(checkDefinition(withStep(full)).steps, [full])
  const bare = {
    ...webhook,
    payload: null,
    method: null,
    headers: null,
    params: null,
    auth: null,
    retry: null,
  }
  assert.deepEqual(checkDefinition(withStep(bare)).steps, [{ ...webhook, name: 'webhook' }])
})

test('definition: what it returns it accepts', () => {
  const once = checkDefinition({ name: 'w', steps: [code, webhook, note, code] })
  assert.deepEqual(checkDefinition(structuredClone(once)), once)
})

test('definition: steps without a name get one that is free', () => {
  assert.deepEqual(names(code, webhook, code, note, code, webhook), [
    'nodejs',
    'webhook',
    'nodejs_2',
    'note',
    'nodejs_3',
    'webhook_2',
  ])
  const named = { ...code, name: 'nodejs' }
  assert.deepEqual(names(code, named, code), ['nodejs_2', 'nodejs', 'nodejs_3'])
})

test('definition: a name may be any readable text', () => {
  for (const name of [
    'a',
    '$x',
    'my step',
    '日本',
    '<b>',
    'a/b',
    'constructor',
    'é'.repeat(limits.stepNameLength),
  ]) {
    assert.deepEqual(names({ ...code, name }), [name])
  }
})

test('definition: header and param names like __proto__ stay names [82]', () => {
  const headers = JSON.parse('{"__proto__":"a"}') as unknown
  const [step] = checkDefinition(withStep({ ...webhook, headers, params: headers })).steps
  assert.equal(
    JSON.stringify(step),
    '{"type":"webhook","name":"webhook","url":"https://example.com/","headers":{"__proto__":"a"},"params":{"__proto__":"a"}}',
  )
})

test('definition: a user of the API sees which step it was', () => {
  const body = { name: 'w', steps: [code, { type: 'code', name: 'second' }] }
  assert.equal(refusal(body), 'step_invalid: Cannot save step second: code is required')
})

const long = (length: number): string => 'a'.repeat(length)
const refused: readonly [string, unknown, RegExp][] = [
  [
    'no body',
    undefined,
    /^workflow_invalid: Cannot save the workflow: the body must be an object, it is undefined$/,
  ],
  ['a list', [], /the body must be an object, it is an array/],
  [
    'an unknown key [212]',
    { name: 'w', steps: [], version: 3 },
    /the body has the unknown key "version", known are name, steps, settings/,
  ],
  ['no name', { steps: [] }, /name is required/],
  ['a blank name', { name: ' ', steps: [] }, /name is required/],
  ['a long name', { name: long(201), steps: [] }, /name has 201 characters, the limit is 200/],
  ['no steps', { name: 'w' }, /steps is required, give it a list/],
  ['steps as an object', { name: 'w', steps: {} }, /steps is required, give it a list/],
  [
    '101 steps',
    { name: 'w', steps: Array.from({ length: 101 }, () => code) },
    /it has 101 steps, the limit is 100/,
  ],
  [
    'a step that is null',
    withStep(null),
    /^step_invalid: Cannot save step 1: a step must be an object, it is null$/,
  ],
  [
    'a step without a type',
    withStep({ code: '' }),
    /step 1: type must be "code", "webhook" or "note", it is undefined/,
  ],
  ['an unknown type', withStep({ type: 'python' }), /type must be .* it is "python"/],
  [
    'an unknown key of a step [212]',
    withStep({ ...code, url: 'x' }),
    /step nodejs: a code step has the unknown key "url", known are type, name, code/,
  ],
  ['code that is missing', withStep({ type: 'code' }), /code is required/],
  ['code that is a number', withStep({ type: 'code', code: 1 }), /code must be text, it is 1/],
  [
    'code past the limit',
    withStep({ ...code, code: long(limits.stepCodeBytes + 1) }),
    /code has 262145 bytes, the limit is 262144/,
  ],
  ['a note without text', withStep({ type: 'note' }), /step note: text is required/],
  ['an empty step name', withStep({ ...code, name: '' }), /name must be text/],
  ['a numeric step name', withStep({ ...code, name: 1 }), /name must be text/],
  [
    'a long step name',
    withStep({ ...code, name: long(65) }),
    /name has 65 characters, the limit is 64/,
  ],
  [
    'a step name with a line break',
    withStep({ ...code, name: 'a\nb' }),
    /name cannot begin or end with a space/,
  ],
  [
    'a step name with a lone surrogate',
    withStep({ ...code, name: 'a\ud800' }),
    /name cannot begin/,
  ],
  ['a padded step name', withStep({ ...code, name: ' a' }), /name cannot begin/],
  [
    'the step name trigger',
    withStep({ ...code, name: 'trigger' }),
    /name cannot be "trigger", choose another/,
  ],
  [
    'the step name __proto__',
    withStep({ ...code, name: '__proto__' }),
    /name cannot be "__proto__"/,
  ],
  [
    'a name twice',
    {
      name: 'w',
      steps: [
        { ...code, name: 'a' },
        { ...note, name: 'a' },
      ],
    },
    /step 2: its name "a" is taken/,
  ],
  ['a webhook without a url', withStep({ type: 'webhook' }), /step webhook: url is required/],
  ['a webhook with a blank url', withStep({ ...webhook, url: ' ' }), /url is required/],
  [
    'a relative url',
    withStep({ ...webhook, url: '/a' }),
    /url must be a full URL such as https:\/\/example\.com\/, it is "\/a"/,
  ],
  [
    'a bad scheme [43]',
    withStep({ ...webhook, url: 'gopher://a/' }),
    /url must start with http:\/\/ or https:\/\//,
  ],
  ['bracket junk [47]', withStep({ ...webhook, url: 'http://[::1]x/' }), /url must be a full URL/],
  ['an unknown method', withStep({ ...webhook, method: 'G T' }), /method must be an HTTP method/],
  ['CONNECT', withStep({ ...webhook, method: 'CONNECT' }), /method cannot be CONNECT/],
  [
    'a payload that is an object',
    withStep({ ...webhook, payload: {} }),
    /payload must be text, it is an object/,
  ],
  ['headers as a list', withStep({ ...webhook, headers: [] }), /headers must be an object/],
  [
    'a header that is a number',
    withStep({ ...webhook, headers: { a: 1 } }),
    /a must be text, it is 1/,
  ],
  [
    'a forbidden header [80]',
    withStep({ ...webhook, headers: { Host: 'x' } }),
    /headers cannot set Host/,
  ],
  [
    'an invalid header name [78]',
    withStep({ ...webhook, headers: { 'a b': 'x' } }),
    /headers has the invalid name "a b"/,
  ],
  [
    'a line break in a header [77]',
    withStep({ ...webhook, headers: { a: 'x\r\ny' } }),
    /headers has a line break/,
  ],
  ['params as text', withStep({ ...webhook, params: 'a=1' }), /params must be an object/],
  ['half an auth', withStep({ ...webhook, auth: { username: 'a' } }), /password is required/],
  [
    'auth with more',
    withStep({ ...webhook, auth: { username: 'a', password: 'b', x: 1 } }),
    /auth has the unknown key "x"/,
  ],
  ['retry 3', withStep({ ...webhook, retry: 3 }), /retry must be true, false or/],
  ['settings as a list', withSettings([]), /settings must be an object/],
  ['an unknown setting', withSettings({ timeout: 1 }), /settings has the unknown key "timeout"/],
  [
    'a short timeout',
    withSettings({ timeoutMs: 999 }),
    /timeoutMs must be a whole number from 1000 to 300000, it is 999/,
  ],
  ['a long timeout', withSettings({ timeoutMs: 300_001 }), /timeoutMs must be/],
  ['a timeout in text', withSettings({ timeoutMs: '5000' }), /timeoutMs must be .* it is "5000"/],
  [
    'little memory',
    withSettings({ memoryMb: 63 }),
    /memoryMb must be a whole number from 64 to 2048/,
  ],
  [
    'a rate of 0',
    withSettings({ rate: { perSecond: 0 } }),
    /perSecond must be a whole number from 1 to/,
  ],
  [
    'an unknown key of a rate',
    withSettings({ rate: { perMinute: 1 } }),
    /settings\.rate has the unknown key "perMinute"/,
  ],
  [
    'deliverOnError "no"',
    withSettings({ deliverOnError: 'no' }),
    /settings\.deliverOnError must be true or false/,
  ],
  [
    'isolation "vm"',
    withSettings({ isolation: 'vm' }),
    /settings\.isolation must be "warm" or "run"/,
  ],
  ['a retry of 3', withSettings({ retry: 3 }), /settings\.retry must be true, false or/],
  [
    'response "later"',
    withSettings({ response: 'later' }),
    /settings\.response must be "default" or "custom", it is "later"/,
  ],
  [
    'trigger auth of no kind',
    withSettings({ triggerAuth: {} }),
    /settings\.triggerAuth\.type must be "bearer" or "signature"/,
  ],
  [
    'trigger auth with a secret of its own',
    withSettings({ triggerAuth: { type: 'bearer', token: 'x' } }),
    /settings\.triggerAuth has the unknown key "token", known are type, variable/,
  ],
  [
    'trigger auth without a variable',
    withSettings({ triggerAuth: { type: 'bearer' } }),
    /settings\.triggerAuth\.variable must name the variable that holds the secret/,
  ],
  [
    'trigger auth of a variable that cannot be',
    withSettings({ triggerAuth: { type: 'signature', variable: 'a b' } }),
    /settings\.triggerAuth\.variable is not a variable: its name must be/,
  ],
  [
    'signing with an unknown key',
    withSettings({ signing: { secret: 'x' } }),
    /settings\.signing has the unknown key "secret", known are version/,
  ],
  [
    'signing v2',
    withSettings({ signing: { version: 'v2' } }),
    /settings\.signing\.version must be "v1", it is "v2"/,
  ],
  [
    'signing true',
    withSettings({ signing: true }),
    /settings\.signing must be an object, it is true/,
  ],
]
for (const [what, body, message] of refused) {
  test(`definition: ${what} is refused`, () => assert.match(refusal(body), message))
}
