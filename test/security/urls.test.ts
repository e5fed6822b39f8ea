/**
 * URLs made to reach what they must not: every spelling of every refused address, published payload
 * lists, and the platform's own URL tests, all sent through the real door. A listener on this machine
 * counts who gets through.
 */
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import * as fc from 'fast-check'
import { systemClock } from '../../src/clock.ts'
import { classifyAddress } from '../../src/egress/classify.ts'
import { createEgress } from '../../src/egress/connector.ts'
import { EgressError } from '../../src/egress/egress.ts'
import { listen, type Listener } from '../support/listener.ts'
import { sharedData, without } from '../support/shared-data.ts'
import { refusedAddresses, spellings } from '../support/spellings.ts'

let listener: Listener
before(async () => {
  listener = await listen('0.0.0.0')
})
after(() => listener.close())

/** Every name is hostile here: it resolves to this machine. */
const egress = createEgress(
  { clock: systemClock, lookup: async () => ['127.0.0.1'] },
  { allow: [] },
)

/** How a request to the URL ends: the refusal's code, or 'connected'. */
function send(url: URL): Promise<string> {
  const { hostname, port, protocol } = url
  return new Promise((resolve, reject) => {
    egress.connector({ hostname, port, protocol }, (error, socket) => {
      socket?.destroy()
      if (error === null) resolve('connected')
      else if (error instanceof EgressError && error.code === 'blocked') resolve(error.detail)
      else reject(error)
    })
  })
}

const outcome = (text: string) => {
  if (!URL.canParse(text)) return 'unparseable'
  const verdict = egress.judgeUrl(new URL(text))
  return verdict.kind === 'allowed' ? 'allowed' : verdict.code
}

test('[B32] [B33] [B34] [B35] [B36] [B42] urls: no spelling of a refused address gets through', async () => {
  const hosts = refusedAddresses.flatMap(spellings)
  const urls = hosts.flatMap((host) => [
    `http://${host}:${listener.port}/`,
    `http:${host}:${listener.port}/`,
    `http://public.example@${host}:${listener.port}/`,
  ])
  let tried = 0
  for (const text of new Set(urls)) {
    if (!URL.canParse(text)) continue
    tried++
    assert.notEqual(await send(new URL(text)), 'connected', text)
    assert.notEqual(outcome(text), 'allowed', text)
  }
  assert.ok(tried >= 3_000, String(tried))
  assert.deepEqual(listener.accepted, [])
})

test('[B33] [B36] [B44] [B45] [B47] urls: what cannot be an address or a name does not parse', () => {
  const broken = `http://127.0.0.256/ http://4294967296/ http://a%00b/ http://a%2fb/ http://a%0d%0ab/
    http://a:99999/ http://[::1%25lo]/ http://[::1]x/ http://[127.0.0.1]/ http://[::1/ http://a[b]/`
  for (const text of broken.split(/\s+/)) assert.equal(outcome(text), 'unparseable', text)
  for (const host of [
    'a'.repeat(64),
    `${'a.'.repeat(127)}com`,
    'a..example',
    'a b.example',
    '-',
    '',
  ])
    assert.notEqual(outcome(`http://${host}/`), 'allowed', host)
  assert.equal(outcome(`http://${'a'.repeat(63)}.example/`), 'allowed')
})

test('[B37] [B38] urls: names from inside are refused by name, before DNS', async () => {
  const names = `localhost LOCALHOST localhost. foo.localhost ip6-localhost localhost.localdomain db
    metadata.google.internal x.internal x.local kubernetes.default.svc`
  for (const name of names.split(/\s+/)) {
    assert.ok(['loopback', 'name'].includes(outcome(`http://${name}/`)), name)
    assert.notEqual(await send(new URL(`http://${name}:${listener.port}/`)), 'connected', name)
  }
  assert.deepEqual(listener.accepted, [])
})

