/** Test requests that somebody kept, by workflow. They are a person's own and stay in their browser. */
import type { TestRequest } from './test-event.ts'

export type Sample = { readonly name: string; readonly request: TestRequest }

type Shelf = Pick<Storage, 'getItem' | 'setItem'>

const KEPT = 20
const keyOf = (workflowId: string): string => `sendoff.samples.${workflowId}`

export function readSamples(shelf: Shelf, workflowId: string): readonly Sample[] {
  try {
    const read: unknown = JSON.parse(shelf.getItem(keyOf(workflowId)) ?? '[]')
    return Array.isArray(read) ? (read as Sample[]) : []
  } catch {
    return [] // Written by something else, or cut: as if there were none.
  }
}

/** Puts a request first, in place of one of the same name. */
export function keepSample(shelf: Shelf, workflowId: string, sample: Sample): readonly Sample[] {
  const others = readSamples(shelf, workflowId).filter(({ name }) => name !== sample.name)
  return write(shelf, workflowId, [sample, ...others].slice(0, KEPT))
}

export function dropSample(shelf: Shelf, workflowId: string, name: string): readonly Sample[] {
  const others = readSamples(shelf, workflowId).filter((sample) => sample.name !== name)
  return write(shelf, workflowId, others)
}

function write(shelf: Shelf, workflowId: string, samples: readonly Sample[]): readonly Sample[] {
  shelf.setItem(keyOf(workflowId), JSON.stringify(samples))
  return samples
}
