/** `sendoff doctor`: what is in force on this machine, and what is missing. Exit code 1 if anything is. */
import { loadConfig } from '../config.ts'
import { wordsOf } from './client.ts'
import type { Command } from './commands.ts'
import { visibleJson } from './visible.ts'

export const doctor: Command = {
  sentence: 'check isolation level, store and egress on this machine',
  usage: 'doctor [--setting value]',
  async run(invocation) {
    wordsOf(invocation, doctor, 0)
    const { flags, json } = invocation
    const { json: _, ...settings } = flags
    const config = loadConfig(settings)
    const { diagnose } = await import('../diagnose.ts')
    const findings = await diagnose(config)
    if (json) console.log(visibleJson(findings))
    else
      for (const { ok, part, text } of findings)
        console.log(`${ok ? 'ok  ' : 'FAIL'}  ${part.padEnd(10)} ${text}`)
    return findings.every(({ ok }) => ok) ? 0 : 1
  },
}
