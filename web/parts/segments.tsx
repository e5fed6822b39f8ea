/** A choice of a few views of one thing, as a group of buttons of which one is pressed. */
type Props<Value extends string> = {
  readonly label: string
  readonly options: readonly Value[]
  readonly value: Value
  readonly choose: (value: Value) => void
  readonly text?: (value: Value) => string
}

const capitalised = (value: string): string => value.charAt(0).toUpperCase() + value.slice(1)

export function Segments<Value extends string>(props: Props<Value>) {
  const { label, options, value, choose, text = capitalised } = props
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === value}
          onClick={() => choose(option)}
        >
          {text(option)}
        </button>
      ))}
    </div>
  )
}
