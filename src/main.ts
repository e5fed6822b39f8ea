/**
 * argv -> command. A caller's mistake prints one sentence and ends with 2, a failure with 1.
 * The process lives only as long as its launcher: a server whose launcher was killed would hold the
 * port and the database with nobody to stop it.
 */
import { parseArgs } from 'node:util'
import { commands } from './cli/commands.ts'
import { AppError } from './errors.ts'

async function main(argv: readonly string[]): Promise<number> {
  const { name, command, rest } = find(argv)
  if (!command) {
    console.error(
      name ? `Cannot run ${name}: there is no such command` : 'Usage: sendoff <command>',
    )
    for (const [key, { sentence }] of Object.entries(commands)) {
      console.error(`  ${key.padEnd(16)} ${sentence}`)
    }
    return name && name !== 'help' ? 2 : 0
  }
  const { flags, words } = readArguments(rest)
  return await command.run({ flags, words, json: 'json' in flags })
}

function find(argv: readonly string[]) {
  for (const length of [2, 1]) {
    const name = argv.slice(0, length).join(' ')
    const command = commands[name]
    if (command) return { name, command, rest: argv.slice(length) }
  }
  return { name: argv.join(' '), command: undefined, rest: [] }
}

/** `--name value`, `--name=value` or `--switch` for the flags; everything else is a word. */
function readArguments(args: readonly string[]) {
  const switches = new Set(['json', 'help', 'demo-receiver'])
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
  })
  const flags: Record<string, string> = {}
  const words: string[] = []
  let waiting: string | undefined
  for (const token of tokens) {
    if (token.kind === 'option') {
      flags[token.name] = token.value ?? 'true'
      waiting = token.value === undefined && !switches.has(token.name) ? token.name : undefined
    } else if (token.kind === 'positional') {
      if (waiting === undefined) words.push(token.value)
      else flags[waiting] = token.value
      waiting = undefined
    }
  }
  return { flags, words }
}

process.channel?.unref()
process.on('disconnect', () => process.exit(1))

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const known = error instanceof AppError
  console.error(known ? error.message : error)
  process.exitCode = known && error.status === 2 ? 2 : 1
}
// A command that has ended leaves nothing running that could keep the process.
process.exit()
