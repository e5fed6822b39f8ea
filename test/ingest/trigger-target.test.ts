/** Reading a request target: tables from SPEC section 2, and a property for what the tables forgot. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { originForm, parseTriggerTarget } from '../../src/ingest/trigger-target.ts'

const table: readonly (readonly [target: string, key: string, path: string])[] = [
  ['/t/k', 'k', '/'],
  ['/t/k/', 'k', '/'],
  ['/t/k//', 'k', '//'],
  ['/t/k?a=/b', 'k', '/'],
  ['/t/k/a/b?c/d', 'k', '/a/b'],
  ['/t/k/%2F%7e%zz', 'k', '/%2F%7e%zz'],
  ['/t/k/../x', 'k', '/../x'],
  ['/t/k/t/k', 'k', '/t/k'],
  ['/t/k#f', 'k', '/'],
  ['/t/', '', '/'],
  ['/t/?x', '', '/'],
  ['http://any.example/t/k/a', 'k', '/a'],
  ['HTTPS://u@any.example:1/t/k', 'k', '/'],
]

for (const [target, key, path] of table) {
  test(`trigger target: ${target} is key "${key}" and path ${path}`, () => {
    assert.deepEqual(parseTriggerTarget(target), { key, path })
  })
}

test('trigger target: nothing but a path that begins with /t/ is one', () => {
  for (const target of [
    '/',
    '/t',
    '/T/k',
    '/api/t/k',
    '//t/k',
    '*',
    'h:80',
    '/?/t/k',
    'http://h?/t/k',
  ]) {
    assert.equal(parseTriggerTarget(target), undefined, target)
  }
})

test('trigger target: key, path and what follows put together are the target', () => {
  const part = fc.string({ maxLength: 20 })
  fc.assert(
    fc.property(part, (rest) => {
      const { key, path } = parseTriggerTarget(`/t/${rest}`)!
      assert.doesNotMatch(key, /[/?#]/)
      assert.doesNotMatch(path, /[?#]/)
      const [sent] = rest.split(/[?#]/)
      assert.ok(key + path === sent || key + path === `${sent}/`)
    }),
  )
})

test('trigger target: the authority of an absolute target changes nothing', () => {
  const authority = fc.stringMatching(/^[a-z0-9.@:-]{0,12}$/)
  fc.assert(
    fc.property(authority, fc.string({ maxLength: 20 }), (host, rest) => {
      assert.equal(originForm(`http://${host}/${rest}`), `/${rest}`)
    }),
  )
})
