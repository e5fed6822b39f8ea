/**
 * What `$send.http` takes, in the words that the editor shows beside each option, and what people call
 * the same thing elsewhere. The server decides; this only tells earlier.
 */

export type SendOption = {
  readonly name: string
  readonly type: string
  readonly info: string
  /** What completion puts behind the name. */
  readonly value: string
}

export const sendOptions: readonly SendOption[] = [
  {
    name: 'method',
    type: 'string, required',
    info: 'Any HTTP method, sent in upper case.',
    value: '"POST"',
  },
  {
    name: 'url',
    type: 'string, required',
    info: 'http or https. params are added to its query; a fragment is dropped.',
    value: '"https://"',
  },
  {
    name: 'data',
    type: 'any',
    info:
      'The body: objects, arrays, numbers, booleans and null as JSON, a string as text, a Buffer as bytes, ' +
      'URLSearchParams as a form. undefined on POST, PUT and PATCH skips the send.',
    value: '$event.body',
  },
  {
    name: 'headers',
    type: 'object',
    info: 'Names and values. A Content-Type given here wins; Host and Content-Length cannot be set.',
    value: '{}',
  },
  {
    name: 'params',
    type: 'object',
    info: 'Query parameters. An array repeats its name; null and undefined are left out.',
    value: '{}',
  },
  {
    name: 'auth',
    type: '{ username, password }',
    info: 'Basic authorization. It beats an Authorization header and the user of the URL.',
    value: '{ username: "", password: "" }',
  },
  {
    name: 'timeout',
    type: 'milliseconds, 1 to 60,000',
    info: 'From DNS to the last byte of the answer; 15,000 unless given.',
    value: '15_000',
  },
  {
    name: 'retry',
    type: 'boolean or { attempts, schedule }',
    info: 'Off unless given. true: 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 6 h, 12 h after each failure.',
    value: 'true',
  },
  {
    name: 'followRedirects',
    type: '0 to 5',
    info: 'Redirects to follow; none unless given.',
    value: '3',
  },
  {
    name: 'signed',
    type: 'boolean',
    info: "Adds a webhook-signature (Standard Webhooks) made with the workflow's secret.",
    value: 'true',
  },
]

const names = sendOptions.map(({ name }) => name)

const MEANT: ReadonlyMap<string, string> = new Map([
  ...names.map((name) => [name.toLowerCase(), name] as const),
  ...['body', 'json', 'form', 'payload'].map((word) => [word, 'data'] as const),
  ...['query', 'qs', 'search', 'searchparams'].map((word) => [word, 'params'] as const),
  ...['uri', 'href', 'endpoint'].map((word) => [word, 'url'] as const),
  ...['verb', 'type'].map((word) => [word, 'method'] as const),
  ...['authorization', 'credentials'].map((word) => [word, 'auth'] as const),
  ...['redirect', 'maxredirects'].map((word) => [word, 'followRedirects'] as const),
  ['header', 'headers'],
  ['timeoutms', 'timeout'],
  ['retries', 'retry'],
  ['sign', 'signed'],
])

/** Null for a known option; otherwise a sentence, with the one that was probably meant. */
export function optionHint(name: string): { message: string; meant: string | null } | null {
  if (names.includes(name)) return null
  const meant = MEANT.get(name.toLowerCase()) ?? null
  const advice = meant === null ? `known are ${names.join(', ')}` : `did you mean ${meant}?`
  return { message: `$send.http has no option ${name}: ${advice}`, meant }
}

/** Required options that a call lacks. */
export function missingOptions(given: readonly string[]): readonly string[] {
  return ['method', 'url'].filter((name) => !given.includes(name))
}
