/** How pictures are laid out: as large as they can be, none larger than another. */

/**
 * @param {number} count of pictures, 1 to 16
 * @param {number} width of the place, in any unit
 * @param {number} height
 * @param {number} [ratio] width by height of a picture
 * @returns {{columns: number, rows: number}}
 */
export function gridFor(count, width, height, ratio = 4 / 3) {
  let best = { columns: 1, rows: Math.max(1, count) };
  let size = 0;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = Math.min(width / columns, (height / rows) * ratio);
    if (tile > size + 0.5) {
      best = { columns, rows };
      size = tile;
    }
  }
  return best;
}

/**
 * Columns are halved, so that a last row that is not full stands in the middle.
 * @param {number} index @param {number} count @param {number} columns
 * @returns {string} as in `grid-column`
 */
export function columnOf(index, count, columns) {
  const inLast = count % columns || columns;
  const first = index === count - inLast;
  return first ? `${columns - inLast + 1} / span 2` : 'span 2';
}
