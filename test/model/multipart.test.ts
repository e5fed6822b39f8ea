/** Multipart forms: the platform's own encoder is the reference, the rest is what a stranger may send. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { deriveBody } from '../../src/model/derive-body.ts'
import { limits } from '../../src/model/limits.ts'
import { parseMultipart } from '../../src/model/multipart.ts'

const part = (headers: string, content: string): string => `--b\r\n${headers}\r\n\r\n${content}\r\n`
const field = (name: string, content: string): string =>
  part(`Content-Disposition: form-data; name="${name}"`, content)
const parse = (text: string, boundary = 'b'): unknown => parseMultipart(Buffer.from(text), boundary)

test('multipart: fields and files, as the platform encodes them', async () => {
  const form = new FormData()
  form.append('a', '1')
  form.append('a', '2')
  form.append('__proto__', 'x')
  form.append('q"\n', 'line\r\nline')
  form.append('file', new Blob([Uint8Array.of(0, 255, 13, 10)], { type: 'image/png' }), 'é"x.png')
  const response = new Response(form)
  const contentType = response.headers.get('content-type')!
  const derived = deriveBody(await response.bytes(), contentType)
  assert.equal(derived.type, 'MULTIPART_FORM')
  const body = derived.body as Record<string, unknown>
  assert.deepEqual(body['a'], ['1', '2'])
  assert.equal(Object.getOwnPropertyDescriptor(body, '__proto__')?.value, 'x')
  assert.equal(body['q"\r\n'], 'line\r\nline')
  assert.deepEqual(body['file'], {
    filename: 'é"x.png',
    mimetype: 'image/png',
    size: 4,
    data_b64: 'AP8NCg==',
  })
})

const accepted: readonly [string, string, unknown][] = [
  ['an empty form', '--b--\r\n', {}],
  ['one field', `${field('a', '1')}--b--`, { a: '1' }],
  ['preamble and epilogue', `pre\r\n${field('a', '1')}--b--\r\nepilogue`, { a: '1' }],
  [
    'padding behind a boundary',
    `--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--`,
    { a: '1' },
  ],
  ['an empty field', `${field('a', '')}--b--`, { a: '' }],
  [
    'an empty field that shares its line end',
    '--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--',
    { a: '' },
  ],
  [
    'a line that only begins like a boundary',
    `${field('a', '1\r\n--bc\r\n2')}--b--`,
    { a: '1\r\n--bc\r\n2' },
  ],
  ['a boundary in the middle of a line', `${field('a', 'x--b--')}--b--`, { a: 'x--b--' }],
  [
    'header names in any case',
    `${part('CONTENT-DISPOSITION: FORM-DATA; NAME=a', '1')}--b--`,
    { a: '1' },
  ],
  ['an escaped quote', `${field('a\\"b', '1')}--b--`, { 'a"b': '1' }],
  [
    'a file without a type',
    `${part('Content-Disposition: form-data; name=a; filename=""', '')}--b--`,
    { a: { filename: '', mimetype: 'application/octet-stream', size: 0, data_b64: '' } },
  ],
  [
    'an extended file name',
    `${part(`Content-Disposition: form-data; name=a; filename=x; filename*=UTF-8''%e2%82%ac`, '1')}--b--`,
    { a: { filename: '€', mimetype: 'application/octet-stream', size: 1, data_b64: 'MQ==' } },
  ],
]
for (const [what, text, fields] of accepted) {
  test(`multipart: ${what}`, () => assert.deepEqual(parse(text), fields))
}

const refused: readonly [string, string][] = [
  ['nothing', ''],
  ['no closing boundary', field('a', '1')],
  ['no boundary', 'hello'],
  ['another boundary', `${field('a', '1').replace('--b', '--c')}--c--`],
  ['a part without headers', '--b\r\n\r\n1\r\n--b--'],
  ['a part without a name', `${part('Content-Disposition: form-data', '1')}--b--`],
  ['a part that is an attachment', `${part('Content-Disposition: attachment; name=a', '1')}--b--`],
  ['bare line feeds', `${field('a', '1')}--b--`.replaceAll('\r', '')],
  ['headers past the limit', `${field('a'.repeat(limits.multipartHeaderBytes), '1')}--b--`],
  ['parts past the limit', `${field('a', '1').repeat(limits.multipartParts + 1)}--b--`],
]
for (const [what, text] of refused) {
  test(`multipart: ${what} is not a form`, () => {
    assert.equal(parse(text), undefined)
    const { type } = deriveBody(Buffer.from(text), 'multipart/form-data; boundary=b')
    assert.equal(type, text === '' ? 'EMPTY' : 'TEXT')
  })
}

test('multipart: a boundary that breaks RFC 2046 is not used', () => {
  assert.equal(parse('----', ''), undefined)
  const long = 'x'.repeat(71)
  assert.equal(parse(`--${long}--`, long), undefined)
})

test('multipart: a field that is not text is a file without a name', () => {
  const head = 'Content-Disposition: form-data; name=a\r\n\r\n'
  const bytes = Buffer.concat([
    Buffer.from(`--b\r\n${head}`),
    Buffer.of(0xff),
    Buffer.from('\r\n--b--'),
  ])
  assert.deepEqual(parseMultipart(bytes, 'b'), {
    a: { filename: '', mimetype: 'application/octet-stream', size: 1, data_b64: '/w==' },
  })
  const typed = Buffer.from(
    bytes
      .toString('latin1')
      .replace('name=a', 'name=a\r\nContent-Type: text/plain; charset=latin1'),
    'latin1',
  )
  assert.deepEqual(parseMultipart(typed, 'b'), { a: 'ÿ' })
})

test('multipart: whatever the platform encodes is read back', async () => {
  const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 40 }))
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  const entries = fc.array(
    fc.tuple(
      name.filter((text) => !/[%\r\n]/.test(text)),
      value,
    ),
    { maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(entries, async (pairs) => {
      const form = new FormData()
      for (const [name, item] of pairs) {
        if (typeof item === 'string') form.append(name, item)
        else form.append(name, new Blob([item]), 'f')
      }
      const response = new Response(form)
      const boundary = /boundary=(.*)$/.exec(response.headers.get('content-type')!)![1]!
      const fields = parseMultipart(await response.bytes(), boundary)!
      const sizes = Object.values(fields).flat().length
      assert.equal(sizes, pairs.length)
      for (const [name, item] of pairs) {
        const read = [fields[name]].flat()
        const crlf = (text: string): string => text.replaceAll(/\r\n|\r|\n/g, '\r\n')
        const expected =
          typeof item === 'string' ? crlf(item) : Buffer.from(item).toString('base64')
        assert.ok(
          read.some(
            (one) =>
              (typeof one === 'string' ? one : (one as { data_b64: string }).data_b64) === expected,
          ),
        )
      }
    }),
    { numRuns: 100 },
  )
})
