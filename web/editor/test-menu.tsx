/** Trying the steps: a made-up event, or the selected one on the steps as they stand. */
import { Icon } from '../parts/icon.tsx'
import { MenuButton } from '../parts/menu-button.tsx'
import { RUN_KEY } from '../parts/command-keys.ts'
import type { TestRunning } from './use-test-run.ts'

type Props = {
  readonly tests: TestRunning
  readonly eventId: string | undefined
  readonly openDialog: () => void
}

export function TestMenu({ tests: { dry, send, isRunning }, eventId, openDialog }: Props) {
  const isDisabled = eventId === undefined
  return (
    <MenuButton
      isDisabled={isRunning}
      items={[
        { name: 'Test event…', keyHint: 't', run: openDialog },
        {
          name: 'Dry run of the selected event',
          keyHint: RUN_KEY,
          isDisabled,
          run: () => dry(eventId),
        },
        { name: 'Send the selected event for real', isDisabled, run: () => send(eventId) },
      ]}
    >
      Test
      <Icon name="down" />
    </MenuButton>
  )
}
