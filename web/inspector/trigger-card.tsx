/** The first card: the request that came in, as `$event`. */
import { Suspense, useMemo } from 'react'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import { maskedEvent } from '../model/masked.ts'
import { size } from '../model/quantity.ts'
import type { SplitRow } from '../model/split-rows.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { Icon } from '../parts/icon.tsx'
import { JsonTree } from '../parts/json-tree.tsx'
import { lazyPart } from '../parts/lazy-part.tsx'
import type { Folds } from './run-pane.tsx'

type Props = {
  readonly detail: EventDetailWire | null
  readonly folds: Folds
  /** The event beside the one of a dry run, where that was another. */
  readonly edited?: readonly SplitRow[] | null
}

const SplitLines = lazyPart(async () => (await import('./split-lines.tsx')).SplitLines)

/** Cannot clash with a step: their names are words. */
const NAME = '(trigger)'
const OPEN = ['$event.body', '$event.query']

export function TriggerCard({ detail, folds, edited = null }: Props) {
  if (!detail) {
    return (
      <li className="card">
        <div className="card-head">
          <Icon name="bolt" />
          <span className="card-name">trigger</span>
          <span className="faint">any method, any path, any body</span>
        </div>
      </li>
    )
  }
  const { method, path, url, proto } = detail.event
  const query = url.indexOf('?')
  const summary = (
    <>
      <span className="card-name">trigger</span>
      <span className="card-kind mono">
        {method} {path}
        {query === -1 ? '' : url.slice(query)}
      </span>
      {edited ? (
        <span className="card-end differs">differs</span>
      ) : (
        <span className="card-end faint">
          <span>
            <span className="wide-only">$event body </span>
            {size(bytesIn(proto.body_b64))}
          </span>
        </span>
      )}
    </>
  )
  return (
    <li className="card">
      <Disclosure
        className="card-head"
        isOpen={folds.isOpen(NAME)}
        toggle={() => folds.toggle(NAME)}
        summary={summary}
      >
        {() =>
          edited ? (
            <div className="card-body compare">
              <div className="split compare-head">
                <span className="compare-side">Recorded</span>
                <span className="compare-side">Dry run</span>
              </div>
              <Suspense>
                <SplitLines rows={edited} label="$event, recorded and edited" />
              </Suspense>
            </div>
          ) : (
            <EventTree key={detail.id} detail={detail} branches={folds.branches} />
          )
        }
      </Disclosure>
    </li>
  )
}

type TreeProps = { readonly detail: EventDetailWire; readonly branches: Folds['branches'] }

function EventTree({ detail, branches }: TreeProps) {
  const shown = useMemo(() => maskedEvent(detail.event), [detail.event])
  return (
    <div className="card-body">
      <JsonTree value={shown} path="$event" open={OPEN} kept={branches} label="$event" />
    </div>
  )
}

const bytesIn = (base64: string): number =>
  (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0)
