/** How the server is, in one line. */
import type { HealthWire } from '../../src/inspector/wire-instance.ts'
import { count } from './quantity.ts'

type Fact = {
  readonly text: string
  readonly title?: string
  /** Of the deliveries that it counts. */
  readonly status?: 'pending'
  readonly tone?: 'failed' | 'waiting'
}

export type FootView = { readonly facts: readonly Fact[]; readonly version: string }

const levels = { process: 'Isolation: process', strict: 'Isolation: strict' } as const
const stores = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const

export function footView(health: HealthWire | undefined, isCut: boolean): FootView {
  const cut: Fact[] = isCut ? [{ text: 'The server does not answer', tone: 'failed' }] : []
  if (!health) return { facts: cut, version: 'Sendoff' }
  const { isolation, store, backlog, version } = health
  const kind = stores[store.kind]
  const facts: Fact[] = [
    ...cut,
    { text: levels[isolation.level], title: isolation.because },
    store.ok ? { text: kind } : { text: `${kind} takes no writes`, tone: 'failed' },
  ]
  if (backlog && backlog.queuedEvents > 0) {
    facts.push({ text: `${count(backlog.queuedEvents)} queued`, title: 'Events without a run yet' })
  }
  if (backlog && backlog.pendingDeliveries > 0) {
    const text = `${count(backlog.pendingDeliveries)} pending`
    facts.push({ text, title: 'Deliveries that wait for a retry or a place', status: 'pending' })
  }
  return { facts, version: `Sendoff ${version}` }
}
