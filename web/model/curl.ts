/**
 * Requests as a curl command for a POSIX shell. Every word is in single quotes, in which nothing is
 * special, so a body that was made to break out stays a body. Bytes that are no text go through base64.
 */
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { Body } from './body-view.ts'
import { isSecretName, masked } from './masked.ts'

type Pair = readonly [name: string, value: string]

type Request = {
  readonly method: string
  readonly url: string
  readonly headers: readonly Pair[]
  readonly body: Body | null
}

const MASK = '••••'

/** What curl sets by itself, or what belonged to the connection and not to the request. */
const OWN = /^(host|content-length|connection|transfer-encoding|accept-encoding|expect)$/i

/** Secrets are masked where requests are shown, so a command that holds a mask says so first. */
export function curl(request: Request): string {
  const command = commandOf(request)
  return command.includes(MASK) ? `# ${MASK} stands for a secret: fill it in\n${command}` : command
}

function commandOf({ method, url, headers, body }: Request): string {
  const has = (name: string): boolean => headers.some(([own]) => own.toLowerCase() === name)
  const hasBody = body !== null && body.body !== ''
  // With -X HEAD curl would wait for the body whose length the answer tells.
  const how = method === 'HEAD' && !hasBody ? '--head' : `-X ${quoted(method)}`
  const parts = [`curl ${how} ${quoted(url)}`]
  // --globoff: brackets and braces of the address mean themselves.
  if (/[[\]{}]/.test(url)) parts.push('--globoff')
  for (const [name, value] of headers) {
    if (!OWN.test(name))
      parts.push(`-H ${headerWord(value === '' ? `${name};` : `${name}: ${value}`)}`)
  }
  // What curl would add: that it takes anything, that the body is a form, that it waits to be told to go on.
  if (!has('accept')) parts.push(`-H 'accept:'`)
  const saysLength = has('content-length') || SAYS_LENGTH.has(method)
  if (!hasBody && !saysLength) return parts.join(' \\\n  ')
  if (!has('content-type')) parts.push(`-H 'content-type:'`)
  if (!hasBody) return [...parts, `--data-raw ''`].join(' \\\n  ')
  if (body.body.length > ARGUMENT) parts.push(`-H 'expect:'`)
  const isWord = body.bodyEncoding === 'utf8' && !body.body.includes('\0')
  if (isWord && new TextEncoder().encode(body.body).length <= ARGUMENT)
    return [...parts, `--data-raw ${quoted(body.body)}`].join(' \\\n  ')
  const bytes = body.bodyEncoding === 'base64' ? body.body : base64Of(body.body)
  return `printf %s '${bytes}' | base64 -d | ${[...parts, '--data-binary @-'].join(' \\\n  ')}`
}

/** Of which clients state the length of no body too. */
const SAYS_LENGTH: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
/** Systems refuse to start a program with an argument over 128 KiB; what a shell does itself has no such end. */
const ARGUMENT = 100_000

/** Headers are sent byte by byte, in which a shell's text would have two bytes for é. */
function headerWord(line: string): string {
  if (!/[\u0080-\u00ff]/.test(line) || /[^\0-\u00ff]/.test(line)) return quoted(line)
  const format = line
    .replaceAll(/[\\%]/g, '$&$&')
    .replaceAll(/[\u0080-\u00ff]/g, (char) => '\\' + char.charCodeAt(0).toString(8))
  return `"$(printf ${quoted(format)})"`
}

/** A stored event as a request to its endpoint; secrets stay masked and are to be filled in. */
export function curlOfEvent(endpoint: string, { event }: EventDetailWire): string {
  const query = event.url.indexOf('?')
  const path = event.path === '/' ? '' : event.path
  const bytes = event.proto.body_b64
  return curl({
    method: event.method,
    url: `${endpoint}${path}${query === -1 ? '' : event.url.slice(query)}`,
    headers: event.proto.headers.map(([name, value]) =>
      isSecretName(name) ? [name, masked(value)] : [name, value],
    ),
    body: bytes === '' ? null : textOrBytes(bytes),
  })
}

/** The first thing to try with an endpoint. */
export function curlOfEndpoint(endpoint: string): string {
  return `curl ${quoted(`${endpoint}/orders`)} -H 'content-type: application/json' -d '{"order": 42}'`
}

/** Where there is no workflow to try: what makes one. */
export const curlOfCreation = (origin: string): string =>
  `curl ${origin}/api/v1/workflows -H "authorization: Bearer $TOKEN" -H "content-type: application/json" ` +
  `-d '{"name": "Orders", "steps": [{"type": "code", "code": "console.log($event.body)"}]}'`

/** A word of a POSIX shell that means exactly this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function textOrBytes(base64: string): Body {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  try {
    return {
      body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      bodyEncoding: 'utf8',
    }
  } catch {
    return { body: base64, bodyEncoding: 'base64' }
  }
}

function base64Of(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
