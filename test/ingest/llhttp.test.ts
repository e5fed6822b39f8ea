/**
 * The request cases of llhttp's own suite over a real socket, each at our endpoint: what its strict
 * parser completes becomes an event with just that body, and what it refuses becomes none.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { sharedData, sharedFiles, without } from '../support/shared-data.ts'
import { KEY, startTrigger, statuses } from '../support/trigger.ts'

const FOLDER = 'llhttp/test/request'

type Case = { readonly title: string; readonly input: string; readonly log: string }

/** In a Markdown file of the suite a case is a line of settings, a request, and the parser's callbacks. */
const CASE =
  /^#+ (?<title>[^\n]*)$|<!--\s*meta=(?<meta>\{[^\n]*\})\s*-->\s*```http\n(?<text>(?:(?!```).)*)\n```\s*(?:_[^\n]*_\s*)?```log\n(?<log>.*?)\n```/gms

function casesOf(file: string): readonly Case[] {
  let title = ''
  const cases: Case[] = []
  for (const { groups } of sharedData(`${FOLDER}/${file}`).matchAll(CASE)) {
    const { title: heading, meta = '{}', text = '', log = '' } = groups!
    if (heading !== undefined) title = heading
    else if ((JSON.parse(meta) as { type: string }).type === 'request')
      cases.push({ title: `${file}: ${title}`, input: bytesOf(text), log })
  }
  return cases
}

/** The suite writes a line break for CRLF, hides one behind a backslash, and escapes control characters. */
function bytesOf(text: string): string {
  const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', f: '\f' }
  return text
    .replaceAll(/\\\n/g, '')
    .replaceAll('\n', '\r\n')
    .replaceAll(/\\([rntf])/g, (_, letter: string) => escapes[letter]!)
    .replaceAll(/\\x([\da-f]+)/gi, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
}

/** The same request to our endpoint, with the Host that a request must have here. */
function atEndpoint(input: string): string {
  return input.replaceAll(
    /^([A-Z-]+ )(https?:\/\/[^/? ]*)?(\/?)([^ \r\n]*)( HTTP\/\d\.\d\r\n(?![ \t]))/gim,
    (line, method: string, authority = '', slash: string, rest: string, end: string) => {
      if (slash === '' && authority === '') return line
      const host = /^host:/im.test(input) ? '' : 'Host: h\r\n'
      return `${method}${authority}/t/${KEY}${slash}${rest}${end}${host}`
    },
  )
}

function exchange(port: number, input: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => (received += text))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(received))
    socket.end(Buffer.from(input, 'utf8'))
  })
}

/** What the suite says of a case: the bodies of the messages it completes, and whether it then fails. */
function expectedOf(log: string): { readonly bodies: readonly string[]; readonly fails: boolean } {
  const bodies: string[] = []
  let body = ''
  for (const line of log.split('\n')) {
    if (line.endsWith('message begin')) body = ''
    body += /span\[body\]="(.*)"$/.exec(line)?.[1] ?? ''
    if (line.endsWith('message complete')) bodies.push(body)
  }
  return { bodies, fails: /error code=/.test(log) && !/CONNECT\/Upgrade/.test(log) }
}

/** Requests that no listener of ours could take for an event, or of which the suite skips the body. */
const NOT_FOR_US = /CONNECT|RTSP|ICE\/|^M-SEARCH \*|^GET \/\r\n/
const SKIPS_BODY = 'Content-Length reset when no body is received'

test('trigger: [133] what llhttp completes is an event, what it refuses is none', async (t) => {
  const absent = without(FOLDER)
  if (absent) return t.skip(absent)
  const trigger = await startTrigger(t)
  let completed = 0
  let refused = 0
  for (const { title, input, log } of sharedFiles(FOLDER).flatMap(casesOf)) {
    if (NOT_FOR_US.test(input) || title.endsWith(SKIPS_BODY)) continue
    const { bodies, fails } = expectedOf(log)
    trigger.store.events.length = 0
    const answers = statuses(await exchange(trigger.port, atEndpoint(input)))
    const events = trigger.store.events.map(({ request }) => Buffer.from(request.body).toString())
    assert.deepEqual(events, bodies, title)
    assert.equal(answers.filter((status) => status === 200).length, bodies.length, title)
    completed += bodies.length
    if (!fails || bodies.length > 0) continue
    refused++
    assert.ok(answers.length === 1 && answers[0]! >= 400, `${title}: ${answers.join()}`)
  }
  assert.ok(completed > 50 && refused > 40, `${completed} completed, ${refused} refused`)
})
