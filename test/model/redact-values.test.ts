/** Secret values in text: found in every form they take, and nothing of them left. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { createMask, createMasks, maskJson, maskNothing } from '../../src/model/redact-values.ts'

const SECRET = 'p@ss/w~rd "Łódź"+1'
const mask = createMask([SECRET])

const forms: Readonly<Record<string, string>> = {
  'as it is': SECRET,
  base64: Buffer.from(SECRET).toString('base64'),
  base64url: Buffer.from(SECRET).toString('base64url'),
  encodeURIComponent: encodeURIComponent(SECRET),
  'percent-encoded in lower case': encodeURIComponent(SECRET).replaceAll(/%../g, (code) =>
    code.toLowerCase(),
  ),
  'a form field': new URLSearchParams([['', SECRET]]).toString().slice(1),
  encodeURI: encodeURI(SECRET),
  'a query': new URL(`https://example.com/?${SECRET}`).search.slice(1),
  'a path': new URL(`https://example.com/${SECRET}`).pathname.slice(1),
  JSON: JSON.stringify(SECRET).slice(1, -1),
  'a JSON pointer': SECRET.replaceAll('~', '~0').replaceAll('/', '~1'),
}

for (const [name, form] of Object.entries(forms)) {
  test(`redact-values: a secret as ${name} is replaced by •••• [220]`, () => {
    assert.equal(mask(`before ${form} after`), 'before •••• after')
    assert.equal(mask(form), '••••')
    assert.equal(mask(`${form}.${form}`), '••••.••••')
  })
}

test('redact-values: a key in JSON is found as console.log shows it within an object [220]', () => {
  const key = JSON.stringify({ id: 1, key: '-----BEGIN-----\nit\'s "secret"\n-----END-----\n' })
  const shown = inspect(
    { key, lines: `first line of the key \\ 1\n${key}\n` },
    { breakLength: 200 },
  )
  const masked = createMask([key])(shown)
  assert.doesNotMatch(masked, /BEGIN|secret|END/)
})

test('redact-values: a body is masked in the charsets that it may come in [220]', () => {
  const { bytes } = createMasks(['geheim-ßecret-ÿ'])
  for (const charset of ['utf8', 'latin1', 'utf16le'] as const) {
    const body = Buffer.from('vorher geheim-ßecret-ÿ nachher', charset)
    const shown = Buffer.from(bytes(body))
    assert.ok(!shown.includes(Buffer.from('ecret', charset)), charset)
    assert.ok(shown.includes(Buffer.from('vorher ', charset)), charset)
    assert.ok(shown.includes(Buffer.from(' nachher', charset)), charset)
  }
  const big = Buffer.from('vorher geheim-ßecret-ÿ', 'utf16le').swap16()
  const inner = Buffer.from('ecret', 'utf16le').subarray(0, -1)
  assert.ok(big.includes(inner) && !Buffer.from(bytes(big)).includes(inner))
  const other = Buffer.from('nothing of it', 'utf16le')
  assert.equal(bytes(other), other)
})

test('redact-values: base64 of a longer text shows nothing of the secret within it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ minLength: 6, maxLength: 40 }),
      (before, after, bytes) => {
        const secret = Buffer.from(bytes).toString('hex')
        const whole = Buffer.concat([before, Buffer.from(secret), after])
        for (const encoding of ['base64', 'base64url'] as const) {
          const shown = createMask([secret])(whole.toString(encoding))
          const kept = shown.split('••••').map((part) => Buffer.from(part, encoding))
          assert.match(shown, /••••/)
          // Every whole byte that is left comes from before or behind the secret.
          assert.ok(kept[0]!.length <= before.length + 1)
          assert.ok(shown.length <= Math.ceil(((before.length + after.length) * 4) / 3) + 4 + 8)
          assert.ok(!shown.includes(Buffer.from(secret).toString(encoding).slice(4, -4)))
        }
      },
    ),
  )
})

test('redact-values: whatever surrounds a secret, it is gone and the rest stays', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '1'), minLength: 6, maxLength: 12 })
  const filler = fc.string({ unit: fc.constantFrom('x', ' ', '•', 'é') })
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.array(filler, { minLength: 1, maxLength: 5 }),
      (secrets, fillers) => {
        const text = fillers.join(secrets[0])
        assert.equal(createMask(secrets)(text), fillers.join('••••'))
      },
    ),
  )
})

test('redact-values: the longest of several secrets at one place is masked whole', () => {
  const both = createMask(['secret', 'secret-and-more'])
  assert.equal(both('a secret-and-more b secret c'), 'a •••• b •••• c')
})

test('redact-values: a value is found without the line break that a file ended it with', () => {
  assert.equal(createMask(['hunter22\n'])('Bearer hunter22'), 'Bearer ••••')
})

test('redact-values: each line of a key of several lines is found by itself', () => {
  const key = `-----BEGIN KEY-----\n${'MIIE'.repeat(8)}\n${'abcd'.repeat(8)}\n-----END KEY-----\n`
  const shown = createMask([key])(`{ key: '${key.trim().replaceAll('\n', "\\n' +\n '")}' }`)
  assert.doesNotMatch(shown, /MIIEMIIE|abcdabcd/)
})

test('redact-values: values under 6 characters are not looked for', () => {
  assert.equal(createMask(['short', '', '1']), maskNothing)
  assert.equal(createMask(['sixsix'])('sixsix'), '••••')
})

test('redact-values: JSON is masked in texts, keys and numbers, and keeps its shape', () => {
  const masked = maskJson(
    {
      'hunter-22': ['hunter-22', { a: 'x hunter-22' }],
      b: 123_456,
      c: 1_234_567,
      d: null,
      e: true,
    },
    createMask(['hunter-22', '123456']),
  )
  assert.deepEqual(masked, {
    '••••': ['••••', { a: 'x ••••' }],
    b: '••••',
    c: 1_234_567,
    d: null,
    e: true,
  })
  assert.deepEqual(
    maskJson({ 'k-secret-1': 1, 'k-secret-2': 2 }, createMask(['k-secret-1', 'k-secret-2'])),
    {
      '••••': 1,
      '•••• (2)': 2,
    },
  )
})

test('redact-values: JSON too deep to walk is cut and said to be', () => {
  let deep: unknown = 'end'
  for (let i = 0; i < 5_000; i++) deep = [deep]
  assert.match(JSON.stringify(maskJson(deep, createMask(['hunter-22']))), /nested too deeply/)
})

test('redact-values: without secrets a value is handed back as it is', () => {
  const value = { a: 1 }
  assert.equal(maskJson(value, maskNothing), value)
})

test('redact-values: what is left of a secret that was cut is masked where the cut is', () => {
  const long = createMask([
    `eyJhbGciOi.${'long-token'.repeat(20)}`,
    'https://api.example/v1/hooks/x',
  ])
  assert.equal(
    long(`it is "${`eyJhbGciOi.${'long-token'.repeat(20)}`.slice(0, 80)}..."`),
    'it is "••••..."',
  )
  assert.equal(long('the body ends in eyJhbGciOi.long-to'), 'the body ends in ••••')
  assert.equal(long('GET https://api.example/v1/other'), 'GET https://api.example/v1/other')
})
