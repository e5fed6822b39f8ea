/** Workflows, versions and tokens as the API shows them: rows in, shapes of tsWire out. */
import type { Token } from '../model/account.ts'
import type { PinnedPackages, Workflow, WorkflowVersion } from '../model/workflow.ts'
import { instant } from './instant.ts'
import type { TokenWire } from './wire-instance.ts'
import type { VersionWire, WorkflowWire } from './wire-workflow.ts'

/** `baseUrl` has no slash at its end. */
export function toWireWorkflow(workflow: Workflow, baseUrl: string): WorkflowWire {
  const { id, name, version, active, key, steps, settings, packages } = workflow
  const endpoint = `${baseUrl}/t/${key}`
  return { id, name, version, active, endpoint, steps, settings, ...versionsOf(packages) }
}

export function toWireVersion(row: WorkflowVersion): VersionWire {
  const { version, createdAt, name, steps, settings, packages } = row
  const at = instant(createdAt)
  return { version, createdAt: at, name, steps, settings, ...versionsOf(packages) }
}

const versionsOf = (packages: PinnedPackages | null): Pick<WorkflowWire, 'packages'> =>
  packages ? { packages: packages.versions } : {}

export function toWireToken(token: Token): TokenWire {
  const { id, name, scopes, last4, createdAt, lastUsedAt, expiresAt } = token
  return {
    id,
    name,
    scopes,
    last4,
    createdAt: instant(createdAt),
    lastUsedAt: lastUsedAt === null ? null : instant(lastUsedAt),
    expiresAt: expiresAt === null ? null : instant(expiresAt),
  }
}
