/** The tables as Kysely sees them, the same in every dialect: booleans are 0 or 1, JSON is text. */
import type { Generated } from 'kysely'

type WorkflowTable = {
  account_id: number
  id: string
  key: string
  version: number
  active: number
  suspended: Generated<number>
  created_at: number
  updated_at: number
}

type WorkflowVersionTable = {
  account_id: number
  workflow_id: string
  version: number
  name: string
  steps: string
  settings: string
  package_set: string | null
  package_versions: string | null
  created_at: number
}

type PackageSetTable = {
  hash: string
  lock: string
  asked_at: number
}

type TokenTable = {
  account_id: number
  id: string
  hash: string
  name: string
  scopes: string
  last4: string
  created_at: number
  last_used_at: number | null
  expires_at: number | null
}

type SessionTable = {
  hash: string
  account_id: number
  token_hash: string
  created_at: number
  last_seen_at: number
}

type EventTable = {
  account_id: number
  id: string
  workflow_id: string
  version: number
  received_at: number
  replay_of: string | null
  test: number
  error: string | null
  method: string
  scheme: string
  host: string
  uri: string
  path: string
  http_version: string
  client_ip: string
  steps: string | null
  headers: string
  body: Uint8Array
}

type RunTable = {
  account_id: number
  event_id: string
  workflow_id: string
  version: number
  status: string
  started_at: number
  duration_ms: number
  message: string | null
  resend_interrupted: number
  hops: number
  steps: string
}

type DeliveryTable = {
  account_id: number
  event_id: string
  step: number
  call_index: number
  origin: string
  status: string
  code: string | null
  due_at: number | null
  leased_by: string | null
  attempts: number
  resume_at: Generated<number | null>
}

type DestinationTable = {
  account_id: number
  origin: string
  state: 'ok' | 'paused' | 'resuming'
  concurrency: number | null
  rate_per_second: number | null
}

type DeliveryRequestTable = {
  account_id: number
  event_id: string
  step: number
  call_index: number
  step_name: string
  method: string
  url: string
  timeout_ms: number
  retry: string | null
  follow_redirects: number
  signed: number
  headers: string
  body: Uint8Array | null
  body_size: Generated<number | null>
  sealed: Generated<Uint8Array | null>
}

type AttemptTable = {
  account_id: number
  event_id: string
  step: number
  call_index: number
  number: number
  started_at: number
  outcome: string
  code: string | null
  remote_address: string | null
  timings: string | null
  error: string | null
  request: string | null
  response: string | null
  response_body: Uint8Array | null
}

type BulkJobTable = {
  account_id: number
  id: string
  action: string
  filter: string
  rate: number
  state: string
  total: number | null
  done: number
  failed: number
  message: string | null
  cursor: string | null
  created_at: number
  finished_at: number | null
}

export type Tables = {
  bulk_job: BulkJobTable
  account: { id: number; name: string; suspended: Generated<number> }
  token: TokenTable
  session: SessionTable
  variable: {
    id: Generated<number>
    account_id: number
    name: string
    sealed: string
    updated_at: number
    retired: Generated<number>
  }
  secret_key: { id: number; mark: string }
  signing_secret: {
    id: Generated<number>
    account_id: number
    workflow_id: string
    sealed: string
    created_at: number
    lapses_at: number | null
  }
  workflow: WorkflowTable
  workflow_version: WorkflowVersionTable
  package_set: PackageSetTable
  event: EventTable
  event_queue: {
    account_id: number
    event_id: string
    workflow_id: string
    leased_by: string | null
    starts: number
  }
  run: RunTable
  run_late: {
    id: Generated<number>
    account_id: number
    event_id: string
    step: string
    entry: string
  }
  delivery: DeliveryTable
  delivery_request: DeliveryRequestTable
  attempt: AttemptTable
  destination: DestinationTable
}
