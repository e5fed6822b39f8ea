/**
 * `sendoff token create`: makes an API token and prints it, once. It writes to the database itself, so
 * it needs no token and works beside a running server.
 */
import { createToken } from '../account/tokens.ts'
import { IdSource, systemClock } from '../clock.ts'
import { loadConfig } from '../config.ts'
import { AppError } from '../errors.ts'
import { FIRST_ACCOUNT } from '../model/account.ts'
import type { Scope } from '../model/account.ts'
import { wordsOf } from './client.ts'
import type { Command } from './commands.ts'
import { visibleJson } from './visible.ts'

export const tokenCreate: Command = {
  sentence: 'make an API token; it is shown this once',
  usage: 'token create [--name NAME] [--scopes read,write,admin]',
  async run(invocation) {
    wordsOf(invocation, tokenCreate, 0)
    const { flags, json } = invocation
    const { name = 'cli', scopes = 'read,write', ...rest } = flags
    const { json: __, ...settings } = rest
    const { data } = loadConfig(settings)
    const { openDefinitions } = await import('../store/sqlite/open-definitions.ts')
    const store = await openDefinitions({ clock: systemClock }, data)
    try {
      const ids = new IdSource(systemClock)
      const wish = { accountId: FIRST_ACCOUNT, name, scopes: scopesOf(scopes) }
      const { token, secret } = await createToken({ store, ids, clock: systemClock }, wish)
      const { accountId: _, createdAt, expiresAt, ...shown } = token
      const instants = { createdAt: isoOf(createdAt), expiresAt: isoOf(expiresAt) }
      console.log(json ? visibleJson({ ...shown, ...instants, token: secret }) : secret)
    } finally {
      await store.close()
    }
    return 0
  },
}

const isoOf = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString()

function scopesOf(text: string): readonly Scope[] {
  const known: readonly Scope[] = ['read', 'write', 'admin']
  return text.split(',').map((word) => {
    const scope = known.find((one) => one === word.trim())
    if (scope) return scope
    throw new AppError('usage', { usage: tokenCreate.usage })
  })
}
