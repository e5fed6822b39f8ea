/**
 * Feeds the group commit. Clients speak to the writer over ports of their own; while a commit runs,
 * messages pile up in the ports, and when it ends all of them go into the next one. There is no timer:
 * a group is what arrived during the last fsync (a linger of 2 ms was measured to halve the rate).
 *
 * Definitions are rare and run one by one after the group, each in a transaction of its own.
 * Invariant: an answer leaves after the commit that it speaks of.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { HotJob } from './group-commit.ts'
import { attachBytes } from './wire.ts'
import type { Answer, DefineJob, JobMessage } from './wire.ts'

type Deps = {
  commit(jobs: readonly HotJob[]): Answer[]
  define(job: DefineJob): Promise<Answer>
}

type Group = { jobs: HotJob[]; ports: MessagePort[] }

/** What one commit takes at most: it bounds how long the first of a group waits for the last. */
const GROUP_JOBS = 2_048

export class CommitLoop {
  readonly #deps: Deps
  readonly #ports = new Set<MessagePort>()
  #group: Group = { jobs: [], ports: [] }
  #definitions: { job: DefineJob; port: MessagePort }[] = []
  #isWorking = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Serves a client until its port closes. */
  connect(port: MessagePort): void {
    this.#ports.add(port)
    port.on('message', (message: JobMessage) => {
      this.#enqueue(port, message)
      if (!this.#isWorking) void this.#run()
    })
    port.on('close', () => this.#ports.delete(port))
  }

  /** Commits and answers what has arrived, then lets go of the clients. */
  async stop(): Promise<void> {
    while (this.#isWorking) await nextTurn()
    await this.#run()
    for (const port of this.#ports) port.close()
  }

  async #run(): Promise<void> {
    this.#isWorking = true
    do {
      this.#collect()
      this.#commitGroup()
      for (const { job, port } of this.#definitions.splice(0)) {
        port.postMessage([await this.#deps.define(job)])
      }
    } while (this.#group.jobs.length > 0 || this.#definitions.length > 0)
    this.#isWorking = false
  }

  #enqueue(port: MessagePort, message: JobMessage): void {
    for (const job of attachBytes(message)) {
      if (job[0] === 'define') this.#definitions.push({ job, port })
      else {
        this.#group.jobs.push(job)
        this.#group.ports.push(port)
      }
    }
  }

  #collect(): void {
    for (const port of this.#ports) {
      while (this.#group.jobs.length < GROUP_JOBS) {
        const received = receiveMessageOnPort(port)
        if (!received) break
        this.#enqueue(port, received.message as JobMessage)
      }
    }
  }

  #commitGroup(): void {
    const { jobs, ports } = this.#group
    if (jobs.length === 0) return
    this.#group = { jobs: [], ports: [] }
    const answers = Map.groupBy(this.#deps.commit(jobs).entries(), ([i]) => ports[i]!)
    for (const [port, own] of answers) port.postMessage(own.map(([, answer]) => answer))
  }
}
