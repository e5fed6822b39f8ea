/**
 * The instance's one secret key, opened once for all who seal with it. It is found, or drawn on the first
 * start: a setting comes first, then the file `secret.key` in the data folder. The database carries a mark
 * that only the right key opens.
 *
 * Invariant: where there is a mark, no key is ever drawn: a lost key is said to be lost, and nothing is
 * sealed with a second one beside values that only the first can open.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import type { Service } from '../service.ts'
import type { DefinitionStore } from '../store/store.ts'
import { createSecretBox, KEY_BYTES, parseSecretKey } from './secrets.ts'
import type { SecretBox } from './secrets.ts'

type Deps = {
  readonly store: Pick<DefinitionStore, 'markSecretKey' | 'readSecretKeyMark'>
  readonly clock: Pick<Clock, 'randomBytes'>
}

export type SecretKeyOptions = {
  /** The value of SENDOFF_SECRET_KEY, as parsed; null leaves it to the file. */
  readonly secretKey: Uint8Array | null
  readonly folder: string
}

const SETTING = 'SENDOFF_SECRET_KEY'
const ABOUT = 'the key of this instance'

export class SecretKey implements Service {
  readonly #deps: Deps
  readonly #options: SecretKeyOptions
  #box: SecretBox | undefined

  constructor(deps: Deps, options: SecretKeyOptions) {
    this.#deps = deps
    this.#options = options
  }

  /**
   * The store is open by then. Rejects with `secret_key_wrong`, `secret_key_missing` or
   * `secret_key_unreadable`.
   */
  async start(): Promise<void> {
    this.#box = await openBox(this.#deps, this.#options)
  }

  async stop(): Promise<void> {
    this.#box = undefined
  }

  /** What seals and opens under it. Throws `store_unavailable` unless it is started. */
  get box(): SecretBox {
    if (this.#box) return this.#box
    throw new AppError('store_unavailable', { reason: 'the secret key is not open' })
  }
}

/** As much of it as whoever seals needs. */
export type OpenKey = Pick<SecretKey, 'box'>

async function openBox(deps: Deps, options: SecretKeyOptions): Promise<SecretBox> {
  const file = join(options.folder, 'secret.key')
  const mark = await deps.store.readSecretKeyMark()
  const given = options.secretKey ?? readKeyFile(file)
  if (!given && mark !== null) throw new AppError('secret_key_missing', { setting: SETTING, file })
  const box = createSecretBox(deps, given ?? drawKeyFile(deps, file))
  const kept = mark ?? (await deps.store.markSecretKey(box.seal(ABOUT, ABOUT)))
  if (box.open(kept, ABOUT) === ABOUT) return box
  throw new AppError('secret_key_wrong', { where: options.secretKey ? SETTING : file })
}

function readKeyFile(file: string): Uint8Array | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new AppError('secret_key_unreadable', { file, reason: message }, { cause })
  }
  const key = parseSecretKey(text)
  if (key) return key
  const reason = `it is not ${KEY_BYTES} bytes in base64 or hex`
  throw new AppError('secret_key_unreadable', { file, reason })
}

/** Whole or not at all: a crash leaves no file that is half a key. Only its owner may read it. */
function drawKeyFile({ clock }: Deps, file: string): Uint8Array {
  const key = clock.randomBytes(KEY_BYTES)
  const draft = `${file}.new`
  const handle = openSync(draft, 'w', 0o600)
  try {
    writeSync(handle, `${Buffer.from(key).toString('base64')}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
  return key
}
