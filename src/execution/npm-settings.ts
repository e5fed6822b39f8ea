/**
 * How npm on this machine reaches its registry: `npm_config_*` variables, the user's `.npmrc`, the
 * machine's, in this order. What npm is set to is what packages come from; Sendoff names no registry.
 *
 * Only what concerns the registry is read. Tokens among it go to the installing process and nowhere else.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

export type NpmSettings = {
  /** Options as npm's own libraries name them. */
  readonly options: Readonly<Record<string, unknown>>
  /** Variables that the process needs to reach the registry. */
  readonly environment: Readonly<Record<string, string>>
}

const OPTIONS: Readonly<Record<string, string>> = {
  registry: 'registry',
  proxy: 'proxy',
  'https-proxy': 'httpsProxy',
  noproxy: 'noProxy',
  'strict-ssl': 'strictSSL',
  cert: 'cert',
  key: 'key',
  ca: 'ca',
  cafile: 'cafile',
}
const MACHINE_FILES = ['/usr/etc/npmrc', '/usr/local/etc/npmrc', '/etc/npmrc']
const VARIABLES = /^(?:https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA)$/i

export function readNpmSettings(environment: Environment): NpmSettings {
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(environment)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1]
    if (key && value) variables.set(keyOfVariable(key), value)
  }
  const global = variables.get('globalconfig')
  const user = variables.get('userconfig') ?? join(homedir(), '.npmrc')
  const files = [...(global ? [global] : MACHINE_FILES), user]
  const settings = new Map([...files.flatMap((file) => readFile(file, environment)), ...variables])
  const passed = Object.entries(environment).filter(
    (entry): entry is [string, string] => VARIABLES.test(entry[0]) && entry[1] !== undefined,
  )
  return { options: optionsOf(settings), environment: Object.fromEntries(passed) }
}

const keyOfVariable = (key: string): string =>
  key.startsWith('//') || key.startsWith('@') ? key : key.toLowerCase().replaceAll('_', '-')

function readFile(path: string, environment: Environment): [string, string][] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
  return text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const [, key, value] = /^\s*([^;#\s=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key === undefined || value === undefined) return []
    const bare = value.replace(/^(["'])(.*)\1$/, '$2')
    return [[key, bare.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => environment[name] ?? all)]]
  })
}

function optionsOf(settings: ReadonlyMap<string, string>): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  for (const [key, value] of settings) {
    if (key.startsWith('//') || /^@[^:]+:registry$/.test(key)) options[key] = value
    else if (key === 'cafile') options['ca'] = certificatesOf(value)
    else if (key === 'strict-ssl') options['strictSSL'] = value !== 'false'
    else if (Object.hasOwn(OPTIONS, key) && value !== 'null') options[OPTIONS[key]!] = value
  }
  return options
}

const certificatesOf = (file: string): readonly string[] =>
  readFileSync(file, 'utf8').match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? []
