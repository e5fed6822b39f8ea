/** The few drawn signs, all on a 16 px grid. They only accompany text, so they are silent to readers. */
const paths = {
  caret: 'M6 4l4 4-4 4',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3l8 5-8 5z',
  again: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3.2H9.8',
  check: 'M3 8.5l3.2 3L13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  back: 'M10 3L5 8l5 5',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  code: 'M5.5 4L2 8l3.5 4M10.5 4L14 8l-3.5 4',
  send: 'M2 8h9M7.5 4l4 4-4 4',
  note: 'M3 4h10M3 8h10M3 12h6',
  bolt: 'M9 2L4 9h4l-1 5 5-7H8z',
  down: 'M4 6l4 4 4-4',
  plus: 'M8 3.5v9M3.5 8h9',
  up: 'M8 13V3M4 7l4-4 4 4',
} as const

export function Icon({ name }: { readonly name: keyof typeof paths }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
