/** The list of shortcuts, and the switch that turns the single keys off. */
import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import { useBackCloses } from '../parts/back-closes.ts'
import { areKeysOn, setKeysOn, withCommand } from '../parts/keys.ts'

const shortcuts: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['j', 'k'], 'Next and previous event'],
  [['Enter'], 'Go to the selected event'],
  [['Esc'], 'Close what is open'],
  [['/'], 'Search'],
  [['p'], 'Pause or go live'],
  [['x'], 'Choose the selected event, for replay in bulk'],
  [['r'], 'Replay the selected event, or those that are chosen'],
  [['t'], 'Test event'],
  [['c'], 'Copy it as cURL'],
  [[withCommand('S')], 'Save'],
  [[withCommand('↵')], 'Dry run'],
  [['Esc', 'Tab'], 'Leave a code field'],
  [[withCommand('K')], 'Anything, by name'],
  [['?'], 'This list'],
]

export function ShortcutsDialog({ close }: { readonly close: () => void }) {
  useBackCloses(close)
  const [isOn, setOn] = useState(areKeysOn)
  const choose = (on: boolean): void => {
    setKeysOn(on)
    setOn(on)
  }
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title className="dialog-title">Keyboard</Dialog.Title>
          <dl className="shortcuts">
            {shortcuts.map(([keys, does]) => (
              <div key={does}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
          <label className="check">
            <input
              type="checkbox"
              checked={isOn}
              onChange={(event) => choose(event.target.checked)}
            />
            Single-key shortcuts
          </label>
          <Dialog.Close className="dialog-close">Close</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
