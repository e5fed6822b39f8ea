/**
 * argv -> command. A caller's mistake prints one sentence and ends with 2, a failure with 1.
 * The process lives only as long as its launcher: a server whose launcher was killed would hold the
 * port and the database with nobody to stop it.
 */
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { commands } from './cli/commands.ts'
import { visible } from './cli/visible.ts'
import { describeSettings } from './config.ts'
import { AppError } from './errors.ts'

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv
  if (first === '--version' || first === '-v') {
    console.log(manifest.version)
    return 0
  }
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    console.log(overview())
    return 0
  }
  const { name, command, rest } = find(argv)
  if (!command) {
    console.error(`Cannot run ${name}: there is no such command\n${overview()}`)
    return 2
  }
  const { flags, words } = readArguments(rest)
  if ('help' in flags || 'h' in flags) {
    console.log(
      [`Usage: sendoff ${command.usage}`, command.sentence, ...detailsOf(name)].join('\n'),
    )
    return 0
  }
  const unknown = Object.keys(flags).find((flag) => !(command.flags?.includes(flag) ?? true))
  if (unknown !== undefined && unknown !== 'json') {
    throw new AppError('flag_unknown', { flag: unknown, usage: command.usage })
  }
  return await command.run({ flags, words, json: 'json' in flags })
}

function overview(): string {
  const lines = Object.entries(commands).map(
    ([name, { sentence }]) => `  ${name.padEnd(16)} ${sentence}`,
  )
  return ['Usage: sendoff <command>', ...lines, 'sendoff <command> --help says how'].join('\n')
}

/** The settings, for the command that lives by them. */
const detailsOf = (name: string): readonly string[] => (name === 'serve' ? describeSettings() : [])

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
  const switches = new Set(['json', 'help', 'h', 'send', 'demo-receiver'])
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
  // It can name what a server or a file said.
  console.error(known ? error.message.split('\n').map(visible).join('\n') : error)
  process.exitCode = known && error.status === 2 ? 2 : 1
}
// A command that has ended leaves nothing running that could keep the process.
process.exit()
