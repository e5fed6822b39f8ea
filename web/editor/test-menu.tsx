/** Trying the steps: a made-up event, or the selected one on the steps as they stand. */
import { useEffect } from 'react'
import { Icon } from '../parts/icon.tsx'
import { MenuButton } from '../parts/menu-button.tsx'
import { notify } from '../parts/notice.tsx'
import { useTestRun } from './use-test-run.ts'

type Props = {
  readonly workflowId: string
  readonly eventId: string | undefined
  readonly openDialog: () => void
}

export function TestMenu({ workflowId, eventId, openDialog }: Props) {
  const { dry, send, isRunning, problem } = useTestRun(workflowId)
  useEffect(() => {
    if (problem !== null) notify(problem, 'failed')
  }, [problem])
  const isDisabled = eventId === undefined
  return (
    <MenuButton
      isDisabled={isRunning}
      items={[
        { name: 'Test event…', keyHint: 't', run: openDialog },
        { name: 'Dry run of the selected event', isDisabled, run: () => dry(eventId) },
        { name: 'Send the selected event for real', isDisabled, run: () => send(eventId) },
      ]}
    >
      Test
      <Icon name="down" />
    </MenuButton>
  )
}
