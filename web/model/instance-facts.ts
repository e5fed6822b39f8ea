/** What a server is and was started with, as lines of name and text. */
import type { HealthWire } from '../../src/inspector/wire-instance.ts'
import type { InstanceWire } from '../../src/inspector/wire-operations.ts'
import { count, plural, size } from './quantity.ts'

export type InstanceFact = {
  readonly name: string
  readonly text: string
  readonly about?: string
  /** The variable that sets it. */
  readonly setting?: string
}

export function instanceFacts(
  health: HealthWire,
  instance: InstanceWire | undefined,
): readonly InstanceFact[] {
  const { version, isolation, store, backlog, uptimeSeconds } = health
  return [
    { name: 'Version', text: `Sendoff ${version}, up ${upTime(uptimeSeconds)}` },
    {
      name: 'Isolation',
      text: isolation.level === 'strict' ? 'Strict' : 'Process',
      about: isolation.because,
      setting: 'SENDOFF_ISOLATION',
    },
    {
      name: 'Store',
      text: `${store.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'}, ${store.ok ? 'takes writes' : 'takes no writes now'}`,
    },
    { name: 'Waiting', text: backlog ? waitingText(backlog) : 'The store does not answer' },
    ...(instance ? settingsOf(instance) : []),
  ]
}

function settingsOf(instance: InstanceWire): readonly InstanceFact[] {
  const { retentionDays, egressAllow, bodyLimitBytes } = instance
  return [
    {
      name: 'Retention',
      text: retentionDays === 0 ? 'Events are kept for good' : plural(retentionDays, 'day'),
      about:
        retentionDays === 0
          ? 'The database grows with every event.'
          : 'Older events go, with their runs and deliveries; never while something of them is on its way or held.',
      setting: 'SENDOFF_RETENTION_DAYS',
    },
    {
      name: 'Egress',
      text:
        egressAllow.length === 0
          ? 'Public addresses only'
          : `Public addresses, and ${egressAllow.join(', ')}`,
      about: 'What steps and deliveries may reach.',
      setting: 'SENDOFF_EGRESS_ALLOW',
    },
    { name: 'Largest body', text: size(bodyLimitBytes), setting: 'SENDOFF_BODY_LIMIT' },
  ]
}

const waitingText = ({ queuedEvents, pendingDeliveries }: NonNullable<HealthWire['backlog']>) =>
  `${count(queuedEvents)} events without a run, ${count(pendingDeliveries)} pending deliveries`

function upTime(seconds: number): string {
  if (seconds < 3_600) return plural(Math.floor(seconds / 60), 'minute')
  if (seconds < 172_800) return plural(Math.floor(seconds / 3_600), 'hour')
  return plural(Math.floor(seconds / 86_400), 'day')
}
