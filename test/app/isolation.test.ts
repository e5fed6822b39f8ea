/** The whole server at the stricter level: what steps do works as at the other, and its health says so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthWire } from '../../src/inspector/wire-instance.ts'
import { startApp } from '../support/app.ts'
import { LACKS_BWRAP } from '../support/in-sandbox.ts'
import { startReceiver } from '../support/receiver.ts'

test(
  '[R73] app: at level strict events run, send and are answered as ever, and health says strict',
  { skip: LACKS_BWRAP },
  async (t) => {
    const receiver = await startReceiver(() => ({ status: 201, body: 'from inside' }))
    t.after(() => receiver.close())
    const app = await startApp(t, { SENDOFF_ISOLATION: 'strict' })
    const { isolation } = await app.api.call<HealthWire>('GET', '/health')
    assert.equal(isolation.level, 'strict')
    assert.match(isolation.because, /bubblewrap/)
    await app.api.call('PUT', '/env/API_KEY', { value: 'a secret of the account' })

    const { run, dest } = await app.run([
      {
        type: 'code',
        name: 'code',
        code: `const answer = await (await fetch(${JSON.stringify(receiver.url())})).text()
        console.log(process.pid, answer)
        $send.http({ method: 'POST', url: ${JSON.stringify(receiver.url())}, data: answer })
        return [answer, process.env.API_KEY.length, require('node:os').hostname()]`,
      },
      {
        type: 'webhook',
        name: 'hook',
        url: receiver.url(),
        payload: 'steps.code.$return_value[0]',
      },
    ])
    assert.equal(run!.message, null)
    assert.deepEqual(run!.steps[0]!.exports['$return_value'], ['from inside', 23, 'sandbox'])
    assert.equal(run!.steps[0]!.logs[0]!.text, '1 from inside')
    assert.deepEqual(dest, { delivered: 2, total: 2 })
  },
)

const STRANGE = {
  'a key named __proto__': `return JSON.parse('{"__proto__": {"a": 1}, "constructor": {"prototype": 1}, "toJSON": 1, "hasOwnProperty": 1}')`,
  'exports named like the members of objects': `this.toString = 1; this.constructor = 2; this.then = 3; Object.defineProperty(this, '__proto__', { value: 4, enumerable: true })`,
  'half a character and NUL': `console.log('\\ud800 \\0 \\udfff'); this['\\ud800\\0'] = '\\udc00\\0'; return '\\0'`,
  'an error full of them': `throw Object.assign(new Error('\\ud800\\0\\x1b[2J'), { name: '\\0\\u202e' })`,
  'ten thousand exports': `for (let n = 0; n < 10_000; n++) this['key' + n] = n`,
  'ten thousand changes of the event': `for (let n = 0; n < 10_000; n++) $event['key' + n] = n`,
  'an event that is gone': `for (const key of Object.keys($event)) delete $event[key]`,
  'an event that is a function': `$event.toJSON = () => () => {}`,
  'numbers that JSON lacks': `return [NaN, Infinity, -0, 10n, undefined, Symbol('x'), new Date(NaN), new Map([[1, 2]])]`,
} as const

test('[R57] [251] app: strange values of a step are stored, shown, and stop nobody', async (t) => {
  const app = await startApp(t)
  for (const [name, code] of Object.entries(STRANGE)) {
    const { run } = await app.run([
      { type: 'code', name: 'strange', code },
      { type: 'code', name: 'after', code: `return 'after'` },
    ])
    assert.ok(run, name)
    if (name.startsWith('an error')) assert.equal(run.status, 'failed', name)
    else assert.equal(run.steps[1]!.exports['$return_value'], 'after', name)
  }
})
