/** The keyboard of the workflow page: moving in the list, and what is done to the selected event. */
import type { EventRowWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { useKeys } from '../parts/keys.ts'
import { notify } from '../parts/notice.tsx'
import type { Choosing } from '../parts/use-choice.ts'
import { usePlace } from './place.ts'
import { useEventActions } from './use-event-actions.ts'
import { useReplay } from './use-replay.ts'

type Deps = {
  readonly workflow: WorkflowWire
  readonly rows: readonly EventRowWire[]
  readonly choosing: Choosing
  readonly togglePause: () => void
  readonly openTest: () => void
}

const PANE = 'run-pane'
export const SEARCH_BOX = 'event-search'
export const RUN_PANE = PANE
export const REPLAY_CHOSEN = 'replay-chosen'

export function useWorkflowKeys(deps: Deps): void {
  const { workflow, rows, choosing, togglePause, openTest } = deps
  const { search, go } = usePlace()
  const { copyCurl } = useEventActions(workflow)
  const replay = useReplay()
  const move = (step: 1 | -1): void => {
    const at = rows.findIndex(({ id }) => id === search.event)
    const next = rows[at === -1 ? 0 : at + step]
    if (next)
      go(
        { event: next.id, delivery: undefined, pane: undefined },
        { replace: search.event !== undefined },
      )
  }
  const selected = (act: (eventId: string) => void) => (): void => {
    if (search.event === undefined) notify('Select an event first, with j or k')
    else act(search.event)
  }
  const close = (): void => {
    if (search.delivery !== undefined)
      go({ delivery: undefined, pane: undefined }, { replace: true })
    else if (search.event !== undefined) go({ event: undefined, view: undefined })
    else choosing.clear()
  }
  const replayOne = selected((eventId) => replay.mutate({ eventId, version: 'latest' }))
  // Many at once are never replayed by one key: it leads to the button, which says how many.
  const replayChosen = (): void => document.getElementById(REPLAY_CHOSEN)?.focus()
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => document.getElementById(PANE)?.focus(),
    Escape: close,
    '/': () => document.getElementById(SEARCH_BOX)?.focus(),
    p: togglePause,
    t: openTest,
    r: choosing.isAny ? replayChosen : replayOne,
    x: selected((eventId) => choosing.choose(eventId, false)),
    c: selected(copyCurl),
  })
}
