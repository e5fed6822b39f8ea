/**
 * The table of settings: name, type, default, unit and sentence, and the one frozen `Config` it makes.
 * A setting comes from its flag (`--port`), else its variable (`SENDOFF_PORT`), else `sendoff.json`
 * (`"port"`), else its default. A bad one stops the start with a sentence that names it.
 *
 * This is the only file that reads `process.env`.
 */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { parseSecretKey } from './account/secrets.ts'
import { AppError } from './errors.ts'
import { limits } from './model/limits.ts'
import type { IsolationChoice } from './runner/isolation.ts'
import type { LogLevel } from './telemetry/log.ts'

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const ISOLATIONS: readonly IsolationChoice[] = ['auto', 'process', 'strict']

type Setting<Value> = {
  readonly flag: string
  readonly variable: string
  readonly sentence: string
  readonly fallback: Value
  readonly parse: (text: string, name: string) => Value
}

const refuse = (name: string, expected: string, actual: string): never => {
  throw new AppError('setting_invalid', { name, expected, actual: JSON.stringify(actual) })
}

const integer =
  (min: number, max: number) =>
  (text: string, name: string): number => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max
      ? value
      : refuse(name, `a whole number from ${min} to ${max}`, text)
  }

/** Empty is no address and no folder: the system would read it as all addresses, or as the folder it is in. */
const text = (value: string, name: string): string =>
  value.trim() === '' ? refuse(name, 'filled in, or left out', value) : value

const secret = (value: string, name: string): string =>
  /^[\x21-\x7e]{16,512}$/.test(value)
    ? value
    : refuse(name, '16 to 512 visible ASCII characters', `${value.length} characters`)

const secretKey = (value: string, name: string): Uint8Array =>
  parseSecretKey(value) ??
  refuse(
    name,
    '32 bytes in base64 or hex, as openssl rand -base64 32 prints',
    `${value.length} characters`,
  )

const boolean = (value: string, name: string): boolean => {
  if (['1', 'true', 'on', 'yes'].includes(value)) return true
  if (['0', 'false', 'off', 'no', ''].includes(value)) return false
  return refuse(name, 'true or false', value)
}

const list = (value: string): readonly string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const addresses = (value: string, name: string): readonly string[] => {
  const items = list(value)
  for (const item of items) {
    const [address = '', bits] = item.split('/')
    const width = isIP(address) === 4 ? 32 : 128
    const valid =
      isIP(address) !== 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width))
    if (!valid) refuse(name, 'a comma-separated list of IP addresses or CIDRs', item)
  }
  return items
}

const logLevel = (value: string, name: string): LogLevel =>
  LOG_LEVELS.find((level) => level === value) ?? refuse(name, LOG_LEVELS.join(', '), value)

const isolationChoice = (value: string, name: string): IsolationChoice =>
  ISOLATIONS.find((choice) => choice === value) ?? refuse(name, ISOLATIONS.join(', '), value)

const publicUrl = (value: string, name: string): string | null => {
  if (value === '') return null
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  const plain =
    parsed &&
    /^https?:$/.test(parsed.protocol) &&
    !parsed.search &&
    !parsed.hash &&
    !parsed.username
  return plain
    ? parsed.href.replace(/\/+$/, '')
    : refuse(name, 'an http or https URL without a query', value)
}