test('[B39] [B40] [B41] urls: userinfo, backslash, fragment and white space do not hide the host', () => {
  const at = `127.0.0.1:${listener.port}`
  const hidden = [
    `http://pub@${at}/`,
    `http://pub:80@${at}/`,
    `http://${at}\\@pub.example/`,
    `http:\\\\${at}\\`,
    `http://127.0\t.0.1:${listener.port}/`,
    `  http://${at}/  `,
    `ht\ntp://${at}/`,
    `http:///${at}/`,
    `http://${at}#@pub.example/`,
    `http://${at}?@pub.example/`,
  ]
  for (const text of hidden) assert.equal(outcome(text), 'loopback', JSON.stringify(text))
})

test('[B43] urls: only http and https are schemes', () => {
  const others = `file:///etc/passwd ftp://a.example/ gopher://127.0.0.1:6379/_x dict://127.0.0.1:11211/
    data:text/html,x javascript:alert(1) jar:http://127.0.0.1!/ unix:/run/x.sock http+unix://%2Frun/
    ws://a.example/ wss://a.example/ blob:http://a.example/x about:blank ldap://a.example mailto:a@b.c`
  for (const text of others.split(/\s+/)) assert.equal(outcome(text), 'scheme', text)
})

test('[B45] urls: 8 KiB is allowed and one byte more is not', () => {
  const start = 'http://a.example/'
  assert.equal(outcome(start.padEnd(8_192, 'x')), 'allowed')
  assert.equal(outcome(start.padEnd(8_193, 'x')), 'url')
})

test('[B46] urls: international names are used in their ASCII form', () => {
  assert.equal(new URL('http://faß.de/').hostname, 'xn--fa-hia.de')
  assert.equal(outcome('http://faß.de/'), 'allowed')
  assert.equal(outcome('http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/'), 'loopback')
})

const wpt = 'url/urltestdata.json'
test(
  '[B48] urls: the web platform tests parse as published, and none gets inside',
  { skip: without(wpt) },
  async () => {
    type Case = { input: string; base: string | null; href?: string; failure?: true }
    const cases = (JSON.parse(sharedData(wpt)) as readonly (Case | string)[]).filter(
      (entry): entry is Case => typeof entry !== 'string',
    )
    assert.ok(cases.length >= 800)
    for (const { input, base, href, failure = false } of cases) {
      const parsed = URL.parse(input, base ?? undefined)
      assert.equal(parsed === null, failure, input)
      if (parsed === null) continue
      assert.equal(parsed.href, href, input)
      await assertContained(parsed, input)
    }
    assert.deepEqual(listener.accepted, [])
  },
)

const payloads = 'ssrf/url-payloads.json'
test(
  '[B49] urls: no published payload reaches an address inside',
  { skip: without(payloads) },
  async () => {
    const urls = JSON.parse(sharedData(payloads)) as readonly string[]
    assert.ok(urls.length >= 140)
    for (const text of urls) {
      const parsed = URL.parse(text)
      if (parsed !== null) await assertContained(parsed, text)
    }
    assert.deepEqual(listener.accepted, [])
  },
)

/** Refused before DNS, or a name whose (hostile) answer is refused; and printing it changes nothing. */
async function assertContained(url: URL, input: string): Promise<void> {
  const verdict = egress.judgeUrl(url)
  const isWeb = /^https?:$/.test(url.protocol)
  if (!isWeb) return assert.equal(verdict.kind, 'refused', input)
  const literal = classifyAddress(url.hostname.replace(/^\[|\]$/g, ''))
  if (literal.kind === 'allowed') return
  const again = new URL(url.href)
  assert.equal(again.href, url.href, input)
  again.port = String(listener.port)
  assert.notEqual(await send(again), 'connected', input)
}

test('[B50] urls: a URL that is parsed and printed again is the same URL', () => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (text) => {
      const once = URL.parse(text)
      fc.pre(once !== null)
      const twice = new URL(once.href)
      assert.equal(twice.href, once.href)
      assert.deepEqual(egress.judgeUrl(twice), egress.judgeUrl(once))
    }),
    { numRuns: 100_000 },
  )
})
