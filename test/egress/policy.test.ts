import assert from 'node:assert/strict'
import test from 'node:test'
import { AppError } from '../../src/errors.ts'
import { createPolicy, type Policy } from '../../src/egress/policy.ts'

const outcome = (policy: Policy, url: string) => {
  const verdict = policy.judgeUrl(new URL(url))
  return verdict.kind === 'allowed' ? verdict.by : verdict.code
}
const allowing = (...allow: string[]) => createPolicy({ allow })

test('[A28] policy: an operator CIDR opens its addresses and no others', () => {
  const policy = allowing('10.1.0.0/16')
  assert.equal(outcome(policy, 'http://10.1.2.3/'), 'operator')
  assert.equal(outcome(policy, 'http://[::ffff:10.1.2.3]/'), 'operator')
  assert.equal(outcome(policy, 'http://10.2.0.1/'), 'private')
  assert.equal(outcome(policy, 'http://8.8.8.8/'), 'default')
})

test('[A28] policy: an operator entry with a port opens that port only', () => {
  const policy = allowing('10.0.0.1:321', '[fd00::/8]:8443', '[::1]:8080')
  assert.equal(outcome(policy, 'http://10.0.0.1:321/'), 'operator')
  assert.equal(outcome(policy, 'http://10.0.0.1/'), 'private')
  assert.equal(outcome(policy, 'http://[fd12::1]:8443/'), 'operator')
  assert.equal(outcome(policy, 'http://[fd12::1]:8444/'), 'private')
  assert.equal(outcome(policy, 'http://[::1]:8080/'), 'operator')
  assert.equal(outcome(policy, 'http://[::1]:8081/'), 'loopback')
})

test('[A29] policy: a wide entry never reaches a metadata address, its own entry does', () => {
  const wide = allowing('169.254.0.0/16', '0.0.0.0/0', '::/0')
  assert.equal(outcome(wide, 'http://169.254.1.1/'), 'operator')
  for (const host of ['169.254.169.254', '[::ffff:169.254.169.254]', '[fd00:ec2::254]'])
    assert.equal(outcome(wide, `http://${host}/`), 'metadata', host)
  assert.equal(outcome(allowing('169.254.169.254/32'), 'http://169.254.169.254/'), 'operator')
  assert.equal(outcome(allowing('fd00:ec2::254'), 'http://[fd00:ec2::254]/'), 'operator')
})

test('[A30] policy: an entry that is not exact stops the start and is named', () => {
  const wrong = `127.0.0.0/invalid 10.0.0.1/8 10.0.0.0/33 10.0.0.0/-1 10.0.0 localhost 10.0.0.1:0
    10.0.0.1:65536 10.0.0.1:http 10.0.0.0/8/8 fd00::1/8 fd00::/129 [fd00::/8 [fd00::]/8:443 [10.0.0.1]:80
    ::ffff:10.0.0.0/104 fe80::1%eth0 127.1 0x7f000001 * 10.0.0.1: /8`.split(/\s+/)
  for (const entry of [...wrong, '', ' 10.0.0.1']) {
    assert.throws(
      () => allowing('10.0.0.0/8', entry),
      (error) =>
        error instanceof AppError &&
        error.code === 'setting_invalid' &&
        error.message.includes('SENDOFF_EGRESS_ALLOW') &&
        error.message.includes(JSON.stringify(entry)),
      entry,
    )
  }
})

test('[A27] policy: this server itself is refused at its own address and port', () => {
  const listening = (address: string) =>
    createPolicy({ allow: [], self: () => [{ address, port: 8700 }] })
  assert.equal(outcome(listening('93.184.216.34'), 'http://93.184.216.34:8700/'), 'self')
  assert.equal(outcome(listening('93.184.216.34'), 'http://93.184.216.34:8701/'), 'default')
  assert.equal(outcome(listening('93.184.216.34'), 'http://93.184.216.35:8700/'), 'default')
  assert.equal(outcome(listening('::ffff:93.184.216.34'), 'http://93.184.216.34:8700/'), 'self')
  assert.equal(outcome(listening('0.0.0.0'), 'http://93.184.216.34:8700/'), 'default')
  assert.equal(outcome(listening('0.0.0.0'), 'http://127.0.0.1:8700/'), 'self')
  assert.equal(outcome(listening('::'), 'http://localhost:8700/'), 'self')
  assert.equal(outcome(listening('0.0.0.0'), 'http://127.0.0.1:8701/'), 'loopback')

  const listed = createPolicy({
    allow: ['93.184.216.34:8700'],
    self: () => [{ address: '93.184.216.34', port: 8700 }],
  })
  assert.equal(outcome(listed, 'http://93.184.216.34:8700/'), 'operator')
})

