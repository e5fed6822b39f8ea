/** A thread that settles the events it is told, over a port of its own, and says when each is done. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { NewEvent } from '../../src/model/event.ts'
import { connectStore } from '../../src/store/sqlite/hot-client.ts'
import { settlement } from './store-values.ts'

const store = connectStore((workerData as { port: MessagePort }).port)

parentPort!.on('message', (accepted: NewEvent) => {
  store.settle([settlement(accepted)]).then(
    () => parentPort!.postMessage('settled'),
    (error: { code: string }) => parentPort!.postMessage(error.code),
  )
})
