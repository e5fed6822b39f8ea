/**
 * The workflows' signing secrets: drawn when the first request is to be signed, or set by a person, who
 * is shown one once, when it is made. A secret that is replaced signs beside the new one for a day, so
 * that a receiver can be given the new one without a gap; replaced once more, it goes at once.
 *
 * Invariant: a secret is never in an error, a log or an answer but the one that made it.
 */
import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import { limits } from '../model/limits.ts'
import { parseSigningSecret, spellSigningSecret } from '../model/signing.ts'
import type { SealedSigningSecret, SigningKeys } from '../model/signing.ts'
import type { Notifier } from '../notifier/notifier.ts'
import type { DefinitionStore } from '../store/store.ts'
import type { OpenKey } from './secret-key.ts'

type Deps = {
  readonly store: Pick<
    DefinitionStore,
    'keepSigningSecret' | 'rotateSigningSecret' | 'dropReplacedSigningSecret' | 'listSigningSecrets'
  >
  readonly key: OpenKey
  readonly notifier: Pick<Notifier, 'publish'>
  readonly clock: Pick<Clock, 'randomBytes' | 'nowMs'>
}

/** What may be told of them at any time. */
type SigningState = {
  readonly current: { readonly createdAt: number } | null
  readonly previous: { readonly createdAt: number; readonly lapsesAt: number } | null
}

const DRAWN_BYTES = 32

export class SigningSecrets {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async describe(accountId: number, workflowId: string): Promise<SigningState> {
    const [current, previous] = await this.#standing(accountId, workflowId)
    return {
      current: current ? { createdAt: current.createdAt } : null,
      previous: previous?.lapsesAt
        ? { createdAt: previous.createdAt, lapsesAt: previous.lapsesAt }
        : null,
    }
  }

  /** Makes `wish`, or a drawn secret, the current one, and gives it out. Rejects with `invalid_request`. */
  async rotate(
    accountId: number,
    workflowId: string,
    wish?: string,
  ): Promise<SigningState & { readonly secret: string }> {
    const secret = wish ?? this.#draw()
    if (!parseSigningSecret(secret)) {
      const bytes = `${limits.signingSecretBytesMin} to ${limits.signingSecretBytes} bytes`
      const reason = `secret must be whsec_ and ${bytes} in base64, leave it out to have one drawn`
      throw new AppError('invalid_request', { reason })
    }
    const lapsesAt = this.#deps.clock.nowMs() + limits.signingOverlapMs
    const sealed = this.#deps.key.box.seal(secret, aboutOf(accountId, workflowId))
    await this.#deps.store.rotateSigningSecret(accountId, workflowId, sealed, lapsesAt)
    this.#deps.notifier.publish({ kind: 'signing', accountId, workflowId })
    return { secret, ...(await this.describe(accountId, workflowId)) }
  }

  /** The secret that was replaced signs no more, from the next attempt on; without one nothing changes. */
  async endOverlap(accountId: number, workflowId: string): Promise<SigningState> {
    await this.#deps.store.dropReplacedSigningSecret(accountId, workflowId)
    this.#deps.notifier.publish({ kind: 'signing', accountId, workflowId })
    return await this.describe(accountId, workflowId)
  }

  /**
   * What the workflow's requests are signed with. A workflow that has no secret gets one. Rejects with
   * `signing_secret_unreadable`, and as the store does.
   */
  async of(accountId: number, workflowId: string): Promise<SigningKeys> {
    let standing = await this.#standing(accountId, workflowId)
    if (standing.length === 0) {
      const sealed = this.#deps.key.box.seal(this.#draw(), aboutOf(accountId, workflowId))
      await this.#deps.store.keepSigningSecret(accountId, workflowId, sealed)
      standing = await this.#standing(accountId, workflowId)
    }
    const keys = standing.map(({ sealed }) => {
      const secret = this.#deps.key.box.open(sealed, aboutOf(accountId, workflowId))
      const key = secret && parseSigningSecret(secret)
      if (!key) throw new AppError('signing_secret_unreadable', { id: workflowId })
      return key
    })
    return { keys, validUntil: standing.at(-1)?.lapsesAt ?? null }
  }

  async #standing(accountId: number, workflowId: string): Promise<readonly SealedSigningSecret[]> {
    const now = this.#deps.clock.nowMs()
    const all = await this.#deps.store.listSigningSecrets(accountId, workflowId)
    return all.filter(({ lapsesAt }) => lapsesAt === null || lapsesAt > now)
  }

  #draw(): string {
    return spellSigningSecret(this.#deps.clock.randomBytes(DRAWN_BYTES))
  }
}

const aboutOf = (accountId: number, workflowId: string): string =>
  `signing|${accountId}|${workflowId}`
