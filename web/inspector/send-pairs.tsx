/** What a step sent beside what it would send now, in pairs; a pair opens to its two requests. */
import { useState } from 'react'
import type { ComparedSend, SendPair } from '../model/run-compare.ts'
import { count, duration, plural } from '../model/quantity.ts'
import { capturedResult, deliveryResult } from '../model/status-words.ts'
import type { Status } from '../model/status-words.ts'
import { Disclosure } from '../parts/disclosure.tsx'
import { StatusText } from '../parts/status-text.tsx'
import { useDraftStore } from '../editor/use-editor.ts'
import { usePlace } from './place.ts'
import { SplitLines } from './split-lines.tsx'

type Props = { readonly sends: readonly SendPair[]; readonly name: string }

const SHOWN = 50
/** So many that differ are open from the start. */
const OPEN = 3

export function SendPairs({ sends, name }: Props) {
  const [most, setMost] = useState(SHOWN)
  const differing = sends.filter(({ isSame }) => !isSame)
  const [isWhole, setWhole] = useState(differing.length === 0 && sends.length <= OPEN)
  const shown = isWhole ? sends : differing
  const same = sends.length - differing.length
  const left = shown.length - most
  return (
    <>
      <div className="fold-line">
        <span>Sends</span>
        <span className={differing.length === 0 ? 'faint' : 'differs'}>
          {hint(differing.length, same)}
        </span>
        {!isWhole && same > 0 && (
          <button type="button" className="link" onClick={() => setWhole(true)}>
            Show{' '}
            {differing.length === 0
              ? 'them'
              : `the ${count(same)} that ${same === 1 ? 'is' : 'are'} the same`}
          </button>
        )}
      </div>
      {shown.length > 0 && (
        <ol className="deliveries" aria-label={`Sends of ${name}, recorded and dry run`}>
          {shown.slice(0, most).map((pair) => (
            <li key={`${pair.recorded?.index} ${pair.dry?.index} ${pair.isSame}`}>
              <Pair pair={pair} isOpenFirst={!pair.isSame && differing.length <= OPEN} />
            </li>
          ))}
        </ol>
      )}
      {left > 0 && (
        <button type="button" className="link" onClick={() => setMost(most + SHOWN)}>
          Show {count(Math.min(SHOWN, left))} more of {count(left)}
        </button>
      )}
    </>
  )
}

function hint(differing: number, same: number): string {
  if (differing === 0) return `same, ${plural(same, 'send')}`
  return differing === 1 ? '1 differs' : `${count(differing)} differ`
}

function Pair({ pair, isOpenFirst }: { readonly pair: SendPair; readonly isOpenFirst: boolean }) {
  const { recorded, dry, rows, isSame } = pair
  const [isOpen, setOpen] = useState(isOpenFirst)
  return (
    <Disclosure
      className="send-pair"
      isOpen={isOpen}
      toggle={() => setOpen(!isOpen)}
      summary={
        <span className="split">
          <Send send={recorded} isDry={false} missing="was not sent" />
          <Send send={dry} isDry missing="would not be sent" />
        </span>
      }
    >
      {() => (
        <div className="send-rows">
          <SplitLines rows={rows()} label={isSame ? 'The request' : 'The requests'} />
          {recorded?.delivery && <ToDelivery id={recorded.delivery.id} />}
        </div>
      )}
    </Disclosure>
  )
}

type SendProps = {
  readonly send: ComparedSend | null
  readonly isDry: boolean
  readonly missing: string
}

function Send({ send, isDry, missing }: SendProps) {
  if (!send) return <span className="send-side faint">{missing}</span>
  const { index, delivery } = send
  const took = isDry ? undefined : delivery?.attempts.at(-1)?.timings?.totalMs
  return (
    <span className="send-side">
      <span className="delivery-index">[{index}]</span>
      {delivery && <span className="method">{delivery.request.method}</span>}
      {delivery && (
        <span className="delivery-url" title={delivery.request.url}>
          {delivery.request.url}
        </span>
      )}
      <span className="delivery-result">
        → <StatusText status={resultOf(send, isDry)} />
        {took !== undefined && <span className="faint"> · {duration(took)}</span>}
      </span>
    </span>
  )
}

function resultOf({ delivery }: ComparedSend, isDry: boolean): Status {
  if (!delivery) return { text: 'skipped', tone: 'faint' }
  return isDry ? capturedResult : deliveryResult(delivery)
}

/** Its answer, timing and attempts belong to the recorded run alone. */
function ToDelivery({ id }: { readonly id: string }) {
  const store = useDraftStore()
  const { go } = usePlace()
  const show = (): void => {
    const { dryRun } = store.state()
    if (dryRun) store.setDryRun({ ...dryRun, view: 'recorded' })
    go({ delivery: id, pane: 'response' }, { replace: true })
  }
  return (
    <button type="button" className="link" onClick={show}>
      Response of the recorded run
    </button>
  )
}
