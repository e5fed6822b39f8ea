/**
 * What every store promises, written against the port alone. An adapter passes when all of it passes:
 * `open` gives a fresh, started store whose clock is held, and `crash` ends its node without a word and
 * starts another one on the same data.
 */
import type { Store } from '../../src/store/store.ts'
import type { HeldClock } from '../support/store-values.ts'
import { adoptDeliveriesConformance } from './conformance/adopt-deliveries.ts'
import { adoptEventsConformance } from './conformance/adopt-events.ts'
import { attemptsConformance } from './conformance/attempts.ts'
import { admitConformance } from './conformance/admit.ts'
import { bulkJobsConformance } from './conformance/bulk-jobs.ts'
import { definitionsConformance } from './conformance/definitions.ts'
import { destinationsConformance } from './conformance/destinations.ts'
import { deliveriesConformance } from './conformance/deliveries.ts'
import { expiryConformance } from './conformance/expiry.ts'
import { finishConformance } from './conformance/finish.ts'
import { inspectConformance } from './conformance/inspect.ts'
import { packageSetsConformance } from './conformance/package-sets.ts'
import { recoveryConformance } from './conformance/recovery.ts'
import { sealedRequestsConformance } from './conformance/sealed-requests.ts'
import { settleConformance } from './conformance/settle.ts'
import { signingSecretsConformance } from './conformance/signing-secrets.ts'
import { variablesConformance } from './conformance/variables.ts'

export type Opened = {
  readonly clock: HeldClock
  /** The store of the node that runs now. */
  readonly store: () => Store
  readonly crash: () => Promise<Store>
  readonly close: () => Promise<void>
}

export type Open = () => Promise<Opened>

export function storeConformance(name: string, open: Open): void {
  admitConformance(name, open)
  finishConformance(name, open)
  sealedRequestsConformance(name, open)
  settleConformance(name, open)
  adoptEventsConformance(name, open)
  adoptDeliveriesConformance(name, open)
  definitionsConformance(name, open)
  destinationsConformance(name, open)
  packageSetsConformance(name, open)
  inspectConformance(name, open)
  deliveriesConformance(name, open)
  attemptsConformance(name, open)
  bulkJobsConformance(name, open)
  expiryConformance(name, open)
  recoveryConformance(name, open)
  variablesConformance(name, open)
  signingSecretsConformance(name, open)
}
