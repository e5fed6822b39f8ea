/** Everything that can be done on the workflow page, by name, with its key where it has one. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { eventQuery } from '../api/queries.ts'
import { stepKinds } from '../editor/add-step.tsx'
import { useDraftStore } from '../editor/use-editor.ts'
import type { TestRunning } from '../editor/use-test-run.ts'
import { curlOfEndpoint } from '../model/curl.ts'
import { withStep } from '../model/draft.ts'
import type { StepType } from '../model/draft.ts'
import { plural } from '../model/quantity.ts'
import { RUN_KEY, SAVE_KEY } from '../parts/command-keys.ts'
import { copyText } from '../parts/copy-text.ts'
import type { PageAction } from '../parts/page-actions.ts'
import { usePageActions } from '../parts/page-actions.ts'
import { usePlace } from './place.ts'
import { showStep } from './show-step.ts'
import { useActive } from './use-active.ts'
import { failedIds, useEventActions } from './use-event-actions.ts'
import { useReplay } from './use-replay.ts'
import { SEARCH_BOX } from './use-workflow-keys.ts'
import type { HeadDialog } from './workflow-head.tsx'

type Deps = {
  readonly workflow: WorkflowWire
  readonly isPaused: boolean
  readonly pause: (paused: boolean) => void
  readonly tests: TestRunning
  readonly save: () => void
  readonly openTest: () => void
  readonly open: (dialog: HeadDialog) => void
}

export function useWorkflowActions(deps: Deps): void {
  const { search } = usePlace()
  const queries = useQueryClient()
  const ofEvent = useActionsOfEvent(deps)
  const ofWorkflow = useActionsOfWorkflow(deps)
  const store = useDraftStore()
  usePageActions(() => {
    const { steps } = store.state().draft
    const event =
      search.event === undefined
        ? undefined
        : queries.getQueryData(eventQuery(search.event).queryKey)
    return [
      ...(event ? ofEvent(event) : []),
      ...ofWorkflow(),
      ...steps.map(({ key, name }) => ({
        name: `Go to ${name}`,
        group: 'Step',
        run: () => showStep(key),
      })),
      ...stepKinds.map(([type, name]) => ({
        name: `Add: ${name}`,
        group: 'This workflow',
        also: `new step ${type}`,
        run: () => addStep(type),
      })),
    ]
  })
  const addStep = (type: StepType): void =>
    store.change((draft) => {
      const next = withStep(draft, draft.steps.length, type)
      store.focusNext = next.steps.at(-1)!.key
      return next
    })
}

function useActionsOfEvent({ workflow, tests }: Deps) {
  const { mutate: replay } = useReplay()
  const { copyCurl, redeliverFailed } = useEventActions(workflow)
  const { go } = usePlace()
  const group = 'Selected event'
  return (detail: EventDetailWire): readonly PageAction[] => {
    const { id, run, error } = detail
    const copy = { name: 'Copy it as cURL', group, keyHint: 'c', run: () => copyCurl(id) }
    const close = {
      name: 'Back to the list',
      group,
      also: 'close deselect',
      keyHint: 'Esc',
      run: () => go({ event: undefined, delivery: undefined, pane: undefined, view: undefined }),
    }
    if (error) return [copy, close]
    const failed = failedIds(detail).length
    const ran = run?.version ?? workflow.version
    return [
      {
        name: 'Dry run',
        group,
        also: 'test try compare',
        keyHint: RUN_KEY,
        run: () => tests.dry(id),
      },
      {
        name: `Replay on v${workflow.version}, the latest`,
        group,
        also: 'run again',
        keyHint: 'r',
        run: () => replay({ eventId: id, version: 'latest' }),
      },
      ...(ran === workflow.version
        ? []
        : [
            {
              name: `Replay on v${ran}, the original`,
              group,
              run: () => replay({ eventId: id, version: 'original' }),
            },
          ]),
      {
        name: 'Send it for real, on the steps as they stand here',
        group,
        also: 'test',
        run: () => tests.send(id),
      },
      ...(failed === 0
        ? []
        : [
            {
              name: `Redeliver ${plural(failed, 'failed delivery', 'failed deliveries')}`,
              group,
              also: 'retry send again',
              run: () => redeliverFailed(detail),
            },
          ]),
      copy,
      close,
    ]
  }
}

function useActionsOfWorkflow({ workflow, isPaused, pause, save, openTest, open }: Deps) {
  const store = useDraftStore()
  const navigate = useNavigate()
  const turn = useActive(workflow)
  const { id, active, endpoint } = workflow
  const group = 'This workflow'
  return (): readonly PageAction[] => [
    { name: 'Save', group, keyHint: SAVE_KEY, run: save },
    { name: 'Test event…', group, also: 'send try', keyHint: 't', run: openTest },
    {
      name: isPaused ? 'Go live' : 'Pause the list',
      group,
      also: 'live updates pause',
      keyHint: 'p',
      run: () => pause(!isPaused),
    },
    {
      name: 'Search events',
      group,
      also: 'find filter',
      keyHint: '/',
      run: () => document.getElementById(SEARCH_BOX)?.focus(),
    },
    {
      name: active ? 'Deactivate: refuse events' : 'Activate: accept events',
      group,
      also: 'pause stop turn on off switch',
      run: () => turn(!active),
    },
    { name: 'Copy the endpoint', group, run: () => void copyText(endpoint, 'the endpoint') },
    {
      name: 'Copy a curl command',
      group,
      also: 'endpoint',
      run: () => void copyText(curlOfEndpoint(endpoint), 'a curl command'),
    },
    {
      name: 'Versions: compare, revert',
      group,
      also: 'diff history',
      run: () => open('versions'),
    },
    {
      name: 'Settings of the workflow',
      group,
      also: 'signing auth secret limits retry',
      run: () => open('settings'),
    },
    ...(store.state().isChanged
      ? [
          {
            name: 'Discard changes',
            group,
            run: () => store.startFrom(store.state().latest),
          },
        ]
      : []),
    {
      name: 'Its deliveries',
      group,
      run: () => void navigate({ to: '/deliveries', search: { workflow: id } }),
    },
    {
      name: 'Its overview',
      group,
      also: 'plots stats',
      run: () => void navigate({ to: '/overview', search: { workflow: id } }),
    },
    {
      name: 'Recent jobs',
      group,
      also: 'bulk replay redeliver progress',
      run: () => open('jobs'),
    },
    { name: 'Delete workflow', group, run: () => open('delete') },
  ]
}
