/**
 * The error catalogue: every failure a caller can cause or must be told of, with its status and its
 * sentence. Shape: "Cannot <verb> <noun>: <fact>, <limit or fix>". An `AppError` becomes a problem
 * document (RFC 9457) at the API's edge, an answer at ingest's, and one line with exit code 2 or 1 in
 * the CLI. User code's errors are data and never pass through here; bugs are assertions.
 */

type Values = Readonly<Record<string, string | number>>

const catalogue = {
  setting_invalid: [2, 'Cannot start: {name} must be {expected}, it is {actual}'],
  isolation_missing: [2, 'Cannot start with SENDOFF_ISOLATION=strict: {reason}, or choose auto'],
  data_unusable: [2, 'Cannot keep data in {path}: {reason}, choose another SENDOFF_DATA'],
  store_locked: [
    1,
    'Cannot open {path}: another Sendoff is using it, stop that one or choose another SENDOFF_DATA',
  ],
  store_newer: [
    1,
    'Cannot open {path}: its schema is version {found}, this Sendoff knows up to {known}, upgrade Sendoff',
  ],
  store_corrupt: [1, 'Cannot open {path}: {reason}, restore it from a backup'],
  secret_key_wrong: [
    2,
    'Cannot start: the key in {where} is not the one that the variables were sealed with, put that one back',
  ],
  secret_key_missing: [
    2,
    'Cannot start: the variables are sealed and their key is gone, put it back in {file} or in {setting}',
  ],
  secret_key_unreadable: [2, 'Cannot read the secret key in {file}: {reason}'],
  signing_secret_unreadable: [
    500,
    'Cannot sign for workflow {id}: its signing secret does not open, replace it',
  ],
  request_unreadable: [
    500,
    "Cannot open the request of {id}: it is sealed, and this server's secret key is not the one for it",
  ],
  variable_unreadable: [500, 'Cannot read variable {name}: it does not open, set it again'],
  store_unavailable: [503, 'Cannot store: {reason}, try again later'],
  overloaded: [503, 'Cannot accept: {what} is full, try again later'],
  draining: [503, 'Cannot accept: the server is stopping, try again'],
  lease_lost: [409, 'Cannot finish {id}: another node took it over'],

  usage: [2, 'Usage: sendoff {usage}'],
  flag_unknown: [2, 'Cannot take --{flag}: usage is sendoff {usage}'],
  file_unreadable: [2, 'Cannot read {path}: {reason}'],
  server_unreachable: [1, 'Cannot reach {url}: {reason}, start it with sendoff serve'],
  api_refused: [1, '{reason}'],
  demo_incomplete: [1, 'Cannot show the demo: its event did not finish within {seconds} s'],

  unauthorized: [401, 'Cannot authorise: {reason}, send Authorization: Bearer <token>'],
  sign_in_refused: [401, 'Cannot sign in: {reason}'],
  setup_closed: [404, 'Cannot set up: this link was used, or is not the one that was printed last'],
  cross_site: [403, 'Cannot {method}: the request did not come from a page of this server'],
  forbidden: [403, 'Cannot {action}: the token lacks the scope {scope}'],
  not_found: [404, 'Cannot find {noun} {id}'],
  invalid_request: [400, 'Cannot read the request: {reason}'],
  conflict: [409, 'Cannot {action}: {reason}'],
  not_supported: [501, 'Cannot {action}: {reason}'],
  route_unknown: [404, 'Cannot find {path}: the API has no such address'],
  method_not_allowed: [405, 'Cannot {method} this address: it allows {allowed}'],
  media_type_unsupported: [415, 'Cannot read the body: its Content-Type must be application/json'],
  request_too_large: [413, 'Cannot read the body: it is over the limit of {limit} bytes'],
  starting: [503, 'Cannot answer: the server is starting, try again'],
  internal: [500, 'Cannot answer: a fault of the server, its log says more'],

  endpoint_unknown: [404, 'Cannot accept: no active workflow has this endpoint'],
  endpoint_suspended: [403, 'Cannot accept: this endpoint is suspended'],
  sender_unauthorized: [401, 'Cannot accept: this endpoint checks who sends, {reason}'],
  trigger_auth_unset: [
    503,
    'Cannot accept: this endpoint checks who sends, and what it checks with is not set up, try again later',
  ],
  body_too_large: [413, 'Cannot accept: the body is over the limit of {limit} bytes'],
  rate_limited: [
    429,
    'Cannot accept: over the rate of {perSecond} events per second, try again later',
  ],
  idempotency_mismatch: [
    409,
    'Cannot accept: Idempotency-Key {key} was used with another body in the last 24 hours',
  ],
  response_missing: [400, 'Cannot answer: the run has ended and no step called $respond'],
  response_timeout: [504, 'Cannot answer: no step called $respond within {timeoutMs} ms'],
  response_not_shown: [
    403,
    'Cannot answer: a page of this server asks for it as a {kind}, which it never is',
  ],
  response_lost: [
    503,
    'Cannot answer: the server is stopping; the event is stored and its run will end later',
  ],
  host_header: [400, 'Cannot accept: a request has exactly one Host header'],

  headers_too_many: [431, 'Cannot accept: a request has at most {limit} header lines'],
  request_timeout: [408, 'Cannot accept: the request arrived too slowly'],
  request_malformed: [400, 'Cannot accept: the request breaks HTTP'],
  headers_too_large: [431, 'Cannot accept: target and headers are over the limit of {limit} bytes'],
  expectation_unknown: [417, 'Cannot accept: the only expectation known is 100-continue'],
  connect_refused: [405, 'Cannot connect: this server is not a proxy'],

  version_conflict: [
    409,
    'Cannot save the workflow: version {current} was saved since version {expected}, read it first',
  ],
  workflow_invalid: [400, 'Cannot save the workflow: {reason}'],
  step_invalid: [400, 'Cannot save step {step}: {reason}'],
  package_unavailable: [400, 'Cannot install package {name}: {reason}'],
  registry_unreachable: [
    503,
    'Cannot install packages: the npm registry does not answer ({reason}), try again later',
  ],
  test_invalid: [400, 'Cannot run the test: {reason}'],
} as const satisfies Record<string, readonly [number, string]>

export type ErrorCode = keyof typeof catalogue

export class AppError extends Error {
  readonly code: ErrorCode
  /** HTTP status from 400 up; below that, the exit code of the command line. */
  readonly status: number
  readonly values: Values

  constructor(code: ErrorCode, values: Values = {}, options: { cause?: unknown } = {}) {
    const [status, template] = catalogue[code]
    super(
      template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? `{${name}}`)),
      options,
    )
    this.name = 'AppError'
    this.code = code
    this.status = status
    this.values = values
  }
}

/** For the end of a `switch` over a union: a new member becomes a type error here. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`)
}