const domain = (value: string, name: string): string | null => {
  if (value === '') return null
  return /^(?=.{1,200}$)[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i.test(
    value,
  )
    ? value.toLowerCase()
    : refuse(name, 'a domain name such as hooks.example.com', value)
}

const later =
  (what: string) =>
  (value: string, name: string): null =>
    value === '' ? null : refuse(name, `unset: ${what} is not part of this version`, value)

/** Widen a fallback's type to what its setting may be. */
const NONE: string | null = null as string | null
const bytes = (value: number): number => value
const days = (value: number): number => value
const level = (value: LogLevel): LogLevel => value
const choice = (value: IsolationChoice): IsolationChoice => value

const settings = {
  port: {
    flag: 'port',
    variable: 'SENDOFF_PORT',
    sentence: 'TCP port to listen on; 0 takes a free one',
    fallback: 8700,
    parse: integer(0, 65_535),
  },
  host: {
    flag: 'host',
    variable: 'SENDOFF_HOST',
    sentence: 'address to listen on',
    fallback: '127.0.0.1',
    parse: text,
  },
  data: {
    flag: 'data',
    variable: 'SENDOFF_DATA',
    sentence: 'folder for the database and what belongs to it',
    fallback: './data',
    parse: text,
  },
  publicUrl: {
    flag: 'public-url',
    variable: 'SENDOFF_PUBLIC_URL',
    sentence: 'address under which the world reaches this server; endpoints are made from it',
    fallback: NONE,
    parse: publicUrl,
  },
  triggerDomain: {
    flag: 'trigger-domain',
    variable: 'SENDOFF_TRIGGER_DOMAIN',
    sentence: 'domain whose subdomains are endpoints too: <key>.<domain>/any/path',
    fallback: NONE,
    parse: domain,
  },
  adminToken: {
    flag: 'admin-token',
    variable: 'SENDOFF_ADMIN_TOKEN',
    sentence: 'a root API token, for automation',
    fallback: NONE,
    parse: secret,
  },
  secretKey: {
    flag: 'secret-key',
    variable: 'SENDOFF_SECRET_KEY',
    sentence:
      'key that variables are sealed with: 32 bytes in base64 or hex; else <data>/secret.key',
    fallback: null as Uint8Array | null,
    parse: secretKey,
  },
  egressAllow: {
    flag: 'egress-allow',
    variable: 'SENDOFF_EGRESS_ALLOW',
    sentence:
      'addresses that requests may reach besides the public ones: CIDR[:port], comma-separated',
    fallback: [] as readonly string[],
    parse: list,
  },
  trustedProxies: {
    flag: 'trusted-proxies',
    variable: 'SENDOFF_TRUSTED_PROXIES',
    sentence: 'proxies whose X-Forwarded-For is believed: addresses or CIDRs, comma-separated',
    fallback: [] as readonly string[],
    parse: addresses,
  },
  bodyLimitBytes: {
    flag: 'body-limit',
    variable: 'SENDOFF_BODY_LIMIT',
    sentence: 'largest body of an event, in bytes',
    fallback: bytes(limits.eventBodyBytes),
    parse: integer(1, limits.eventBodyBytesMax),
  },
  isolation: {
    flag: 'isolation',
    variable: 'SENDOFF_ISOLATION',
    sentence:
      'wall around user code: strict, process, or auto (strict where the machine allows it)',
    fallback: choice('auto'),
    parse: isolationChoice,
  },
  retentionDays: {
    flag: 'retention-days',
    variable: 'SENDOFF_RETENTION_DAYS',
    sentence: 'days that events are kept, with their runs and deliveries; 0 keeps them for good',
    fallback: days(limits.retentionDays),
    parse: integer(0, limits.retentionDaysMax),
  },
  logLevel: {
    flag: 'log-level',
    variable: 'SENDOFF_LOG_LEVEL',
    sentence: 'debug, info (a line for each run), warn or error',
    fallback: level('warn'),
    parse: logLevel,
  },
  demoReceiver: {
    flag: 'demo-receiver',
    variable: 'SENDOFF_DEMO_RECEIVER',
    sentence: 'start the built-in echo receiver that the demo sends to',
    fallback: false,
    parse: boolean,
  },
  databaseUrl: {
    flag: 'database-url',
    variable: 'SENDOFF_DATABASE_URL',
    sentence: 'postgres:// address, for more than one machine',
    fallback: null,
    parse: later('PostgreSQL'),
  },
  natsUrl: {
    flag: 'nats-url',
    variable: 'SENDOFF_NATS_URL',
    sentence: 'address of a NATS server for hints',
    fallback: null,
    parse: later('NATS'),
  },
} satisfies Record<string, Setting<unknown>>

export type Config = {
  readonly [Name in keyof typeof settings]: (typeof settings)[Name]['fallback']
}

type Sources = {
  readonly flags: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file: Readonly<Record<string, unknown>>
}

/** Makes the Config. Throws `setting_invalid`, naming the flag, variable or key that is wrong. */
export function readConfig(sources: Sources): Config {
  const known = new Map(Object.entries(settings).map(([name, setting]) => [setting.flag, name]))
  for (const flag of Object.keys(sources.flags)) {
    if (!known.has(flag)) refuse(`--${flag}`, `one of --${[...known.keys()].join(', --')}`, flag)
  }
  for (const key of Object.keys(sources.file)) {
    if (!(key in settings))
      refuse(`"${key}" in sendoff.json`, `one of ${Object.keys(settings).join(', ')}`, key)
  }
  const values = Object.entries(settings).map(([name, setting]: [string, Setting<unknown>]) => {
    const flag = sources.flags[setting.flag]
    if (flag !== undefined) return [name, setting.parse(flag, `--${setting.flag}`)]
    const variable = sources.env[setting.variable]
    if (variable !== undefined) return [name, setting.parse(variable, setting.variable)]
    const key = sources.file[name]
    if (key !== undefined && key !== null) {
      return [
        name,
        setting.parse(
          Array.isArray(key) ? key.join(',') : JSON.stringify(key).replaceAll('"', ''),
          `"${name}" in sendoff.json`,
        ),
      ]
    }
    return [name, setting.fallback]
  })
  return Object.freeze(Object.fromEntries(values)) as Config
}

/** Reads the settings of this process: `flags` from the command line, then variables, then ./sendoff.json. */
export function loadConfig(flags: Readonly<Record<string, string>>): Config {
  return readConfig({ flags, env: process.env, file: readSettingsFile('sendoff.json') })
}

/** One line per setting, for `sendoff serve --help`. */
export function describeSettings(): readonly string[] {
  return Object.values(settings).map(
    ({ flag, variable, sentence, fallback }) =>
      `  --${flag.padEnd(16)} ${variable.padEnd(24)} ${sentence} (${JSON.stringify(fallback)})`,
  )
}

function readSettingsFile(path: string): Record<string, unknown> {
  let source: string
  try {
    source = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new AppError('setting_invalid', {
      name: path,
      expected: 'readable',
      actual: String(cause),
    })
  }
  try {
    const value: unknown = JSON.parse(source)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Falls through to the one sentence that covers both.
  }
  return refuse(path, 'a JSON object', source.slice(0, 40))
}

/** Where the commands find a server, and the token they show it: `--url` and `--token`, else variables. */
export function clientSettings(flags: Readonly<Record<string, string>>): {
  url: string
  token: string
} {
  const { SENDOFF_URL, SENDOFF_TOKEN, SENDOFF_ADMIN_TOKEN } = process.env
  const url = flags['url'] ?? SENDOFF_URL ?? 'http://127.0.0.1:8700'
  const token = flags['token'] ?? SENDOFF_TOKEN ?? SENDOFF_ADMIN_TOKEN
  if (!token) refuse('--token or SENDOFF_TOKEN', 'a token of sendoff token create', '')
  return { url: publicUrl(url, '--url or SENDOFF_URL')!, token: token! }
}

/** All variables, for what npm's own settings say of its registry. */
export const machineEnvironment = (): Readonly<Record<string, string | undefined>> => process.env

/** What egress must know of this process's variables: '0' would switch off every certificate check. */
export const tlsRejectUnauthorized = (): string | undefined =>
  process.env['NODE_TLS_REJECT_UNAUTHORIZED']
