/** What `sendoff doctor` finds: each part tried for real where that changes nothing that users keep. */
import { resolve } from 'node:path'
import { IdSource, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { createEgress } from './egress/connector.ts'
import { AppError } from './errors.ts'
import { probeIsolation } from './runner/isolation.ts'
import { SqliteStore } from './store/sqlite/sqlite-store.ts'

export type Finding = { readonly part: string; readonly ok: boolean; readonly text: string }

export async function diagnose(config: Config): Promise<readonly Finding[]> {
  return [
    { part: 'node', ok: true, text: `${process.version} at ${process.execPath}` },
    await tried('isolation', () => isolation(config)),
    await tried('store', () => store(config)),
    await tried('egress', () => egress(config)),
  ]
}

async function tried(part: string, probe: () => Promise<string>): Promise<Finding> {
  try {
    return { part, ok: true, text: await probe() }
  } catch (error) {
    return { part, ok: false, text: error instanceof Error ? error.message : String(error) }
  }
}

async function isolation({ isolation: choice }: Config): Promise<string> {
  const { level, because } = await probeIsolation(choice)
  return `level ${level}: ${because}`
}

async function store(config: Config): Promise<string> {
  const folder = resolve(config.data)
  const nodeId = new IdSource(systemClock).next('node')
  const probe = new SqliteStore({ clock: systemClock }, { folder, nodeId })
  try {
    await probe.start()
    await probe.check()
    return `SQLite in ${folder}, synchronous=FULL, a durable write works`
  } catch (error) {
    const inUse = error instanceof AppError && error.code === 'store_locked'
    if (inUse) return `SQLite in ${folder}, in use by a running server: ask its /readyz`
    throw error
  } finally {
    await probe.stop()
  }
}

async function egress(config: Config): Promise<string> {
  createEgress({ clock: systemClock }, { allow: config.egressAllow })
  return config.egressAllow.length === 0
    ? 'public addresses only'
    : `public addresses, and as SENDOFF_EGRESS_ALLOW says ${config.egressAllow.join(', ')}`
}
