/** What the commands that talk to a server share: its address and token, and the words they were given. */
import { clientSettings } from '../config.ts'
import { AppError } from '../errors.ts'
import { createApiClient } from './api-client.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, Invocation } from './commands.ts'

/** Flags of every command that talks to a server. */
export const CLIENT_FLAGS: readonly string[] = ['url', 'token']

export function connect({ flags }: Invocation): ApiClient {
  const { url, token } = clientSettings(flags)
  return createApiClient(url, token)
}

/** Exactly so many words; anything else is a question of how to use the command. */
export function wordsOf(
  { words }: Invocation,
  { usage }: Pick<Command, 'usage'>,
  count: number,
): readonly string[] {
  if (words.length === count && !words.includes('')) return words
  throw new AppError('usage', { usage })
}

/** The one word of a command that takes one. */
export const wordOf = (invocation: Invocation, command: Pick<Command, 'usage'>): string =>
  wordsOf(invocation, command, 1)[0]!
