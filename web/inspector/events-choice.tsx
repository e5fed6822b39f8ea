/** What may be done with the events that are chosen: to replay them, and to choose all that match. */
import { useMutation, useQuery } from '@tanstack/react-query'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { eventCountQuery, replayMany } from '../api/operations.ts'
import { chosenText, matchingText } from '../model/choice.ts'
import type { EventFilter } from '../model/search-words.ts'
import { notifyProblem } from '../parts/notice.tsx'
import type { Choosing } from '../parts/use-choice.ts'
import { REPLAY_CHOSEN } from './use-workflow-keys.ts'

type Props = {
  readonly workflow: WorkflowWire
  readonly filter: EventFilter
  readonly choosing: Choosing
  readonly begun: (bulkId: string) => void
}

export function EventsChoice({ workflow: { id, version }, filter, choosing, begun }: Props) {
  const { choice, clear, chooseMatching } = choosing
  const { data: all } = useQuery(eventCountQuery(id, filter))
  const { mutate, isPending } = useMutation({
    mutationFn: (runOn: 'latest' | 'original') => replayMany(id, filter, choice, runOn),
    onSuccess: (bulk) => {
      clear()
      begun(bulk.id)
    },
    onError: notifyProblem,
  })
  return (
    <div className="choice-bar" role="group" aria-label="Selected events">
      <span role="status">{chosenText(choice)}</span>
      <button
        id={REPLAY_CHOSEN}
        type="button"
        className="primary"
        disabled={isPending}
        title={`Run each again on v${version}, as a new event`}
        onClick={() => mutate('latest')}
      >
        Replay on latest
      </button>
      <button
        type="button"
        disabled={isPending}
        title="Run each again on the version that it ran on, as a new event"
        onClick={() => mutate('original')}
      >
        Replay on original
      </button>
      {all && choice.matching === null && (all.count > choice.ids.size || !all.isExact) && (
        <button type="button" className="link" onClick={() => chooseMatching(all)}>
          Select {matchingText(all, Object.keys(filter).length > 0)}
        </button>
      )}
      <button type="button" className="link" onClick={clear}>
        Clear
      </button>
    </div>
  )
}
