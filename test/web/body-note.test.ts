/** The note at an answer's body. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyNote } from '../../web/model/body-note.ts'

test('body note: what was done to a body for its secrets is said', () => {
  const response = {
    status: 200,
    headers: [],
    body: '',
    bodyEncoding: 'utf8',
    size: 2_048,
    sha256: '',
    truncated: false,
  } as const
  assert.equal(bodyNote(response), '2.0 kB')
  assert.equal(bodyNote({ ...response, truncated: true }), 'the beginning of 2.0 kB')
  assert.equal(bodyNote({ ...response, redacted: 'masked' }), '2.0 kB, secrets masked')
  assert.equal(
    bodyNote({ ...response, truncated: true, redacted: 'unpacked' }),
    'the beginning of 2.0 kB, unpacked to mask secrets',
  )
  assert.equal(
    bodyNote({ ...response, redacted: 'withheld' }),
    '2.0 kB, not kept: secrets in it could not be masked',
  )
})
