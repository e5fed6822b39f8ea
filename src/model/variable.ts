/**
 * An account's variable, as the store keeps it: a name and a sealed value. What seals and opens it is
 * account/secrets.ts; nobody else ever sees a value, but the steps that are given it.
 */
import { limits } from './limits.ts'
import type { Mask, Masks } from './redact-values.ts'

export type SealedVariable = {
  readonly name: string
  readonly sealed: string
  readonly updatedAt: number
  /** It was replaced or removed. It is kept so that what was stored while it stood is still masked. */
  readonly retired: boolean
}

/** What a run is given, and how all that comes of it is shown. */
export type Environment = {
  readonly values: Readonly<Record<string, string>>
  /** Masks these values, and those that stood here before. */
  readonly mask: Mask
  /** The same, for bytes as well. */
  readonly masks: Masks
  /** What the mask is made of, for those who need one of their own. */
  readonly secrets: readonly string[]
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
/** What Node, its libraries or the loader would act on, in every step and unseen; and Sendoff's own. */
const RESERVED =
  /^(?:PATH|NODE_(?:OPTIONS|PATH|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED|V8_COVERAGE|CHANNEL_.*|UNIQUE_ID|USE_.*)|(?:LD|DYLD|SENDOFF)_.*|__proto__)$/i

/** Why a variable cannot be called so, or undefined. */
export function variableNameFault(name: string): string | undefined {
  if (RESERVED.test(name)) {
    return 'its name is one that Node, the system or Sendoff reads for itself, choose another'
  }
  if (NAME.test(name)) return undefined
  return 'its name must be 1 to 128 letters, digits or underscores and not begin with a digit'
}

/** Why a variable cannot have this value, or undefined. */
export function variableValueFault(value: string): string | undefined {
  const bytes = Buffer.byteLength(value)
  if (bytes > limits.variableBytes) {
    return `its value has ${bytes} bytes, the limit is ${limits.variableBytes}`
  }
  // A process.env of Node cannot hold the one, nor UTF-8 the other.
  if (value.includes('\0')) return 'its value cannot hold a null character'
  return value.isWellFormed() ? undefined : 'its value is not well-formed Unicode'
}