test('[B44] policy: ports of other protocols are refused unless an entry names them', () => {
  const none = allowing()
  for (const port of [80, 443, 1024, 8080, 65_535])
    assert.equal(outcome(none, `http://8.8.8.8:${port}/`), 'default', String(port))
  for (const port of [0, 1, 22, 25, 110, 465, 587, 993, 2049, 3306, 5432, 6379, 6667, 11_211])
    assert.equal(outcome(none, `http://8.8.8.8:${port}/`), 'port', String(port))

  assert.equal(outcome(none, 'http://a.example:22/'), 'port')
  assert.equal(outcome(allowing('10.0.0.1:22'), 'http://a.example:22/'), 'default')
  const ssh = { host: 'a.example', port: 22, web: true }
  assert.equal(allowing('10.0.0.1:22').judgeAddress('10.0.0.1', ssh).kind, 'allowed')
  assert.equal(allowing('10.0.0.1:22').judgeAddress('8.8.8.8', ssh).kind, 'refused')

  const wide = allowing('10.0.0.0/8', '127.0.0.1:25')
  assert.equal(outcome(wide, 'http://10.0.0.1:8080/'), 'operator')
  assert.equal(outcome(wide, 'http://10.0.0.1:6379/'), 'private')
  assert.equal(outcome(wide, 'http://127.0.0.1:25/'), 'operator')
})

test('[B37] policy: localhost is reachable exactly where the allow list covers loopback', () => {
  const names = ['localhost', 'LOCALHOST', 'localhost.', 'foo.localhost']
  for (const name of names) {
    assert.equal(outcome(allowing(), `http://${name}:8080/`), 'loopback', name)
    assert.equal(outcome(allowing('10.0.0.0/8'), `http://${name}:8080/`), 'loopback', name)
    assert.equal(outcome(allowing('127.0.0.0/8'), `http://${name}:8080/`), 'operator', name)
    assert.equal(outcome(allowing('[::1]:8080'), `http://${name}:8080/`), 'operator', name)
    assert.equal(outcome(allowing('[::1]:8081'), `http://${name}:8080/`), 'loopback', name)
  }
})

test('[B38] policy: a name from inside is judged by its addresses, and needs the operator for each', () => {
  const names = `db metadata.google.internal a.local nas.lan kubernetes.default.svc ip6-localhost
    localhost.localdomain printer.home.arpa`.split(/\s+/)
  for (const name of names) {
    assert.equal(outcome(allowing(), `http://${name}/`), 'name', name)
    const target = { host: name, port: 80, web: true }
    const policy = allowing('10.0.0.0/8')
    assert.equal(policy.judgeAddress('10.0.0.1', target).kind, 'allowed', name)
    assert.equal(policy.judgeAddress('10.0.0.1', { ...target, port: 22 }).kind, 'refused', name)
    assert.equal(policy.judgeAddress('8.8.8.8', target).kind, 'refused', name)
    assert.equal(policy.judgeAddress('169.254.169.254', target).kind, 'refused', name)
  }
})

test('policy: a refusal tells its reader what was refused and what an operator can do', () => {
  const because = (url: string) => {
    const verdict = allowing().judgeUrl(new URL(url))
    return verdict.kind === 'refused' ? verdict.because : ''
  }
  assert.equal(
    because('http://127.0.0.1:8080/'),
    '127.0.0.1 is a loopback address, which requests may not reach.' +
      ' An operator can allow it with SENDOFF_EGRESS_ALLOW=127.0.0.1/32:8080',
  )
  assert.match(because('http://[fd00::1]/'), /SENDOFF_EGRESS_ALLOW=\[fd00::1\/128\]:80$/)
  assert.match(
    because('http://localhost/'),
    /^localhost resolves to a refused address: 127\.0\.0\.1/,
  )
  assert.doesNotMatch(because('http://169.254.169.254/'), /ALLOW/)
})

test('policy: following the hint lets the request through', () => {
  for (const url of ['http://127.0.0.1:8080/', 'https://[fd00::1]/', 'http://localhost:25/']) {
    const verdict = allowing().judgeUrl(new URL(url))
    const hint =
      verdict.kind === 'refused' ? /SENDOFF_EGRESS_ALLOW=(\S+)$/.exec(verdict.because) : null
    assert.equal(outcome(allowing(hint![1]!), url), 'operator', url)
  }
})

test('policy: sockets of user code may use any port of a public address', () => {
  const target = { host: '8.8.8.8', port: 5432, web: false }
  assert.equal(allowing().judgeTarget(target).kind, 'allowed')
  assert.equal(allowing().judgeTarget({ ...target, web: true }).kind, 'refused')
  assert.equal(allowing().judgeTarget({ ...target, host: '10.0.0.1' }).kind, 'refused')
  assert.equal(allowing('10.0.0.0/8').judgeTarget({ ...target, host: '10.0.0.1' }).kind, 'refused')
  for (const port of [0, -1, 65_536, 1.5, Number.NaN])
    assert.equal(allowing().judgeTarget({ ...target, port }).kind, 'refused', String(port))
})
