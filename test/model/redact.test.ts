/** What is masked in shown requests, and what is left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactHeaders, redactUrl } from '../../src/model/redact.ts'

test('redact: secret headers show four dots and their last four characters [221]', () => {
  const secret = [
    ['Authorization', 'Bearer abcdefghijkl'],
    ['cookie', 'session=0123456789'],
    ['Set-Cookie', 'session=0123456789'],
    ['X-Api-Key', 'k-0123456789ab'],
    ['x-shop-token', 't-0123456789ab'],
    ['X-Client-Secret', 's-0123456789ab'],
  ] as const
  for (const [name, value] of secret) {
    assert.deepEqual(redactHeaders([[name, value]]), [[name, `••••${value.slice(-4)}`]])
  }
})

test('redact: Basic credentials are masked whole, as their end is that of a password [221]', () => {
  for (const name of ['Authorization', 'Proxy-Authorization']) {
    assert.deepEqual(redactHeaders([[name, 'Basic dXNlcjpodW50ZXIy']]), [[name, '••••']])
  }
})

test('redact: a short secret is masked whole [221]', () => {
  assert.deepEqual(redactHeaders([['x-api-key', 'hunter2']]), [['x-api-key', '••••']])
})

test('redact: other headers keep their value, order, case and repeats', () => {
  const pairs = [
    ['Content-Type', 'application/json'],
    ['X-A', '1'],
    ['x-a', '2'],
    ['webhook-id', 'dlv_0123456789'],
  ] as const
  assert.deepEqual(redactHeaders(pairs), pairs)
})

test('redact: secret query parameters and userinfo are masked, the rest of a URL is untouched [221]', () => {
  const table = [
    ['https://a.example/x?q=1&q=2', 'https://a.example/x?q=1&q=2'],
    [
      'https://a.example/?access_token=0123456789abc&b=2#c',
      'https://a.example/?access_token=••••9abc&b=2#c',
    ],
    ['https://a.example/?API_KEY=0123456789abc', 'https://a.example/?API_KEY=••••9abc'],
    ['https://a.example/?sig=short', 'https://a.example/?sig=••••'],
    [
      'https://a.example/?%61ccess_token=0123456789abc',
      'https://a.example/?%61ccess_token=••••9abc',
    ],
    ['https://a.example/?design=1&signed=2', 'https://a.example/?design=1&signed=2'],
    ['https://user:pa@ss@a.example/p@th?x=@', 'https://••••@a.example/p@th?x=@'],
    ['https://a.example/token/secret', 'https://a.example/token/secret'],
    ['https://a.example/?%zz=1&token', 'https://a.example/?%zz=1&token'],
  ] as const
  for (const [url, shown] of table) assert.equal(redactUrl(url), shown)
})
