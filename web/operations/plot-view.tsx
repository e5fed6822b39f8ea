/**
 * One plot, drawn by uPlot on a canvas: its colors are read from the page, and read again when the
 * scheme changes. What it shows is also said in words; the values at the pointer stand in its legend.
 */
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { atLeastMark, durationMarks, durationSpan, markText } from '../model/plots.ts'
import type { Line, Plot, Tone } from '../model/plots.ts'
import { count, duration } from '../model/quantity.ts'
import { exactTime } from '../model/time.ts'

type Props = {
  readonly plot: Plot
  readonly at: readonly number[]
  readonly words: string
}

/** Until it is laid out. */
const HEIGHT_PX = 160
const WIDTH_PX = 400

/** What each tone is drawn with. Large areas are quieter than text of the same meaning. */
const inks: Readonly<Record<Tone, string>> = {
  accent: 'var(--accent-fill)',
  ok: 'color-mix(in srgb, var(--ok) 80%, var(--surface))',
  failed: 'var(--failed)',
  plain: 'var(--text)',
  faint: 'var(--faint)',
}
const DASHES: Readonly<Partial<Record<Tone, number[]>>> = { faint: [4, 3] }

export function PlotView({ plot, at, words }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const drawn = useRef<uPlot>(null)
  const scheme = useScheme()
  const [pointed, setPointed] = useState<number | null>(null)
  const names = plot.lines.map(({ name }) => name).join()
  useEffect(() => {
    const root = place.current!
    const made = new uPlot(optionsOf(plot, root, setPointed), dataOf(plot, at), root)
    drawn.current = made
    const fit = new ResizeObserver(() => {
      made.setSize({ width: root.clientWidth, height: root.clientHeight })
    })
    fit.observe(root)
    return () => {
      fit.disconnect()
      made.destroy()
    }
    // What is drawn follows by setData below; only another set of lines, or scheme, is another plot.
  }, [plot.title, names, scheme])
  useEffect(() => drawn.current?.setData(dataOf(plot, at)), [plot, at])
  const instant = pointed === null ? undefined : at[pointed]
  return (
    <figure className="plot">
      <figcaption>
        <span className="plot-title">{plot.title}</span>
        <span className="plot-legend">
          {plot.lines.map(({ name, tone, values }) => (
            <span key={name}>
              <span className="plot-key" data-tone={tone} aria-hidden="true" />
              {name}
              {pointed !== null && ` ${valueText(plot, values[pointed] ?? null)}`}
            </span>
          ))}
          {instant !== undefined && (
            <span className="faint">{exactTime(instant * 1000).slice(0, 16)}</span>
          )}
        </span>
      </figcaption>
      <div
        ref={place}
        className="plot-place"
        role="img"
        aria-label={`${plot.title} in ${words}: ${plot.spoken}`}
      />
    </figure>
  )
}

const valueText = ({ unit }: Plot, value: number | null): string =>
  value === null ? '–' : unit === 'ms' ? duration(value) : count(value)

/** Bars stand on each other: what is drawn of a line is its sum with those before it, the tallest first. */
function dataOf({ kind, lines }: Plot, at: readonly number[]): uPlot.AlignedData {
  const values =
    kind === 'bars' ? stacked(lines) : lines.map((line) => line.values.map(atLeastMark))
  return [[...at], ...values] as uPlot.AlignedData
}

function stacked(lines: readonly Line[]): (number | null)[][] {
  const sums = lines.map((_, i) =>
    lines[0]!.values.map((__, n) =>
      lines.slice(0, i + 1).reduce((sum, { values }) => sum + (values[n] ?? 0), 0),
    ),
  )
  return sums.toReversed()
}

function optionsOf(
  plot: Plot,
  root: HTMLElement,
  point: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(root)
  const [faint, line] = [resolved(root, 'var(--faint)'), resolved(root, 'var(--line)')]
  const axis: uPlot.Axis = {
    stroke: faint,
    font: `11px ${style.fontFamily}`,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  }
  const lines = plot.kind === 'bars' ? plot.lines.toReversed() : plot.lines
  return {
    width: root.clientWidth || WIDTH_PX,
    height: root.clientHeight || HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      // A bucket reaches from its instant to that of the next one: the last needs room, too.
      x: { range: ({ data: [at] }, from, to) => [from, to + ((at[1] ?? 1) - (at[0] ?? 0))] },
      y: plot.unit === 'ms' ? durations : { range: (_, __, most) => [0, Math.max(most * 1.1, 4)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 60,
        size: 28,
        values: (_, instants) => instants.map(hourOrDay),
      },
      {
        ...axis,
        size: 56,
        ...(plot.unit === 'ms' ? durationAxis : countAxis),
      },
    ],
    series: [{}, ...lines.map(({ tone }) => seriesOf(plot, tone, resolved(root, inks[tone])))],
    hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
  }
}

const durations: uPlot.Scale = {
  distr: 3,
  range: (_, least, most) => durationSpan(least, most),
}

const durationAxis: uPlot.Axis = {
  splits: (_, __, from, to) => durationMarks(from, to),
  filter: (_, splits) => splits,
  values: (_, splits) => splits.map(markText),
}

const countAxis: uPlot.Axis = {
  values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? count(value) : '')),
}

function seriesOf({ kind }: Plot, tone: Tone, color: string): uPlot.Series {
  if (kind === 'bars') {
    const paths = uPlot.paths.bars!({ size: [0.8, 24], align: 1 })
    return { stroke: color, fill: color, width: 0, paths, points: { show: false } }
  }
  const points = { show: true, size: 4, filter: aloneIn }
  return { stroke: color, width: 1.5, dash: DASHES[tone] ?? [], spanGaps: false, points }
}

/** Values without neighbours: a line of one instant would not be seen. */
function aloneIn({ data }: uPlot, line: number): number[] {
  const values = [...data[line]!]
  const isThere = (at: number): boolean => typeof values[at] === 'number'
  return [...values.keys()].filter((at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1))
}

function hourOrDay(instant: number, _: number, all: readonly number[]): string {
  const step = (all[1] ?? instant) - (all[0] ?? instant)
  const at = new Date(instant * 1000)
  if (step >= 86_400 || (at.getHours() === 0 && at.getMinutes() === 0)) {
    return at.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
  }
  return exactTime(instant * 1000).slice(11, 16)
}

/** A color as the canvas takes it: light-dark() and var() mean nothing to it. */
function resolved(root: HTMLElement, value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value
  root.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** Changes whenever the scheme does: by the reader's choice here, or by that of the machine. */
function useScheme(): number {
  const [scheme, setScheme] = useState(0)
  useEffect(() => {
    const changed = (): void => setScheme((before) => before + 1)
    const watch = new MutationObserver(changed)
    watch.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const machine = matchMedia('(prefers-color-scheme: dark)')
    machine.addEventListener('change', changed)
    return () => {
      watch.disconnect()
      machine.removeEventListener('change', changed)
    }
  }, [])
  return scheme
}
