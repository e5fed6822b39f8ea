/**
 * How a bounded thing is shared by who knows how many: each may hold as much as it leaves free. One that
 * floods so gets half, two a third each, and whoever comes next always finds room, without a count of
 * who there is.
 */

/** `used` is what all hold together, `held` the one who asks; both without what is asked for. */
export function fitsShare(
  room: { readonly total: number; readonly used: number },
  held: number,
  wanted: number,
): boolean {
  return held + wanted <= room.total - room.used - wanted
}
