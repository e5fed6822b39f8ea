/** Live or paused, with the count of what is held back; and the pill that lets in what came meanwhile. */
import type { LiveState } from '../api/live.ts'
import { count } from '../model/quantity.ts'
import { Icon } from './icon.tsx'

type Props = {
  readonly live: LiveState
  readonly heldCount: number
  readonly isPaused: boolean
  readonly pause: (paused: boolean) => void
}

export function LiveSwitch({ live, heldCount, isPaused, pause }: Props) {
  const isCut = live === 'waiting'
  const held = isPaused && heldCount > 0 ? heldCount : 0
  return (
    <div className="segments live-switch" role="group" aria-label="Updates">
      <button type="button" aria-pressed={!isPaused} onClick={() => pause(false)}>
        <span
          className="live-dot"
          data-state={isCut ? 'cut' : isPaused ? 'off' : 'on'}
          aria-hidden="true"
        />
        {isCut ? 'Reconnecting' : 'Live'}
      </button>
      <button type="button" aria-pressed={isPaused} onClick={() => pause(true)}>
        <Icon name="pause" />
        Pause
        {held > 0 && (
          <span className="held">
            {count(held)}
            <span className="visually-hidden"> held back</span>
          </span>
        )}
      </button>
    </div>
  )
}

/** The state of the stream alone, where there is nothing to pause. */
export function LiveMark({ live }: { readonly live: LiveState }) {
  const isCut = live === 'waiting'
  return (
    <span className="live-mark">
      <span className="live-dot" data-state={isCut ? 'cut' : 'on'} aria-hidden="true" />
      {isCut ? 'Reconnecting' : 'Live'}
    </span>
  )
}

export function NewPill({ heldCount, show }: { heldCount: number; show: () => void }) {
  return (
    <button type="button" className="new-pill" onClick={show}>
      <Icon name="up" />
      {count(heldCount)} new
    </button>
  )
}
