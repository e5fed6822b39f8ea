/**
 * Which events are in memory for running, and whether another one fits: in all, of its account, and of its
 * workflow. An account may hold as much as it leaves free, and a workflow as much as it leaves its
 * account (model/fair-share.ts): a flood takes a third, and whoever comes next finds room.
 */
import { fitsShare } from '../model/fair-share.ts'
import { limits } from '../model/limits.ts'

type Held = { events: number; bytes: number }
type OfAccount = Held & { readonly workflows: Map<string, Held> }

const NONE: Held = { events: 0, bytes: 0 }

export class HeldEvents {
  readonly #accounts = new Map<number, OfAccount>()
  readonly #total: Held = { events: 0, bytes: 0 }

  /** How many there are in all. */
  get events(): number {
    return this.#total.events
  }

  /** Whether one more event of so many bytes may come into memory. */
  fits(accountId: number, workflowId: string, bytes: number): boolean {
    const account = this.#accounts.get(accountId)
    const held = account?.workflows.get(workflowId) ?? NONE
    if (this.#total.bytes + bytes > limits.runQueueBytes) return false
    if (!this.#fits('events', limits.runQueueEvents, account ?? NONE, held, 1)) return false
    // An event larger than any share still has to run some time.
    return held.events === 0 || this.#fits('bytes', limits.runQueueBytes, account!, held, bytes)
  }

  add(accountId: number, workflowId: string, bytes: number): void {
    let account = this.#accounts.get(accountId)
    if (!account) {
      account = { events: 0, bytes: 0, workflows: new Map() }
      this.#accounts.set(accountId, account)
    }
    const held = account.workflows.get(workflowId) ?? { events: 0, bytes: 0 }
    account.workflows.set(workflowId, held)
    for (const count of [this.#total, account, held]) change(count, 1, bytes)
  }

  remove(accountId: number, workflowId: string, bytes: number): void {
    const account = this.#accounts.get(accountId)!
    const held = account.workflows.get(workflowId)!
    for (const count of [this.#total, account, held]) change(count, -1, -bytes)
    if (held.events === 0) account.workflows.delete(workflowId)
    if (account.events === 0) this.#accounts.delete(accountId)
  }

  /** The workflows that have no room for so many events more. */
  without(room: number): readonly string[] {
    return [...this.#accounts.values()].flatMap((account) =>
      [...account.workflows]
        .filter(([, held]) => !this.#fits('events', limits.runQueueEvents, account, held, room))
        .map(([workflowId]) => workflowId),
    )
  }

  #fits(of: keyof Held, total: number, account: Held, held: Held, wanted: number): boolean {
    const free = total - this.#total[of]
    return (
      fitsShare({ total, used: this.#total[of] }, account[of], wanted) &&
      fitsShare({ total: free, used: account[of] }, held[of], wanted)
    )
  }
}

function change(count: Held, events: number, bytes: number): void {
  count.events += events
  count.bytes += bytes
}
