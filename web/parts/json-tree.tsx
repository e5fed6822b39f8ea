/**
 * A value as a tree that is opened branch by branch. A click on a value copies its path as code writes
 * it; a branch draws a hundred children at a time, so ten thousand keys cost no more than a hundred.
 */
import { useState } from 'react'
import { childrenOf, preview, shortName } from '../model/json-preview.ts'
import { count } from '../model/quantity.ts'
import { childPath } from '../model/value-path.ts'
import { CopyButton } from './copy-button.tsx'
import { copyText } from './copy-text.ts'
import { Icon } from './icon.tsx'

const STEP = 100

type Props = {
  readonly value: unknown
  /** What the root is called in code. */
  readonly path: string
  /** Paths that are open at first. */
  readonly open?: readonly string[]
  /** What was opened and closed, by path, for the next value of the same kind. */
  readonly kept?: Map<string, boolean>
  readonly label: string
}

export function JsonTree({ value, path, open = [], kept, label }: Props) {
  if (preview(value).size === 0) {
    return (
      <ul className="tree" aria-label={label}>
        <Leaf name={path} value={value} path={path} />
      </ul>
    )
  }
  return <Children value={value} path={path} open={open} kept={kept} label={label} />
}

type BranchProps = {
  readonly value: unknown
  readonly path: string
  readonly open: readonly string[]
  readonly kept: Map<string, boolean> | undefined
}

function Children({ value, path, open, kept, label }: BranchProps & { readonly label?: string }) {
  const [shown, setShown] = useState(STEP)
  const left = preview(value).size - shown
  return (
    <ul className="tree" aria-label={label}>
      {childrenOf(value, 0, shown).map(([key, child]) => (
        <Node
          key={key}
          name={String(key)}
          value={child}
          path={childPath(path, key)}
          open={open}
          kept={kept}
        />
      ))}
      {left > 0 && (
        <li>
          <button type="button" className="link" onClick={() => setShown(shown + STEP)}>
            Show {count(Math.min(STEP, left))} more of {count(left)}
          </button>
        </li>
      )}
    </ul>
  )
}

function Node({ name, value, path, open, kept }: BranchProps & { readonly name: string }) {
  const [isOpen, setOpen] = useState(() => kept?.get(path) ?? open.includes(path))
  const toggle = (): void => {
    kept?.set(path, !isOpen)
    setOpen(!isOpen)
  }
  const { text, kind, size } = preview(value)
  if (size === 0) return <Leaf name={name} value={value} path={path} />
  return (
    <li>
      <div className="tree-line">
        <button type="button" className="tree-branch" aria-expanded={isOpen} onClick={toggle}>
          <Icon name="caret" />
          <span className="tree-key">{shortName(name)}</span>
          <span className="tree-value" data-kind={kind}>
            {text}
          </span>
        </button>
        <CopyButton text={path} what={shortName(path)} />
      </div>
      {isOpen && <Children value={value} path={path} open={open} kept={kept} />}
    </li>
  )
}

function Leaf({ name, value, path }: { name: string; value: unknown; path: string }) {
  const { text, kind } = preview(value)
  return (
    <li className="tree-line">
      <button
        type="button"
        className="tree-leaf"
        title={`Copy ${shortName(path)}`}
        onClick={() => void copyText(path, shortName(path))}
      >
        <span className="tree-key">{shortName(name)}</span>
        <span className="tree-value" data-kind={kind}>
          {text}
        </span>
      </button>
    </li>
  )
}
