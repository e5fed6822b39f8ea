/** `sendoff serve`: the server, until SIGTERM or SIGINT; a second signal does not wait for the drain. */
import { loadConfig } from '../config.ts'
import { wordsOf } from './client.ts'
import type { Command } from './commands.ts'

export const serve: Command = {
  sentence: 'start the server; --help lists its settings',
  usage: 'serve [--setting value]',
  async run(invocation) {
    wordsOf(invocation, serve, 0)
    const stopped = nextSignal()
    const config = loadConfig(invocation.flags)
    // The other commands answer without having loaded a server.
    const { createApp } = await import('../app.ts')
    const app = await createApp(config)
    await app.start()
    const { level, because } = app.isolation()
    console.log(`Isolation level ${level}: ${because}`)
    console.log(`Sendoff listens on ${app.baseUrl()}`)
    const setUp = await app.offerSetUp()
    if (setUp) console.log(`Become its owner, once, at ${setUp}`)
    const cause = await Promise.race([stopped, app.failed])
    void nextSignal().then(() => process.exit(1))
    await app.stop()
    if (cause instanceof Error) throw cause
    return 0
  },
}

/** Resolves at the next SIGTERM or SIGINT. */
export function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}
