import assert from 'node:assert/strict'
import test from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { createTunnel } from '../../src/egress/tunnel.ts'
import { listen } from '../support/listener.ts'

const forever = new AbortController().signal

test('[245] tunnel: user code reaches what the operator listed and nothing else inside', async (context) => {
  const listener = await listen()
  context.after(() => listener.close())
  const target = { host: '127.0.0.1', port: listener.port }
  const allowing = (...allow: string[]) =>
    createTunnel(createEgress({ clock: systemClock }, { allow }))

  await assert.rejects(allowing()(target, forever), { code: 'blocked', detail: 'loopback' })
  for (const host of [
    '169.254.169.254',
    '127.1',
    '2130706433',
    '::ffff:7f00:1',
    'localhost',
    'a b',
    '',
  ])
    await assert.rejects(allowing()({ ...target, host }, forever), { code: 'blocked' }, host)
  assert.deepEqual(listener.accepted, [])

  const socket = await allowing(`127.0.0.1:${listener.port}`)(target, forever)
  assert.equal(socket.remotePort, listener.port)
  socket.destroy()
})

test('tunnel: mail ports are refused, even where an operator listed them', async () => {
  for (const port of [25, 465, 587]) {
    const egress = createEgress({ clock: systemClock }, { allow: [`127.0.0.1:${port}`] })
    await assert.rejects(createTunnel(egress)({ host: '127.0.0.1', port }, forever), {
      code: 'blocked',
      detail: 'port',
      message: /is for mail/,
    })
  }
})
