/** `sendoff replay` and `sendoff redeliver`: do it again, an event or one of its deliveries. */
import { CLIENT_FLAGS, connect, wordOf } from './client.ts'
import type { Command } from './commands.ts'
import { visibleJson } from './visible.ts'

type Id = { readonly id: string }

export const replay: Command = {
  sentence: 'run an event again, as a new event that names its origin; prints its id',
  usage: 'replay <event> [--version latest|original]',
  flags: [...CLIENT_FLAGS, 'version'],
  async run(invocation) {
    const path = `/events/${encodeURIComponent(wordOf(invocation, replay))}/replay`
    const { version } = invocation.flags
    const made = await connect(invocation).call<Id>('POST', path, version ? { version } : {})
    console.log(invocation.json ? visibleJson(made) : made.id)
    return 0
  },
}

export const redeliver: Command = {
  sentence: 'send a delivery once more, under the same webhook-id',
  usage: 'redeliver <delivery>',
  flags: CLIENT_FLAGS,
  async run(invocation) {
    const path = `/deliveries/${encodeURIComponent(wordOf(invocation, redeliver))}/redeliver`
    const made = await connect(invocation).call<Id>('POST', path)
    console.log(invocation.json ? visibleJson(made) : made.id)
    return 0
  },
}
